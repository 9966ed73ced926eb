"""How often an action was started lately, counted so that two workers cannot both take the last start allowed."""

from __future__ import annotations

from datetime import timedelta

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

_LOCK = text("select pg_advisory_xact_lock(hashtextextended(:what, 0))")
_STARTS = text(
    """
    select count(*) from effects e join incidents i on i.id = e.incident_id
    where e.kind = 'action' and e.target = :action and i.service = :service and e.id <> :but
        and e.sent_at > now() - cast(:within as interval)
    """
)


async def lock_starts(tx: AsyncConnection, service: str, action: str) -> None:
    """Whoever else would start this action of this service waits until the transaction ends. Before anything is read
    by which it is decided."""
    await tx.execute(_LOCK, {"what": f"liaison action {service}/{action}"})


async def starts_within(
    tx: AsyncConnection, service: str, action: str, *, within: timedelta, but: int
) -> int:
    """How often its runner was asked within that time, for incidents of this service; `but` is the effect that is about
    to be. By PostgreSQL's clock, which starts are noted by."""
    given = {"action": action, "service": service, "within": within, "but": but}
    count: int = (await tx.execute(_STARTS, given)).scalar_one()
    return count
