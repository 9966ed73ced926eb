"""Rooms that are taken away or renamed under an incident: told, and replaced while engineers still need one."""

from __future__ import annotations

from incidents.basis import Basis
from incidents.case import Case, Entry, EntryKind, Plan
from incidents.decisions.posts import chat_post, page_notes, tell_room
from incidents.decisions.telling import digest, note_owner
from incidents.effects import EffectKind
from incidents.events import RoomChange, RoomEvent
from incidents.lifecycle import UNSETTLED
from incidents.models import Incident, IncidentState, Room
from incidents.notes.context import context_message
from incidents.texts.messages import internal
from incidents.texts.team import sentence, worded, worded_as

# Once it is said to be fixed, people tidy up: what is left to say is not worth a new room.
_GONE = {
    RoomChange.ARCHIVED: sentence("The room of {incident} was archived; another one takes its place"),
    RoomChange.DELETED: sentence("The room of {incident} was deleted; another one takes its place"),
}
_TIDIED = frozenset({IncidentState.RESOLVED, IncidentState.CLOSING})


def needs_a_room(incident: Incident) -> bool:
    """Whether engineers still talk about it."""
    return incident.state in UNSETTLED - _TIDIED


def is_its_room(case: Case, connection: str, room_id: str) -> bool:
    """Whether the incident's posts go there now."""
    return any(
        line.kind is EffectKind.CHAT_ROOM and (line.connection, line.result) == (connection, room_id)
        for line in case.ledger
    )


def room_news(case: Case, event: RoomEvent, basis: Basis) -> Plan:
    """A new name is told. A room that is gone is replaced by the next post, and here is one."""
    unchanged = Plan(incident=case.incident)
    if not is_its_room(case, event.connection, event.room_id) or not needs_a_room(case.incident):
        return unchanged
    name = case.incident.name
    what = f"room-{event.change}:{digest(event.room_id, event.at.isoformat(), event.name)}"
    if event.change is RoomChange.RENAMED:
        text = worded(
            "The room of {incident} is called {now} now",
            incident=name,
            now=event.name or worded("something else"),
        )
        effects = note_owner(case, what, internal(f"{text}."))
    else:
        text = worded_as(_GONE[event.change], incident=name)
        effects = tell_room(case, basis.policy, what, text)
    entry = Entry(kind=EntryKind.ROOM, text=text, actor=event.user or "chat")
    return Plan(incident=case.incident, effects=tuple(effects), entries=(entry,))


def room_replaced(case: Case, room: Room, basis: Basis) -> Plan:
    """Another room is open in place of one that is gone: the context comes first, and everybody learns where it is."""
    name = case.incident.name
    where = f"{room.name} ({room.url})" if room.url else room.name
    text = worded("The room of {incident} is {where} now: the one before is gone", incident=name, where=where)
    what = f"room:{digest(room.id)}"
    effects = [
        chat_post(case, basis.policy, f"context:{digest(room.id)}", context_message(case, basis)),
        *page_notes(case, what, text),
        *note_owner(case, what, internal(f"{text}.")),
    ]
    return Plan(
        incident=case.incident, effects=tuple(effects), entries=(Entry(kind=EntryKind.ROOM, text=text),)
    )
