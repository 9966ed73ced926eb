"""What a change of a ticket or incident means for its SLA clocks: the events it comes to, and the clocks after them.

Called in the transaction that writes the change, so clocks and state never tell different stories. What was
missed (a lost webhook, a policy that changed, an upgrade) is made up for by the next look: everything here may
be repeated.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime

from incidents.case import Case, Plan
from incidents.lifecycle import WORKS_AGAIN
from incidents.models import (
    Author,
    Comment,
    Incident,
    IncidentState,
    Severity,
    SubjectRef,
    Ticket,
    TicketStatus,
)
from incidents.policy.sla.section import Sla
from incidents.sla.clock import SlaMetric, SlaTerms
from incidents.sla.events import (
    Clocks,
    SlaEvent,
    advance,
)
from incidents.sla.facts import incident_facts, ticket_facts

_NOTHING_OWED = frozenset({IncidentState.NOT_AN_INCIDENT, IncidentState.MERGED})

Happened = tuple[SlaEvent, datetime]


@dataclass(frozen=True, kw_only=True, slots=True)
class TicketTransition:
    """A ticket as it was known and as it is, with its new comments; `severity` is its incident's, if it has one.

    `customers_told_at` is when a message of ours reached the customer; `works_again_at` when its incident was
    resolved: the customer can work then, though nobody has told them yet.
    """

    before: Ticket | None
    after: Ticket
    severity: Severity | None = None
    comments: tuple[Comment, ...] = ()
    customers_told_at: datetime | None = None
    works_again_at: datetime | None = None


def ticket_clocks(change: TicketTransition, clocks: Clocks, sla: Sla, *, now: datetime) -> Clocks:
    """The ticket's clocks after the change; none, if nothing is promised to it and never was."""
    terms = sla.terms_for(ticket_facts(change.after, change.severity, sla.priorities))
    if terms is None and not clocks:
        return ()
    happened = list(_ticket_events(change, clocks, now=now))
    return _after(
        happened,
        clocks,
        subject=change.after.ref,
        terms=terms,
        status=change.after.status,
        sla=sla,
        now=now,
    )


def incident_clocks(
    case: Case,
    plan: Plan,
    sla: Sla,
    *,
    now: datetime,
    joining: Sequence[Ticket] = (),
    customers_told_at: datetime | None = None,
) -> Clocks:
    """The incident's clocks after the plan.

    `joining` are tickets that are being linked to it just now; `customers_told_at` is when a message of ours reached
    its customers.
    """
    told = {clock.key: clock for clock in plan.told_clocks}
    clocks = tuple(told.get(clock.key, clock) for clock in case.clocks)
    tickets = [*(item.ticket for item in case.tickets), *joining]
    terms = sla.terms_for(incident_facts(plan.incident, tickets))
    happened = list(_incident_events(case.incident, plan.incident, clocks, now=now))
    if customers_told_at is not None:
        happened.append((SlaEvent.LIAISON_UPDATE, customers_told_at))
    return _after(happened, clocks, subject=plan.incident.ref, terms=terms, status=None, sla=sla, now=now)


def first_clocks(incident: Incident, tickets: Sequence[Ticket], sla: Sla, *, now: datetime) -> Clocks:
    """The clocks of an incident that has just been opened by these tickets."""
    terms = sla.terms_for(incident_facts(incident, tickets))
    opened = [(SlaEvent.OPENED, incident.opened_at)]
    return _after(opened, (), subject=incident.ref, terms=terms, status=None, sla=sla, now=now)


def _after(
    happened: Sequence[Happened],
    clocks: Clocks,
    *,
    subject: SubjectRef,
    terms: SlaTerms | None,
    status: TicketStatus | None,
    sla: Sla,
    now: datetime,
) -> Clocks:
    for event, at in happened:
        clocks = advance(
            clocks,
            event,
            subject=subject,
            terms=terms,
            status=status,
            calendars=sla.working_calendars(),
            at=at,
            now=now,
        )
    return clocks


def _ticket_events(change: TicketTransition, clocks: Clocks, *, now: datetime) -> Iterator[Happened]:
    """In the order in which they happened, the ticket's own state last."""
    before, after = change.before, change.after
    is_reopened = before is not None and before.status.is_settled and not after.status.is_settled
    if not clocks:
        yield SlaEvent.OPENED, after.created_at
    elif is_reopened:
        yield SlaEvent.REOPENED, after.updated_at
    replies = sorted(
        (comment for comment in change.comments if comment.author is Author.AGENT and comment.is_public),
        key=lambda comment: comment.at,
    )
    for reply in replies:
        yield SlaEvent.AGENT_REPLY, reply.at
    is_owed = not clocks or is_reopened or _owes_a_response(clocks)
    if not replies and is_owed and after.status is TicketStatus.WAITING_FOR_CUSTOMER:
        # One that waits for its customer was answered, even if the webhook that told us so was lost.
        yield SlaEvent.AGENT_REPLY, after.updated_at
    if change.customers_told_at is not None:
        yield SlaEvent.LIAISON_UPDATE, change.customers_told_at
    if change.works_again_at is not None:
        yield SlaEvent.MITIGATED, change.works_again_at
    if after.status.is_settled:
        yield SlaEvent.SOLVED, after.updated_at
    else:
        yield SlaEvent.SEEN, max(after.updated_at, after.created_at) if clocks else now


def _owes_a_response(clocks: Clocks) -> bool:
    return any(clock.metric is SlaMetric.FIRST_RESPONSE and not clock.is_over for clock in clocks)


def _incident_events(
    before: Incident, after: Incident, clocks: Clocks, *, now: datetime
) -> Iterator[Happened]:
    if after.state in _NOTHING_OWED:
        yield SlaEvent.WITHDRAWN, now
        return
    if not clocks and after.state not in WORKS_AGAIN:
        yield SlaEvent.OPENED, after.clock_from
        if after.acknowledged_at is not None:
            yield SlaEvent.ACKNOWLEDGED, after.acknowledged_at
    elif after.generation > before.generation or before.state in _NOTHING_OWED:
        yield SlaEvent.REOPENED, now
    if after.acknowledged_at is not None and after.acknowledged_at != before.acknowledged_at:
        yield SlaEvent.ACKNOWLEDGED, after.acknowledged_at
    if after.state in WORKS_AGAIN:
        if before.state not in WORKS_AGAIN:
            yield SlaEvent.MITIGATED, after.resolved_at or now
            yield SlaEvent.SOLVED, after.resolved_at or now
        return
    yield SlaEvent.SEEN, now
