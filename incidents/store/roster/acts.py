"""What people do by the link that came with a notice, or by answering it: look at the page, take it, and say that it is
over."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Row, func, insert, select, text, update
from sqlalchemy.ext.asyncio import AsyncConnection

from incidents.events import PageChange
from incidents.models import PageStatus
from incidents.rotas.page_desk import PageAct, PageWords
from incidents.store.roster.notices import drop_waiting, plan_over
from incidents.store.schema.tables import roster_acts, roster_notes, roster_notices, roster_pages

# Acts are committed in the order of their ids, so that who reads them by id passes none over.
_IN_ORDER = text("select pg_advisory_xact_lock(hashtextextended('roster_acts', 0))")


@dataclass(frozen=True, kw_only=True, slots=True)
class LinkedPage:
    """The page that a link leads to, as `person`, who got it, may see it. `by` has it, or has had it, since `at`."""

    page_id: int
    person: str
    words: PageWords
    status: PageStatus
    by: str
    at: datetime
    notes: tuple[str, ...]


async def linked_page(tx: AsyncConnection, notice_id: int) -> LinkedPage | None:
    """The page of a notice; None where it has been removed since."""
    row = (
        await tx.execute(
            select(roster_pages, roster_notices.c.name.label("person"))
            .join(roster_notices, roster_notices.c.page_id == roster_pages.c.id)
            .where(roster_notices.c.id == notice_id)
        )
    ).one_or_none()
    if row is None:
        return None
    notes = await tx.execute(
        select(roster_notes.c.text).where(roster_notes.c.page_id == row.id).order_by(roster_notes.c.at)
    )
    return LinkedPage(
        page_id=row.id,
        person=row.person,
        words=PageWords(summary=row.summary, text=row.text, links=row.links),
        status=PageStatus(row.status),
        by=row.changed_by,
        at=row.changed_at,
        notes=tuple(notes.scalars()),
    )


async def take_page(tx: AsyncConnection, notice_id: int, *, now: datetime) -> LinkedPage | None:
    """Whoever got the notice has the page now, also in place of somebody else. A page that is over stays so; one that
    they have already, too. Returns it as it is then."""
    page = await lock_page(tx, notice_id)
    if page is None:
        return None
    has_it = page.status == PageStatus.ACKNOWLEDGED and page.changed_by == page.person
    if page.status != PageStatus.RESOLVED and not has_it:
        await _act(tx, page, PageStatus.ACKNOWLEDGED, PageChange.ACKNOWLEDGED, now=now)
    return await linked_page(tx, notice_id)


async def end_page(tx: AsyncConnection, notice_id: int, *, now: datetime) -> LinkedPage | None:
    """Whoever got the notice says that it is over, whoever had it; everybody who was woken will be told.

    Returns the page as it is then.
    """
    page = await lock_page(tx, notice_id)
    if page is None:
        return None
    if page.status != PageStatus.RESOLVED:
        await _act(tx, page, PageStatus.RESOLVED, PageChange.RESOLVED, now=now)
        await plan_over(tx, page.id, now=now)
    return await linked_page(tx, notice_id)


async def lock_page(tx: AsyncConnection, notice_id: int) -> Row[Any] | None:
    """The page of a notice, with the name of whom that notice woke as `person`; held until the transaction ends."""
    await tx.execute(_IN_ORDER)
    found = await tx.execute(
        select(roster_pages, roster_notices.c.name.label("person"))
        .join(roster_notices, roster_notices.c.page_id == roster_pages.c.id)
        .where(roster_notices.c.id == notice_id)
        .with_for_update(of=roster_pages)
    )
    return found.one_or_none()


async def _act(
    tx: AsyncConnection, page: Row[Any], status: PageStatus, change: PageChange, *, now: datetime
) -> None:
    await tx.execute(
        update(roster_pages)
        .where(roster_pages.c.id == page.id)
        .values(status=status, changed_by=page.person, changed_at=now)
    )
    await drop_waiting(tx, page.id, now=now)
    await write_act(tx, page, change, now=now)


async def write_act(
    tx: AsyncConnection, page: Row[Any], change: PageChange, *, now: datetime, said: str = ""
) -> None:
    """What was done to a page that is locked, as the incident shall hear of it."""
    await tx.execute(
        insert(roster_acts).values(
            connection=page.connection, page_id=page.id, change=change, actor=page.person, text=said, at=now
        )
    )


async def acts_after(tx: AsyncConnection, connection: str, last: int, *, limit: int) -> Sequence[PageAct]:
    """As `incidents.rotas.page_desk.PageDesk.acts_after` says."""
    rows = await tx.execute(
        select(roster_acts, roster_pages.c.key)
        .join(roster_pages, roster_pages.c.id == roster_acts.c.page_id)
        .where(roster_acts.c.connection == connection, roster_acts.c.id > last)
        .order_by(roster_acts.c.id)
        .limit(limit)
    )
    return [
        PageAct(
            id=row.id,
            page_id=row.page_id,
            key=row.key,
            change=PageChange(row.change),
            actor=row.actor,
            at=row.at,
            text=row.text,
        )
        for row in rows
    ]


async def last_act(tx: AsyncConnection, connection: str) -> int:
    """As `incidents.rotas.page_desk.PageDesk.last_act` says."""
    newest = select(func.coalesce(func.max(roster_acts.c.id), 0)).where(
        roster_acts.c.connection == connection
    )
    return int((await tx.execute(newest)).scalar_one())
