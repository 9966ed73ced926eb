"""GitHub's JSON and our words; plain functions. Shapes: https://docs.github.com/en/rest/issues/issues."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Any

from connectors.kit.fields import any_text, record, text, utc_time
from connectors.kit.issue_numbers import key_from
from connectors.kit.markdown import inert_markdown
from connectors.kit.marks import carries_mark, marked
from incidents.errors import Unrecognised
from incidents.issues import Issue
from incidents.texts.plain_text import cut, one_line

MAX_TITLE = 256
MAX_TEXT = 60_000
"""GitHub takes 65,536 letters; what makes a text inert and its mark need some of them."""
OPEN, CLOSED, NOT_PLANNED = "open", "closed", "not planned"
STATES: dict[str, dict[str, str]] = {
    OPEN: {"state": "open"},
    CLOSED: {"state": "closed", "state_reason": "completed"},
    NOT_PLANNED: {"state": "closed", "state_reason": "not_planned"},
}
"""The words that an issue can be moved to, and what is sent for them."""
_REFERENCE = re.compile(r"[@#](?=\w)|(?<=GH)-(?=[0-9])", re.I)


def is_issue(data: Mapping[str, Any]) -> bool:
    """Whether it is none of the pull requests, which are in every list of issues."""
    return "pull_request" not in data


def issue_from(data: Mapping[str, Any]) -> Issue:
    """One issue. Raises `Unrecognised` without a number or a time."""
    key = key_from(data.get("number"))
    if key is None:
        raise Unrecognised("github: an issue without its number")
    return Issue(
        key=key,
        title=text(data.get("title")),
        status=status_of(data),
        is_closed=data.get("state") == "closed",
        updated_at=utc_time(data.get("updated_at"), of="github"),
        url=text(data.get("html_url")) or None,
    )


def status_of(data: Mapping[str, Any]) -> str:
    """Its state, in a word of `STATES`; a duplicate is closed."""
    if data.get("state") != "closed":
        return OPEN
    return NOT_PLANNED if data.get("state_reason") == "not_planned" else CLOSED


def is_opened_with(data: Mapping[str, Any], once: str, login: str) -> bool:
    """Whether we opened the issue with this key."""
    return is_issue(data) and _is_by(data, login) and carries_mark(text(data.get("body")), once)


def own_comment(comments: Iterable[Mapping[str, Any]], once: str, login: str) -> bool:
    """Whether one of them is what we wrote with this key."""
    return any(_is_by(one, login) and carries_mark(text(one.get("body")), once) for one in comments)


def body(words: str, once: str) -> str:
    """A text with its mark, of which nothing becomes markup, a mention or a reference."""
    return marked(inert(cut(words, MAX_TEXT)), once)


def title_of(words: str) -> str:
    """A title as GitHub takes it: one line."""
    return cut(one_line(words), MAX_TITLE)


def inert(words: str) -> str:
    """The same to a reader, no markup to GitHub."""
    return inert_markdown(words, references=_REFERENCE)


def _is_by(data: Mapping[str, Any], login: str) -> bool:
    # Logins have no case.
    return bool(login) and any_text(record(data.get("user")).get("login")).casefold() == login.casefold()
