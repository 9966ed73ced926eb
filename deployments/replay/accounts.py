"""What became of every event and every ticket: read from the store, and held against the log.

Events are recognised by their bytes, not by the id the gateway kept: an event that was taken for two, or two
that were taken for one, would show.
"""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncConnection

from deployments.replay.log import LogEvent, Standing
from incidents.models import TicketRef
from incidents.store.schema.tables import deliveries
from incidents.store.tickets import known_tickets

_TICKETS_AT_ONCE = 200


@dataclass(frozen=True, kw_only=True, slots=True)
class DeliveryAccount:
    """One row of the inbox: which bytes, what became of them, and how long they waited in seconds."""

    sha256: bytes
    state: str
    waited: float | None


@dataclass(frozen=True, kw_only=True, slots=True)
class Accounts:
    """Events that were never handled, rows handled beyond one an event, rows not understood; in seconds, the
    longest that one waited."""

    lost: int
    doubled: int
    parked: int
    longest_wait: float


@dataclass(frozen=True, kw_only=True, slots=True)
class Mismatch:
    """A ticket that stands elsewhere than the log says; `found` is None for one we do not have."""

    ticket: str
    expected: Standing
    found: Standing | None


async def last_delivery(tx: AsyncConnection) -> int:
    """The newest row of the inbox: what comes later belongs to this replay."""
    newest: int | None = (await tx.execute(select(func.max(deliveries.c.id)))).scalar_one()
    return newest or 0


async def count_waiting(tx: AsyncConnection, connection: str, after: int) -> int:
    """How many deliveries of the connection, with ids above `after`, wait to be handled."""
    statement = (
        select(func.count())
        .select_from(deliveries)
        .where(
            deliveries.c.state == "pending", deliveries.c.connection == connection, deliveries.c.id > after
        )
    )
    count: int = (await tx.execute(statement)).scalar_one()
    return count


async def read_delivered(tx: AsyncConnection, connection: str, after: int) -> list[DeliveryAccount]:
    """The connection's deliveries with ids above `after`, in no order."""
    waited = func.extract("epoch", deliveries.c.handled_at - deliveries.c.received_at)
    rows = await tx.execute(
        select(func.sha256(deliveries.c.body), deliveries.c.state, waited).where(
            deliveries.c.connection == connection, deliveries.c.id > after
        )
    )
    return [
        DeliveryAccount(sha256=digest, state=state, waited=None if seconds is None else float(seconds))
        for digest, state, seconds in rows
    ]


async def read_standings(tx: AsyncConnection, connection: str, tickets: Sequence[str]) -> dict[str, Standing]:
    """How each of these tickets stands in the store; unknown ones are left out."""
    found: dict[str, Standing] = {}
    for start in range(0, len(tickets), _TICKETS_AT_ONCE):
        names = tickets[start : start + _TICKETS_AT_ONCE]
        known = await known_tickets(tx, [TicketRef(connection=connection, id=name) for name in names])
        for ref, item in known.items():
            found[ref.id] = Standing(
                version=item.ticket.version,
                status=item.ticket.source_status,
                reassignments=item.ticket.reassignments,
                reopens=item.ticket.reopens,
            )
    return found


def account(events: Sequence[LogEvent], delivered: Sequence[DeliveryAccount]) -> Accounts:
    """Hold the rows against the events."""
    handled = Counter(row.sha256 for row in delivered if row.state == "done")
    parked = {row.sha256 for row in delivered if row.state == "parked"}
    wanted = [hashlib.sha256(event.body).digest() for event in events]
    return Accounts(
        lost=sum(1 for digest in wanted if not handled[digest] and digest not in parked),
        doubled=sum(handled[digest] - 1 for digest in wanted if handled[digest] > 1),
        parked=sum(1 for row in delivered if row.state == "parked"),
        longest_wait=max((row.waited for row in delivered if row.waited is not None), default=0.0),
    )


def compare(expected: Mapping[str, Standing], found: Mapping[str, Standing]) -> list[Mismatch]:
    """The tickets that do not stand where the log says, in the order of their names."""
    return [
        Mismatch(ticket=ticket, expected=standing, found=found.get(ticket))
        for ticket, standing in sorted(expected.items())
        if found.get(ticket) != standing
    ]
