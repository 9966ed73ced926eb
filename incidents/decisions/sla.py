"""Promises in time: warn before a response or resolution target is missed, escalate when it is.

A moment told once is marked on the incident, so a sweep that runs twice, or late, tells nothing twice.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum

from incidents.case import Case, Entry, Plan
from incidents.decisions import customers
from incidents.decisions.escalation import page_effect
from incidents.decisions.posts import tell_engineers
from incidents.effects import Effect
from incidents.lifecycle import WITH_ENGINEERS
from incidents.models import Incident, IncidentState, Stage
from incidents.notes import duration
from incidents.policy import Policy

_OVER = frozenset({IncidentState.RESOLVED, IncidentState.CLOSING, IncidentState.CLOSED})
_BEFORE_ENGINEERS = frozenset({IncidentState.REPORTED, IncidentState.VALIDATING, IncidentState.CONFIRMED})


class Moment(StrEnum):
    WARNED = "warned"
    BREACHED = "breached"


@dataclass(frozen=True, kw_only=True, slots=True)
class Target:
    """One running clock: `response` (until somebody acknowledges) or `resolution` (until it is fixed)."""

    name: str
    start: datetime
    due: datetime

    def reached(self, part: float) -> datetime:
        """When this part of the time is gone."""
        return self.start + (self.due - self.start) * part


@dataclass(frozen=True, kw_only=True, slots=True)
class Missed:
    """A moment that has come and was not told yet."""

    target: Target
    moment: Moment
    part: float = 1.0

    @property
    def name(self) -> str:
        """`response:warned75`, `resolution:breached`."""
        percent = f"{self.part * 100:g}" if self.moment is Moment.WARNED else ""
        return f"{self.target.name}:{self.moment}{percent}"


def running_targets(incident: Incident, policy: Policy) -> tuple[Target, ...]:
    """The clocks that run for this incident now."""
    if incident.state in _OVER or incident.state in (IncidentState.NOT_AN_INCIDENT, IncidentState.MERGED):
        return ()
    wanted = policy.sla.targets[incident.severity]
    targets = [_target("resolution", incident, wanted.resolution)]
    if incident.acknowledged_at is None:
        targets.insert(0, _target("response", incident, wanted.response))
    return tuple(targets)


def _target(name: str, incident: Incident, allowed: timedelta) -> Target:
    return Target(name=name, start=incident.clock_from, due=incident.clock_from + allowed)


def missed(incident: Incident, policy: Policy, *, now: datetime) -> tuple[Missed, ...]:
    """What is to be told now; a later moment makes the earlier ones superfluous."""
    found: list[Missed] = []
    for target in running_targets(incident, policy):
        passed = [part for part in policy.sla.warn_at if now >= target.reached(part)]
        if now >= target.due:
            found.append(Missed(target=target, moment=Moment.BREACHED))
        elif passed:
            found.append(Missed(target=target, moment=Moment.WARNED, part=passed[-1]))
    return tuple(item for item in found if _mark(incident, item) not in incident.sla_told)


def sweep(case: Case, policy: Policy, *, now: datetime) -> Plan:
    """Tell what is due on this incident: warnings, breaches with the next rung, and customers' updates."""
    incident = case.incident
    effects: list[Effect] = []
    entries: list[Entry] = []
    for item in missed(case.incident, policy, now=now):
        target, moment = item.target, item.moment
        incident = replace(incident, sla_told=(*incident.sla_told, _mark(incident, item)))
        left = duration(target.due - now)
        text = f"{target.name} target {'missed' if moment is Moment.BREACHED else 'due in'} {left}"
        entries.append(Entry(kind=f"sla_{moment}", text=text[0].upper() + text[1:]))
        effects += tell_engineers(case, policy, f"sla:{item.name}", f"SLA: {text}")
        if moment is Moment.BREACHED:
            incident, paged, told = _escalate(replace(case, incident=incident), policy, now=now)
            effects += paged
            entries += told
    incident, updates, told = _update_customers(replace(case, incident=incident), policy, now=now)
    return Plan(incident=incident, effects=(*effects, *updates), entries=(*entries, *told))


def _escalate(case: Case, policy: Policy, *, now: datetime) -> tuple[Incident, list[Effect], list[Entry]]:
    """The next rung of the ladder; before the engineers have it at all, the escalation stage itself."""
    incident = case.incident
    if incident.state in _BEFORE_ENGINEERS:
        return replace(incident, next_stage=Stage.ESCALATION, next_stage_at=now), [], []
    ladder = policy.team_of(incident.service).ladder
    if incident.state not in WITH_ENGINEERS or incident.page_level >= len(ladder):
        return incident, [], []
    incident = replace(incident, page_level=incident.page_level + 1)
    rung = ladder[incident.page_level - 1]
    page = page_effect(replace(case, incident=incident), policy, level=incident.page_level, now=now)
    return incident, [page], [Entry(kind="escalated", text=f"Paged the next level: {rung.title}")]


def _update_customers(
    case: Case, policy: Policy, *, now: datetime
) -> tuple[Incident, list[Effect], list[Entry]]:
    """Keep the promise "next update by": a message to all who wait, and the next promise."""
    incident = case.incident
    is_due = incident.next_update_at is not None and incident.next_update_at <= now
    if not is_due or incident.state not in WITH_ENGINEERS:
        return incident, [], []
    incident = replace(
        incident,
        updates_sent=incident.updates_sent + 1,
        next_update_at=customers.next_update_at(incident, policy, now=now),
    )
    seen = replace(case, incident=incident)
    waiting = list(customers.waiting(case))
    effects = customers.tell(
        seen,
        waiting,
        policy,
        template=policy.templates.customer.update,
        what=f"update:{incident.updates_sent}",
    )
    entry = Entry(kind="update", text=f"Update {incident.updates_sent} to {len(waiting)} customer(s)")
    return incident, effects, [entry]


def _mark(incident: Incident, item: Missed) -> str:
    return f"g{incident.generation}:{item.name}"
