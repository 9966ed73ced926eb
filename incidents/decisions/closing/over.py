"""Closed: nothing is due any more, nothing rings on, and everybody who worked on it reads once what it came to."""

from __future__ import annotations

from dataclasses import replace

from incidents.basis import Basis
from incidents.case import Actor, Case, Entry, EntryKind, Plan
from incidents.decisions.closing.summary import summary_effects
from incidents.decisions.closing.waiting import who_was_told
from incidents.decisions.posts import end_pages
from incidents.effects import EffectState
from incidents.lifecycle import move
from incidents.models import IncidentState
from incidents.texts.team import worded, worded_count


def over(case: Case, basis: Basis, *, on_word_of: str | None = None, why: str = "") -> Plan:
    """The incident closed, by itself or on a person's word."""
    incident = move(case.incident, IncidentState.CLOSED, now=basis.now)
    incident = replace(incident, next_stage=None, next_stage_at=None, next_update_at=None, checks=0)
    given_up = sum(line.state in (EffectState.DEAD, EffectState.HELD) for line in case.ledger)
    given_up += case.unsent_messages
    rest = (
        worded_count(
            " ({count} effect needs a person, see `liaison show {incident}`)",
            " ({count} effects need a person, see `liaison show {incident}`)",
            given_up,
            incident=incident.name,
        )
        if given_up
        else ""
    )
    word = worded(" on the word of {by} ({why})", by=on_word_of, why=why) if on_word_of is not None else ""
    told = who_was_told(case)
    seen = replace(case, incident=incident)
    return Plan(
        incident=incident,
        effects=(
            *end_pages(seen),
            *summary_effects(seen, worded("closed{word}: {told}", word=word, told=told), basis),
        ),
        entries=(
            Entry(
                kind=EntryKind.CLOSED,
                text=worded("Closed{word}: {told}{rest}", word=word, told=told, rest=rest),
                actor=on_word_of or Actor.LIAISON,
            ),
        ),
    )
