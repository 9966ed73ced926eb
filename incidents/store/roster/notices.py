"""Notices: each attempt to reach somebody, taken by one sender at a time, and the one after it.

A page's notices are a chain. Only the one whose turn it is has a time; when it was sent, the next gets its own. So
after a long pause a page goes on where it was, and does not wake everybody at once.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

from sqlalchemy import Row, func, insert, literal, or_, select, text, update
from sqlalchemy.ext.asyncio import AsyncConnection

from incidents.models import PageStatus
from incidents.rotas.page_desk import DueNotice, NoticeKind, NoticeState, PageWords
from incidents.rotas.wakes import Wake
from incidents.store.schema.tables import roster_notices as notices
from incidents.store.schema.tables import roster_pages

# What a newer version has planned to tell is left to it.
_KNOWN = ", ".join(f"'{kind.value}'" for kind in NoticeKind)
_LEASE = text(
    f"""
    update roster_notices n
    set state = 'sending', lease_until = :until, attempts = n.attempts + 1
    from roster_pages p
    where p.id = n.page_id and n.id in (
        select d.id from roster_notices d join roster_pages q on q.id = d.page_id
        where q.connection = :connection and (cast(:page as bigint) is null or q.id = :page)
            and d.kind in ({_KNOWN}) and (d.kind <> 'wake' or q.status = 'triggered')
            and (d.state = 'waiting' and d.due_at <= :now or d.state = 'sending' and d.lease_until <= :now)
        order by d.due_at, d.id limit :limit for update of d skip locked)
    returning n.id, n.page_id, n.kind, n.person, n.name, n.way, n.attempts, n.wait_seconds, n.said, n.reached,
        p.summary, p.text, p.links, p.changed_by
    """  # noqa: S608  # our own words
)


async def plan_wakes(tx: AsyncConnection, page_id: int, wakes: Sequence[Wake], *, now: datetime) -> None:
    """The page's chain: the first is due now."""
    if not wakes:
        return
    await tx.execute(
        insert(notices),
        [
            {
                "page_id": page_id,
                "position": number,
                "kind": NoticeKind.WAKE,
                "person": wake.person,
                "name": wake.name,
                "way": wake.way,
                "wait_seconds": int(wake.wait.total_seconds()),
                "state": NoticeState.WAITING,
                "due_at": now if number == 0 else None,
            }
            for number, wake in enumerate(wakes)
        ],
    )


async def drop_waiting(tx: AsyncConnection, page_id: int, *, now: datetime) -> None:
    """Nobody further is woken."""
    await tx.execute(
        update(notices)
        .where(
            notices.c.page_id == page_id,
            notices.c.kind == NoticeKind.WAKE,
            notices.c.state == NoticeState.WAITING,
        )
        .values(state=NoticeState.DROPPED, settled_at=now)
    )


async def plan_over(tx: AsyncConnection, page_id: int, *, now: datetime) -> None:
    """Whoever was woken is told that it is over, by the way that reached them last."""
    rows = await tx.execute(
        select(notices)
        .where(
            notices.c.page_id == page_id,
            notices.c.kind == NoticeKind.WAKE,
            or_(
                notices.c.state.in_([NoticeState.SENT, NoticeState.SENDING]),
                func.cardinality(notices.c.reached) > 0,
            ),
        )
        .order_by(notices.c.position)
    )
    last = {row.person: row for row in rows}
    if not last:
        return
    top = await tx.execute(select(func.max(notices.c.position)).where(notices.c.page_id == page_id))
    first = int(top.scalar_one()) + 1
    await tx.execute(
        insert(notices),
        [
            {
                "page_id": page_id,
                "position": first + number,
                "kind": NoticeKind.OVER,
                "person": row.person,
                "name": row.name,
                "way": row.way,
                "wait_seconds": 0,
                "state": NoticeState.WAITING,
                "due_at": now,
            }
            for number, row in enumerate(last.values())
        ],
    )


async def lease_due(
    tx: AsyncConnection, connection: str, *, now: datetime, lease: timedelta, page_id: int | None, limit: int
) -> Sequence[DueNotice]:
    """As `incidents.rotas.page_desk.PageDesk.lease_due` says."""
    given = {"connection": connection, "now": now, "until": now + lease, "page": page_id, "limit": limit}
    rows = (await tx.execute(_LEASE, given)).all()
    return [
        DueNotice(
            id=row.id,
            page_id=row.page_id,
            kind=NoticeKind(row.kind),
            person=row.person,
            name=row.name,
            way=row.way,
            attempts=row.attempts,
            words=PageWords(summary=row.summary, text=row.text, links=row.links),
            changed_by=row.changed_by,
            wait=timedelta(seconds=row.wait_seconds),
            said=row.said,
            reached=tuple(row.reached),
        )
        for row in sorted(rows, key=lambda one: int(one.id))
    ]


async def settle(
    tx: AsyncConnection,
    notice: DueNotice,
    *,
    why: str | None = None,
    again: timedelta | None = None,
    reached: Sequence[str] = (),
    now: datetime,
) -> None:
    """It was sent, or failed with a reason; whoever's lease ran out meanwhile changes nothing."""
    page = select(roster_pages.c.status).where(roster_pages.c.id == notice.page_id).with_for_update()
    status = (await tx.execute(page)).scalar_one_or_none()
    is_to_repeat = why is not None and again is not None and _is_wanted(notice, status)
    state = NoticeState.SENT if why is None else NoticeState.FAILED
    row = (
        await tx.execute(
            update(notices)
            .where(
                notices.c.id == notice.id,
                notices.c.state == NoticeState.SENDING,
                notices.c.attempts == notice.attempts,
            )
            .values(
                state=NoticeState.WAITING if is_to_repeat else state,
                due_at=now + again if is_to_repeat and again is not None else notices.c.due_at,
                lease_until=None,
                settled_at=None if is_to_repeat else now,
                detail=why or "",
                reached=[*notice.reached, *reached],
            )
            .returning(notices.c.page_id, notices.c.position, notices.c.wait_seconds)
        )
    ).one_or_none()
    if row is not None and status == PageStatus.TRIGGERED:
        # Where some of its recipients got it, somebody was woken and may answer.
        is_unheard = why is not None and not (notice.reached or reached)
        wait = timedelta(0) if is_unheard else timedelta(seconds=row.wait_seconds)
        await _let_next(tx, row, now + wait)


def _is_wanted(notice: DueNotice, status: str | None) -> bool:
    """Whether it is still of use to anybody."""
    return notice.kind is not NoticeKind.WAKE or status == PageStatus.TRIGGERED


async def _let_next(tx: AsyncConnection, row: Row[tuple[int, int, int]], due_at: datetime) -> None:
    await tx.execute(
        update(notices)
        .where(
            notices.c.page_id == row.page_id,
            notices.c.position == row.position + literal(1),
            notices.c.kind == NoticeKind.WAKE,
            notices.c.state == NoticeState.WAITING,
            notices.c.due_at.is_(None),
        )
        .values(due_at=due_at)
    )
