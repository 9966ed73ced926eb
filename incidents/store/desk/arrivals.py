"""A message that came in finds its ticket, or opens one: one transaction, and a second copy changes nothing."""

from __future__ import annotations

import base64
import secrets
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Row, and_, func, insert, or_, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from incidents.desk import Arrival, PlacedArrival, ReplyState
from incidents.models import Author, Origin, TicketStatus
from incidents.store.desk.rows import MessageKind, add_messages, change_ticket, lock_desk, lock_tickets
from incidents.store.schema.tables import desk_messages, desk_tickets, desks

# Two machines that answer each other without saying so are told by their speed: nobody writes so many so fast.
FAST, FAST_MESSAGES = timedelta(minutes=10), 10

_KNOWN = "known already"
_ASIDE = {
    Origin.AUTOMATIC: "an automatic answer that belongs to no ticket",
    Origin.BOUNCE: "a delivery report that belongs to no ticket",
    Origin.LIST: "mail of a mailing list",
    Origin.SURVEY: "an answer to a survey",
}


async def take_in(
    tx: AsyncConnection, connection: str, arrivals: Sequence[Arrival], *, now: datetime
) -> Sequence[PlacedArrival]:
    """As `incidents.desk.TicketDesk.take_in` says."""
    last_number = await lock_desk(tx, connection)
    placed = await _known(tx, connection, [arrival.fingerprint for arrival in arrivals])
    new: dict[str, Arrival] = {}
    """Those that refer to nothing are opened together; whatever refers to something must find them there."""
    again: set[int] = set()
    for place, arrival in enumerate(arrivals):
        if arrival.fingerprint in placed or arrival.fingerprint in new:
            again.add(place)
        elif _is_customers_word(arrival) and not arrival.tokens and not arrival.references:
            new[arrival.fingerprint] = arrival
        else:
            placed |= await _open(tx, connection, last_number, list(new.values()), now=now)
            last_number, new = last_number + len(new), {}
            found = await _ticket_of(tx, connection, arrival)
            if found is not None and not (
                _is_customers_word(arrival) and found.status == TicketStatus.CLOSED
            ):
                placed[arrival.fingerprint] = await _add_to(tx, connection, found, arrival, now=now)
            elif not _is_customers_word(arrival):
                placed[arrival.fingerprint] = await _set_aside(tx, connection, arrival, now=now)
            else:
                parent = None if found is None else found.number
                placed |= await _open(tx, connection, last_number, [arrival], parent=parent, now=now)
                last_number += 1
    placed |= await _open(tx, connection, last_number, list(new.values()), now=now)
    return [
        replace(placed[arrival.fingerprint], is_new=False, why=_KNOWN)
        if place in again
        else placed[arrival.fingerprint]
        for place, arrival in enumerate(arrivals)
    ]


def _is_customers_word(arrival: Arrival) -> bool:
    return arrival.author is Author.CUSTOMER and arrival.is_public and arrival.origin is Origin.PERSON


async def _known(
    tx: AsyncConnection, connection: str, fingerprints: Sequence[str]
) -> dict[str, PlacedArrival]:
    rows = await tx.execute(
        select(desk_messages.c.id, desk_messages.c.number, desk_messages.c.fingerprint).where(
            desk_messages.c.connection == connection, desk_messages.c.fingerprint.in_(fingerprints)
        )
    )
    return {
        row.fingerprint: PlacedArrival(
            ticket=None if row.number is None else str(row.number),
            message=str(row.id),
            is_new=False,
            why=_KNOWN,
        )
        for row in rows
    }


async def _ticket_of(tx: AsyncConnection, connection: str, arrival: Arrival) -> Row[Any] | None:
    """By what only our own mail can have told; then by what it refers to, the nearest first."""
    numbers: list[int] = []
    if arrival.tokens:
        shown = [
            and_(desk_tickets.c.number == token.number, desk_tickets.c.secret == token.secret)
            for token in arrival.tokens
        ]
        rows = await tx.execute(
            select(desk_tickets.c.number).where(
                desk_tickets.c.connection == connection, desk_tickets.c.deleted_at.is_(None), or_(*shown)
            )
        )
        numbers += sorted((row.number for row in rows), reverse=True)
    if not numbers and arrival.references:
        rows = await tx.execute(
            select(desk_messages.c.number, desk_messages.c.message_id)
            .join(
                desk_tickets,
                and_(
                    desk_tickets.c.connection == desk_messages.c.connection,
                    desk_tickets.c.number == desk_messages.c.number,
                ),
            )
            .where(
                desk_messages.c.connection == connection,
                desk_messages.c.message_id.in_(arrival.references),
                desk_tickets.c.deleted_at.is_(None),
            )
            .order_by(desk_messages.c.id)
        )
        by_id = {row.message_id: row.number for row in rows}
        numbers += [by_id[one] for one in reversed(arrival.references) if one in by_id]
    if not numbers:
        return None
    return (await lock_tickets(tx, connection, numbers[:1]))[numbers[0]]


