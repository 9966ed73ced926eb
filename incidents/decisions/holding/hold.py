"""Whether a page waits although the fault is believed, until when, and who reads of it meanwhile.

A hold is no silence: it stands in the story, it ends by itself, comes once a generation, and whoever asks to escalate
now is not kept waiting.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from incidents.basis import Basis
from incidents.case import LAPSED, Case, Entry, EntryKind, Plan
from incidents.decisions.posts import tell_engineers
from incidents.decisions.similar import known_fixes
from incidents.decisions.telling import note_owner
from incidents.effects import EffectState
from incidents.lifecycle import WITH_ENGINEERS
from incidents.models import Incident, IncidentState, Severity, Stage
from incidents.notes.context import offer_words
from incidents.notes.notes import hit_summary
from incidents.sla.clock import Moment, SlaMetric, reached_at
from incidents.texts.messages import internal
from incidents.texts.team import worded
from incidents.texts.times import clock, duration

_MAY_WAIT = frozenset({IncidentState.CONFIRMED, IncidentState.MITIGATING})
_HALF = Moment(500)
_NO_FAULT = frozenset({IncidentState.NOT_AN_INCIDENT, IncidentState.MERGED})


@dataclass(frozen=True, kw_only=True, slots=True)
class ServiceLately:
    """What happened to a service lately: its other incidents, the numbers of those that engineers have, and when its
    team was last paged about one that is at least as bad."""

    others: tuple[Incident, ...] = ()
    engineers: frozenset[int] = frozenset()
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
    if incident.split_from is not None:
        # An agent said that this is another fault.
        return None
    hold = _repeat(incident, lately, basis) or _flapping(incident, lately, basis) or _known_fix(case, basis)
    return None if hold is None else _before_the_warning(hold, case, basis)


def _before_the_warning(hold: Hold, case: Case, basis: Basis) -> Hold | None:
    """No page waits into the first warning of the response that is promised; where that has come, it waits for nothing.
    Without a warning half of the time is the engineers'."""
    calendars = basis.policy.sla.working_calendars()
    until = hold.until
    for promise in case.clocks:
        if promise.metric is SlaMetric.FIRST_RESPONSE and not promise.is_over:
            first = reached_at(promise, min(promise.warnings, default=_HALF), calendars)
            until = min(until, first or until)
    return replace(hold, until=until) if until > basis.now else None


def is_engineers(case: Case) -> bool:
    """Whether somebody took it, or its page is out or on its way: one that was given up, or lapsed, woke nobody."""
    if case.incident.state is IncidentState.ACKNOWLEDGED:
        return True
    generation = f":g{case.incident.generation}:"
    has_lapsed = any(generation in line.key and LAPSED in line.key for line in case.ledger)
    is_out = any(page.state is EffectState.DONE or page.state.is_open for page in case.pages)
    return case.incident.state in WITH_ENGINEERS and is_out and not has_lapsed


def _repeat(incident: Incident, lately: ServiceLately, basis: Basis) -> Hold | None:
    """The team has one of this service, as bad as this one."""
    wait = basis.policy.escalation.repeats
    if wait is None:
        return None
    had = [one for one in lately.others if one.id in lately.engineers and one.severity <= incident.severity]
    beside = max(had, key=lambda one: one.id, default=None)
    if beside is None:
        return None
    why = worded(
        "the team has {beside} of the same service already, and reads of this one there", beside=beside.name
    )
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
    why = worded(
        "the service flaps: {count} incidents in {span}, and its team was paged at {time}",
        count=count,
        span=duration(rules.within),
        time=clock(lately.paged_at),
    )
    return Hold(until=until, why=why)


def _known_fix(case: Case, basis: Basis) -> Hold | None:
    rules = basis.policy.escalation.known_fix
    if rules is None or case.incident.severity < rules.severity:
        return None
    actions = offer_words(case, basis.policy)
    offer = "; ".join(
        [*known_fixes(case), *([worded("on offer in chat: {actions}", actions=actions)] if actions else [])]
    )
    if not offer:
        return None
    return Hold(
        until=basis.now + rules.hold, why=worded("a fix is known, and its agent tries it first"), offer=offer
    )


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
    tried = worded(" What helped before: {offer}.", offer=hold.offer) if hold.offer else ""
    note = internal(
        worded(
            "{name}: engineers are not woken yet: {why}.{tried} They are at {until}, unless it works "
            "again by then. Not to wait, start `escalation` in Prefect for {name} with your name.",
            name=name,
            why=hold.why,
            tried=tried,
            until=until,
        )
    )
    effects = note_owner(case, "held", note)
    entry = Entry(
        kind=EntryKind.HELD, text=worded("The page waits until {until}: {why}", until=until, why=hold.why)
    )
    return Plan(incident=incident, effects=tuple(effects), entries=(entry,))


def told_of_repeat(case: Case, repeat: Case, basis: Basis) -> Plan:
    """What the engineers who have the one read of the other, on their page and in their room."""
    one, other = case.incident, repeat.incident
    until = clock(other.held_until) if other.held_until is not None else worded("its time")
    who = hit_summary(repeat.present, basis.policy)
    text = worded(
        "{other} of the same service has opened ({who}). You are not paged for it yet: if it is "
        "the same fault, say `merge {other} {one}`; else its page goes out at {until}",
        other=other.name,
        who=who,
        one=one.name,
        until=until,
    )
    return Plan(incident=one, effects=tuple(tell_engineers(case, basis.policy, f"repeat:{other.name}", text)))


def longest(basis: Basis) -> timedelta:
    """How far back it matters what happened to a service."""
    rules = basis.policy.escalation.flapping
    return timedelta(0) if rules is None else max(rules.within, rules.hold)
