"""Answers to pages that came by mail: each is acted on once, and what became of it is told back."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import Row, func, insert, select, update
from sqlalchemy.dialects.postgresql import insert as insert_once
from sqlalchemy.ext.asyncio import AsyncConnection

from incidents.events import PageChange
from incidents.models import PageStatus
from incidents.rotas.page_desk import AskedNotice, NoticeKind, NoticeState
from incidents.rotas.page_replies import (
    MOST_TOLD_BACK,
    ReplyOutcome,
    ReplyVerdict,
    ReplyWord,
    told_back,
)
from incidents.store.roster.acts import end_page, lock_page, take_page, write_act
from incidents.store.schema.tables import roster_notices as notices
from incidents.store.schema.tables import roster_pages, roster_replies

_VERDICTS = {
    ReplyVerdict.NO_WORD: ReplyOutcome.NO_WORD,
    ReplyVerdict.STRANGER: ReplyOutcome.STRANGER,
    ReplyVerdict.TOO_OLD: ReplyOutcome.TOO_OLD,
}


async def asked(tx: AsyncConnection, connection: str, notice: int) -> AskedNotice | None:
    """As `incidents.rotas.page_desk.PageDesk.asked` says."""
    found = await tx.execute(
        select(notices, roster_pages.c.made_at)
        .join(roster_pages, roster_pages.c.id == notices.c.page_id)
        .where(
            notices.c.id == notice,
            notices.c.kind != NoticeKind.OVER,
            # Also one that failed as far as could be told: it may have arrived.
            notices.c.attempts > 0,
            roster_pages.c.connection == connection,
        )
    )
    row = found.one_or_none()
    if row is None:
        return None
    return AskedNotice(
        id=row.id,
        page_id=row.page_id,
        name=row.name,
        way=row.way,
        sent_at=row.settled_at or row.due_at or row.made_at,
    )


async def take_reply(
    tx: AsyncConnection,
    connection: str,
    notice: AskedNotice,
    verdict: ReplyVerdict,
    word: ReplyWord | None,
    *,
    fingerprint: str,
    now: datetime,
) -> None:
    """As `incidents.rotas.page_desk.PageDesk.take_reply` says."""
    page = await lock_page(tx, notice.id)
    if page is None or verdict is ReplyVerdict.IGNORED:
        return
    new = insert_once(roster_replies).values(
        connection=connection, fingerprint=fingerprint, page_id=page.id, at=now
    )
    taken = await tx.execute(new.on_conflict_do_nothing().returning(roster_replies.c.page_id))
    if taken.scalar_one_or_none() is None:
        return
    other = ""
    if verdict is ReplyVerdict.WORD and word is not None:
        outcome, other = await _done(tx, page, notice.id, word, now=now)
    else:
        outcome = _VERDICTS.get(verdict, ReplyOutcome.NO_WORD)
    if text := told_back(outcome, other):
        await _plan_answer(tx, notice.id, text, now=now)


async def _done(
    tx: AsyncConnection, page: Row[Any], notice: int, word: ReplyWord, *, now: datetime
) -> tuple[ReplyOutcome, str]:
    """What the word did, and the name of somebody else whom that concerns."""
    if page.status == PageStatus.RESOLVED:
        return ReplyOutcome.OVER, ""
    if word is ReplyWord.TAKE:
        await take_page(tx, notice, now=now)
        return ReplyOutcome.TAKEN, ""
    if word is ReplyWord.END:
        await end_page(tx, notice, now=now)
        return ReplyOutcome.ENDED, ""
    if page.status == PageStatus.ACKNOWLEDGED and page.changed_by != page.person:
        return ReplyOutcome.NOT_YOURS, page.changed_by
    return await _give_on(tx, page, notice, now=now)


async def _give_on(
    tx: AsyncConnection, page: Row[Any], notice: int, *, now: datetime
) -> tuple[ReplyOutcome, str]:
    """The next person of the page's chain is woken now, and not by the writer's other ways first; whoever had the page
    has it no more."""
    had_it = page.status == PageStatus.ACKNOWLEDGED
    # Whoever took the page ended its chain: from there on it is taken up again.
    left = NoticeState.DROPPED if had_it else NoticeState.WAITING
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
        return ReplyOutcome.NOBODY_LEFT, ""
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
    if had_it:
        await tx.execute(
            update(roster_pages)
            .where(roster_pages.c.id == page.id)
            .values(status=PageStatus.TRIGGERED, changed_by="", changed_at=now)
        )
    change = PageChange.UNACKNOWLEDGED if had_it else PageChange.ESCALATED
    await write_act(tx, page, change, now=now, said=following.name)
    return ReplyOutcome.GIVEN_ON, following.name


async def _plan_answer(tx: AsyncConnection, notice: int, text: str, *, now: datetime) -> None:
    """By the way that the answer came by; whoever got some already is a machine, and gets no more."""
    row = (await tx.execute(select(notices).where(notices.c.id == notice))).one()
    sent = await tx.execute(
        select(func.count())
        .select_from(notices)
        .where(
            notices.c.page_id == row.page_id,
            notices.c.kind == NoticeKind.ANSWER,
            notices.c.person == row.person,
        )
    )
    if sent.scalar_one() >= MOST_TOLD_BACK:
        return
    top = await tx.execute(select(func.max(notices.c.position)).where(notices.c.page_id == row.page_id))
    await tx.execute(
        insert(notices).values(
            page_id=row.page_id,
            position=int(top.scalar_one()) + 1,
            kind=NoticeKind.ANSWER,
            person=row.person,
            name=row.name,
            way=row.way,
            wait_seconds=0,
            state=NoticeState.WAITING,
            due_at=now,
            said=text,
        )
    )
