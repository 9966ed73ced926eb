"""Where a note of ours could be read by customers: no further one goes there until a person has seen to it."""

from __future__ import annotations

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncConnection

from incidents.effects import EffectState
from incidents.store.ledger.effects import EXPOSED
from incidents.store.schema.tables import effects


async def open_exposure(tx: AsyncConnection, connection: str) -> str | None:
    """The key of the first effect at this connection that was exposed and that nobody has settled since."""
    rows = await tx.execute(
        select(effects.c.key)
        .where(
            effects.c.connection == connection,
            effects.c.state == EffectState.HELD.value,
            effects.c.result == EXPOSED,
        )
        .order_by(effects.c.id)
        .limit(1)
    )
    key: str | None = rows.scalar_one_or_none()
    return key
