"""What one status page says, kept in the store: each call a transaction of its own."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import or_, select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncConnection

from incidents.errors import NotFound, Refused
from incidents.models import PublicText, Severity
from incidents.public_incident import PublicIncident, PublicState, PublicUpdate, StatusRecord
from incidents.store.database import Database
from incidents.store.instance import instance_id
from incidents.store.schema.tables import public_incidents, public_updates


class StoredStatusRecord(StatusRecord):
    """Raises `StoreAway`, `StoreBusy` and `StoreUnsure` like every transaction."""

    def __init__(self, database: Database, connection: str) -> None:
        self._database = database
        self._connection = connection

    async def owner(self) -> str:
        async with self._database.transaction() as tx:
            return await instance_id(tx)

    async def open(
        self,
        title: PublicText,
        text: PublicText,
        severity: Severity,
        *,
        services: Sequence[str],
        once: str,
        now: datetime,
    ) -> str:
        opening = (
            insert(public_incidents)
            .values(
                connection=self._connection,
                once=once,
                title=title,
                severity=int(severity),
                services=list(services),
                opened_at=now,
            )
            # The one that is there is locked by this, and returned.
            .on_conflict_do_update(index_elements=["connection", "once"], set_={"once": once})
            .returning(public_incidents.c.id)
        )
        async with self._database.transaction() as tx:
            number: int = (await tx.execute(opening)).scalar_one()
            await _add(tx, number, text, PublicState.INVESTIGATING, once=once, now=now)
        return str(number)

    async def add(self, id: str, text: PublicText, state: PublicState, *, once: str, now: datetime) -> str:
        async with self._database.transaction() as tx:
            row = (
                await tx.execute(
                    select(public_incidents)
                    .where(
                        public_incidents.c.connection == self._connection,
                        public_incidents.c.id == _number(id),
                    )
                    .with_for_update()
                )
            ).one_or_none()
            if row is None:
                raise NotFound(f"{self._connection} has no public incident {id[:40]!r}")
            known = await _update_with(tx, row.id, once)
            if known is not None:
                return str(known)
            if row.resolved_at is not None:
                raise Refused(
                    f"the public incident {id} of {self._connection} was resolved at"
                    f" {row.resolved_at:%Y-%m-%d %H:%M} UTC: what is new belongs to another one"
                )
            if state is PublicState.RESOLVED:
                await tx.execute(
                    update(public_incidents).where(public_incidents.c.id == row.id).values(resolved_at=now)
                )
            return str(await _add(tx, row.id, text, state, once=once, now=now))

    async def opened_with(self, once: str) -> str | None:
        async with self._database.transaction() as tx:
            number = (
                await tx.execute(
                    select(public_incidents.c.id).where(
                        public_incidents.c.connection == self._connection, public_incidents.c.once == once
                    )
                )
            ).scalar_one_or_none()
        return None if number is None else str(number)

    async def update_with(self, id: str, once: str) -> str | None:
        async with self._database.transaction() as tx:
            number = await _update_with(tx, _number(id), once)
        return None if number is None else str(number)

    async def incidents(self, *, resolved_since: datetime, limit: int = 300) -> Sequence[PublicIncident]:
        shown = (
            select(public_incidents)
            .where(
                public_incidents.c.connection == self._connection,
                or_(
                    public_incidents.c.resolved_at.is_(None),
                    public_incidents.c.resolved_at >= resolved_since,
                ),
            )
            .order_by(public_incidents.c.resolved_at.desc().nulls_first(), public_incidents.c.id.desc())
            .limit(limit)
        )
        async with self._database.transaction() as tx:
            rows = list(await tx.execute(shown))
            updates: dict[int, list[PublicUpdate]] = {}
            for row in await tx.execute(
                select(public_updates)
                .where(public_updates.c.public_incident.in_([row.id for row in rows]))
                .order_by(public_updates.c.id)
            ):
                said = PublicUpdate(
                    id=str(row.id), state=PublicState(row.state), text=PublicText(row.text), at=row.at
                )
                updates.setdefault(row.public_incident, []).append(said)
        return [
            PublicIncident(
                id=str(row.id),
                title=PublicText(row.title),
                severity=Severity(row.severity),
                services=tuple(row.services),
                updates=tuple(updates[row.id]),
            )
            for row in sorted(rows, key=lambda row: row.id, reverse=True)
        ]


async def _add(
    tx: AsyncConnection, number: int, text: PublicText, state: PublicState, *, once: str, now: datetime
) -> int:
    """The id of the update with this key, made unless it is there."""
    known = await _update_with(tx, number, once)
    if known is not None:
        return known
    added = insert(public_updates).values(
        public_incident=number, once=once, state=state.value, text=text, at=now
    )
    made: int = (await tx.execute(added.returning(public_updates.c.id))).scalar_one()
    return made


async def _update_with(tx: AsyncConnection, number: int, once: str) -> int | None:
    found: int | None = (
        await tx.execute(
            select(public_updates.c.id).where(
                public_updates.c.public_incident == number, public_updates.c.once == once
            )
        )
    ).scalar_one_or_none()
    return found


def _number(id: str) -> int:
    """0, which none has, for what was never an id of ours."""
    return int(id) if id.isascii() and id.isdigit() and len(id) < 18 else 0
