"""This installation's short id: part of every key a vendor sees, so two installations never collide. And what each of
its desks is known by.
"""

from __future__ import annotations

import secrets

from sqlalchemy import select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncConnection

from incidents.store.schema.tables import meta


async def instance_id(tx: AsyncConnection) -> str:
    """The id, made at the first call. Six hex digits; it never changes."""
    return await _made_once(tx, "instance", secrets.token_hex(3))


async def desk_secret(tx: AsyncConnection, connection: str) -> str:
    """The secret of this connection's desk, made at the first call; it outlives every password."""
    return await _made_once(tx, f"desk_secret:{connection}", secrets.token_hex(16))


async def _made_once(tx: AsyncConnection, key: str, made: str) -> str:
    wanted = select(meta.c.value).where(meta.c.key == key)
    value: str | None = (await tx.execute(wanted)).scalar_one_or_none()
    if value is not None:
        return value
    await tx.execute(insert(meta).values(key=key, value=made).on_conflict_do_nothing())
    kept: str = (await tx.execute(wanted)).scalar_one()
    return kept
