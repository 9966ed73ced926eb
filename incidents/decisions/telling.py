"""News for the agents: a note on every ticket, or on the owner's, and the same in the room."""

from __future__ import annotations

import hashlib

from incidents.case import Actor, Case, Entry, EntryKind, Plan
from incidents.decisions.customers import owners_ticket
from incidents.decisions.posts import tell_room
from incidents.effects import Effect, ticket_note
from incidents.models import InternalText
from incidents.policy.policy import Policy
from incidents.texts.messages import internal


def tell_all(
    case: Case, policy: Policy, what: str, text: str, *, kind: EntryKind, actor: str = Actor.LIAISON
) -> Plan:
    """News as every agent and the room hear it, and the story. The pager knows: it told us."""
    effects = note_tickets(case, what, internal(f"{case.incident.name}: {text}."))
    effects += tell_room(case, policy, what, text)
    return Plan(
        incident=case.incident, effects=tuple(effects), entries=(Entry(kind=kind, text=text, actor=actor),)
    )


def note_tickets(case: Case, what: str, note: InternalText) -> list[Effect]:
    """The same note for every ticket: a stray markup, mention or link in it stays text at the helpdesk."""
    return [ticket_note(case.incident.id, item.ticket.ref, case.once(what), note) for item in case.present]


def note_owner(case: Case, what: str, note: InternalText) -> list[Effect]:
    """Where the accountable agent reads it; nowhere if no ticket waits."""
    ticket = owners_ticket(case)
    return [] if ticket is None else [ticket_note(case.incident.id, ticket.ref, case.once(what), note)]


def digest(*parts: str) -> str:
    """What tells one piece of news from another in a key."""
    return hashlib.sha256("\x00".join(parts).encode("utf-8", "replace")).hexdigest()[:16]
