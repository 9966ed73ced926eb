"""Tickets that leave, move or come of one another: what that means for which incident they belong to."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

from incidents.basis import Basis
from incidents.decisions.ticket_news import can_reopen
from incidents.events import TicketEvent
from incidents.lifecycle import UNSETTLED
from incidents.models import Author, Comment, Departure, Incident, JoinOrigin, Ticket, TicketRef
from incidents.step import Step
from incidents.store.tickets import KnownTicket, link_tickets, unlink_tickets
from incidents.texts.team import worded
from incidents.ticket_words import Kinship

_IN_THE_BIN = frozenset({Departure.DELETED, Departure.SPAM})


def with_departures(
    tickets: Sequence[Ticket], told: Sequence[TicketEvent], known: Mapping[TicketRef, KnownTicket]
) -> list[Ticket]:
    """The tickets with what events say of those that are gone: they cannot be read any more, so they are as last known.

    One that was in the bin before we ever knew of it is left out.
    """
    found = {ticket.ref: _as_known_gone(ticket, known) for ticket in tickets}
    for event in sorted(told, key=lambda one: one.at):
        before = known.get(event.ref)
        last = found.get(event.ref) or (before.ticket if before is not None else None)
        if event.gone is None or last is None:
            continue
        found[event.ref] = replace(
            last,
            gone=event.gone,
            merged_into=event.merged_into or last.merged_into,
            updated_at=max(event.at, last.updated_at),
        )
    return [one for one in found.values() if one.ref in known or one.gone not in _IN_THE_BIN]


def _as_known_gone(ticket: Ticket, known: Mapping[TicketRef, KnownTicket]) -> Ticket:
    """A source may know less than an event told: into which ticket it was merged, that it was deleted as spam."""
    before = known.get(ticket.ref)
    if before is None or ticket.gone is None or before.ticket.gone is None:
        return ticket
    gone = before.ticket.gone if before.ticket.gone is Departure.SPAM else ticket.gone
    return replace(ticket, gone=gone, merged_into=ticket.merged_into or before.ticket.merged_into)


def may_join(ticket: Ticket) -> bool:
    """Whether it may belong to an incident at all: not what is gone, nor what colleagues ask each other."""
    return ticket.gone is None and ticket.kinship is not Kinship.SIDE_CONVERSATION


async def move_links(
    step: Step, tickets: Sequence[Ticket], known: Mapping[TicketRef, KnownTicket]
) -> dict[TicketRef, int]:
    """A merged ticket's link goes to the ticket it was merged into, so that its customer counts once.

    Returns the survivors that were linked so, with their incidents. Tickets must be saved already.
    """
    stored = known.keys() | {ticket.ref for ticket in tickets}
    moved: dict[TicketRef, int] = {}
    for ticket in tickets:
        before = known.get(ticket.ref)
        if ticket.gone is not Departure.MERGED or ticket.merged_into is None:
            continue
        if before is None or before.incident_id is None:
            continue
        survivor = TicketRef(connection=ticket.ref.connection, id=ticket.merged_into)
        if survivor not in stored:
            continue
        survivors = known.get(survivor)
        if (survivors is None or survivors.incident_id is None) and survivor not in moved:
            reason = worded("#{ticket} was merged into it", ticket=ticket.ref.id)
            await link_tickets(
                step.connection,
                before.incident_id,
                [survivor],
                origin=JoinOrigin.KINSHIP,
                reason=reason,
                now=step.now,
            )
            moved[survivor] = before.incident_id
        await unlink_tickets(step.connection, [ticket.ref])
    return moved


def ancestors_incident(
    ticket: Ticket, known: Mapping[TicketRef, KnownTicket], *, kinship: Kinship = Kinship.FOLLOW_UP
) -> int | None:
    """The incident of the ticket that this one came from in this way."""
    if ticket.kinship is not kinship or ticket.parent is None:
        return None
    parent = known.get(TicketRef(connection=ticket.ref.connection, id=ticket.parent))
    return parent.incident_id if parent is not None else None


def takes_follow_ups(incident: Incident, basis: Basis) -> bool:
    """An incident that is at work, or over for no longer than a customer's word may reopen it."""
    return incident.state in UNSETTLED or can_reopen(incident, basis)


def as_comment(ticket: Ticket) -> Comment:
    """A follow-up's first message, as the answer that it is."""
    return Comment(
        id=f"{ticket.ref.id}:body",
        author=Author.CUSTOMER,
        author_name=ticket.requester.name,
        is_public=True,
        text=ticket.body,
        at=ticket.created_at,
    )
