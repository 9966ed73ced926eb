"""What was said on tickets that no event carried, and how the service does that customers speak of."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from incidents.commands.notes import command_in
from incidents.errors import Busy, Refused
from incidents.events import TicketEvent
from incidents.fan_out.standing_back import standing_back
from incidents.lifecycle import WORKS_AGAIN
from incidents.models import Author, Comment, Incident, ProbeResult, Ticket, TicketRef, TicketStatus
from incidents.ports import Helpdesk
from incidents.store.cases import incidents_by_id
from incidents.store.ledger.effects import changed_by_us
from incidents.store.tickets import KnownTicket, known_tickets
from tasks import resources
from tasks.parameters import unsearched
from tasks.retries import OUTSIDE_CALL
from tasks.runs import task
from tasks.stages.gather import probe
from tasks.waits import patience

# Helpdesks' times are whole seconds, and a comment may be a little older than the change it came with.
_BEFORE = timedelta(minutes=1)
_BORN = timedelta(minutes=1)
MOST_OTHERS = 25
"""Of tickets whose last change is known, or our own, so many of a chunk of the poll are read, the last changed first: a
comment whose webhook was lost may stand before that change. In a storm there are thousands, and each is a call."""
_BUSY_TIMES = 5
_BUSY_SECONDS = 90.0
"""So long a wait for a helpdesk's limit is sat out in place, so many times for a ticket: what was read until then is
kept. Who is told to wait longer ends there, and is tried again another time."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Replies:
    """Comments read beside the events, as events; and looks at the services of incidents whose customers answered."""

    events: tuple[TicketEvent, ...] = ()
    looks: Mapping[int, Sequence[ProbeResult]] = field(default_factory=dict)


NO_REPLIES = Replies()


@dataclass(frozen=True, kw_only=True, slots=True)
class _Known:
    """The tickets as the store has them, and the incidents they belong to."""

    tickets: Mapping[TicketRef, KnownTicket]
    incidents: Mapping[int, Incident]

    def incident_of(self, ref: TicketRef) -> Incident | None:
        known = self.tickets.get(ref)
        return None if known is None or known.incident_id is None else self.incidents.get(known.incident_id)

    def may_hold_more(self, ticket: Ticket) -> bool:
        """Whether it is a ticket of an incident that may have been written on unheard."""
        return ticket.gone is None and self.incident_of(ticket.ref) is not None

    def is_over(self, ref: TicketRef) -> bool:
        """Whether the ticket's incident is said to be fixed: then a customer's word about it matters."""
        incident = self.incident_of(ref)
        return incident is not None and incident.state in WORKS_AGAIN


async def replies_to_events(events: Sequence[TicketEvent], tickets: Sequence[Ticket]) -> Replies:
    """For a chunk of deliveries: comments that their source does not tell, and how those were made that it tells."""
    known = await _known([ticket.ref for ticket in tickets])
    about: dict[TicketRef, list[TicketEvent]] = {}
    for event in events:
        about.setdefault(event.ref, []).append(event)
    since = {
        ticket.ref: moment
        for ticket in tickets
        if (moment := _since(ticket, about.get(ticket.ref, ()), known)) is not None
    }
    read = await _read([ticket for ticket in tickets if ticket.ref in since], since)
    return Replies(events=read, looks=await _looks([*events, *read], known))


async def replies_since(tickets: Sequence[Ticket], since: datetime) -> Replies:
    """For the poll: what was said since then on tickets of incidents, and on those that were opened again."""
    known = await _known([ticket.ref for ticket in tickets])
    changed = [ticket for ticket in tickets if _is_changed(ticket, known)]
    answered = [ticket for ticket in tickets if _may_be_answered(ticket, known)]
    async with resources.database().transaction() as tx:
        ours = await changed_by_us(tx, {ticket.ref: ticket.updated_at for ticket in changed})
    asked = [ticket for ticket in changed if ticket.ref not in ours or known.is_over(ticket.ref)]
    # What was said before our own last change, or before one that a webhook told of, is as good as any.
    asked += answered
    others = [ticket for ticket in tickets if ticket not in asked and known.may_hold_more(ticket)]
    others = sorted(others, key=lambda ticket: ticket.updated_at, reverse=True)[:MOST_OTHERS]
    from_when = {ticket.ref: since for ticket in (*asked, *others)}
    from_when |= {ticket.ref: ticket.created_at for ticket in answered}
    read = await _read(asked, from_when, is_patient=True)
    with standing_back():
        read += await _read(others, from_when, is_patient=True)
    return Replies(events=read, looks=await _looks(read, known))