async def _add_to(
    tx: AsyncConnection, connection: str, ticket: Row[Any], arrival: Arrival, *, now: datetime
) -> PlacedArrival:
    origin = arrival.origin
    if origin is Origin.PERSON and await _is_too_fast(tx, connection, ticket.number, arrival):
        origin = Origin.AUTOMATIC
    values: dict[str, Any] = {}
    is_from_requester = arrival.sender.email.casefold() == ticket.requester_email.casefold()
    if arrival.author is Author.CUSTOMER and origin is Origin.PERSON and arrival.is_public:
        if TicketStatus(ticket.status).is_settled:
            values["reopens"] = ticket.reopens + 1
        if ticket.status != TicketStatus.NEW:
            values["status"] = TicketStatus.OPEN
        if is_from_requester:
            values["is_reachable"] = True
    if arrival.author is Author.AGENT and arrival.is_public and ticket.status == TicketStatus.NEW:
        values["status"] = TicketStatus.OPEN
    if ticket.requester_email.casefold() in arrival.unreachable:
        values["is_reachable"] = False
    await change_ticket(tx, connection, [ticket.number], now=now, **values)
    (message,) = await add_messages(
        tx, [_row(connection, ticket.number, MessageKind.COMMENT, arrival, now) | {"origin": origin}]
    )
    return PlacedArrival(ticket=str(ticket.number), message=str(message), is_new=True)


async def _is_too_fast(tx: AsyncConnection, connection: str, number: int, arrival: Arrival) -> bool:
    count = await tx.execute(
        select(func.count())
        .select_from(desk_messages)
        .where(
            desk_messages.c.connection == connection,
            desk_messages.c.number == number,
            desk_messages.c.author == Author.CUSTOMER,
            func.lower(desk_messages.c.author_email) == arrival.sender.email.lower(),
            desk_messages.c.at > arrival.at - FAST,
        )
    )
    return int(count.scalar_one()) >= FAST_MESSAGES


async def _set_aside(
    tx: AsyncConnection, connection: str, arrival: Arrival, *, now: datetime
) -> PlacedArrival:
    why = _ASIDE.get(arrival.origin, "an agent's mail that belongs to no ticket")
    (message,) = await add_messages(tx, [_row(connection, None, MessageKind.ASIDE, arrival, now)])
    return PlacedArrival(ticket=None, message=str(message), is_new=True, why=why)


async def _open(
    tx: AsyncConnection,
    connection: str,
    last_number: int,
    arrivals: Sequence[Arrival],
    *,
    parent: int | None = None,
    now: datetime,
) -> dict[str, PlacedArrival]:
    """A ticket for each, by fingerprint; their numbers follow the last one given."""
    if not arrivals:
        return {}
    numbers = range(last_number + 1, last_number + 1 + len(arrivals))
    await tx.execute(update(desks).where(desks.c.connection == connection).values(last_number=numbers[-1]))
    await tx.execute(
        insert(desk_tickets),
        [
            {
                "connection": connection,
                "number": number,
                "secret": base64.b32encode(secrets.token_bytes(5)).decode().lower(),
                "subject": arrival.subject,
                "body": arrival.text,
                "status": TicketStatus.NEW,
                "requester_name": arrival.sender.name,
                "requester_email": arrival.sender.email,
                "requester_language": arrival.sender.language,
                "is_reachable": bool(arrival.sender.email),
                "parent": parent,
                "created_at": arrival.at,
                "updated_at": now,
            }
            for number, arrival in zip(numbers, arrivals, strict=True)
        ],
    )
    messages = await add_messages(
        tx,
        [
            _row(connection, number, MessageKind.REPORT, arrival, now)
            for number, arrival in zip(numbers, arrivals, strict=True)
        ],
    )
    return {
        arrival.fingerprint: PlacedArrival(ticket=str(number), message=str(message), is_new=True)
        for arrival, number, message in zip(arrivals, numbers, messages, strict=True)
    }


def _row(
    connection: str, number: int | None, kind: MessageKind, arrival: Arrival, now: datetime
) -> dict[str, Any]:
    return {
        "connection": connection,
        "number": number,
        "kind": kind,
        "author": arrival.author,
        "author_name": arrival.sender.name,
        "author_email": arrival.sender.email,
        "is_public": arrival.is_public,
        "origin": arrival.origin,
        "text": arrival.text,
        "at": arrival.at,
        "kept_at": now,
        "message_id": arrival.message_id,
        "fingerprint": arrival.fingerprint,
        "state": ReplyState.SENT,
    }
