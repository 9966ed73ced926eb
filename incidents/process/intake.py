"""Taking tickets in: new ones join an incident or open one, and the incidents of the others hear what happened."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import partial

from incidents.decisions.intake import (
    Join,
    services_of,
    sort_tickets,
    tickets_joined,
)
from incidents.decisions.ticket_change import TicketNews
from incidents.decisions.ticket_news import ticket_news
from incidents.decisions.written.echoes import OurWrites
from incidents.events import TicketEvent
from incidents.models import Comment, JoinOrigin, ProbeResult, Ticket, TicketRef
from incidents.policy.policy import Policy
from incidents.policy.routing import Route
from incidents.process.deciding import PendingDecision, decide_all
from incidents.process.echoes import our_writes
from incidents.process.kin import (
    ancestors_incident,
    as_comment,
    may_join,
    move_links,
    takes_follow_ups,
    with_departures,
)
from incidents.process.obeying.notes import obey_notes
from incidents.process.opening import link_joins, open_with_tickets
from incidents.process.unasked import as_reports, customers_words, incidents_told_of
from incidents.promises.keeping import TicketTransition
from incidents.step import Step
from incidents.store.cases import open_incidents, read_incident
from incidents.store.comments import TicketComment, first_heard
from incidents.store.inbox.drains import take_turns
from incidents.store.ledger.effects import last_told
from incidents.store.sla.keeping import keep_tickets, severities_of
from incidents.store.tickets import KnownTicket, known_tickets, last_linked_at, save_tickets
from incidents.texts.team import worded
from incidents.ticket_words import Kinship


@dataclass(frozen=True, kw_only=True, slots=True)
class Hints:
    """What is believed of tickets that no rule knows, from wherever: the policy's rules go first.

    `routes` say which service they are for, `links` which open incident they surely belong to.
    """

    routes: Mapping[TicketRef, Route] = field(default_factory=dict)
    links: Mapping[TicketRef, int] = field(default_factory=dict)


NO_HINTS = Hints()


@dataclass(frozen=True, kw_only=True, slots=True)
class TakenIn:
    """What became of tickets. `news` are those that were new or newer than known, `opened` and `joined` count new
    incidents and the tickets that joined one, `incidents` are those that may have something to do now,
    `open_questions` new tickets that neither rule nor hint knew a service for. `has_answers`: somebody asked for
    something in a note, and is answered there.
    """

    news: tuple[Ticket, ...]
    opened: int
    joined: int
    incidents: tuple[int, ...]
    open_questions: tuple[TicketRef, ...]
    has_answers: bool = False


@dataclass(slots=True)
class _Work:
    """The tickets of one step, and what has become of them so far."""

    step: Step
    known: Mapping[TicketRef, KnownTicket]
    comments: Mapping[TicketRef, Sequence[Comment]]
    looks: Mapping[int, Sequence[ProbeResult]]
    writes: OurWrites
    touched: list[int] = field(default_factory=list)
    incident_of: dict[TicketRef, int] = field(default_factory=dict)
    opened: int = 0
    joined: int = 0


async def join_and_tell(
    step: Step,
    tickets: Sequence[Ticket],
    events: Sequence[object],
    hints: Hints = NO_HINTS,
    *,
    looks: Mapping[int, Sequence[ProbeResult]] | None = None,
) -> TakenIn:
    """Join new tickets to incidents, and tell the incidents of the others what happened on them.

    `looks` are fresh looks at the services of incidents whose customers answered.

    Takes turns with every other joiner: two of them at once could open two incidents of one fault.
    """
    await take_turns(step.connection)
    told = [event for event in events if isinstance(event, TicketEvent)]
    known = await known_tickets(step.connection, sorted(_concerned(tickets, told), key=str))
    # What a helpdesk still says of a customer who was forgotten is not for us.
    forgotten = {ref for ref, one in known.items() if one.is_forgotten}
    tickets = [ticket for ticket in tickets if ticket.ref not in forgotten]
    told = [event for event in told if event.ref not in forgotten]
    writes = await our_writes(step, list(known))
    before = {ref: one.ticket for ref, one in known.items()}
    tickets = [writes.up_to_date(ticket, before.get(ticket.ref)) for ticket in tickets]
    arrived = with_departures(tickets, told, known)
    heard = await first_heard(step.connection, _said(told), now=step.now)
    comments = {ref: [writes.heard(ref, comment) for comment in said] for ref, said in heard.items()}
    arrived = as_reports(arrived, known, comments)
    newest = [ticket for ticket in arrived if _is_news(ticket, known, comments)]
    work = _Work(step=step, known=known, comments=comments, looks=looks or {}, writes=writes)
    is_linked = {ref for ref, found in known.items() if found.incident_id is not None}
    await _tell(work, [ticket for ticket in newest if ticket.ref in is_linked])
    await save_tickets(step.connection, newest, sla_fit=step.policy.sla.fingerprint)
    moved = await move_links(step, newest, known)
    work.touched += sorted(set(moved.values()))
    others = [
        ticket
        for ticket in newest
        if ticket.ref not in is_linked and ticket.ref not in moved and may_join(ticket)
    ]
    others = await _join_ancestors(work, others)
    await _join(work, others, replace(hints, links={**hints.links, **_split_off(others, known)}))
    await _keep_promises(work, newest)
    obeyed = await obey_notes(step, comments)
    work.touched += obeyed.incidents
    return TakenIn(
        news=tuple(newest),
        opened=work.opened,
        joined=work.joined,
        incidents=tuple(dict.fromkeys(work.touched)),
        open_questions=tuple(
            ticket.ref
            for ticket in others
            if ticket.ref not in known
            and ticket.ref not in work.incident_of
            and _is_open(ticket, step.policy)
        ),
        has_answers=obeyed.has_answers,
    )


def _concerned(tickets: Sequence[Ticket], told: Sequence[TicketEvent]) -> set[TicketRef]:
    """These tickets, and those they are bound up with: what they were merged into, what they came from."""
    refs = {ticket.ref for ticket in tickets} | {event.ref for event in told}
    kin = [(event.ref, event.merged_into) for event in told]
    kin += [(ticket.ref, other) for ticket in tickets for other in (ticket.merged_into, ticket.parent)]
    return refs | {replace(ref, id=other) for ref, other in kin if other is not None}


def _said(told: Sequence[TicketEvent]) -> list[TicketComment]:
    return [
        TicketComment(ref=event.ref, comment=event.comment) for event in told if event.comment is not None
    ]


def _is_open(ticket: Ticket, policy: Policy) -> bool:
    return not ticket.status.is_settled and policy.route(ticket) is None


def _is_news(
    ticket: Ticket, known: Mapping[TicketRef, KnownTicket], comments: Mapping[TicketRef, Sequence[Comment]]
) -> bool:
    """An older version than ours is a webhook that came late; its comments are news all the same."""
    before = known.get(ticket.ref)
    return before is None or ticket.version >= before.ticket.version or ticket.ref in comments


async def _join(work: _Work, tickets: Sequence[Ticket], hints: Hints) -> None:
    step = work.step
    services = services_of(tickets, step.policy, hints.routes)
    incidents = await open_incidents(step.connection, services, lock=True) if services else []
    warm = await last_linked_at(step.connection, [one.id for one in incidents]) if incidents else {}
    found = sort_tickets(tickets, incidents, warm, step.basis, learnt=hints.routes, links=hints.links)
    questions = [
        PendingDecision(
            incident_id=incident_id,
            decision=partial(tickets_joined, joins=joins, basis=step.basis),
            joining=[join.ticket for join in joins],
        )
        for incident_id, joins in found.joins.items()
    ]
    await decide_all(step, questions, has_all_tickets=False)
    await link_joins(step, found.joins)
    for incident_id, joins in found.joins.items():
        _joined(work, incident_id, joins)
    opened = await open_with_tickets(step, found.openings)
    work.opened += len(opened)
    for incident, opening in zip(opened, found.openings, strict=True):
        _joined(work, incident.id, opening.joins)


def _joined(work: _Work, incident_id: int, joins: Sequence[Join]) -> None:
    work.incident_of.update((join.ticket.ref, incident_id) for join in joins)
    work.joined += len(joins)
    work.touched.append(incident_id)


async def _tell(work: _Work, tickets: Sequence[Ticket]) -> None:
    """Changes and comments on tickets that have an incident, one decision an incident."""
    if not tickets:
        return
    step = work.step
    keys = [(ticket.ref.connection, ticket.ref.id) for ticket in tickets]
    customers_told = await last_told(step.connection, keys)
    by_incident: dict[int, list[TicketNews]] = {}
    for ticket in tickets:
        before = work.known[ticket.ref]
        news = work.writes.news(
            before.ticket,
            ticket,
            work.comments.get(ticket.ref, ()),
            customer_told_at=customers_told.get((ticket.ref.connection, ticket.ref.id)),
        )
        if before.incident_id is not None and news.matters:
            by_incident.setdefault(before.incident_id, []).append(news)
    questions = [
        PendingDecision(
            incident_id=incident_id,
            decision=partial(ticket_news, news=told, basis=step.basis, looks=work.looks.get(incident_id, ())),
        )
        for incident_id, told in sorted(by_incident.items())
    ]
    await decide_all(step, questions)
    work.touched += sorted(by_incident)


async def _join_ancestors(work: _Work, tickets: Sequence[Ticket]) -> list[Ticket]:
    """Follow-ups join the incident of the ticket that they follow, and answers to what we wrote unasked that of what we
    wrote, reopening it by the usual rules; the others are returned, and so are those whose incident is long over.
    """
    step = work.step
    told_of = await incidents_told_of(step, tickets)
    others: list[Ticket] = []
    for ticket in tickets:
        is_an_answer = ticket.ref in told_of
        incident_id = told_of.get(ticket.ref) or ancestors_incident(ticket, work.known)
        if incident_id is None:
            others.append(ticket)
            continue
        incident = await read_incident(step.connection, incident_id, lock=True)
        if not takes_follow_ups(incident, step.basis):
            others.append(ticket)
            continue
        words = customers_words(work.comments.get(ticket.ref, ())) if is_an_answer else (as_comment(ticket),)
        news = TicketNews(before=None, after=ticket, comments=words)
        heard = partial(ticket_news, news=[news], basis=step.basis)
        await decide_all(step, [PendingDecision(incident_id=incident_id, decision=heard)])
        reason = (
            worded("answers what we wrote unasked")
            if is_an_answer
            else worded("follow-up of #{ticket}", ticket=ticket.parent)
        )
        join = Join(ticket=ticket, origin=JoinOrigin.KINSHIP, reason=reason)
        joined = partial(tickets_joined, joins=[join], basis=step.basis)
        await decide_all(
            step,
            [PendingDecision(incident_id=incident_id, decision=joined, joining=[ticket])],
            has_all_tickets=False,
        )
        await link_joins(step, {incident_id: [join]})
        _joined(work, incident_id, [join])
    return others


def _split_off(tickets: Sequence[Ticket], known: Mapping[TicketRef, KnownTicket]) -> dict[TicketRef, int]:
    """What was split off a ticket of an incident belongs to it, if it is about the same service."""
    return {
        ticket.ref: incident_id
        for ticket in tickets
        if (incident_id := ancestors_incident(ticket, known, kinship=Kinship.SPLIT)) is not None
    }


async def _keep_promises(work: _Work, tickets: Sequence[Ticket]) -> None:
    """The SLA clocks of the chunk's tickets, under the severities that their incidents have by now."""
    known = work.known
    incident_of = {
        ref: found.incident_id for ref, found in known.items() if found.incident_id is not None
    } | work.incident_of
    severities = await severities_of(work.step.connection, list(incident_of.values()))
    changes = []
    for ticket in tickets:
        if ticket.kinship is Kinship.SIDE_CONVERSATION:
            continue  # colleagues among themselves: no customer was promised anything
        before = known.get(ticket.ref)
        incident_id = incident_of.get(ticket.ref)
        changes.append(
            TicketTransition(
                before=before.ticket if before is not None else None,
                after=_newer(ticket, before),
                severity=severities.get(incident_id) if incident_id is not None else None,
                comments=tuple(work.comments.get(ticket.ref, ())),
            )
        )
    await keep_tickets(work.step, changes)


def _newer(ticket: Ticket, before: KnownTicket | None) -> Ticket:
    """Of two equal versions the one just read counts: `max` takes the first."""
    return ticket if before is None else max(ticket, before.ticket, key=lambda known: known.version)
