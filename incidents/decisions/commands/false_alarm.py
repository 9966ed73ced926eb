"""A person's word that it is no incident: before engineers were woken and customers told, it is simply taken back."""

from __future__ import annotations

from dataclasses import replace

from incidents.basis import Basis
from incidents.case import Case, Entry, EntryKind, Plan
from incidents.commands.asked import Asked
from incidents.decisions.posts import end_pages
from incidents.decisions.telling import note_tickets
from incidents.errors import Refused
from incidents.lifecycle import MOVES, move
from incidents.models import IncidentState
from incidents.notes.states import state_words
from incidents.redaction.redaction import safe_excerpt
from incidents.texts.messages import internal
from incidents.texts.team import worded

S = IncidentState


def not_an_incident(case: Case, asked: Asked, why: str, basis: Basis) -> Plan:
    """Nobody is woken for it any more. Raises `Refused`, with what to say instead, where somebody was already."""
    incident, name = case.incident, case.incident.name
    if incident.state is S.NOT_AN_INCIDENT:
        raise Refused(worded("{name} is called no incident already", name=name))
    if S.NOT_AN_INCIDENT not in MOVES[incident.state]:
        state = state_words(incident.state)
        raise Refused(
            worded(
                "{name} is {state}: others have acted on it, so it is not simply taken back. `resolve "
                "{name}` says that it works, `split` takes one ticket out",
                name=name,
                state=state,
            )
        )
    after = replace(
        move(incident, S.NOT_AN_INCIDENT, now=basis.now),
        next_stage=None,
        next_stage_at=None,
        held_until=None,
        checks=0,
    )
    reason = safe_excerpt(why, 500)
    text = worded("Not an incident, says {by} {where}", by=asked.by, where=asked.where) + (
        f": {reason}" if reason else ""
    )
    note = internal(
        worded(
            "{name}: {text}. Nobody is paged. If it is one after all: /liaison escalate {name}",
            name=name,
            text=text,
        )
    )
    return Plan(
        incident=after,
        effects=(*note_tickets(case, asked.what, note), *end_pages(case)),
        entries=(Entry(kind=EntryKind.STATE, text=text, actor=asked.by),),
    )
