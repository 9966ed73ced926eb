"""GitLab's JSON and our words; plain functions. Shapes: https://docs.gitlab.com/api/issues/ and .../api/notes/."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from typing import Any

from connectors.kit.fields import record, text, utc_time, whole
from connectors.kit.issue_numbers import key_from
from connectors.kit.markdown import inert_markdown, unreferenced
from connectors.kit.marks import carries_mark, marked
from connectors.kit.paths.times import time_of
from incidents.errors import Unrecognised
from incidents.issues import Issue
from incidents.texts.plain_text import cut, one_line

MAX_TITLE = 255
MAX_TEXT = 100_000
"""GitLab takes a million letters of a note; nobody reads as many."""
OPENED, CLOSED = "opened", "closed"
STATE_EVENTS = {OPENED: "reopen", CLOSED: "close"}
"""The words that an issue can be moved to, and what is sent for them."""
# Whom and what GitLab finds in a text before it renders it: people, issues, merge requests, labels, milestones,
# snippets, epics, alerts, iterations, and the long forms [issue:7], GL-7, GH-7.
_REFERENCE = re.compile(r"[@#!~%$&^](?=[\w\"])|\*(?=iteration:)|\[(?=\w+:)|(?<=\bG[LH])-(?=[0-9])", re.I)
# A line that begins with a slash is a quick action: it is done, and taken out of the text. GitLab takes carriage
# returns out first, so what stands before the slash need not be the line's beginning here; slashes within words and
# addresses do nothing.
_QUICK_ACTION = re.compile(r"(?<![\w:/])/")


def issue_from(data: Mapping[str, Any]) -> Issue:
    """One issue. Raises `Unrecognised` without its number or a time."""
    key = key_from(data.get("iid"))
    if key is None:
        raise Unrecognised("gitlab: an issue without its iid")
    return Issue(
        key=key,
        title=text(data.get("title")),
        status=text(data.get("state")),
        is_closed=data.get("state") == CLOSED,
        updated_at=utc_time(data.get("updated_at"), of="gitlab"),
        url=text(data.get("web_url")) or None,
    )


def was_moved(data: Mapping[str, Any]) -> bool:
    """Whether the issue goes on in another project: what is left of it here is closed, and nothing was mended."""
    return data.get("moved_to_id") is not None


def is_opened_with(data: Mapping[str, Any], once: str, own_id: int) -> bool:
    """Whether we opened the issue with this key."""
    return _is_by(data, own_id) and carries_mark(text(data.get("description")), once)


def own_note(notes: Iterable[Mapping[str, Any]], once: str, own_id: int) -> Mapping[str, Any] | None:
    """What we wrote with this key; GitLab's own notes of changes are nobody's words."""
    return next(
        (
            one
            for one in notes
            if one.get("system") is not True
            and _is_by(one, own_id)
            and carries_mark(text(one.get("body")), once)
        ),
        None,
    )


def is_internal(note: Mapping[str, Any]) -> bool:
    """Whether guests and the public do not read it; before GitLab 15.3 it was called confidential."""
    return note.get("internal") is True or note.get("confidential") is True


def event_time(value: object) -> datetime:
    """A time of a webhook: ISO 8601, or `2015-05-17 17:06:40 UTC`. Raises `Unrecognised`."""
    try:
        at = time_of(value, UTC)
    except ValueError as error:
        raise Unrecognised("gitlab: a webhook without a usable time") from error
    if at is None:
        raise Unrecognised("gitlab: a webhook without a usable time")
    return at


def body(words: str, once: str) -> str:
    """A text with its mark, of which nothing becomes markup, a mention, a reference or a quick action."""
    return marked(inert(cut(words, MAX_TEXT)), once)


def title_of(words: str) -> str:
    """A title as GitLab takes it: one line. It finds mentions and references there too, but no Markdown.
    https://gitlab.com/gitlab-org/gitlab/-/blob/master/app/models/concerns/issuable.rb (`attr_mentionable :title`)
    """
    return cut(unreferenced(one_line(words), _REFERENCE), MAX_TITLE)


def inert(words: str) -> str:
    """The same to a reader, and nothing to do or to render for GitLab."""
    return _QUICK_ACTION.sub(r"\\/", inert_markdown(words, references=_REFERENCE))


def _is_by(data: Mapping[str, Any], own_id: int) -> bool:
    return whole(record(data.get("author")).get("id")) == own_id
