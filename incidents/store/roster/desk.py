"""The pages of one connection, kept in the store: each call a transaction of its own."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, func, select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncConnection

from incidents.models import PageState, PageStatus
from incidents.rotas.page_desk import (
    AskedNotice,
    DueNotice,
    FeedCopy,
    NoticeKind,
    NoticeState,
    PageAct,
    PageCounts,
    PageDesk,
    PageWords,
)
from incidents.rotas.page_replies import ReplyVerdict, ReplyWord
from incidents.rotas.wakes import Wake
from incidents.store.database import Database
from incidents.store.roster import acts, notices, replies
from incidents.store.schema.tables import roster_feeds, roster_notes, roster_notices, roster_pages

_A_WEEK = timedelta(days=7)


class StoredPageDesk(PageDesk):
    """Raises `StoreAway`, `StoreBusy` and `StoreUnsure` like every transaction."""

    def __init__(self, database: Database, connection: str) -> None:
        self._database = database
        self._connection = connection

    async def open_page(
        self, key: str, *, target: str, words: PageWords, wakes: Sequence[Wake], now: datetime
    ) -> int:
        new = insert(roster_pages).values(
            connection=self._connection,
            key=key,
            target=target,
            summary=words.summary,
            text=words.text,
            links=words.links,
            status=PageStatus.TRIGGERED,
            made_at=now,
            changed_at=now,
        )
        async with self._database.transaction() as tx:
            made = await tx.execute(new.on_conflict_do_nothing().returning(roster_pages.c.id))
            page_id = made.scalar_one_or_none()
            if page_id is not None:
                await notices.plan_wakes(tx, page_id, wakes, now=now)
                return int(page_id)
            known = await tx.execute(select(roster_pages.c.id).where(*self._page(key)))
            return int(known.scalar_one())

    async def read(self, key: str) -> PageState | None:
        async with self._database.transaction() as tx:
            return await _state(tx, *self._page(key))

    async def read_by_id(self, page_id: int) -> PageState | None:
        async with self._database.transaction() as tx:
            return await _state(
                tx, roster_pages.c.connection == self._connection, roster_pages.c.id == page_id
            )

    async def acknowledge(self, key: str, *, by: str, now: datetime) -> None:
        await self._change(key, PageStatus.ACKNOWLEDGED, (PageStatus.TRIGGERED,), by=by, now=now)

    async def resolve(self, key: str, *, now: datetime) -> None:
        before = (PageStatus.TRIGGERED, PageStatus.ACKNOWLEDGED)
        await self._change(key, PageStatus.RESOLVED, before, by=None, now=now)

    async def _change(
        self, key: str, status: PageStatus, before: Sequence[PageStatus], *, by: str | None, now: datetime
    ) -> None:
        async with self._database.transaction() as tx:
            changed = await tx.execute(
                update(roster_pages)
                .where(*self._page(key), roster_pages.c.status.in_(before))
                .values(
                    status=status,
                    # Who had it stays written when it is over.
                    changed_by=roster_pages.c.changed_by if by is None else by,
                    changed_at=now,
                )
                .returning(roster_pages.c.id)
            )
            page_id = changed.scalar_one_or_none()
            if page_id is None:
                return
            await notices.drop_waiting(tx, page_id, now=now)
            if status is PageStatus.RESOLVED:
                await notices.plan_over(tx, page_id, now=now)

    async def add_note(self, key: str, text: str, *, once: str, now: datetime) -> bool:
        async with self._database.transaction() as tx:
            found = await tx.execute(select(roster_pages.c.id).where(*self._page(key)))
            page_id = found.scalar_one_or_none()
            if page_id is None:
                return False
            note = insert(roster_notes).values(page_id=page_id, once=once, text=text, at=now)
            await tx.execute(note.on_conflict_do_nothing())
            return True

    async def lease_due(
        self, *, now: datetime, lease: timedelta, page_id: int | None = None, limit: int = 50
    ) -> Sequence[DueNotice]:
        async with self._database.transaction() as tx:
            return await notices.lease_due(
                tx, self._connection, now=now, lease=lease, page_id=page_id, limit=limit
            )

    async def notice_sent(self, notice: DueNotice, *, now: datetime) -> None:
        async with self._database.transaction() as tx:
            await notices.settle(tx, notice, now=now)

    async def notice_failed(
        self,
        notice: DueNotice,
        why: str,
        *,
        again: timedelta | None,
        reached: Sequence[str] = (),
        now: datetime,
    ) -> None:
        async with self._database.transaction() as tx:
            await notices.settle(tx, notice, why=why, again=again, reached=reached, now=now)

    async def acts_after(self, last: int, *, limit: int = 200) -> Sequence[PageAct]:
        async with self._database.transaction() as tx:
            return await acts.acts_after(tx, self._connection, last, limit=limit)

    async def asked(self, notice: int) -> AskedNotice | None:
        async with self._database.transaction() as tx:
            return await replies.asked(tx, self._connection, notice)

    async def take_reply(
        self,
        notice: AskedNotice,
        verdict: ReplyVerdict,
        word: ReplyWord | None,
        *,
        why: str = "",
        fingerprint: str,
        now: datetime,
    ) -> None:
        async with self._database.transaction() as tx:
            await replies.take_reply(
                tx, self._connection, notice, verdict, word, why=why, fingerprint=fingerprint, now=now
            )

    async def last_act(self) -> int:
        async with self._database.transaction() as tx:
            return await acts.last_act(tx, self._connection)

    async def feeds(self) -> Mapping[str, FeedCopy]:
        async with self._database.transaction() as tx:
            return await read_feeds(tx, self._connection)

    async def keep_feed(self, name: str, content: str, *, now: datetime) -> None:
        values = {"content": content, "fetched_at": now, "tried_at": now, "trouble": ""}
        await self._write_feed(name, values, values)

    async def feed_failed(self, name: str, why: str, *, now: datetime) -> None:
        tried = {"tried_at": now, "trouble": why}
        await self._write_feed(name, {"content": "", **tried}, tried)

    async def _write_feed(self, name: str, new: Mapping[str, object], changed: Mapping[str, object]) -> None:
        row = insert(roster_feeds).values(connection=self._connection, name=name, **new)
        keys = [roster_feeds.c.connection, roster_feeds.c.name]
        async with self._database.transaction() as tx:
            await tx.execute(row.on_conflict_do_update(index_elements=keys, set_=dict(changed)))

    async def counts(self, *, now: datetime) -> PageCounts:
        async with self._database.transaction() as tx:
            ringing = await tx.execute(
                select(func.count())
                .select_from(roster_pages)
                .where(
                    roster_pages.c.connection == self._connection,
                    roster_pages.c.status == PageStatus.TRIGGERED,
                )
            )
            failed = await tx.execute(
                select(roster_notices.c.way, func.max(roster_notices.c.detail).label("why"))
                .join(roster_pages, roster_pages.c.id == roster_notices.c.page_id)
                .where(
                    roster_pages.c.connection == self._connection,
                    roster_notices.c.detail != "",
                    roster_pages.c.made_at > now - _A_WEEK,
                )
                .group_by(roster_notices.c.way)
                .order_by(roster_notices.c.way)
            )
            return PageCounts(
                ringing=int(ringing.scalar_one()), failures=tuple((row.way, row.why) for row in failed)
            )

    def _page(self, key: str) -> tuple[ColumnElement[bool], ...]:
        return roster_pages.c.connection == self._connection, roster_pages.c.key == key


async def read_feeds(tx: AsyncConnection, connection: str) -> Mapping[str, FeedCopy]:
    """As `incidents.rotas.page_desk.PageDesk.feeds` says."""
    rows = await tx.execute(select(roster_feeds).where(roster_feeds.c.connection == connection))
    return {
        row.name: FeedCopy(
            content=row.content, fetched_at=row.fetched_at, tried_at=row.tried_at, trouble=row.trouble
        )
        for row in rows
    }


async def _state(tx: AsyncConnection, *which: ColumnElement[bool]) -> PageState | None:
    page = (await tx.execute(select(roster_pages).where(*which))).one_or_none()
    if page is None:
        return None
    status = PageStatus(page.status)
    responders: tuple[str, ...] = (page.changed_by,) if page.changed_by else ()
    if status is PageStatus.TRIGGERED:
        woken = await tx.execute(
            select(roster_notices.c.name)
            .where(
                roster_notices.c.page_id == page.id,
                roster_notices.c.kind == NoticeKind.WAKE,
                roster_notices.c.state.in_([NoticeState.SENT, NoticeState.SENDING]),
            )
            .order_by(roster_notices.c.position)
        )
        responders = tuple(dict.fromkeys(woken.scalars()))
    return PageState(
        key=page.key,
        page_id=str(page.id),
        status=status,
        responders=responders,
        changed_by=page.changed_by,
    )
