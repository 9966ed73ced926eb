"""Redmine's JSON and our words; plain functions. Shapes: https://www.redmine.org/projects/redmine/wiki/Rest_Issues."""

from __future__ import annotations

import re
from collections.abc import Iterable
from datetime import UTC, datetime
from typing import Any

from connectors.kit.fields import any_text, record, records, utc_time, whole
from connectors.kit.marks import carries_mark
from incidents.errors import Unrecognised
from incidents.issues import Issue
from incidents.texts.plain_text import cut, one_line

MAX_SUBJECT = 255
_KEY = re.compile(r"[1-9][0-9]{0,8}", re.ASCII)
# Macros, wiki links, images, mentions, numbers of issues, commits, and addresses: Redmine renders what we quote.
_MARKUP = re.compile(r"\{(?=\{)|\[(?=\[)|!(?=\S)|@(?=\w)|#(?=\w)|:(?=//)|(?<=\bcommit):(?=\w)|<(?=[\w/])")
_WORD_JOINER = "\u2060"


def key_from(value: object) -> str | None:
    """An issue's id as text, or None for what cannot be one; ids go into paths, so digits only."""
    text = str(value) if isinstance(value, int) and not isinstance(value, bool) else value
    return text if isinstance(text, str) and _KEY.fullmatch(text) else None


def issue_from(data: dict[str, Any], address: str) -> Issue:
    """One issue. Raises `Unrecognised` without an id or a time."""
    key = key_from(data.get("id"))
    if key is None:
        raise Unrecognised("redmine: an issue without an id")
    status = record(data.get("status"))
    return Issue(
        key=key,
        title=any_text(data.get("subject")),
        status=any_text(status.get("name")),
        # Before 5.0 a status does not say it.
        is_closed=status["is_closed"] is True if "is_closed" in status else bool(data.get("closed_on")),
        updated_at=utc_time(data.get("updated_on"), of="redmine"),
        url=f"{address}/issues/{key}",
    )


def own_note(issue: dict[str, Any], once: str, own_id: int | None) -> dict[str, Any] | None:
    """The journal entry that we wrote with this key."""
    return next(
        (
            one
            for one in records(issue.get("journals"))
            if _is_ours(one.get("user"), own_id) and _carries(one, once)
        ),
        None,
    )


def is_opened_with(issue: dict[str, Any], once: str, own_id: int | None) -> bool:
    """Whether we opened the issue with this key; a filter that Redmine does not know finds everybody's."""
    return _is_ours(issue.get("author"), own_id) and carries_mark(any_text(issue.get("description")), once)


def subject(title: str) -> str:
    """A title as Redmine takes it."""
    return cut(one_line(title), MAX_SUBJECT)


def inert(text: str) -> str:
    """The same text to a reader, no markup to Redmine."""
    return _MARKUP.sub(lambda found: found[0] + _WORD_JOINER, text)


def inert_but_links(text: str) -> str:
    """The same, but addresses can be followed: what customers are told has some of ours."""
    return _MARKUP.sub(lambda found: found[0] if found[0] == ":" else found[0] + _WORD_JOINER, text)


def asked(at: datetime) -> str:
    """A time as a filter takes it: Redmine answers 422 to fractions and to zones other than Z."""
    return at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def named(entries: Iterable[dict[str, Any]], name: str) -> int | None:
    """The id of what is called so, by the tracker's own word in any case."""
    wanted = name.strip().casefold()
    return next(
        (whole(one.get("id")) for one in entries if any_text(one.get("name")).casefold() == wanted), None
    )


def _carries(journal: dict[str, Any], once: str) -> bool:
    return carries_mark(any_text(journal.get("notes")), once)


def _is_ours(user: Any, own_id: int | None) -> bool:
    return own_id is not None and record(user).get("id") == own_id
