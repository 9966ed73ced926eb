"""What a change of a ticket or incident means for its SLA clocks: the events it comes to, and the clocks after them.

Called in the transaction that writes the change, so clocks and state never tell different stories. What was
missed (a lost webhook, a policy that changed, an upgrade) is made up for by the next look: everything here may
be repeated.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from incidents.case import Case, Plan
from incidents.lifecycle import WORKS_AGAIN
from incidents.models import (
    Author,
    Comment,
    Incident,
    IncidentState,
    Origin,
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
from incidents.texts.thanks import owes_no_answer

_NOTHING_OWED = frozenset({IncidentState.NOT_AN_INCIDENT, IncidentState.MERGED})

# A helpdesk opens a solved ticket with its customer's answer; its times for the two may differ by seconds.
_SAME_MOMENT = timedelta(minutes=1)

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
    if not clocks and (terms is None or change.after.gone is not None):
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
    if after.gone is not None:
        # Deleted, spam, merged: nobody waits for an answer on it any more.
        yield SlaEvent.WITHDRAWN, after.updated_at
        return
    is_reopened = _is_reopened(before, after)
    if not clocks:
        yield SlaEvent.OPENED, after.created_at
    else:
        if is_reopened and change.before is not None and change.before.status.is_settled:
            # It was solved meanwhile, perhaps by us: then nobody told its clocks, and the echo of it may be on its way.
            yield SlaEvent.SOLVED, after.updated_at
        yield from _begins_again(change, clocks, is_reopened=is_reopened)
    replies = sorted(
        comment.at
        for comment in change.comments
        if comment.author is Author.AGENT and comment.is_public and comment.origin is Origin.PERSON
    )
    for replied_at in replies:
        yield SlaEvent.AGENT_REPLY, replied_at
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


def _is_reopened(before: Ticket | None, after: Ticket) -> bool:
    if before is None or after.status.is_settled:
        return False
    return before.status.is_settled or before.gone is not None


def _begins_again(change: TicketTransition, clocks: Clocks, *, is_reopened: bool) -> Iterator[Happened]:
    """A new generation for whoever waits again. A thank-you opens a solved ticket at some helpdesks, and owes nothing.

    Its words and the opened ticket may come in two pieces, in either order.
    """
    written = [one for one in change.comments if one.author is Author.CUSTOMER and one.is_public]
    owed = [one for one in written if one.is_a_customers_word and not owes_no_answer(one.text)]
    is_content = bool(written) and not owed
    if is_reopened and not is_content:
        yield SlaEvent.REOPENED, change.after.updated_at
    elif owed and not change.after.status.is_settled and all(clock.is_over for clock in clocks):
        yield SlaEvent.REOPENED, owed[-1].at
    elif is_content:
        at = written[-1].at
        if _has_just_begun_again(clocks, at):
            yield SlaEvent.WITHDRAWN, at


def _has_just_begun_again(clocks: Clocks, at: datetime) -> bool:
    """Whether the ticket's newest generation began with what was written at this time, and nothing of it is over."""
    generation = max(clock.generation for clock in clocks)
    newest = [clock for clock in clocks if clock.generation == generation]
    return generation > 1 and all(
        not clock.is_over and abs(clock.started_at - at) <= _SAME_MOMENT for clock in newest
    )


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
