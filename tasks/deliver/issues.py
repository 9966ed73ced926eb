"""Effects on the issue tracker: the issue for the lasting fix, opened once, and what is written below it."""

from __future__ import annotations

from datetime import timedelta

from incidents.effects import EffectState, IssueComment, IssueText
from incidents.errors import LiaisonError, StoreFault
from incidents.ports import IssueTracker
from incidents.store.issues import keep_issue
from incidents.store.ledger.effects import Leased, Settled, result_of_opening
from tasks import resources
from tasks.deliver.connection import connection_of
from tasks.deliver.departure import set_out
from tasks.deliver.settling import dead, done, failed, unknown

_LOOK_AGAIN = timedelta(minutes=1)


async def send_to_tracker(item: Leased) -> Settled:
    """Open it or write below it; what may have been done before is looked up first."""
    index_lag, has_gone_out = 0.0, False
    try:
        tracker = await connection_of(item, IssueTracker)
        index_lag = tracker.index_lag
        opened = await _opened(item)
        if isinstance(item.effect.payload, IssueComment) and not opened:
            return dead(item, "the issue was never opened")
        if item.must_look_up or item.is_old:
            found = await _look_up(tracker, item, opened)
            if found is not None:
                return found
        if not await set_out([item], tracker):
            return done(item)  # the fence is gone: whatever we say no longer counts
        has_gone_out = True
        return await _write(tracker, item, opened)
    except StoreFault:
        raise  # it says nothing about the tracker: the lease runs out, and the issue is looked up
    except LiaisonError as error:
        settled = failed(item, error, index_lag=index_lag)
        if has_gone_out or not item.must_look_up or settled.state is EffectState.DEAD:
            return settled
        after = settled.again_in if settled.again_in is not None else _LOOK_AGAIN
        return unknown(item, f"look-up failed: {error}", look_up_after=after)


async def _opened(item: Leased) -> str:
    """The key of the issue that is written below; "" where there is none."""
    if not isinstance(item.effect.payload, IssueComment):
        return ""
    async with resources.database().transaction() as tx:
        return await result_of_opening(tx, item.id)


async def _look_up(tracker: IssueTracker, item: Leased, opened: str) -> Settled | None:
    if opened:
        is_there = await tracker.was_done(opened, item.effect.once)
        return done(item, detail="found below the issue after a lost reply") if is_there else None
    found = await tracker.find_issue(item.effect.once)
    return None if found is None else await _kept(item, found)


async def _write(tracker: IssueTracker, item: Leased, opened: str) -> Settled:
    once = item.effect.once
    match item.effect.payload:
        case IssueText(title=title, text=text):
            return await _kept(item, await tracker.open_issue(title, text, once=once))
        case IssueComment(text=text):
            await tracker.comment(opened, text, once=once)
            return done(item, detail=opened)
        case other:
            raise TypeError(f"{type(other).__name__} is nothing for an issue tracker")


async def _kept(item: Leased, key: str) -> Settled:
    async with resources.transaction() as step:
        effect = item.effect
        await keep_issue(step.connection, effect.connection, key, effect.its_incident, now=step.now)
    return done(item, detail=key, result=key)
