"""A page that whoever was woken does not keep: given on to the next one, or handed back as not theirs."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import Row, func, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from incidents.events import PageChange
from incidents.models import PageStatus
from incidents.rotas.page_desk import NoticeKind, NoticeState
from incidents.store.roster.acts import lock_page, write_act
from incidents.store.schema.tables import roster_notices as notices
from incidents.store.schema.tables import roster_pages

LONGEST_WHY = 500


async def give_on(tx: AsyncConnection, notice: int, *, now: datetime) -> str | None:
    """Wake the next person of the page's chain now, and not by this one's other ways first; whoever had the page has it
    no more. Returns who that is; None, with nothing changed, where nobody is left, it is over or it is not theirs."""
    page = await lock_page(tx, notice)
    if page is None or not _may_leave(page):
        return None
    had_it = page.status == PageStatus.ACKNOWLEDGED
    following = await _wake_next(tx, page, notice, now=now)
    if following is None:
        return None
    if had_it:
        await _left(tx, page, now=now)
    change = PageChange.UNACKNOWLEDGED if had_it else PageChange.ESCALATED
    await write_act(tx, page, change, now=now, said=following)
    return following


async def refuse_page(tx: AsyncConnection, notice: int, why: str, *, now: datetime) -> bool:
    """It is not theirs, and why: the incident hears of it and wakes who it may be for. The page's own chain goes on
    until then, so that it is never lost: where they had it, from the next one. False, with nothing changed, where it is
    over or somebody else has it."""
    page = await lock_page(tx, notice)
    if page is None or not _may_leave(page):
        return False
    if page.status == PageStatus.ACKNOWLEDGED:
        await _wake_next(tx, page, notice, now=now)
        await _left(tx, page, now=now)
    await write_act(tx, page, PageChange.NOT_US, now=now, said=why[:LONGEST_WHY])
    return True


def _may_leave(page: Row[Any]) -> bool:
    """Nobody has it, or they do."""
    if page.status == PageStatus.ACKNOWLEDGED:
        return bool(page.changed_by == page.person)
    return bool(page.status == PageStatus.TRIGGERED)


async def _left(tx: AsyncConnection, page: Row[Any], *, now: datetime) -> None:
    await tx.execute(
        update(roster_pages)
        .where(roster_pages.c.id == page.id)
        .values(status=PageStatus.TRIGGERED, changed_by="", changed_at=now)
    )


async def _wake_next(tx: AsyncConnection, page: Row[Any], notice: int, *, now: datetime) -> str | None:
    # Whoever took the page ended its chain: from there on it is taken up again.
    left = NoticeState.DROPPED if page.status == PageStatus.ACKNOWLEDGED else NoticeState.WAITING
    writer = (await tx.execute(select(notices.c.person).where(notices.c.id == notice))).scalar_one()
    chain = (notices.c.page_id == page.id, notices.c.kind == NoticeKind.WAKE)
    reached = select(func.coalesce(func.max(notices.c.position), -1)).where(
        *chain, notices.c.state.in_([NoticeState.SENT, NoticeState.SENDING, NoticeState.FAILED])
    )
    last = (await tx.execute(reached)).scalar_one()
    rest = (*chain, notices.c.state == left, notices.c.position > last)
    following = (
        await tx.execute(
            select(notices.c.position, notices.c.name)
            .where(*rest, notices.c.person != writer)
            .order_by(notices.c.position)
            .limit(1)
        )
    ).one_or_none()
    if following is None:
        return None
    await tx.execute(
        update(notices)
        .where(*chain, notices.c.state == NoticeState.WAITING, notices.c.position < following.position)
        .values(state=NoticeState.DROPPED, settled_at=now)
    )
    await tx.execute(
        update(notices)
        .where(*rest, notices.c.position >= following.position)
        .values(state=NoticeState.WAITING, due_at=None, settled_at=None)
    )
    await tx.execute(
        update(notices).where(*chain, notices.c.position == following.position).values(due_at=now)
    )
    return str(following.name)
