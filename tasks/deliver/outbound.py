"""Messages to customers who have not written: one each, by mail or by a ticket of the helpdesk's own."""

from __future__ import annotations

from datetime import timedelta

from incidents.effects import EffectState, OutboundText
from incidents.errors import LiaisonError, StoreFault
from incidents.models import Contact
from incidents.ports import Mailbox
from incidents.store.ledger.effects import Leased, Settled
from tasks.deliver.connection import connection_of
from tasks.deliver.departure import set_out
from tasks.deliver.settling import done, failed, held

_LOST = "the reply was lost, and it cannot be proven that it was not sent: please check"


async def send_outbound(item: Leased) -> Settled:
    """Send it. After a lost reply the connection finds out by its key whether it went out; where it cannot, a person
    must say so: nobody is told twice."""
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
        await mailbox.send(to, message.subject, message.text, once=item.effect.once)
        return done(item)
    except StoreFault:
        raise  # it says nothing about the mailbox: the lease runs out, and the key finds it
    except LiaisonError as error:
        settled = failed(item, error, index_lag=_lag(has_gone_out))
        if settled.state is EffectState.UNKNOWN and item.must_look_up and not item.is_asked_for:
            return held(item, _LOST)
        return settled


def _lag(has_gone_out: bool) -> float:
    return timedelta(minutes=1).total_seconds() if has_gone_out else 0.0
