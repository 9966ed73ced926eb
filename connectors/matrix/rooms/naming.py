"""What a room of ours is called, and where people open it."""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import quote

from connectors.matrix.settings import MatrixSettings
from incidents.texts.plain_text import cut, one_line

MAX_NAME = 60
MAX_TITLE = 200
MAX_TOPIC = 500
_NOT_IN_ALIASES = re.compile("[^a-z0-9_]+")


@dataclass(frozen=True, kw_only=True, slots=True)
class WantedRoom:
    """A room to open or find. `once` is the key it carries; `only` is who alone may be in it beside us."""

    name: str
    topic: str
    once: str
    invite: tuple[str, ...] = ()
    only: str | None = None


def alias_name(name: str, once: str, number: int) -> str:
    """The alias, without # and server, of a room with this key: `inc-7-checkout-3f9a1c2b`; with a number where that is
    taken. https://spec.matrix.org/v1.16/appendices/#room-aliases
    """
    word = _NOT_IN_ALIASES.sub("-", name.lower()).strip("-_")[:MAX_NAME].rstrip("-_") or "incident"
    mark = hashlib.sha256(once.encode("utf-8", "surrogatepass")).hexdigest()[:8]
    return f"{word}-{mark}" if number == 1 else f"{word}-{mark}-{number}"


def title(name: str) -> str:
    """A room's name: one line."""
    return cut(one_line(name), MAX_TITLE) or "incident"


def topic_text(topic: str) -> str:
    """A room's topic: one line, plain."""
    return cut(one_line(topic), MAX_TOPIC)


def directly_to(user_id: str) -> WantedRoom:
    """The room in which we say something to one person alone."""
    return WantedRoom(
        name="Liaison",
        topic="What concerns you alone",
        once=f"direct:{user_id}",
        invite=(user_id,),
        only=user_id,
    )


def room_url(room_id: str, settings: MatrixSettings) -> str:
    """Where people open the room with their program."""
    # An id of room version 12 names no server: the link does.
    way = f"?via={quote(settings.server, safe=':')}" if settings.client_url == "https://matrix.to" else ""
    where = "" if settings.client_url == "https://matrix.to" else "room/"
    return f"{settings.client_url}/#/{where}{quote(room_id, safe='')}{way}"


@dataclass(frozen=True, kw_only=True, slots=True)
class RoomState:
    """What holds in a room, as far as we look at it. `members` are memberships by user id."""

    id: str
    creator: str
    creation: dict[str, Any]
    name: str
    topic: str
    moved_to: str | None
    is_encrypted: bool
    members: dict[str, str] = field(default_factory=dict)
