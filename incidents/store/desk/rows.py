"""Rows of the desk, read as tickets and comments."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import Row, insert, select, update
from sqlalchemy.dialects import postgresql
from sqlalchemy.ext.asyncio import AsyncConnection

from incidents.desk import DeskTicket, ReplyState, TicketToken
from incidents.models import (
    Author,
    Comment,
    Contact,
    Departure,
    Origin,
    Ticket,
    TicketRef,
    TicketStatus,
)
from incidents.store.schema.tables import desk_messages, desk_tickets, desks
from incidents.ticket_words import Kinship

MOST_REFERENCES = 20
CHANNEL = "mail"


class MessageKind(StrEnum):
    """What a row of `desk_messages` is. `aside` belongs to no ticket; `change` has no words; `mail` is about none."""

    REPORT = "report"
    COMMENT = "comment"
    CHANGE = "change"
    ASIDE = "aside"
    MAIL = "mail"


def number_of(id: str) -> int | None:
    """The ticket's number, or None for what cannot be one."""
    is_number = id.isascii() and id.isdigit() and len(id) <= 9 and not id.startswith("0")
    return int(id) if is_number else None


async def lock_desk(tx: AsyncConnection, connection: str) -> int:
    """Nobody else opens a ticket or takes in a message until this transaction ends; the last number given."""
    await tx.execute(postgresql.insert(desks).values(connection=connection).on_conflict_do_nothing())
    row = await tx.execute(
        select(desks.c.last_number).where(desks.c.connection == connection).with_for_update()
    )
    return int(row.scalar_one())


async def lock_tickets(tx: AsyncConnection, connection: str, numbers: Sequence[int]) -> dict[int, Row[Any]]:
    """The tickets that are there, deleted ones too, locked in the order of their numbers."""
    rows = await tx.execute(
        select(desk_tickets)
        .where(desk_tickets.c.connection == connection, desk_tickets.c.number.in_(numbers))
        .order_by(desk_tickets.c.number)
        .with_for_update()
    )
    return {row.number: row for row in rows}


async def change_ticket(
    tx: AsyncConnection, connection: str, numbers: Sequence[int], *, now: datetime, **values: Any
) -> None:
    """Set columns of tickets, which counts as a change of each."""
    await tx.execute(
        update(desk_tickets)
        .where(desk_tickets.c.connection == connection, desk_tickets.c.number.in_(numbers))
        .values(version=desk_tickets.c.version + 1, updated_at=now, **values)
    )


async def add_messages(tx: AsyncConnection, rows: Sequence[Mapping[str, Any]]) -> list[int]:
    """Write messages; their ids, in order."""
    if not rows:
        return []
    written = await tx.execute(
        insert(desk_messages).returning(desk_messages.c.id, sort_by_parameter_order=True),
        [dict(row) for row in rows],
    )
    return [row.id for row in written]


async def read_references(
    tx: AsyncConnection, connection: str, numbers: Sequence[int]
) -> dict[int, tuple[str, ...]]:
    """The message ids of each ticket that its customer has seen, oldest first: the first one and the newest."""
    rows = await tx.execute(
        select(desk_messages.c.number, desk_messages.c.message_id)
        .where(
            desk_messages.c.connection == connection,
            desk_messages.c.number.in_(numbers),
            desk_messages.c.is_public,
            desk_messages.c.message_id != "",
            desk_messages.c.state == ReplyState.SENT,
        )
        .order_by(desk_messages.c.id)
    )
    found: dict[int, list[str]] = {}
    for row in rows:
        ids = found.setdefault(row.number, [])
        ids.append(row.message_id)
        if len(ids) > MOST_REFERENCES:
            del ids[1]
    return {number: tuple(ids) for number, ids in found.items()}


def ticket_from(row: Row[Any], references: tuple[str, ...] = ()) -> DeskTicket:
    """A row of `desk_tickets`, in our words."""
    return DeskTicket(
        ticket=Ticket(
            ref=TicketRef(connection=row.connection, id=str(row.number)),
            subject=row.subject,
            body=row.body,
            status=TicketStatus(row.status),
            source_status=row.status,
            requester=Contact(
                id=row.requester_email,
                name=row.requester_name,
                email=row.requester_email,
                language=row.requester_language,
            ),
            version=row.version,
            created_at=row.created_at,
            updated_at=row.updated_at,
            channel=CHANNEL,
            tags=tuple(row.tags),
            reopens=row.reopens,
            gone=None if row.deleted_at is None else Departure.DELETED,
            parent=None if row.parent is None else str(row.parent),
            kinship=None if row.parent is None else Kinship.FOLLOW_UP,
            is_reachable=row.is_reachable,
        ),
        token=TicketToken(number=row.number, secret=row.secret),
        references=references,
    )


def comment_from(row: Row[Any]) -> Comment:
    """A row of `desk_messages`, in our words."""
    return Comment(
        id=str(row.id),
        author=Author(row.author),
        author_name=row.author_name or row.author_email,
        is_public=row.is_public,
        text=row.text,
        at=row.at,
        origin=Origin(row.origin),
    )
