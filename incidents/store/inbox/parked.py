"""Deliveries that were set aside: what there is, by kind, put back in line, or done with for good."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ColumnElement, bindparam, case, func, select, text, true, update
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.ext.asyncio import AsyncConnection
from sqlalchemy.types import BigInteger

from incidents.store.schema.tables import deliveries


@dataclass(frozen=True, kw_only=True, slots=True)
class WhichParked:
    """Which of them: all, or those of one connection, with these numbers, or with a word in their reason."""

    connection: str | None = None
    ids: tuple[int, ...] = ()
    reason: str | None = None

    @property
    def is_all(self) -> bool:
        """Whether nothing narrows it: all that is parked is meant."""
        return self == WhichParked()


@dataclass(frozen=True, kw_only=True, slots=True)
class ParkedDelivery:
    """A webhook that was stored and not understood. `size` is in bytes."""

    id: int
    connection: str
    received_at: datetime
    size: int
    reason: str


@dataclass(frozen=True, kw_only=True, slots=True)
class AsideKind:
    """How many were set aside for one reason: `parked` with it, or `ignored` for their type."""

    connection: str
    state: str
    reason: str
    count: int
    newest_at: datetime


async def parked_deliveries(
    tx: AsyncConnection, which: WhichParked, *, limit: int
) -> Sequence[ParkedDelivery]:
    """The newest first."""
    rows = await tx.execute(
        select(
            deliveries.c.id,
            deliveries.c.connection,
            deliveries.c.received_at,
            func.length(deliveries.c.body).label("size"),
            deliveries.c.detail.label("reason"),
        )
        .where(deliveries.c.state == "parked", _of(which))
        .order_by(deliveries.c.id.desc())
        .limit(limit)
    )
    return [ParkedDelivery(**row._mapping) for row in rows]  # noqa: SLF001  SQLAlchemy's own name for it


async def aside_kinds(tx: AsyncConnection) -> Sequence[AsideKind]:
    """What was set aside, by connection and reason, the most frequent first."""
    kinds = (
        select(
            deliveries.c.connection,
            deliveries.c.state,
            deliveries.c.detail.label("reason"),
            func.count().label("count"),
            func.max(deliveries.c.received_at).label("newest_at"),
        )
        .where(deliveries.c.state.in_(["parked", "ignored"]))
        .group_by(deliveries.c.connection, deliveries.c.state, deliveries.c.detail)
        .order_by(case((deliveries.c.state == "parked", 0), else_=1), func.count().desc())
        .limit(500)
    )
    return [AsideKind(**row._mapping) for row in await tx.execute(kinds)]  # noqa: SLF001


async def count_aside(tx: AsyncConnection) -> dict[tuple[str, str], int]:
    """How many are `parked` and how many `ignored`, by connection and state."""
    rows = await tx.execute(
        select(deliveries.c.connection, deliveries.c.state, func.count())
        # Written as the index has it, or the whole inbox is read.
        .where(text("state in ('parked', 'ignored')"))
        .group_by(deliveries.c.connection, deliveries.c.state)
    )
    return {(connection, state): count for connection, state, count in rows}


async def discard(tx: AsyncConnection, which: WhichParked) -> int:
    """Parked deliveries that a person has done with; they stay in the inbox and are read no more. Returns how many."""
    done = await tx.execute(
        update(deliveries)
        .where(deliveries.c.state == "parked", _of(which))
        .values(state="discarded", handled_at=func.now())
    )
    return done.rowcount


# Of equal repeatable deliveries one is put in line, and none where one waits already: it says the same.
_UNPARK = text(
    """
    with parked as (
        select id, is_repeatable and (
            row_number() over (partition by connection, identity, is_repeatable order by id desc) > 1
            or exists (
                select 1 from deliveries w
                where w.connection = d.connection and w.identity = d.identity
                  and w.is_repeatable and w.state = 'pending' and w.attempts = 0)) as has_equal
        from deliveries d
        where state = 'parked' and d.id = any(:ids)
    )
    update deliveries d set attempts = 0,
        state = case when has_equal then 'done' else 'pending' end,
        detail = case when has_equal then 'an equal one was read instead' else '' end,
        handled_at = case when has_equal then handled_at end
    from parked where d.id = parked.id
    returning has_equal
    """
).bindparams(bindparam("ids", type_=ARRAY(BigInteger)))


async def unpark(tx: AsyncConnection, which: WhichParked | None = None) -> int:
    """Put parked deliveries back in line, for instance after an upgrade; returns how many."""
    found = select(deliveries.c.id).where(deliveries.c.state == "parked", _of(which or WhichParked()))
    ids = list((await tx.execute(found)).scalars())
    rows = await tx.execute(_UNPARK, {"ids": ids})
    return sum(not row.has_equal for row in rows)


def _of(which: WhichParked) -> ColumnElement[bool]:
    condition: ColumnElement[bool] = true()
    if which.connection is not None:
        condition = condition & (deliveries.c.connection == which.connection)
    if which.ids:
        condition = condition & deliveries.c.id.in_(which.ids)
    if which.reason is not None:
        condition = condition & deliveries.c.detail.icontains(which.reason, autoescape=True)
    return condition
