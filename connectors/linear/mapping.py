"""Linear's JSON and our words; plain functions. Shapes: Linear's schema (`Issue`, `Comment`, `WorkflowState`)."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

from connectors.kit.fields import items, record, records, text, utc_time
from connectors.kit.markdown import inert_markdown
from incidents.errors import Unrecognised
from incidents.issues import Issue
from incidents.texts.plain_text import cut, one_line

MAX_TITLE = 255
MAX_TEXT = 60_000
"""Linear says no limit; nobody reads as many letters."""
ENDED = frozenset({"completed", "canceled", "duplicate"})
"""Types of states after which nothing is left to be done."""
_IDENTIFIER = re.compile(r"[A-Z0-9]{1,20}-[1-9][0-9]{0,9}", re.ASCII)
_UUID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", re.ASCII)
# Addresses of Linear's own pages become mentions of people and issues; three signs of plus open a section.
_REFERENCE = re.compile(r"@(?=\w)|(?<=linear)\.(?=app\b)|\+(?=\+\+)", re.I)


def is_key(key: str) -> bool:
    """Whether it can name an issue: ENG-42, or Linear's own id."""
    return _IDENTIFIER.fullmatch(key) is not None or _UUID.fullmatch(key) is not None


def identifiers(data: Mapping[str, Any]) -> list[str]:
    """The issue's identifier, and after it those it had before it was moved to another team; none of what is no
    identifier."""
    said = [data.get("identifier"), *items(data.get("previousIdentifiers"))]
    return list(
        dict.fromkeys(one for one in said if isinstance(one, str) and _IDENTIFIER.fullmatch(one) is not None)
    )


def issue_from(data: Mapping[str, Any]) -> Issue:
    """One issue. Raises `Unrecognised` without its identifier or a time."""
    key = text(data.get("identifier"))
    if _IDENTIFIER.fullmatch(key) is None:
        raise Unrecognised("linear: an issue without its identifier")
    state = record(data.get("state"))
    return Issue(
        key=key,
        title=text(data.get("title")),
        status=text(state.get("name")),
        is_closed=state.get("type") in ENDED,
        updated_at=utc_time(data.get("updatedAt"), of="linear"),
        url=text(data.get("url")) or None,
    )


def is_trashed(data: Mapping[str, Any]) -> bool:
    """Whether it was deleted: it can be had back for 30 days, and is no issue that anybody works on."""
    return data.get("trashed") is True


def is_by(data: Mapping[str, Any], own_id: str, who: str) -> bool:
    """Whether our own user is its `creator` or, of a comment, its `user`."""
    return bool(own_id) and record(data.get(who)).get("id") == own_id


def id_made_of(own_id: str, of: str, once: str) -> str:
    """The id that we give to what we write, in the form of a random UUID (version 4), as Linear wants it: the same for
    the same key, and of our own user, as one id stands for one thing in all of Linear's workspaces."""
    digest = hashlib.sha256(f"{own_id}\0{of}\0{once}".encode("utf-8", "surrogatepass")).digest()
    return str(UUID(bytes=digest[:16], version=4))


def state_for(states: Sequence[Mapping[str, Any]], wanted: str) -> Mapping[str, Any] | None:
    """The team's state of that name, else the first of that type (backlog, started, completed ...)."""
    word = wanted.strip().casefold()
    known = [one for one in states if text(one.get("id"))]
    named = [one for one in known if text(one.get("name")).casefold() == word]
    typed = [one for one in known if text(one.get("type")) == word]
    return next(iter(named or sorted(typed, key=_position)), None)


def states_of(team: Mapping[str, Any]) -> list[dict[str, Any]]:
    """The states that its issues can have."""
    return records(record(team.get("states")).get("nodes"))


def title_of(words: str) -> str:
    """A title as Linear takes it: one line, in which nothing is rendered."""
    return cut(one_line(words), MAX_TITLE)


def inert(words: str) -> str:
    """The same to a reader, and nothing to mention or to render for Linear."""
    return inert_markdown(cut(words, MAX_TEXT), references=_REFERENCE)


def _position(state: Mapping[str, Any]) -> float:
    said = state.get("position")
    return said if isinstance(said, int | float) else 0.0
