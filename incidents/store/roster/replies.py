"""Answers to pages that came by mail: each is acted on once, and what became of it is told back."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import Row, func, insert, select
from sqlalchemy.dialects.postgresql import insert as insert_once
from sqlalchemy.ext.asyncio import AsyncConnection

from incidents.models import PageStatus
from incidents.rotas.page_desk import AskedNotice, NoticeKind, NoticeState
from incidents.rotas.page_replies import (
    MOST_TOLD_BACK,
    ReplyOutcome,
    ReplyVerdict,
    ReplyWord,
    told_back,
)
from incidents.store.roster.acts import end_page, lock_page, take_page
from incidents.store.roster.giving_on import give_on, refuse_page
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
    why: str = "",
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
        outcome, other = await _done(tx, page, notice.id, word, why, now=now)
    else:
        outcome = _VERDICTS.get(verdict, ReplyOutcome.NO_WORD)
    if text := told_back(outcome, other):
        await _plan_answer(tx, notice.id, text, now=now)


async def _done(
    tx: AsyncConnection, page: Row[Any], notice: int, word: ReplyWord, why: str, *, now: datetime
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
    if word is ReplyWord.REFUSE:
        await refuse_page(tx, notice, why, now=now)
        return ReplyOutcome.REFUSED, ""
    following = await give_on(tx, notice, now=now)
    return (ReplyOutcome.NOBODY_LEFT, "") if following is None else (ReplyOutcome.GIVEN_ON, following)


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
