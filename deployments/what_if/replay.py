"""One replay: each ticket is sorted by the policy's own decisions at the moment at which it was written.

Routing, joining and weighing are the functions that run every day (`incidents.decisions`). What they ask the world is
answered as it was recorded: a probe by the look that its incident kept, the end of a fault by when it was resolved.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime

from deployments.what_if.history import PastIncidents, PolicyHistory, ReplayedTicket
from incidents.basis import Basis
from incidents.case import Case, LinkedTicket
from incidents.decisions.intake import Join, Opening, sort_tickets
from incidents.decisions.validation import judge
from incidents.models import Incident, IncidentState, ProbeResult, Ticket, TicketRef, TicketStatus
from incidents.policy.policy import Policy
from incidents.promises.subjects import subject_ref
from incidents.sla.calendars import Calendars
from incidents.sla.clock import BREACH, SlaClock, SlaMetric, SlaTerms, Stretch, reached_at
from incidents.sla.facts import incident_facts, ticket_facts


@dataclass(kw_only=True, slots=True)
class ReplayedIncident:
    """An incident as the policy would have made it. `paged_at` None: no verdict brought engineers in."""

    incident: Incident
    team: str
    tickets: list[LinkedTicket] = field(default_factory=list)
    recorded: set[int] = field(default_factory=set)
    ends_at: datetime | None = None
    last_linked: datetime
    paged_at: datetime | None = None

    @property
    def first(self) -> TicketRef:
        """Names it in a comparison: what opened it."""
        return self.tickets[0].ticket.ref


@dataclass(frozen=True, kw_only=True, slots=True)
class PolicyReplay:
    """What the policy comes to. `broken` are keys of promises; `unseen` are probes that no recorded look is of."""

    service_of: Mapping[TicketRef, str | None]
    incidents: Sequence[ReplayedIncident]
    broken: frozenset[str]
    unseen: frozenset[str]

    @property
    def paged(self) -> Sequence[ReplayedIncident]:
        """Those whose engineers would have been paged."""
        return [one for one in self.incidents if one.paged_at is not None]


def replayed(history: PolicyHistory, policy: Policy) -> PolicyReplay:
    """Everything in the order in which it was written."""
    made: list[ReplayedIncident] = []
    service_of: dict[TicketRef, str | None] = {}
    unseen: set[str] = set()
    for past in history.tickets:
        at = past.ticket.created_at
        # It is solved by now, and was not when it came.
        ticket = replace(past.ticket, status=TicketStatus.NEW, gone=None)
        route = policy.route(ticket)
        service_of[ticket.ref] = route.service if route is not None else None
        basis = Basis(policy, at)
        present = [_as_of(one, at) for one in made]
        last = {one.incident.id: one.last_linked for one in made}
        found = sort_tickets([ticket], present, last, basis)
        for number, joins in found.joins.items():
            _join(made[number - 1], joins, past, history.recorded, at)
        for opening in found.openings:
            made.append(_opened(len(made) + 1, opening, policy, at))
            _join(made[-1], opening.joins, past, history.recorded, at)
        numbers = [*found.joins, *([len(made)] if found.openings else [])]
        for number in numbers:
            unseen |= _weigh(made[number - 1], history.recorded, basis)
    return PolicyReplay(
        service_of=service_of,
        incidents=made,
        broken=_broken(history, policy),
        unseen=frozenset(unseen),
    )


def _opened(number: int, opening: Opening, policy: Policy, at: datetime) -> ReplayedIncident:
    incident = Incident(
        id=number,
        version=1,
        service=opening.service,
        title=opening.title,
        state=IncidentState.REPORTED,
        severity=opening.severity,
        opened_at=at,
        clock_from=at,
        state_since=at,
    )
    return ReplayedIncident(incident=incident, team=policy.service(opening.service).team, last_linked=at)


def _join(
    one: ReplayedIncident, joins: Sequence[Join], past: ReplayedTicket, recorded: PastIncidents, at: datetime
) -> None:
    for join in joins:
        one.tickets.append(LinkedTicket(ticket=join.ticket, linked_at=at, reason=join.reason))
        if join.severity is not None and join.severity < one.incident.severity:
            one.incident = replace(one.incident, severity=join.severity)
    one.last_linked = at
    known = recorded.incidents.get(past.incident_id) if past.incident_id is not None else None
    if known is not None:
        one.recorded.add(known.id)
        ended = known.resolved_at
        if ended is not None and ended > at:
            one.ends_at = ended if one.ends_at is None else max(one.ends_at, ended)


def _as_of(one: ReplayedIncident, at: datetime) -> Incident:
    """The incident as it stood at that moment, as far as its end goes."""
    if one.ends_at is None or one.ends_at > at:
        return one.incident
    return replace(one.incident, state=IncidentState.RESOLVED, resolved_at=one.ends_at)


def _weigh(one: ReplayedIncident, recorded: PastIncidents, basis: Basis) -> set[str]:
    """Whether engineers are paged now; returns the probes that nobody has a look of."""
    probes = basis.policy.service(one.incident.service).probes
    looks = {
        item.source: ProbeResult(
            probe=item.source,
            is_healthy=None if item.speaks_for is None else not item.speaks_for,
            summary=item.text,
            at=item.at,
        )
        for number in sorted(one.recorded)
        for item in recorded.incidents[number].evidence
        if item.source in probes
    }
    if one.paged_at is None:
        case = Case(incident=one.incident, tickets=tuple(one.tickets))
        verdict, _ = judge(case, list(looks.values()), (), basis)
        if verdict in basis.policy.escalation.on:
            one.paged_at = basis.now
    return set(probes) - set(looks)


def _broken(history: PolicyHistory, policy: Policy) -> frozenset[str]:
    """Recorded promises that would have been broken under this policy's terms; without terms nothing is promised."""
    calendars = policy.sla.working_calendars()
    terms = _terms(history, policy)
    return frozenset(
        clock.key
        for clock in history.clocks
        if (found := terms.get(str(clock.subject))) is not None
        and _is_broken(clock, found, calendars, history.now)
    )


