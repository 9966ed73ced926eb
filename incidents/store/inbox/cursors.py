"""How far each helpdesk was polled."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncConnection

from incidents.store.schema.tables import cursors


async def read_cursor(tx: AsyncConnection, connection: str) -> datetime | None:
    """Until when the helpdesk's changes were read, or None if they never were."""
    row = await tx.execute(select(cursors.c.since).where(cursors.c.connection == connection))
    since: datetime | None = row.scalar_one_or_none()
    return since


async def move_cursor(tx: AsyncConnection, connection: str, since: datetime) -> None:
    """Remember until when they were read; the next reading begins there."""
    statement = insert(cursors).values(connection=connection, since=since)
    await tx.execute(
        statement.on_conflict_do_update(
            index_elements=["connection"], set_={"since": statement.excluded.since}
        )
    )