def _since(ticket: Ticket, about: Sequence[TicketEvent], known: _Known) -> datetime | None:
    """From when on comments are to be read; None when the events about it say all."""
    if ticket.gone is not None:
        return None
    if any(event.comments_to_read for event in about):
        before = known.tickets.get(ticket.ref)
        if before is not None:
            return before.ticket.updated_at - _BEFORE
        if ticket.outbound_key:
            # Its body is ours: what a customer wrote is a comment.
            return ticket.created_at
        # A new ticket has said all in its body, unless somebody was quicker than we.
        return ticket.created_at if ticket.updated_at - ticket.created_at > _BORN else None
    if _is_against_us(ticket, known):
        # Whether a customer wrote decides if it may be set back.
        return known.tickets[ticket.ref].ticket.updated_at - _BEFORE
    said = [event.comment for event in about if event.comment is not None and event.ticket is None]
    is_over = known.is_over(ticket.ref)
    asked = [one.at for one in said if (is_over and one.is_a_customers_word) or _is_to_be_proven(one)]
    return min(asked) - _BEFORE if asked else None


def _is_to_be_proven(comment: Comment) -> bool:
    """An agent's note that would be a command if its agent was logged in, which the event does not say."""
    is_note = comment.author is Author.AGENT and not comment.is_public and comment.is_signed_in is False
    return is_note and resources.policy().commands.in_notes and command_in(comment.text) is not None


def _is_against_us(ticket: Ticket, known: _Known) -> bool:
    """Whether its status is not as we left it, where that is not for others to change."""
    before = known.tickets.get(ticket.ref)
    is_ours = resources.policy().sync.ticket_status != "helpdesk"
    return is_ours and before is not None and before.ticket.status.is_settled and not ticket.status.is_settled


def _is_changed(ticket: Ticket, known: _Known) -> bool:
    before = known.tickets.get(ticket.ref)
    if before is None or ticket.gone is not None or ticket.version <= before.ticket.version:
        return False
    is_reopened = before.ticket.status.is_settled and not ticket.status.is_settled
    # Where nothing but the poll tells notes, a command on a ticket of no incident is found by it.
    commands = resources.policy().commands
    is_polled = commands.in_notes and ticket.ref.connection in commands.believed
    return before.incident_id is not None or is_reopened or is_polled


def _may_be_answered(ticket: Ticket, known: _Known) -> bool:
    """Whether it is a ticket that we opened and whose customer may have written: an answer opens it."""
    waits = (TicketStatus.WAITING_FOR_CUSTOMER, TicketStatus.WAITING_FOR_VENDOR)
    is_open = not ticket.status.is_settled and ticket.status not in waits
    return bool(ticket.outbound_key) and ticket.ref not in known.tickets and ticket.gone is None and is_open


async def _known(refs: Sequence[TicketRef]) -> _Known:
    async with resources.database().transaction() as tx:
        tickets = await known_tickets(tx, refs)
        linked = [item.incident_id for item in tickets.values() if item.incident_id is not None]
        return _Known(tickets=tickets, incidents=await incidents_by_id(tx, linked))


async def _read(
    tickets: Sequence[Ticket], since: Mapping[TicketRef, datetime], *, is_patient: bool = False
) -> tuple[TicketEvent, ...]:
    by_connection: dict[str, list[Ticket]] = {}
    for ticket in tickets:
        by_connection.setdefault(ticket.ref.connection, []).append(ticket)
    found: list[TicketEvent] = []
    for connection, asked in by_connection.items():
        said = await read_comments(connection, unsearched(asked), unsearched(dict(since)), is_patient)
        found += [TicketEvent(ref=ref, at=comment.at, comment=comment) for ref, comment in said]
    return tuple(found)


@task(name="read comments", task_run_name="read comments from {connection}", **OUTSIDE_CALL)
async def read_comments(
    connection: str, tickets: list[Ticket], since: Mapping[TicketRef, datetime], is_patient: bool = False
) -> Sequence[tuple[TicketRef, Comment]]:
    """What was written on these tickets since then; nothing from a source that cannot be asked.

    `is_patient`: a helpdesk that is busy is waited for, and what was read until then is kept. For the poll: begun anew
    it would take the same limit again. Intake is not patient, as others wait for it.
    """
    try:
        helpdesk = await resources.connect(connection, Helpdesk)
    except Refused:
        return ()
    return [
        (ticket.ref, comment)
        for ticket in tickets
        for comment in await _said_on(helpdesk, ticket, since[ticket.ref], _BUSY_TIMES if is_patient else 0)
    ]


async def _said_on(helpdesk: Helpdesk, ticket: Ticket, since: datetime, waits: int) -> Sequence[Comment]:
    for _ in range(waits):
        try:
            return await helpdesk.comments(ticket, since)
        except Busy as error:
            if error.retry_after > _BUSY_SECONDS:
                raise
            await asyncio.sleep(patience(timedelta(seconds=error.retry_after)).total_seconds())
    return await helpdesk.comments(ticket, since)


async def _looks(events: Iterable[TicketEvent], known: _Known) -> Mapping[int, Sequence[ProbeResult]]:
    """A fresh look at each service whose incident is over and whose customers answered."""
    answered = {
        incident.id: incident.service
        for event in events
        if event.comment is not None and event.comment.is_a_customers_word and known.is_over(event.ref)
        if (incident := known.incident_of(event.ref)) is not None
    }
    seen = {service: await probe(service) for service in sorted(set(answered.values()))}
    return {incident_id: seen[service] for incident_id, service in answered.items()}
