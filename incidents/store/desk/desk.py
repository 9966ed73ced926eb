"""The desk of one connection, kept in the store: each call a transaction of its own."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import and_, func, or_, select

from incidents.desk import (
    Arrival,
    BegunMail,
    BegunReply,
    DeskCounts,
    DeskTicket,
    PlacedArrival,
    ReplyState,
    TicketDesk,
)
from incidents.models import Comment, Contact, TicketChange, TicketOutcome, TicketStatus
from incidents.store.database import Database
from incidents.store.desk import changes
from incidents.store.desk.arrivals import take_in
from incidents.store.desk.rows import (
    MessageKind,
    comment_from,
    lock_tickets,
    number_of,
    read_references,
    ticket_from,
)
from incidents.store.instance import desk_secret
from incidents.store.schema.tables import desk_messages, desk_tickets

# PostgreSQL takes some 32,000 values in a statement.
_MANY = 1_000


class StoredDesk(TicketDesk):
    """Raises `StoreAway`, `StoreBusy` and `StoreUnsure` like every transaction."""

    def __init__(self, database: Database, connection: str) -> None:
        self._database = database
        self._connection = connection

    async def take_in(self, arrivals: Sequence[Arrival], *, now: datetime) -> Sequence[PlacedArrival]:
        async with self._database.transaction() as tx:
            return await take_in(tx, self._connection, arrivals, now=now)

    async def tickets(self, ids: Sequence[str]) -> Sequence[DeskTicket]:
        wanted = [number for one in dict.fromkeys(ids) if (number := number_of(one)) is not None]
        found: dict[int, DeskTicket] = {}
        for start in range(0, len(wanted), _MANY):
            numbers = wanted[start : start + _MANY]
            async with self._database.transaction() as tx:
                rows = await tx.execute(
                    select(desk_tickets).where(
                        desk_tickets.c.connection == self._connection,
                        desk_tickets.c.number.in_(numbers),
                        desk_tickets.c.deleted_at.is_(None),
                    )
                )
                references = await read_references(tx, self._connection, numbers)
                found |= {row.number: ticket_from(row, references.get(row.number, ())) for row in rows}
        return [found[number] for number in wanted if number in found]

    async def changed_since(
        self, since: datetime, *, after: int = 0, limit: int = 200
    ) -> Sequence[DeskTicket]:
        later = desk_tickets.c.updated_at > since
        at_once = and_(desk_tickets.c.updated_at == since, desk_tickets.c.number > after)
        async with self._database.transaction() as tx:
            rows = await tx.execute(
                select(desk_tickets)
                .where(desk_tickets.c.connection == self._connection, or_(later, at_once))
                .order_by(desk_tickets.c.updated_at, desk_tickets.c.number)
                .limit(limit)
            )
            return [ticket_from(row) for row in rows]

    async def comments(self, id: str, since: datetime) -> Sequence[Comment]:
        number = number_of(id)
        if number is None:
            return []
        async with self._database.transaction() as tx:
            rows = await tx.execute(
                select(desk_messages)
                .join(
                    desk_tickets,
                    and_(
                        desk_tickets.c.connection == desk_messages.c.connection,
                        desk_tickets.c.number == desk_messages.c.number,
                    ),
                )
                .where(
                    desk_messages.c.connection == self._connection,
                    desk_messages.c.number == number,
                    desk_messages.c.kind == MessageKind.COMMENT,
                    desk_messages.c.state == ReplyState.SENT,
                    desk_messages.c.kept_at >= since,
                    desk_tickets.c.deleted_at.is_(None),
                )
                .order_by(desk_messages.c.kept_at, desk_messages.c.id)
            )
            return [comment_from(row) for row in rows]

    async def change(
        self, ids: Sequence[str], change: TicketChange, *, once: str, now: datetime
    ) -> Sequence[TicketOutcome]:
        async with self._database.transaction() as tx:
            return await changes.change(tx, self._connection, ids, change, once=once, now=now)

    async def begin_replies(
        self, replies: Sequence[BegunReply], change: TicketChange, *, once: str, now: datetime
    ) -> Sequence[TicketOutcome | None]:
        async with self._database.transaction() as tx:
            return await changes.begin_replies(tx, self._connection, replies, change, once=once, now=now)

    async def begin_mail(
        self, to: Contact, text: str, *, once: str, message_id: str, now: datetime
    ) -> BegunMail | None:
        async with self._database.transaction() as tx:
            return await changes.begin_mail(
                tx, self._connection, to, text, once=once, message_id=message_id, now=now
            )

    async def begun_mail(self, to: Contact, once: str) -> BegunMail | None:
        async with self._database.transaction() as tx:
            return await changes.begun_mail(tx, self._connection, to, once)

    async def secret(self) -> str:
        async with self._database.transaction() as tx:
            return await desk_secret(tx, self._connection)

    async def replies_sent(self, message_ids: Sequence[str], *, now: datetime) -> frozenset[str]:
        async with self._database.transaction() as tx:
            return await changes.replies_sent(tx, self._connection, message_ids, now=now)

    async def replies_failed(self, message_ids: Sequence[str]) -> None:
        async with self._database.transaction() as tx:
            await changes.replies_failed(tx, self._connection, message_ids)

    async def reply_message(self, id: str, once: str) -> tuple[ReplyState, str] | None:
        number = number_of(id)
        if number is None:
            return None
        async with self._database.transaction() as tx:
            row = await changes.message_by_key(tx, self._connection, number, once)
        return None if row is None else (ReplyState(row.state), row.message_id)

    async def remove(self, id: str, *, now: datetime) -> None:
        number = number_of(id)
        if number is None:
            return
        async with self._database.transaction() as tx:
            await lock_tickets(tx, self._connection, [number])
            await changes.remove(tx, self._connection, number, now=now)

    async def counts(self) -> DeskCounts:
        settled = (TicketStatus.SOLVED, TicketStatus.CLOSED)
        is_there = and_(desk_tickets.c.connection == self._connection, desk_tickets.c.deleted_at.is_(None))
        async with self._database.transaction() as tx:
            row = (
                await tx.execute(
                    select(
                        func.count().label("all"),
                        func.count().filter(desk_tickets.c.status.not_in(settled)).label("unsettled"),
                    ).where(is_there)
                )
            ).one()
            aside = await tx.execute(
                select(func.count())
                .select_from(desk_messages)
                .where(
                    desk_messages.c.connection == self._connection,
                    desk_messages.c.kind == MessageKind.ASIDE,
                )
            )
        return DeskCounts(tickets=row.all, unsettled=row.unsettled, aside=int(aside.scalar_one()))
