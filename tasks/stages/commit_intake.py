"""The intake's commit: a whole chunk of tickets joined, opened and passed on in one transaction."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial

from prefect import task
from sqlalchemy.ext.asyncio import AsyncConnection

from incidents.decisions.intake import (
    Join,
    Opening,
    services_of,
    sort_tickets,
    tickets_joined,
)
from incidents.decisions.ticket_news import TicketNews, ticket_news
from incidents.events import Lane, TicketEvent
from incidents.models import (
    Comment,
    Ticket,
    TicketRef,
)
from incidents.policy.insights import InsightKind
from incidents.policy.policy import Policy
from incidents.policy.routing import corrected_service
from incidents.promises.keeping import TicketChange
from incidents.store.cases import open_incidents
from incidents.store.inbox.drains import renew_drain, take_turns
from incidents.store.inbox.inbox import settle_deliveries
from incidents.store.ledger.effects import our_status_changes
from incidents.store.sla.keeping import keep_tickets, severities_of
from incidents.store.tickets import KnownTicket, known_tickets, last_linked_at, save_tickets
from insights.store.predictions import correct, record_predictions
from tasks import resources
from tasks.deciding import decide_now
from tasks.insights.learnt_routes import (
    NOTHING_LEARNT,
    Learnt,
    what_is_learnt,
)
from tasks.opening import link_joins, open_with_tickets
from tasks.retries import STORE_CALL
from tasks.stages.drain import Chunk

ASKED_ABOUT = 20
"""Of a chunk's open questions so many are looked into further."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Handled:
    """What became of a chunk. `incidents` are those that may have something to do now; `open_questions` are new
    tickets that neither rule nor model knew a service for, the first ones.
    """

    tickets: int = 0
    opened: int = 0
    joined: int = 0
    incidents: tuple[int, ...] = ()
    open_questions: tuple[TicketRef, ...] = ()

    def plus(self, other: Handled) -> Handled:
        return Handled(
            tickets=self.tickets + other.tickets,
            opened=self.opened + other.opened,
            joined=self.joined + other.joined,
            incidents=tuple(dict.fromkeys((*self.incidents, *other.incidents))),
            open_questions=(*self.open_questions, *other.open_questions)[:ASKED_ABOUT],
        )


@dataclass(slots=True)
class _Work:
    """One chunk on its way through the transaction."""

    tx: AsyncConnection
    policy: Policy
    comments: Mapping[TicketRef, Sequence[Comment]]
    touched: list[int] = field(default_factory=list)
    incident_of: dict[TicketRef, int] = field(default_factory=dict)
    opened: int = 0
    joined: int = 0


@task(name="commit intake", **STORE_CALL)
async def commit_intake(fence: int, chunk: Chunk, tickets: list[Ticket]) -> Handled:
    """Decide on a chunk of deliveries and settle them. Raises `Stale` when another drain has taken over."""
    learnt = await what_is_learnt(tickets)
    async with resources.database().transaction() as tx:
        await renew_drain(tx, Lane.INTAKE, fence)
        handled = await join_and_tell(tx, tickets, chunk.events, learnt)
        await settle_deliveries(tx, fence=fence, done=chunk.ids, parked=chunk.parked)
    return handled


async def join_and_tell(
    tx: AsyncConnection,
    tickets: Sequence[Ticket],
    events: Sequence[object],
    learnt: Learnt = NOTHING_LEARNT,
) -> Handled:
    """Join new tickets to incidents, and tell the incidents of the others what happened on them.

    Takes turns with every other joiner: two of them at once could open two incidents of one fault.
    """
    await take_turns(tx)
    comments: dict[TicketRef, list[Comment]] = {}
    for event in events:
        if isinstance(event, TicketEvent) and event.comment is not None:
            comments.setdefault(event.ref, []).append(event.comment)
    work = _Work(tx=tx, policy=resources.policy(), comments=comments)
    known = await known_tickets(tx, [ticket.ref for ticket in tickets])
    newest = [ticket for ticket in tickets if _is_news(ticket, known, comments)]
    is_linked = {ref for ref, found in known.items() if found.incident_id is not None}
    linked = [ticket for ticket in newest if ticket.ref in is_linked]
    others = [ticket for ticket in newest if ticket.ref not in is_linked]
    await _tell(work, linked, known)
    await save_tickets(tx, newest, sla_fit=work.policy.sla.fingerprint)
    await _join(work, others, learnt)
    await _learn(work, newest, learnt)
    await _keep_promises(work, newest, known)
    return Handled(
        tickets=len(newest),
        opened=work.opened,
        joined=work.joined,
        incidents=tuple(dict.fromkeys(work.touched)),
        open_questions=tuple(
            ticket.ref
            for ticket in others
            if ticket.ref not in known
            and ticket.ref not in work.incident_of
            and _is_open(ticket, work.policy)
        )[:ASKED_ABOUT],
    )


