"""Roundup's JSON and our words; plain functions. Shapes: https://www.roundup-tracker.org/docs/rest.html."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from datetime import UTC, datetime
from typing import Any

from connectors.kit.fields import any_text, items
from connectors.kit.marks import mark_of
from incidents.errors import Unrecognised
from incidents.issues import Issue
from incidents.texts.plain_text import cut, one_line

MAX_TITLE = 255
_KEY = re.compile(r"[1-9][0-9]{0,8}", re.ASCII)
_WORD_JOINER = "\u2060"
# Addresses, mail addresses, names of items, and Markdown's links and images: Roundup makes links of what we quote.
_MARKUP = re.compile(
    r":(?=//)|\bwww(?=\.)|@(?=\w)|\b(?:issue|msg|file|user|keyword|priority|status|query)(?=\s*\d)|\](?=\()",
    re.I,
)


def key_from(value: object) -> str | None:
    """An item's id as text, or None for what cannot be one; ids go into paths, so digits only."""
    text = str(value) if isinstance(value, int) and not isinstance(value, bool) else value
    return text if isinstance(text, str) and _KEY.fullmatch(text) else None


def issue_from(data: Mapping[str, Any], address: str, closed: Collection[str]) -> Issue:
    """One issue out of a list. Raises `Unrecognised` without an id or a time."""
    key = key_from(data.get("id"))
    if key is None:
        raise Unrecognised("roundup: an issue without an id")
    status = any_text(data.get("status.name"))
    return Issue(
        key=key,
        title=any_text(data.get("title")),
        status=status,
        is_closed=status.casefold() in {one.strip().casefold() for one in closed},
        updated_at=roundup_time(data.get("activity")),
        url=f"{address}/issue{key}",
    )


def roundup_time(value: object) -> datetime:
    """A time as Roundup answers it: `2026-11-29.02:57:06`, in UTC whatever the user's zone. Raises `Unrecognised`."""
    try:
        return datetime.strptime(str(value), "%Y-%m-%d.%H:%M:%S").replace(tzinfo=UTC)
    except ValueError as error:
        raise Unrecognised("roundup: a time is missing or not Roundup's") from error


def message_ids(issue: Mapping[str, Any]) -> list[str]:
    """The ids of the messages below an issue."""
    return [key for key in map(key_from, items(issue.get("messages"))) if key is not None]


def opening_id(once: str) -> str:
    """The Message-ID of the message with which we open an issue."""
    return f"<{mark_of(once)}.issue@liaison.invalid>"


def note_id(once: str) -> str:
    """The Message-ID of a comment of ours."""
    return f"<{mark_of(once)}.note@liaison.invalid>"


def title_line(title: str) -> str:
    """A title on one line."""
    return cut(one_line(title), MAX_TITLE)


def inert(text: str) -> str:
    """The same text to a reader, no link to Roundup."""
    return _MARKUP.sub(lambda found: found[0] + _WORD_JOINER, text)
