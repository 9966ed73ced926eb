"""What in a room is said to us, and what it says: commands, thumbs up, rooms that are renamed or upgraded.

A command begins with an exclamation mark and our word, or with our name: `!liaison ack INC-2`, `liaison: status`, a
mention. What people quote, and what they change afterwards, is no command.
"""

from __future__ import annotations

import html
import json
import re
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from connectors.kit.fields import a_record, items, record, text, whole
from connectors.kit.strict_json import parse_json
from connectors.matrix.mapping import is_thumbs_up
from connectors.matrix.settings import MatrixSettings
from incidents.commands.typed import Typed, typed_words
from incidents.commands.verbs import Verb
from incidents.errors import Unrecognised
from incidents.events import ChatCommand, Event, RoomChange, RoomEvent, Verified
from incidents.texts.plain_text import storable

MESSAGE, REACTION = "m.room.message", "m.reaction"
TOMBSTONE, NAME = "m.room.tombstone", "m.room.name"
KINDS = (MESSAGE, REACTION, TOMBSTONE, NAME)
"""What is heard at all."""

_CHANGES = {TOMBSTONE: RoomChange.ARCHIVED, NAME: RoomChange.RENAMED}
# https://spec.matrix.org/v1.16/appendices/#event-ids. Without the slash, which only rooms of version 3 have: a proxy
# may refuse an address with it, and that refusal says nothing about a room.
_EVENT_ID = re.compile(r"\$[A-Za-z0-9._:\[\]~=+-]{1,254}")
_MENTION = re.compile(r'\s*<a href="https://matrix\.to/#/([^"?]{1,300})[^"]{0,300}">([^<]{1,300})</a>')
_LINKED = re.compile(r"\s*\[([^\]\n]{1,300})\]\(https://matrix\.to/#/([^)\s]{1,300})\)")


def command_in(event: Mapping[str, Any], settings: MatrixSettings) -> Typed | None:
    """The command that a message is; None for talk among people."""
    content = record(event.get("content"))
    if event.get("type") != MESSAGE or content.get("msgtype") != "m.text":
        # Notices are what programs say: answering them would never end.
        return None
    relation = record(content.get("m.relates_to"))
    if relation.get("rel_type") == "m.replace":
        return None
    is_reply = bool(record(relation.get("m.in_reply_to")))
    words = text(content.get("body")).strip()
    if is_reply:
        words = _without_quote(words)
    said = _said_to_us(words, settings)
    if said is None and not is_reply:
        said = _mentioned(content, words, settings)
    return None if said is None else typed_words(said)


def target_of(event: Mapping[str, Any]) -> str | None:
    """The id of the event that a thumb up is for; None for all else, and for what is no event's id anywhere."""
    relation = record(record(event.get("content")).get("m.relates_to"))
    is_mark = event.get("type") == REACTION and relation.get("rel_type") == "m.annotation"
    if not is_mark or not is_thumbs_up(relation.get("key")):
        return None
    event_id = text(relation.get("event_id"))
    return event_id if _EVENT_ID.fullmatch(event_id) else None


def changes_a_room(event: Mapping[str, Any]) -> bool:
    """Whether a room is renamed or upgraded by it."""
    return text(event.get("type")) in _CHANGES and event.get("state_key") == ""


def delivery(room_id: str, event: Mapping[str, Any], *, incident: str | None) -> Verified:
    """What is kept of it. `incident` is what a thumb up acknowledges. Told again it is the same, by its event's id."""
    kept = {key: event.get(key) for key in ("event_id", "type", "sender", "origin_server_ts", "content")}
    body = json.dumps({"room": room_id, "event": kept, "incident": incident}, sort_keys=True)
    return Verified(
        headers=(), body=body.encode(), identity=f"event:{storable(str(event.get('event_id')))[:400]}"
    )


def events_in(verified: Verified, settings: MatrixSettings, *, connection: str) -> Sequence[Event]:
    """What a delivery says. Raises `Unrecognised`."""
    document = a_record(parse_json(verified.body), "matrix: the delivery")
    event = a_record(document.get("event"), "matrix: the event")
    room_id, sender = text(document.get("room")), text(event.get("sender"))
    if not room_id or not sender:
        raise Unrecognised("matrix: an event without its room or sender")
    at = _time(event.get("origin_server_ts"))
    kind = event.get("type")
    if changes_a_room({**event, "state_key": ""}):
        name = text(record(event.get("content")).get("name")) if kind == NAME else ""
        return [
            RoomEvent(
                connection=connection,
                room_id=room_id,
                change=_CHANGES[str(kind)],
                at=at,
                user=sender,
                name=name,
            )
        ]
    command = _acknowledged(document) if kind == REACTION else command_in(event, settings)
    if command is None:
        raise Unrecognised("matrix: an event that is no command")
    return [
        ChatCommand(
            connection=connection,
            room_id=room_id,
            user=_user_name(sender, settings),
            verb=command.verb,
            at=at,
            incident=command.incident,
            text=command.text,
            user_id=sender,
        )
    ]


def _acknowledged(document: Mapping[str, Any]) -> Typed | None:
    incident = text(document.get("incident"))
    return Typed(verb=Verb.ACKNOWLEDGE, incident=incident) if incident else None


def _said_to_us(words: str, settings: MatrixSettings) -> str | None:
    """The words behind our word or name; None if they are not for us."""
    folded = words.casefold()
    begins = f"!{settings.command}"
    if folded == begins or folded.startswith((f"{begins} ", f"{begins}\n")):
        return words[len(begins) :]
    for name in (settings.user_id, settings.localpart):
        for mark in (":", ","):
            if folded.startswith(f"{name.casefold()}{mark}"):
                return words[len(name) + 1 :]
    return None


def _mentioned(content: Mapping[str, Any], words: str, settings: MatrixSettings) -> str | None:
    """A message that begins with a mention of us, which programs write as a link with any name on it.

    https://spec.matrix.org/v1.16/client-server-api/#user-and-room-mentions
    """
    mentioned = items(record(content.get("m.mentions")).get("user_ids"))
    if settings.user_id not in mentioned:
        return None
    linked = _LINKED.match(words)
    if linked is not None and linked[2] == settings.user_id:
        return words[linked.end() :].lstrip(" :,")
    anchor = _MENTION.match(text(content.get("formatted_body")))
    name = html.unescape(anchor[2]) if anchor is not None and anchor[1] == settings.user_id else ""
    for shown in filter(None, (name, settings.user_id, settings.localpart)):
        if words.casefold().startswith(shown.casefold()):
            return words[len(shown) :].lstrip(" :,")
    return None


def _without_quote(words: str) -> str:
    """Older programs repeat what they reply to, in lines with `>` in front."""
    lines = words.split("\n")
    while lines and lines[0].startswith(">"):
        lines.pop(0)
    return "\n".join(lines).strip()


def _user_name(sender: str, settings: MatrixSettings) -> str:
    """`anna` for people of our homeserver, the whole id for others."""
    name, _, server = sender.removeprefix("@").partition(":")
    return name if server == settings.server and name else sender


def _time(milliseconds: Any) -> datetime:
    number = whole(milliseconds)
    if number is None:
        raise Unrecognised("matrix: an event without its time")
    try:
        return datetime.fromtimestamp(number / 1000, UTC)
    except (ValueError, OverflowError, OSError) as error:
        raise Unrecognised("matrix: an event with an impossible time") from error
