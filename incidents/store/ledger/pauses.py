"""The kill switch: while it is on, no action is started, by nobody's word. Each time it was on is kept."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import select, text, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncConnection

from incidents.actions import Pause
from incidents.store.schema.tables import action_pauses

_IS_OPEN = action_pauses.c.ended_at.is_(None)
_LOCK = text("select pg_advisory_xact_lock(hashtextextended('liaison actions paused', 0))")
_LOCK_SHARED = text("select pg_advisory_xact_lock_shared(hashtextextended('liaison actions paused', 0))")


async def current_pause(tx: AsyncConnection) -> Pause | None:
    """The one that is on now; None where actions may be started."""
    row = (await tx.execute(select(action_pauses).where(_IS_OPEN))).one_or_none()
    return None if row is None else Pause(since=row.since, by=row.paused_by, why=row.why)


async def pause_at_start(tx: AsyncConnection) -> Pause | None:
    """The same for who is about to start something: where there is none, nobody switches it on until the transaction
    ends. Starts do not wait for each other."""
    await tx.execute(_LOCK_SHARED)
    return await current_pause(tx)


async def pause_actions(tx: AsyncConnection, pause: Pause) -> bool:
    """Switch it on; False, and nothing is changed, where it is on already. Waits for starts that are being written
    down: once this is committed, none follows."""
    await tx.execute(_LOCK)
    values = {"since": pause.since, "paused_by": pause.by, "why": pause.why}
    made = await tx.execute(
        insert(action_pauses).values(values).on_conflict_do_nothing().returning(action_pauses.c.id)
    )
    return made.scalar_one_or_none() is not None


async def resume_actions(tx: AsyncConnection, *, by: str, now: datetime) -> bool:
    """Switch it off; False where it was off."""
    ended = await tx.execute(update(action_pauses).where(_IS_OPEN).values(ended_at=now, ended_by=by))
    return ended.rowcount > 0
