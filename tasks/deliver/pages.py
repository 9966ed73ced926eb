"""Effects on pages: wake somebody, and keep the page telling the story."""

from __future__ import annotations

from datetime import timedelta

from incidents.effects import EffectKind, NoteText
from incidents.errors import LiaisonError, NotAllowed, NotFound, StoreFault
from incidents.models import Page
from incidents.ports import Pager
from incidents.store.ledger.effects import (
    Leased,
    Settled,
)
from incidents.store.merging.handing import where_it_goes_on
from tasks import resources
from tasks.deliver.connection import connection_of
from tasks.deliver.departure import set_out
from tasks.deliver.settling import (
    again,
    dead,
    done,
    failed,
)

# A page that has just been made may not be readable yet; its notes wait for it.
_SOON = timedelta(seconds=3)
_NOT_READABLE_YET = 6


async def send_to_page(item: Leased) -> Settled:
    """Never pages twice while the first page may be open: a repeat looks at the pager before it sends, and so does a
    page that was planned long ago, by an installation that may have sent it after this store was backed up."""
    index_lag = 0.0
    try:
        pager = await connection_of(item, Pager)
        index_lag = pager.index_lag
        if item.effect.kind is EffectKind.PAGE and (item.attempts > 1 or item.is_old):
            state = await pager.read(item.effect.target)
            if state is not None:
                return done(item, detail=f"already {state.status}", result=state.page_id)
        if item.effect.kind is EffectKind.PAGE and (into := await _merged_into(item)) is not None:
            return dead(item, f"merged into INC-{into}")
        if not await set_out([item], pager):
            return done(item)  # the fence is gone: whatever we say no longer counts
        await _send(pager, item)
    except StoreFault:
        raise  # it says nothing about the vendor: the lease runs out, and the ledger knows what was sent
    except LiaisonError as error:
        is_early = isinstance(error, NotFound) and item.attempts < _NOT_READABLE_YET
        if is_early and item.effect.kind is not EffectKind.PAGE:
            return again(item, str(error), after=_SOON)
        return failed(item, error, index_lag=index_lag)
    return done(item)


async def _merged_into(item: Leased) -> int | None:
    """The incident that has engineers already, where this page's own was merged while the page was on its way."""
    own = item.effect.its_incident
    async with resources.database().transaction() as tx:
        into = await where_it_goes_on(tx, own)
    return None if into == own else into


async def _send(pager: Pager, item: Leased) -> None:
    effect = item.effect
    match effect.kind, effect.payload:
        case EffectKind.PAGE, Page() as page:
            try:
                await pager.page(page, once=effect.target)
            except NotFound as error:
                # There is nothing a new page could miss but its way there: the operator's to mend.
                raise NotAllowed(f"{error}; check the pager's address") from error
        case EffectKind.PAGE_NOTE, NoteText(text=text):
            await pager.add_note(effect.target, text, once=effect.once)
        case EffectKind.PAGE_ACKNOWLEDGE, _:
            await pager.acknowledge(effect.target, once=effect.once)
        case EffectKind.PAGE_RESOLVE, _:
            await pager.resolve(effect.target, once=effect.once)
        case kind, _:
            raise TypeError(f"{kind} is nothing for a pager")
