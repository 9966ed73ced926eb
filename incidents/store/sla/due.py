"""Which clocks have something to tell now: the sweep's questions, each answered by an index on what is due."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select, text
from sqlalchemy.ext.asyncio import AsyncConnection

from incidents.lifecycle import OWES_UPDATES
from incidents.sla.clock import SlaClock
from incidents.store.schema.tables import (
    customer_updates,
    incidents,
    sla_clocks,
    tickets,
)
from incidents.store.sla.clocks import clock_of


@dataclass(frozen=True, kw_only=True, slots=True)
class DueNow:
    """Incidents with something to tell (on their own clocks, their tickets', or to their customers), the longest
    due first, and how many clocks of tickets without an incident have something to tell."""

    incidents: tuple[int, ...]
    unlinked: int


_DUE = text(
    """
    select coalesce(c.incident_id, t.incident_id) as incident_id, count(*) as clocks
    from sla_clocks c
    left join tickets t on t.connection = c.connection and t.id = c.ticket_id
    where c.next_moment_at <= :now
    group by 1 order by min(c.next_moment_at)
    """
)
# The likeliest to be broken first: where there is much to tell, that is where it helps.
_DUE_BY_RISK = text(
    """
    select coalesce(c.incident_id, t.incident_id) as incident_id, count(*) as clocks
    from sla_clocks c
    left join tickets t on t.connection = c.connection and t.id = c.ticket_id
    left join insight_predictions p on p.subject = c.key and p.kind = 'breach' and not p.is_shadow
    where c.next_moment_at <= :now
    group by 1
    order by max(case p.predicted when 'breached' then p.probability else 1 - p.probability end) desc nulls last,
        min(c.next_moment_at)
    """
)


async def due_now(tx: AsyncConnection, *, now: datetime, by_risk: bool = False) -> DueNow:
    """What a sweep has to do now; the cost grows with what is due, not with what is open.

    `by_risk`: the incidents whose promises are the likeliest to be broken come first, as far as they were judged.
    """
    rows = list(await tx.execute(_DUE_BY_RISK if by_risk else _DUE, {"now": now}))
    updates = await tx.execute(
        select(incidents.c.id)
        .where(
            incidents.c.next_update_at <= now,
            incidents.c.state.in_([state.value for state in OWES_UPDATES]),
        )
        .order_by(incidents.c.next_update_at)
    )
    promised = await tx.execute(
        select(customer_updates.c.incident)
        .where(customer_updates.c.next_look_at <= now)
        .order_by(customer_updates.c.next_look_at)
    )
    by_clock = [row.incident_id for row in rows if row.incident_id is not None]
    return DueNow(
        incidents=tuple(dict.fromkeys([*by_clock, *promised.scalars(), *(row.id for row in updates)])),
        unlinked=sum(row.clocks for row in rows if row.incident_id is None),
    )


async def lock_due_ticket_clocks(
    tx: AsyncConnection, incident_id: int, *, now: datetime
) -> Sequence[SlaClock]:
    """The due clocks of the incident's tickets. The incident's row must be locked."""
    rows = await tx.execute(
        select(sla_clocks)
        .join(
            tickets,
            (tickets.c.connection == sla_clocks.c.connection) & (tickets.c.id == sla_clocks.c.ticket_id),
        )
        .where(tickets.c.incident_id == incident_id, sla_clocks.c.next_moment_at <= now)
        .order_by(sla_clocks.c.key)
        .with_for_update(of=sla_clocks)
    )
    return [clock_of(row) for row in rows]


async def lock_due_unlinked(tx: AsyncConnection, *, now: datetime, limit: int) -> Sequence[SlaClock]:
    """Due clocks of tickets without an incident, the longest due first; those that somebody else has locked are
    left to them."""
    has_incident = (
        select(1)
        .where(
            tickets.c.connection == sla_clocks.c.connection,
            tickets.c.id == sla_clocks.c.ticket_id,
            tickets.c.incident_id.is_not(None),
        )
        .exists()
    )
    rows = await tx.execute(
        select(sla_clocks)
        .where(sla_clocks.c.next_moment_at <= now, sla_clocks.c.incident_id.is_(None), ~has_incident)
        .order_by(sla_clocks.c.next_moment_at)
        .limit(limit)
        .with_for_update(of=sla_clocks, skip_locked=True)
    )
    return [clock_of(row) for row in rows]
