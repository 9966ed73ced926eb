"""This installation's short id: part of every key a vendor sees, so two installations never collide."""

from __future__ import annotations

import secrets

from sqlalchemy import select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncConnection

from incidents.store.schema.tables import meta


async def instance_id(tx: AsyncConnection) -> str:
    """The id, made at the first call. Six hex digits; it never changes."""
    found = await tx.execute(select(meta.c.value).where(meta.c.key == "instance"))
    value: str | None = found.scalar_one_or_none()
    if value is not None:
        return value
    await tx.execute(insert(meta).values(key="instance", value=secrets.token_hex(3)).on_conflict_do_nothing())
    found = await tx.execute(select(meta.c.value).where(meta.c.key == "instance"))
    made: str = found.scalar_one()
    return made
