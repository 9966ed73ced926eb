"""Effects on alerts: their monitor is told that somebody has them, or that nobody has any more."""

from __future__ import annotations

from incidents.alerts.acknowledging import AlertAcknowledger
from incidents.effects import NoteText
from incidents.errors import LiaisonError, StoreFault
from incidents.store.ledger.effects import Leased, Settled
from tasks.deliver.connection import connection_of
from tasks.deliver.departure import set_out
from tasks.deliver.settling import done, failed


async def send_to_monitor(item: Leased) -> Settled:
    """It says how the alert shall be, so twice is as once: after a lost reply it is said again."""
    try:
        monitor = await connection_of(item, AlertAcknowledger)
        if not await set_out([item], monitor):
            return done(item)  # the fence is gone: whatever we say no longer counts
        key, once = item.effect.target, item.effect.once
        if isinstance(item.effect.payload, NoteText):
            await monitor.acknowledge_alert(key, item.effect.payload.text, once=once)
        else:
            await monitor.unacknowledge_alert(key, once=once)
    except StoreFault:
        raise  # it says nothing about the monitor: the lease runs out, and it is said again
    except LiaisonError as error:
        return failed(item, error, index_lag=0.0)
    return done(item)