def _is_open(ticket: Ticket, policy: Policy) -> bool:
    return not ticket.status.is_settled and policy.route(ticket) is None


def _is_news(
    ticket: Ticket, known: Mapping[TicketRef, KnownTicket], comments: Mapping[TicketRef, Sequence[Comment]]
) -> bool:
    """An older version than ours is a webhook that came late; its comments are news all the same."""
    before = known.get(ticket.ref)
    return before is None or ticket.version >= before.ticket.version or ticket.ref in comments


async def _learn(work: _Work, tickets: Sequence[Ticket], learnt: Learnt) -> None:
    """What was predicted of new tickets, and what agents say is right."""
    refs = {str(ticket.ref) for ticket in tickets}
    await record_predictions(work.tx, [one for one in learnt.predictions if one.subject in refs])
    for ticket in tickets:
        service = corrected_service(ticket)
        if service in work.policy.services:
            await correct(
                work.tx,
                str(ticket.ref),
                kind=InsightKind.ROUTING,
                label="service",
                truth=service,
                now=resources.utc_now(),
            )


async def _join(work: _Work, tickets: Sequence[Ticket], learnt: Learnt) -> None:
    now = resources.utc_now()
    services = services_of(tickets, work.policy, learnt.routes)
    incidents = await open_incidents(work.tx, services, lock=True) if services else []
    warm = await last_linked_at(work.tx, [incident.id for incident in incidents]) if incidents else {}
    found = sort_tickets(
        tickets, incidents, warm, work.policy, now=now, learnt=learnt.routes, links=learnt.links
    )
    for incident_id, joins in found.joins.items():
        await decide_now(
            work.tx,
            incident_id,
            partial(tickets_joined, joins=joins, policy=work.policy, now=now),
            joining=[join.ticket for join in joins],
        )
        await link_joins(work.tx, incident_id, joins)
        _joined(work, incident_id, joins)
    for opening in found.openings:
        await _open(work, opening)


async def _open(work: _Work, opening: Opening) -> None:
    incident = await open_with_tickets(work.tx, opening)
    work.opened += 1
    _joined(work, incident.id, opening.joins)


def _joined(work: _Work, incident_id: int, joins: Sequence[Join]) -> None:
    work.incident_of.update((join.ticket.ref, incident_id) for join in joins)
    work.joined += len(joins)
    work.touched.append(incident_id)


async def _tell(work: _Work, tickets: Sequence[Ticket], known: Mapping[TicketRef, KnownTicket]) -> None:
    """Changes and comments on tickets that have an incident, one decision an incident."""
    if not tickets:
        return
    now = resources.utc_now()
    ours = await our_status_changes(work.tx, [(ticket.ref.connection, ticket.ref.id) for ticket in tickets])
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
    for incident_id in sorted(by_incident):
        await decide_now(
            work.tx,
            incident_id,
            partial(ticket_news, news=by_incident[incident_id], policy=work.policy, now=now),
        )
        work.touched.append(incident_id)


async def _keep_promises(
    work: _Work, tickets: Sequence[Ticket], known: Mapping[TicketRef, KnownTicket]
) -> None:
    """The SLA clocks of the chunk's tickets, under the severities that their incidents have by now."""
    incident_of = {
        ref: found.incident_id for ref, found in known.items() if found.incident_id is not None
    } | work.incident_of
    severities = await severities_of(work.tx, list(incident_of.values()))
    changes = []
    for ticket in tickets:
        before = known.get(ticket.ref)
        incident_id = incident_of.get(ticket.ref)
        changes.append(
            TicketChange(
                before=before.ticket if before is not None else None,
                after=_newer(ticket, before),
                severity=severities.get(incident_id) if incident_id is not None else None,
                comments=tuple(work.comments.get(ticket.ref, ())),
            )
        )
    await keep_tickets(work.tx, changes, work.policy, now=resources.utc_now())


def _newer(ticket: Ticket, before: KnownTicket | None) -> Ticket:
    """Of two equal versions the one just read counts: `max` takes the first."""
    return ticket if before is None else max(ticket, before.ticket, key=lambda known: known.version)


def _matters(news: TicketNews) -> bool:
    moved = news.before is not None and news.before.status != news.after.status
    return bool(news.comments) or moved
