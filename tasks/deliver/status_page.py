"""Effects on the status page: the public incident opened once, and each word about it said once, in order."""

from __future__ import annotations

from datetime import timedelta

from incidents.effects import EffectState, PublicOpening, PublicSaying
from incidents.errors import LiaisonError, StoreFault
from incidents.public_incident import PublicState
from incidents.status_page import StatusPage
from incidents.store.ledger.effects import Leased, Settled, result_of
from tasks import resources
from tasks.deliver.connection import connection_of
from tasks.deliver.departure import set_out
from tasks.deliver.settling import dead, done, failed, unknown

_LOOK_AGAIN = timedelta(minutes=1)


async def send_to_status_page(item: Leased) -> Settled:
    """Open it or say the next words; what may have been said before is looked up first."""
    index_lag, has_gone_out = 0.0, False
    try:
        page = await connection_of(item, StatusPage)
        index_lag = page.index_lag
        opened = await _opened(item)
        if isinstance(item.effect.payload, PublicSaying) and not opened:
            return dead(item, "the public incident was never opened")
        if item.must_look_up or item.is_old:
            found = await _look_up(page, item, opened)
            if found is not None:
                return found
        if not await set_out([item], page):
            return done(item)  # the fence is gone: whatever we say no longer counts
        has_gone_out = True
        return await _say(page, item, opened)
    except StoreFault:
        raise  # it says nothing about the page: the lease runs out, and the ledger knows what was sent
    except LiaisonError as error:
        settled = failed(item, error, index_lag=index_lag)
        if has_gone_out or not item.must_look_up or settled.state is EffectState.DEAD:
            return settled
        # An earlier attempt may have got through: that is still to be looked up.
        after = settled.again_in if settled.again_in is not None else _LOOK_AGAIN
        return unknown(item, f"look-up failed: {error}", look_up_after=after)


async def _opened(item: Leased) -> str:
    """The id at the page of the public incident that is spoken of; "" where there is none."""
    if not isinstance(item.effect.payload, PublicSaying):
        return ""
    async with resources.database().transaction() as tx:
        return await result_of(tx, item.effect.payload.opening)


async def _look_up(page: StatusPage, item: Leased, opened: str) -> Settled | None:
    if opened:
        is_said = await page.was_done(opened, item.effect.once)
        return done(item, detail="found on the page after a lost reply") if is_said else None
    found = await page.find(item.effect.once)
    return None if found is None else done(item, detail="found after a lost reply", result=found)


async def _say(page: StatusPage, item: Leased, opened: str) -> Settled:
    once = item.effect.once
    match item.effect.payload:
        case PublicOpening(title=title, text=text, severity=severity, services=services):
            made = await page.open(title, text, severity, services=services, once=once)
            return done(item, detail=title, result=made)
        case PublicSaying(text=text, state=PublicState.RESOLVED):
            await page.resolve(opened, text, once=once)
            return done(item, detail="resolved")
        case PublicSaying(text=text, state=state):
            await page.post_update(opened, text, state, once=once)
            return done(item, detail=state.value)
        case other:
            raise TypeError(f"{type(other).__name__} is nothing for a status page")