def _is_broken(clock: SlaClock, terms: SlaTerms, calendars: Calendars, now: datetime) -> bool:
    target = terms.targets.get(SlaMetric(clock.metric))
    if target is None:
        return False
    stretches = tuple(_counted(stretch, terms.calendar, calendars) for stretch in clock.stretches)
    changed = replace(clock, target=target, calendar=terms.calendar, stretches=stretches)
    due = reached_at(changed, BREACH, calendars)
    return due is not None and due <= now


def _counted(stretch: Stretch, name: str, calendars: Calendars) -> Stretch:
    """A stretch by another calendar; older ones that were added up stay as they were counted."""
    calendar = calendars.get(name)
    if calendar is None or stretch.calendar == name or stretch.count > 1:
        return stretch
    return replace(stretch, calendar=name, worked=calendar.working_time(stretch.since, stretch.until))


def _terms(history: PolicyHistory, policy: Policy) -> Mapping[str, SlaTerms]:
    """By subject, for tickets and for incidents as they were recorded, with the severity they have now."""
    incidents = history.recorded.incidents
    members: dict[int, list[Ticket]] = {}
    found: dict[str, SlaTerms | None] = {}
    for past in history.tickets:
        known = incidents.get(past.incident_id) if past.incident_id is not None else None
        facts = ticket_facts(past.ticket, known.severity if known else None, policy.sla.priorities)
        found[str(past.ticket.ref)] = policy.sla.terms_for(facts)
        if past.incident_id is not None:
            members.setdefault(past.incident_id, []).append(past.ticket)
    for number, incident in incidents.items():
        facts = incident_facts(incident, members.get(number, ()))
        found[str(subject_ref(incident.name))] = policy.sla.terms_for(facts)
    return {name: terms for name, terms in found.items() if terms is not None}
