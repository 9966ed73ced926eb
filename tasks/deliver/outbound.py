"""Messages to customers who have not written: one each, by mail or by a ticket of the helpdesk's own.

A few at a time, when the connection's pace has room for them by the ledger, and after the messages to those who wrote:
so whoever is cut off leaves no more than these few in doubt, and whoever begins anew knows what went out just before.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from datetime import timedelta

from incidents.effects import EffectKind, EffectState, OutboundText
from incidents.errors import LiaisonError, StoreFault
from incidents.fan_out.budget import slots
from incidents.models import Contact
from incidents.ports import Mailbox
from incidents.store.ledger.effects import Leased, Settled
from incidents.store.ledger.untold import OutboundRoom, outbound_room, plan_times
from incidents.texts.team import sentence, worded_as
from tasks import resources
from tasks.deliver.connection import connection_of
from tasks.deliver.departure import set_out
from tasks.deliver.fan_out import AGAIN, NOTHING_LEFT, PATIENCE, Send, budget_of, fan_out
from tasks.deliver.settling import done, failed, held
from tasks.retries import Postponed
from tasks.waits import patience

ROUND = 5
"""So many of a connection are under way at a time, whichever incidents they are of, and sent one by one. Two that look
in the same moment may both take so many."""
_WINDOW = timedelta(minutes=1)
_A_MOMENT = 1.0

_LOST = sentence("the reply was lost, and it cannot be proven that it was not sent: please check")


async def tell_outsiders(incident_id: int | None, connection: str, ids: Sequence[int], send: Send) -> None:
    """Send these, round after round; before each of them whatever waits for who wrote goes out.

    A round that has brought nothing through is the last: the mailbox is away, and the ledger keeps the rest.
    """
    left = list(ids)
    while left:
        await fan_out(incident_id, connection, send)
        room, budget = await _room(connection), await budget_of(connection)
        places = slots(budget.knowing(room.lately) if budget.limits else budget, [1] * len(left))
        # Who is first waits for those of other incidents that are under way.
        wait = places[0] or (_A_MOMENT if room.under_way >= ROUND else 0.0)
        await _plan(dict(zip(left, places, strict=True)))
        if wait > 0:
            if timedelta(seconds=wait) > patience(PATIENCE):
                return
            await asyncio.sleep(wait)
            continue
        fits = sum(place <= 0 for place in places[: ROUND - room.under_way])
        some, left = left[:fits], left[fits:]
        try:
            said = await send(connection, EffectKind.OUTBOUND_MESSAGE.value, some)
        except Postponed:
            said = NOTHING_LEFT
        if said == NOTHING_LEFT:
            await _plan(dict.fromkeys(left, AGAIN.total_seconds()))
            return


async def _room(connection: str) -> OutboundRoom:
    async with resources.transaction() as step:
        return await outbound_room(step.connection, connection, since=_WINDOW, now=step.now)


async def _plan(places: Mapping[int, float]) -> None:
    """Keep in how many seconds each of them goes, so that nobody takes it for forgotten before."""
    async with resources.transaction() as step:
        times = {one: step.now + timedelta(seconds=place) for one, place in places.items()}
        await plan_times(step.connection, times, now=step.now)


async def send_outbound(item: Leased) -> Settled:
    """Send it. After a lost reply the connection finds out by its key whether it went out; where it cannot, a person
    must say so: nobody is told twice. The ledger keeps the ticket that it made, if it made one."""
    message = item.effect.payload
    if not isinstance(message, OutboundText):
        raise TypeError(f"{type(message).__name__} is no message to a customer who has not written")
    has_gone_out = False
    try:
        mailbox = await connection_of(item, Mailbox)
        if not await set_out([item], mailbox):
            return done(item)  # the fence is gone: whatever we say no longer counts
        has_gone_out = True
        to = Contact(id="", name=message.name, email=message.address)
        ticket = await mailbox.send(
            to, message.subject, message.text, once=item.effect.once, ends=message.ends
        )
        return done(item, result=ticket or None)
    except StoreFault:
        raise  # it says nothing about the mailbox: the lease runs out, and the key finds it
    except LiaisonError as error:
        settled = failed(item, error, index_lag=_lag(has_gone_out))
        if settled.state is EffectState.UNKNOWN and item.must_look_up and not item.is_asked_for:
            return held(item, worded_as(_LOST))
        return settled


def _lag(has_gone_out: bool) -> float:
    return timedelta(minutes=1).total_seconds() if has_gone_out else 0.0
