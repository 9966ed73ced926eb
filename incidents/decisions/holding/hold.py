"""Whether a page waits although the fault is believed, until when, and who reads of it meanwhile.

A hold is no silence: it stands in the story, it ends by itself, comes once a generation, and whoever asks to escalate
now is not kept waiting.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from incidents.basis import Basis
from incidents.case import Case, Entry, EntryKind, Plan
from incidents.decisions.posts import tell_engineers
from incidents.decisions.similar import known_fixes
from incidents.decisions.telling import note_owner
from incidents.lifecycle import WITH_ENGINEERS
from incidents.models import Incident, IncidentState, Severity, Stage
from incidents.notes.context import offer_words
from incidents.notes.notes import hit_summary
from incidents.texts.messages import internal
from incidents.texts.times import clock, duration

_MAY_WAIT = frozenset({IncidentState.CONFIRMED, IncidentState.MITIGATING})
_NO_FAULT = frozenset({IncidentState.NOT_AN_INCIDENT, IncidentState.MERGED})


@dataclass(frozen=True, kw_only=True, slots=True)
class ServiceLately:
    """What happened to a service lately: its other incidents, and when its team was last paged about one of those."""

    others: tuple[Incident, ...] = ()
    paged_at: datetime | None = None


QUIET = ServiceLately()


@dataclass(frozen=True, kw_only=True, slots=True)
class Hold:
    """Until when the page waits, and why. `beside` is the incident whose engineers read of it meanwhile; `offer` is
    what its agent may try."""

    until: datetime
    why: str
    beside: Incident | None = None
    offer: str = ""


def hold_for(case: Case, lately: ServiceLately, basis: Basis) -> Hold | None:
    """None where nothing keeps the page from going out: also where it has waited already. What was opened again is told
    to be broken by somebody, and does not wait."""
    incident = case.incident
    if incident.state not in _MAY_WAIT or incident.held_until is not None or incident.generation > 1:
        return None
    return (
        _repeat(incident, lately.others, basis)
        or _flapping(incident, lately, basis)
        or _known_fix(case, basis)
    )


def _repeat(incident: Incident, others: Sequence[Incident], basis: Basis) -> Hold | None:
    """The team has one of this service, as bad as this one. Not where an agent said that this is another fault."""
    wait = basis.policy.escalation.repeats
    if wait is None or incident.split_from is not None:
        return None
    had = [one for one in others if one.state in WITH_ENGINEERS and one.severity <= incident.severity]
    beside = max(had, key=lambda one: one.id, default=None)
    if beside is None:
        return None
    why = f"the team has {beside.name} of the same service already, and reads of this one there"
    return Hold(until=basis.now + wait, why=why, beside=beside)


def _flapping(incident: Incident, lately: ServiceLately, basis: Basis) -> Hold | None:
    rules = basis.policy.escalation.flapping
    if rules is None or lately.paged_at is None:
        return None
    since, until = basis.now - rules.within, lately.paged_at + rules.hold
    opened = [one for one in lately.others if one.clock_from >= since and one.state not in _NO_FAULT]
    count = len(opened) + 1
    if count < rules.openings or until <= basis.now:
        return None
    why = (
        f"the service flaps: {count} incidents in {duration(rules.within)}, and its team was paged at "
        f"{clock(lately.paged_at)}"
    )
    return Hold(until=until, why=why)


def _known_fix(case: Case, basis: Basis) -> Hold | None:
    rules = basis.policy.escalation.known_fix
    if rules is None or case.incident.severity < rules.severity:
        return None
    actions = offer_words(case, basis.policy)
    offer = "; ".join([*known_fixes(case), *([f"on offer in chat: {actions}"] if actions else [])])
    if not offer:
        return None
    return Hold(until=basis.now + rules.hold, why="a fix is known, and its agent tries it first", offer=offer)


def is_held(incident: Incident, *, now: datetime) -> bool:
    """Whether its page waits, and nobody has brought it forward."""
    until = incident.held_until
    return (
        until is not None and now < until and incident.state in _MAY_WAIT and incident.next_stage_at == until
    )


def due_at_once(incident: Incident, *, now: datetime) -> Incident:
    """The incident with a page that waits brought forward; any other as it is."""
    return replace(incident, next_stage_at=now) if is_held(incident, now=now) else incident


def made_worse(incident: Incident, severity: Severity, *, now: datetime) -> Incident:
    """The incident at least as bad as this. A page that waits was judged by less, and is due at once."""
    if severity >= incident.severity:
        return incident
    return due_at_once(replace(incident, severity=severity), now=now)


def held(case: Case, hold: Hold, basis: Basis) -> Plan:
    """The page waits; the owner reads why, what to try, and how not to wait."""
    name = case.incident.name
    incident = replace(
        case.incident, held_until=hold.until, next_stage=Stage.ESCALATION, next_stage_at=hold.until
    )
    until = clock(hold.until)
    tried = f" What helped before: {hold.offer}." if hold.offer else ""
    note = internal(
        f"{name}: engineers are not woken yet: {hold.why}.{tried} They are at {until}, unless it works again by then. "
        f"Not to wait, start `escalation` in Prefect for {name} with your name."
    )
    effects = note_owner(case, "held", note)
    entry = Entry(kind=EntryKind.HELD, text=f"The page waits until {until}: {hold.why}")
    return Plan(incident=incident, effects=tuple(effects), entries=(entry,))


def told_of_repeat(case: Case, repeat: Case, basis: Basis) -> Plan:
    """What the engineers who have the one read of the other, on their page and in their room."""
    one, other = case.incident, repeat.incident
    until = clock(other.held_until) if other.held_until is not None else "its time"
    who = hit_summary(repeat.present, basis.policy)
    text = (
        f"{other.name} of the same service has opened ({who}). You are not paged for it yet: if it is the same fault, "
        f"say `merge {other.name} {one.name}`; else its page goes out at {until}"
    )
    return Plan(incident=one, effects=tuple(tell_engineers(case, basis.policy, f"repeat:{other.name}", text)))


def longest(basis: Basis) -> timedelta:
    """How far back it matters what happened to a service."""
    rules = basis.policy.escalation.flapping
    return timedelta(0) if rules is None else max(rules.within, rules.hold)
