"""What is in the store, in figures and without a customer's word: for support bundles."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import func, select, text
from sqlalchemy.ext.asyncio import AsyncConnection

from incidents.effects import EffectState
from incidents.store.schema.tables import effects, metadata, rejections

NEWEST = 50
UNSETTLED = tuple(state.value for state in (EffectState.UNKNOWN, EffectState.HELD, EffectState.DEAD))


@dataclass(frozen=True, kw_only=True, slots=True)
class TroubledEffect:
    """One that did not simply leave. `detail` may quote what a vendor answered."""

    id: int
    kind: str
    state: str
    connection: str
    incident: int | None
    attempts: int
    planned_at: datetime
    detail: str


@dataclass(frozen=True, kw_only=True, slots=True)
class RejectionCount:
    """Webhooks that were refused for one reason."""

    connection: str
    reason: str
    count: int
    newest_at: datetime


async def count_rows(tx: AsyncConnection) -> Mapping[str, int]:
    """Of each table. Counts all there is, so it is for people."""
    return {
        table.name: (await tx.execute(select(func.count()).select_from(table))).scalar_one()
        for table in metadata.sorted_tables
    }


async def troubled_effects(tx: AsyncConnection) -> Sequence[TroubledEffect]:
    """Those that need somebody or were tried more than once and are still open, the newest first."""
    columns = (effects.c.id, effects.c.kind, effects.c.state, effects.c.connection, effects.c.incident_id)
    more = (effects.c.attempts, effects.c.planned_at, effects.c.detail)
    again = (effects.c.state == EffectState.PENDING.value) & (effects.c.attempts > 1)
    rows = await tx.execute(
        select(*columns, *more)
        .where(effects.c.state.in_(UNSETTLED) | again)
        .order_by(effects.c.id.desc())
        .limit(NEWEST)
    )
    return [
        TroubledEffect(
            id=row.id,
            kind=row.kind,
            state=row.state,
            connection=row.connection,
            incident=row.incident_id,
            attempts=row.attempts,
            planned_at=row.planned_at,
            detail=row.detail,
        )
        for row in rows
    ]


async def rejection_counts(tx: AsyncConnection) -> Sequence[RejectionCount]:
    """By connection and reason."""
    rows = await tx.execute(
        select(
            rejections.c.connection, rejections.c.reason, func.count(), func.max(rejections.c.at)
        ).group_by(rejections.c.connection, rejections.c.reason)
    )
    return [
        RejectionCount(connection=name, reason=reason, count=count, newest_at=newest)
        for name, reason, count, newest in rows
    ]


async def server_version(tx: AsyncConnection) -> str:
    """PostgreSQL's own."""
    found: str = (await tx.execute(text("show server_version"))).scalar_one()
    return found
