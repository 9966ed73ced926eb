"""Whom a page of our own woke, and whether they were reached."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncConnection

from incidents.rotas.page_desk import NoticeKind, NoticeState
from incidents.store.schema.tables import roster_notices, roster_pages


@dataclass(frozen=True, kw_only=True, slots=True)
class WokenPerson:
    """One attempt to reach somebody by a way. `trouble` says why it did not arrive; "" where it did."""

    name: str
    way: str
    trouble: str


async def who_was_woken(tx: AsyncConnection, connection: str, key: str) -> list[WokenPerson] | None:
    """Those whom the page with this key reached, or tried to reach, in their order; None where no such page is ours."""
    ours = roster_pages.c.connection == connection, roster_pages.c.key == key
    if await tx.scalar(select(roster_pages.c.id).where(*ours)) is None:
        return None
    rows = await tx.execute(
        select(roster_notices)
        .join(roster_pages, roster_pages.c.id == roster_notices.c.page_id)
        .where(*ours, roster_notices.c.kind == NoticeKind.WAKE)
        .order_by(roster_notices.c.id)
    )
    return [
        WokenPerson(name=row.name, way=row.way, trouble="" if row.state == NoticeState.SENT else row.detail)
        for row in rows
        if row.state == NoticeState.SENT or row.detail
    ]
