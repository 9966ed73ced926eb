"""Taking tickets in: new ones join an incident or open one, and the incidents of the others hear what happened."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial

from incidents.decisions.intake import (
    Join,
    services_of,
    sort_tickets,
    tickets_joined,
)
from incidents.decisions.ticket_news import TicketNews, ticket_news
from incidents.events import TicketEvent
from incidents.models import Comment, Ticket, TicketRef
from incidents.policy.policy import Policy
from incidents.policy.routing import Route
from incidents.process.deciding import PendingDecision, decide_all
from incidents.process.opening import link_joins, open_with_tickets
from incidents.promises.keeping import TicketTransition
from incidents.step import Step
from incidents.store.cases import open_incidents
from incidents.store.inbox.drains import take_turns
from incidents.store.ledger.effects import our_status_changes
from incidents.store.sla.keeping import keep_tickets, severities_of
from incidents.store.tickets import KnownTicket, known_tickets, last_linked_at, save_tickets


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
    incidents and the tickets that joined one, `incidents` are those that may have something to do now, and
    `open_questions` new tickets that neither rule nor hint knew a service for.
    """

    news: tuple[Ticket, ...]
    opened: int
    joined: int
    incidents: tuple[int, ...]
    open_questions: tuple[TicketRef, ...]


@dataclass(slots=True)
class _Work:
    """The tickets of one step, and what has become of them so far."""

    step: Step
    comments: Mapping[TicketRef, Sequence[Comment]]
    touched: list[int] = field(default_factory=list)
    incident_of: dict[TicketRef, int] = field(default_factory=dict)
    opened: int = 0
    joined: int = 0


async def join_and_tell(
    step: Step, tickets: Sequence[Ticket], events: Sequence[object], hints: Hints = NO_HINTS
) -> TakenIn:
    """Join new tickets to incidents, and tell the incidents of the others what happened on them.

    Takes turns with every other joiner: two of them at once could open two incidents of one fault.
    """
    await take_turns(step.connection)
    comments: dict[TicketRef, list[Comment]] = {}
    for event in events:
        if isinstance(event, TicketEvent) and event.comment is not None:
            comments.setdefault(event.ref, []).append(event.comment)
    work = _Work(step=step, comments=comments)
    known = await known_tickets(step.connection, [ticket.ref for ticket in tickets])
    newest = [ticket for ticket in tickets if _is_news(ticket, known, comments)]
    is_linked = {ref for ref, found in known.items() if found.incident_id is not None}
    linked = [ticket for ticket in newest if ticket.ref in is_linked]
    others = [ticket for ticket in newest if ticket.ref not in is_linked]
    await _tell(work, linked, known)
    await save_tickets(step.connection, newest, sla_fit=step.policy.sla.fingerprint)
    await _join(work, others, hints)
    await _keep_promises(work, newest, known)
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
    )


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


async def _tell(work: _Work, tickets: Sequence[Ticket], known: Mapping[TicketRef, KnownTicket]) -> None:
    """Changes and comments on tickets that have an incident, one decision an incident."""
    if not tickets:
        return
    step = work.step
    keys = [(ticket.ref.connection, ticket.ref.id) for ticket in tickets]
    ours = await our_status_changes(step.connection, keys)
    by_incident: dict[int, list[TicketNews]] = {}
    for ticket in tickets:
        before = known[ticket.ref]
        news = TicketNews(
            before=before.ticket,
            after=_newer(ticket, before),
            comments=tuple(work.comments.get(ticket.ref, ())),
            status_is_ours=(ticket.ref.connection, ticket.ref.id, ticket.status.value) in ours,
        )
        if before.incident_id is not None and _matters(news):
            by_incident.setdefault(before.incident_id, []).append(news)
    questions = [
        PendingDecision(
            incident_id=incident_id,
            decision=partial(ticket_news, news=told, basis=step.basis),
        )
        for incident_id, told in sorted(by_incident.items())
    ]
    await decide_all(step, questions)
    work.touched += sorted(by_incident)


async def _keep_promises(
    work: _Work, tickets: Sequence[Ticket], known: Mapping[TicketRef, KnownTicket]
) -> None:
    """The SLA clocks of the chunk's tickets, under the severities that their incidents have by now."""
    incident_of = {
        ref: found.incident_id for ref, found in known.items() if found.incident_id is not None
    } | work.incident_of
    severities = await severities_of(work.step.connection, list(incident_of.values()))
    changes = []
    for ticket in tickets:
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


def _matters(news: TicketNews) -> bool:
    moved = news.before is not None and news.before.status != news.after.status
    return bool(news.comments) or moved
