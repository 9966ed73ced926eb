"""Incidents that nobody has, whose owner's shift is over, or on which nobody stirs: handed on, or told to the lead."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

from incidents.basis import Basis
from incidents.case import Actor, Case, Entry, EntryKind, Plan
from incidents.decisions.ownership.hand_over import HandOver, hand_over
from incidents.decisions.ownership.lead import owners_lead_page
from incidents.decisions.posts import tell_room
from incidents.decisions.telling import digest, note_owner
from incidents.decisions.updates.said import seen_with, with_updates
from incidents.lifecycle import UNSETTLED
from incidents.models import Incident
from incidents.texts.messages import internal
from incidents.texts.team import worded
from incidents.texts.times import duration


def next_owner(incident: Incident, basis: Basis) -> str | None:
    """Who has it by the policy's shifts now, if that is somebody else: nobody had it, or their shift is over."""
    rules, hours = basis.policy.ownership, basis.policy.owner_hours()
    if incident.owner is None:
        return rules.first_owner(hours, now=basis.now)
    if not rules.has_shifts(incident.owner, hours):
        return None
    now_on = rules.on_shift(hours, now=basis.now)
    return now_on if now_on != incident.owner else None


def is_orphaned(incident: Incident, basis: Basis) -> bool:
    """Whether nobody has it, or nobody was heard of for so long as the policy bears; told once for each time."""
    rules = basis.policy.ownership
    since = last_sign(incident)
    patience = rules.nobody_after if incident.owner is None else rules.silent_after
    is_told = incident.owner_asked_at is not None and incident.owner_asked_at >= since
    if patience is None or is_told:
        return False
    return rules.waited(basis.policy.sla.working_calendars(), since, now=basis.now) >= patience


def last_sign(incident: Incident) -> datetime:
    """When an agent last wrote on its tickets, or it was handed over; else when it was opened."""
    return incident.owner_seen_at or incident.opened_at


def needs_a_look(incident: Incident, basis: Basis) -> bool:
    """Whether the sweep has anything to do about its owner."""
    return incident.state in UNSETTLED and (
        next_owner(incident, basis) is not None or is_orphaned(incident, basis)
    )


def sweep_owner(case: Case, basis: Basis) -> Plan:
    """Hand it on to whoever has the shift; tell the lead of one that is orphaned."""
    incident = case.incident
    if incident.state not in UNSETTLED:
        return Plan(incident=incident)
    to = next_owner(incident, basis)
    if to is not None:
        why = worded("the shift has changed") if incident.owner else worded("nobody had it")
        return hand_over(case, HandOver(to=to, by=Actor.LIAISON, note=why), basis)
    return _tell_lead(case, basis) if is_orphaned(incident, basis) else Plan(incident=incident)


def with_owner_swept(case: Case, plan: Plan, basis: Basis) -> Plan:
    """The plan of a sweep with what is to be done about the owner besides."""
    seen = replace(seen_with(case, plan.updates), incident=plan.incident)
    owner = sweep_owner(seen, basis)
    return replace(
        plan,
        incident=owner.incident,
        effects=(*plan.effects, *owner.effects),
        entries=(*plan.entries, *owner.entries),
        updates=with_updates(plan.updates, owner.updates),
    )


def _tell_lead(case: Case, basis: Basis) -> Plan:
    incident = case.incident
    ago = duration(basis.now - last_sign(incident))
    if incident.owner is None:
        text = worded("Nobody is accountable for {incident}, open for {ago}", incident=incident.name, ago=ago)
    else:
        text = worded(
            "No word on {incident} for {ago}: {owner} is accountable",
            incident=incident.name,
            ago=ago,
            owner=incident.owner,
        )
    ask = worded(
        "{text}. Who takes it on says `owner {incident} NAME` in the room, or `liaison owner` in a terminal.",
        text=text,
        incident=incident.name,
    )
    what = f"orphan:{basis.now.isoformat()}"
    effects = [*note_owner(case, what, internal(ask)), *tell_room(case, basis.policy, what, ask)]
    lead = basis.policy.ownership.lead
    told = text
    if lead is not None:
        # By the last sign: another silence is another page.
        silence = f"silent:{digest(last_sign(incident).isoformat())}"
        page = owners_lead_page(case, lead, silence, text, basis)
        if case.line(page.key) is None:
            effects.append(page)
            told = worded("{text}; the lead is told", text=text)
    return Plan(
        incident=replace(incident, owner_asked_at=basis.now),
        effects=tuple(effects),
        entries=(Entry(kind=EntryKind.ORPHANED, text=told),),
    )
