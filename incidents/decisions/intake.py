"""Which incident does a report belong to? Decided for a whole chunk of tickets in one pass.

A ticket is routed once, by the policy's first matching rule, and joins the open incident of its service or
opens one; every other ticket of that service in the chunk joins the same. So a storm is one incident, however
many tickets arrive at once.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime

from incidents.basis import Basis
from incidents.case import Case, Entry, EntryKind, Plan
from incidents.decisions.closing.farewell import farewell
from incidents.decisions.holding.hold import made_worse
from incidents.decisions.ownership.hand_over import taken_on
from incidents.decisions.updates.late import catch_up
from incidents.effects import Effect, ticket_note
from incidents.lifecycle import is_beside
from incidents.models import Incident, IncidentState, JoinOrigin, Severity, Stage, Ticket, TicketRef
from incidents.notes.notes import joined_note
from incidents.policy.policy import Policy, Route
from incidents.policy.routing import CORRECTION
from incidents.redaction.redaction import safe_excerpt
from incidents.texts.messages import internal
from incidents.texts.team import worded

_STILL_CHECKING = frozenset({IncidentState.REPORTED, IncidentState.VALIDATING})
_OVER = frozenset({IncidentState.RESOLVED, IncidentState.CLOSING})
_TITLE_LIMIT = 100


@dataclass(frozen=True, kw_only=True, slots=True)
class Join:
    """A ticket that belongs to an incident, who says so, and why, for people."""

    ticket: Ticket
    origin: JoinOrigin
    reason: str
    severity: Severity | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class Opening:
    """An incident to be opened, with the tickets that make it."""

    service: str
    title: str
    severity: Severity
    joins: tuple[Join, ...]
    split_from: int | None = None

    @property
    def owner(self) -> str | None:
        """The agent who is accountable: whoever has the first of its tickets that somebody has."""
        by_age = sorted(self.joins, key=lambda join: join.ticket.created_at)
        return next((join.ticket.assignee for join in by_age if join.ticket.assignee), None)


@dataclass(frozen=True, kw_only=True, slots=True)
class Sorted:
    """What a chunk of unlinked tickets comes to; `unrouted` ones are no incident (questions, spam)."""

    joins: Mapping[int, tuple[Join, ...]] = field(default_factory=dict)
    openings: tuple[Opening, ...] = ()
    unrouted: int = 0


def services_of(
    tickets: Sequence[Ticket], policy: Policy, learnt: Mapping[TicketRef, Route]
) -> Sequence[str]:
    """The services these tickets are about: which open incidents to look at."""
    routes = (policy.route(ticket) or learnt.get(ticket.ref) for ticket in tickets)
    return sorted({route.service for route in routes if route is not None and route.service is not None})


def sort_tickets(
    tickets: Sequence[Ticket],
    open_incidents: Sequence[Incident],
    last_linked_at: Mapping[int, datetime],
    basis: Basis,
    *,
    learnt: Mapping[TicketRef, Route] | None = None,
    links: Mapping[TicketRef, int] | None = None,
) -> Sorted:
    """Join each ticket to an incident, or open one. Tickets must not be linked yet; settled ones are left.

    `learnt` has the routes of tickets that no rule knows, `links` open incidents that tickets surely belong to, however
    long ago their last ticket came.
    """
    by_service: dict[str, list[Join]] = {}
    unrouted = 0
    for ticket in tickets:
        route = basis.policy.route(ticket) or (learnt or {}).get(ticket.ref)
        if route is None or route.service is None or ticket.status.is_settled:
            unrouted += 1
            continue
        join = Join(ticket=ticket, origin=route.origin, reason=route.reason, severity=route.severity)
        by_service.setdefault(route.service, []).append(join)
    joins: dict[int, tuple[Join, ...]] = {}
    openings: list[Opening] = []
    for service, candidates in by_service.items():
        incident = incident_for(service, candidates, open_incidents, last_linked_at, basis) or _surely(
            service, candidates, open_incidents, links or {}
        )
        if incident is not None:
            joins[incident.id] = tuple(candidates)
        else:
            openings.append(opening_from(service, candidates, basis.policy))
    return Sorted(joins=joins, openings=tuple(openings), unrouted=unrouted)


def incident_for(
    service: str,
    joins: Sequence[Join],
    open_incidents: Sequence[Incident],
    last_linked_at: Mapping[int, datetime],
    basis: Basis,
) -> Incident | None:
    """The newest open incident of the service that is still warm; a resolved one only for late reports."""
    for incident in sorted(open_incidents, key=lambda incident: -incident.id):
        if incident.service != service or is_beside(incident, open_incidents):
            continue
        if incident.state in _OVER and incident.resolved_at is not None:
            if all(join.ticket.created_at <= incident.resolved_at for join in joins):
                return incident
            continue
        if basis.now - last_linked_at.get(incident.id, incident.opened_at) <= basis.policy.correlation.window:
            return incident
    return None


def _surely(
    service: str, joins: Sequence[Join], open_incidents: Sequence[Incident], links: Mapping[TicketRef, int]
) -> Incident | None:
    """The service's incident that one of them surely belongs to, if it is not over; never another service's."""
    numbers = {links[join.ticket.ref] for join in joins if join.ticket.ref in links}
    fitting = [
        incident
        for incident in open_incidents
        if incident.id in numbers and incident.service == service and incident.state not in _OVER
    ]
    return max(fitting, key=lambda incident: incident.id, default=None)


def opening_from(service: str, joins: Sequence[Join], policy: Policy) -> Opening:
    """A new incident of the service, as bad as the worst of them."""
    named = policy.service(service)
    severities = [join.severity for join in joins if join.severity is not None]
    first = min(joins, key=lambda join: join.ticket.created_at)
    subject = safe_excerpt(first.ticket.subject, _TITLE_LIMIT)
    return Opening(
        service=service,
        title=f"{named.title}: {subject}" if subject else named.title,
        severity=min(severities, default=named.severity),
        joins=tuple(joins),
    )


def opening_entries(opening: Opening, owner: str | None) -> tuple[Entry, ...]:
    """How the story of an incident opened this way begins, and whose it is."""
    count = len(opening.joins)
    first = opening.joins[0]
    also = worded(", and {count} more with it", count=count - 1) if count > 1 else ""
    opened = Entry(
        kind=EntryKind.OPENED,
        text=worded(
            "Opened by ticket {ticket} ({reason}){also}",
            ticket=first.ticket.ref,
            reason=first.reason,
            also=also,
        ),
    )
    if owner is None:
        return (opened,)
    why = worded("who has the first of its tickets") if owner == opening.owner else worded("by the policy")
    return (
        opened,
        Entry(kind=EntryKind.OWNER, text=worded("Accountable: {owner}, {why}", owner=owner, why=why)),
    )


def learnt_notes(incident: Incident, joins: Sequence[Join], *, instance: str) -> list[Effect]:
    """For the agents of tickets that opened an incident by what was learnt: why, and how to say that it is wrong."""
    once = f"liaison:{instance}:{incident.name}:g{incident.generation}:learnt"
    return [
        ticket_note(
            incident.id,
            join.ticket.ref,
            once,
            internal(
                worded(
                    "{incident} was opened for {service} because of this ticket: {reason}. If that is wrong, "
                    "tag the ticket {tag}<service>; the next training learns from it.",
                    incident=incident.name,
                    service=incident.service,
                    reason=join.reason,
                    tag=CORRECTION,
                )
            ),
        )
        for join in joins
        if join.origin is JoinOrigin.LEARNT
    ]


def tickets_joined(case: Case, joins: Sequence[Join], basis: Basis) -> Plan:
    """What an incident does about new tickets: tell their agents, catch their customers up, look again."""
    incident = case.incident
    severities = [join.severity for join in joins if join.severity is not None]
    severity = min([incident.severity, *severities])
    changed, taken = taken_on(incident, [join.ticket for join in joins], now=basis.now)
    changed = made_worse(changed, severity, now=basis.now)
    entries = [
        Entry(
            kind=EntryKind.JOINED, text=worded("{count} more: {names}", count=len(joins), names=_names(joins))
        )
    ]
    entries += taken
    if severity < incident.severity:
        entries.append(
            Entry(
                kind=EntryKind.SEVERITY,
                text=worded(
                    "Severity raised from {before} to {after}",
                    before=incident.severity,
                    after=severity,
                ),
            )
        )
    effects: list[Effect] = []
    if incident.state in _STILL_CHECKING:
        if incident.next_stage is not Stage.ESCALATION:
            # More reports are evidence: look at once, and count the looks without proof from here.
            changed = replace(changed, next_stage=Stage.VALIDATION, next_stage_at=basis.now, checks=0)
    else:
        for join in joins:
            ref = join.ticket.ref
            note = joined_note(case, basis.policy, join.reason)
            effects.append(ticket_note(incident.id, ref, case.once("joined"), note))
        effects += catch_up(case, [join.ticket for join in joins], basis)
        if incident.state is IncidentState.CLOSING:
            # The others are being told that it is over; nobody comes back for these later.
            effects += farewell(case, [join.ticket for join in joins], basis).effects
    return Plan(incident=changed, effects=tuple(effects), entries=tuple(entries))


def _names(joins: Sequence[Join]) -> str:
    shown = ", ".join(str(join.ticket.ref) for join in joins[:5])
    return shown if len(joins) <= 5 else f"{shown}, ..."
