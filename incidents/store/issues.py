"""Issues for lasting fixes, as their trackers last had them."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from sqlalchemy import or_, select, tuple_, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncConnection

from incidents.effects import EffectKind
from incidents.store.schema.tables import effects, issues


@dataclass(frozen=True, kw_only=True, slots=True)
class KnownIssue:
    """An issue that is not done yet. `status` is the tracker's word when it was last read, "" before that."""

    connection: str
    key: str
    incident_id: int
    status: str


async def keep_issue(
    tx: AsyncConnection, connection: str, key: str, incident_id: int, *, now: datetime
) -> None:
    """Remember that it is this incident's; one that is known stays as it is."""
    values = {"connection": connection, "key": key, "incident_id": incident_id, "opened_at": now}
    await tx.execute(insert(issues).values(values).on_conflict_do_nothing())


async def issues_to_read(
    tx: AsyncConnection, *, limit: int = 100, named: Collection[tuple[str, str]] | None = None
) -> Sequence[KnownIssue]:
    """Those that are not done, the ones first that were not read, nor tried in vain, for longest.

    `named`: only these, by connection and key.
    """
    wanted = select(issues).where(issues.c.is_done.is_(False))
    if named is not None:
        wanted = wanted.where(tuple_(issues.c.connection, issues.c.key).in_(list(named)))
    rows = await tx.execute(wanted.order_by(issues.c.read_at.asc().nulls_first()).limit(limit))
    return [
        KnownIssue(connection=row.connection, key=row.key, incident_id=row.incident_id, status=row.status)
        for row in rows
    ]


async def record_tries(tx: AsyncConnection, tried: Sequence[KnownIssue], *, at: datetime) -> None:
    """Put them behind those that were not read for longer, although nothing is known of them; what was read or tried
    since `at` stays where it is."""
    if tried:
        await tx.execute(
            update(issues)
            .where(
                tuple_(issues.c.connection, issues.c.key).in_([(one.connection, one.key) for one in tried]),
                or_(issues.c.read_at.is_(None), issues.c.read_at < at),
            )
            .values(read_at=at)
        )


async def record_key(tx: AsyncConnection, issue: KnownIssue, key: str) -> KnownIssue:
    """The tracker has it under another key now, as it was moved or merged there: what is written below it from now on
    goes there. Of two that have become one, each stays known by its own."""
    await tx.execute(
        update(effects)
        .where(
            effects.c.kind == EffectKind.ISSUE_OPEN.value,
            effects.c.connection == issue.connection,
            effects.c.result == issue.key,
        )
        .values(result=key)
    )
    there = issues.alias()
    is_known = select(there.c.key).where(there.c.connection == issue.connection, there.c.key == key)
    moved = await tx.execute(
        update(issues)
        .where(issues.c.connection == issue.connection, issues.c.key == issue.key, ~is_known.exists())
        .values(key=key)
    )
    return replace(issue, key=key) if moved.rowcount else issue


async def record_status(
    tx: AsyncConnection, issue: KnownIssue, status: str, *, is_done: bool, now: datetime
) -> bool:
    """Write how it stands; False if somebody else has written something since it was known so."""
    changed = await tx.execute(
        update(issues)
        .where(
            issues.c.connection == issue.connection,
            issues.c.key == issue.key,
            issues.c.status == issue.status,
            issues.c.is_done.is_(False),
        )
        .values(status=status, is_done=is_done, read_at=now)
    )
    return bool(changed.rowcount)
