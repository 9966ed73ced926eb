"""The inbox as its readers see it: deliveries are leased in chunks and handled once.

They are settled inside the transaction that commits what was decided of them. How they come in is
`incidents.store.inbox.writer`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Select, bindparam, func, insert, select, text, update
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.ext.asyncio import AsyncConnection
from sqlalchemy.types import BigInteger

from incidents.events import Lane, Verified
from incidents.store.database import Database
from incidents.store.schema.tables import deliveries, rejections

CHUNK = 200


@dataclass(frozen=True, kw_only=True, slots=True)
class Delivery:
    """One webhook as it arrived."""

    id: int
    connection: str
    verified: Verified
    received_at: datetime
    attempts: int
    trace: str | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class Waiting:
    """How much is in a lane: `parked` is what was not understood and needs a person or an upgrade."""

    pending: int
    parked: int
    done: int


async def record_rejection(
    database: Database, *, connection: str, reason: str, sha256: str, size: int
) -> None:
    """Write down a refused webhook without its body: its size in bytes and its digest tell it again."""
    async with database.transaction() as tx:
        await tx.execute(
            insert(rejections).values(connection=connection, reason=reason, sha256=sha256, size=size)
        )


async def lease_deliveries(
    tx: AsyncConnection,
    lane: Lane,
    *,
    fence: int,
    limit: int = CHUNK,
    tried_less_than: int | None = None,
    connection: str | None = None,
) -> Sequence[Delivery]:
    """The oldest pending deliveries of a lane, or of one connection in it, marked with the drain's fence.

    There is one drain a lane at a time, so they stay `pending`: a drain that dies leaves nothing to clean up.
    `tried_less_than` leaves out those that were leased so often and never settled.
    """
    chosen = _pending(lane, connection).order_by(deliveries.c.id).limit(limit)
    if tried_less_than is not None:
        chosen = chosen.where(deliveries.c.attempts < tried_less_than)
    return await _lease(tx, chosen, fence=fence)


async def lease_next_tried(
    tx: AsyncConnection, lane: Lane, *, fence: int, connection: str | None = None
) -> Sequence[Delivery]:
    """The pending delivery whose last try is the longest ago, if any: so one that fails lets the others pass."""
    return await _lease(
        tx, _pending(lane, connection).order_by(deliveries.c.fence, deliveries.c.id).limit(1), fence=fence
    )


def _pending(lane: Lane, connection: str | None) -> Select[tuple[int]]:
    pending = select(deliveries.c.id).where(deliveries.c.lane == lane, deliveries.c.state == "pending")
    if connection is not None:
        pending = pending.where(deliveries.c.connection == connection)
    return pending.with_for_update(skip_locked=True)


async def waiting_connections(tx: AsyncConnection, lane: Lane) -> Sequence[str]:
    """The connections that have deliveries pending in a lane."""
    rows = await tx.execute(
        select(deliveries.c.connection)
        .distinct()
        .where(deliveries.c.lane == lane, deliveries.c.state == "pending")
        .order_by(deliveries.c.connection)
    )
    return list(rows.scalars())


async def _lease(tx: AsyncConnection, wanted: Select[tuple[int]], *, fence: int) -> Sequence[Delivery]:
    # A CTE runs once; a subquery may be run again for each row, and then takes more than the limit.
    chosen = wanted.cte("chosen")
    rows = await tx.execute(
        update(deliveries)
        .where(deliveries.c.id == chosen.c.id)
        .values(fence=fence, attempts=deliveries.c.attempts + 1)
        .returning(deliveries)
    )
    leased = [
        Delivery(
            id=row.id,
            connection=row.connection,
            verified=Verified(
                headers=tuple((name, value) for name, value in row.headers),
                body=row.body,
                identity=row.identity,
                is_repeatable=row.is_repeatable,
            ),
            received_at=row.received_at,
            attempts=row.attempts,
            trace=row.trace,
        )
        for row in rows
    ]
    return sorted(leased, key=lambda delivery: delivery.id)


async def forgive_attempt(
    tx: AsyncConnection, lane: Lane, *, fence: int, down_to: int, connection: str | None = None
) -> None:
    """What this drain leased (of one connection) and did not settle failed through no fault of its own: that was no
    attempt at it."""
    forgiven = (
        update(deliveries)
        .where(
            deliveries.c.lane == lane,
            deliveries.c.fence == fence,
            deliveries.c.state == "pending",
            deliveries.c.attempts > down_to,
        )
        .values(attempts=deliveries.c.attempts - 1)
    )
    if connection is not None:
        forgiven = forgiven.where(deliveries.c.connection == connection)
    await tx.execute(forgiven)


async def settle_deliveries(
    tx: AsyncConnection,
    *,
    fence: int,
    done: Sequence[int],
    parked: Sequence[tuple[int, str]] = (),
    ignored: Sequence[tuple[int, str]] = (),
) -> None:
    """Mark deliveries handled, parked with the reason, or ignored with their type.

    Only under the fence that leased them.
    """
    if done:
        await tx.execute(
            text(
                "update deliveries set state = 'done', handled_at = now()"
                " where fence = :fence and id = any(:ids)"
            ).bindparams(bindparam("ids", type_=ARRAY(BigInteger))),
            {"fence": fence, "ids": list(done)},
        )
    aside = [(*one, "parked") for one in parked] + [(*one, "ignored") for one in ignored]
    for delivery_id, detail, state in aside:
        await tx.execute(
            update(deliveries)
            .where(deliveries.c.id == delivery_id, deliveries.c.fence == fence)
            .values(state=state, handled_at=func.now(), detail=detail)
        )


async def has_pending(tx: AsyncConnection, lane: Lane) -> bool:
    """Whether anything waits in a lane; quick, however much was handled before."""
    pending = select(deliveries.c.id).where(deliveries.c.lane == lane, deliveries.c.state == "pending")
    row = await tx.execute(select(pending.exists()))
    return bool(row.scalar_one())


async def waiting(tx: AsyncConnection, lane: Lane | None = None) -> Waiting:
    """How much is in a lane, or in all of them; counts every delivery there is, so it is for people."""
    statement = select(deliveries.c.state, func.count()).group_by(deliveries.c.state)
    if lane is not None:
        statement = statement.where(deliveries.c.lane == lane)
    counts = {row[0]: row[1] for row in await tx.execute(statement)}
    return Waiting(
        pending=counts.get("pending", 0), parked=counts.get("parked", 0), done=counts.get("done", 0)
    )


async def last_heard(tx: AsyncConnection, connection: str) -> datetime | None:
    """When the newest delivery of a connection came that is still kept; None if there is none. For people."""
    rows = await tx.execute(
        select(func.max(deliveries.c.received_at)).where(deliveries.c.connection == connection)
    )
    heard: datetime | None = rows.scalar_one()
    return heard
