"""Effects on the issue tracker: the issue for the lasting fix, opened once."""

from __future__ import annotations

from datetime import timedelta

from incidents.effects import EffectState, IssueText
from incidents.errors import LiaisonError, StoreFault
from incidents.ports import IssueTracker
from incidents.store.issues import keep_issue
from incidents.store.ledger.effects import Leased, Settled
from tasks import resources
from tasks.deliver.connection import connection_of
from tasks.deliver.departure import set_out
from tasks.deliver.settling import done, failed, unknown

_LOOK_AGAIN = timedelta(minutes=1)


async def send_to_tracker(item: Leased) -> Settled:
    """Open it; what may have been opened before is looked up first."""
    index_lag, has_gone_out = 0.0, False
    issue = item.effect.payload
    if not isinstance(issue, IssueText):
        raise TypeError(f"{type(issue).__name__} is nothing for an issue tracker")
    try:
        tracker = await connection_of(item, IssueTracker)
        index_lag = tracker.index_lag
        if item.must_look_up or item.is_old:
            found = await tracker.find_issue(item.effect.once)
            if found is not None:
                return await _kept(item, found)
        if not await set_out([item]):
            return done(item)  # the fence is gone: whatever we say no longer counts
        has_gone_out = True
        return await _kept(item, await tracker.open_issue(issue.title, issue.text, once=item.effect.once))
    except StoreFault:
        raise  # it says nothing about the tracker: the lease runs out, and the issue is looked up
    except LiaisonError as error:
        settled = failed(item, error, index_lag=index_lag)
        if has_gone_out or not item.must_look_up or settled.state is EffectState.DEAD:
            return settled
        after = settled.again_in if settled.again_in is not None else _LOOK_AGAIN
        return unknown(item, f"look-up failed: {error}", look_up_after=after)


async def _kept(item: Leased, key: str) -> Settled:
    async with resources.transaction() as step:
        effect = item.effect
        await keep_issue(step.connection, effect.connection, key, effect.its_incident, now=step.now)
    return done(item, detail=key, result=key)
