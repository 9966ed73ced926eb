"""How far each helpdesk was polled, and how far a poll has come that is not through."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import func, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncConnection

from incidents.store.schema.tables import cursors


@dataclass(frozen=True, kw_only=True, slots=True)
class Cursor:
    """`since`: until when changes were read, all of them. `reached`: how far a later look came that did not come to
    its end, or is under way; what changed until then is taken in, but a ticket that has changed again since stands in
    a list at its last change only, so what was written on it is asked for from `since` on."""

    since: datetime
    reached: datetime | None = None

    @property
    def listed(self) -> datetime:
        """From when on changes are to be listed. An older version, which knows no places, leaves one behind."""
        return self.since if self.reached is None else max(self.since, self.reached)


async def read_cursor(tx: AsyncConnection, connection: str) -> datetime | None:
    """Until when all changes were read, or None if they never were."""
    found = await read_place(tx, connection)
    return None if found is None else found.since


async def read_place(tx: AsyncConnection, connection: str) -> Cursor | None:
    """The same, with how far a later look has come."""
    row = (
        await tx.execute(select(cursors.c.since, cursors.c.reached).where(cursors.c.connection == connection))
    ).one_or_none()
    return None if row is None else Cursor(since=row.since, reached=row.reached)


async def move_cursor(tx: AsyncConnection, connection: str, since: datetime) -> None:
    """Remember until when they were all read; the next reading begins there."""
    statement = insert(cursors).values(connection=connection, since=since, reached=None)
    await tx.execute(
        statement.on_conflict_do_update(
            index_elements=["connection"], set_={"since": statement.excluded.since, "reached": None}
        )
    )


async def mark_reached(tx: AsyncConnection, connection: str, place: Cursor) -> None:
    """Remember how far the look has come that began at `place.since`. A place is never taken back: lists may begin
    with tickets from before the time that was asked for."""
    statement = insert(cursors).values(connection=connection, since=place.since, reached=place.listed)
    await tx.execute(
        statement.on_conflict_do_update(
            index_elements=["connection"],
            set_={"reached": func.greatest(cursors.c.reached, statement.excluded.reached)},
        )
    )
