"""How far each connection was listened to."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import select, text
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncConnection

from incidents.store.schema.tables import listening


async def read_place(tx: AsyncConnection, connection: str) -> str | None:
    """The cursor from which to listen on, or None for the first time."""
    row = await tx.execute(select(listening.c.cursor).where(listening.c.connection == connection))
    cursor: str | None = row.scalar_one_or_none()
    return cursor


async def move_place(tx: AsyncConnection, connection: str, cursor: str, *, now: datetime) -> None:
    """What was heard up to here is kept."""
    statement = insert(listening).values(connection=connection, cursor=cursor, heard_at=now)
    await tx.execute(
        statement.on_conflict_do_update(
            index_elements=["connection"],
            set_={"cursor": statement.excluded.cursor, "heard_at": statement.excluded.heard_at},
        )
    )


async def become_listener(tx: AsyncConnection, connection: str) -> bool:
    """Whether this session listens to the connection from now on: one at a time does, until its session ends."""
    row = await tx.execute(
        text("select pg_try_advisory_lock(hashtextextended(:name, 0))"), {"name": f"listen:{connection}"}
    )
    return bool(row.scalar_one())


async def stop_listening(tx: AsyncConnection, connection: str) -> None:
    """Let another one listen."""
    await tx.execute(
        text("select pg_advisory_unlock(hashtextextended(:name, 0))"), {"name": f"listen:{connection}"}
    )
