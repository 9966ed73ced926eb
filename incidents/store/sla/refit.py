"""After a change of the SLA policy: every open promise is counted by the new one, a few hundred at a time.

Each ticket and incident remembers the policy its clocks were fitted to, so this goes on where it stopped, and
costs nothing once all are done.
"""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import or_, select, text, tuple_, update
from sqlalchemy.ext.asyncio import AsyncConnection

from incidents.promises.keeping import TicketTransition
from incidents.step import Step
from incidents.store.schema.tables import incidents, tickets
from incidents.store.sla.keeping import keep_tickets, severities_of
from incidents.store.tickets import ticket_of

# Word for word what the partial indexes say, or they are not used.
_OPEN_TICKET = text("tickets.status not in ('solved', 'closed')")
_OPEN_INCIDENT = text("incidents.state not in ('closed', 'not_an_incident', 'merged')")


async def refit_tickets(step: Step, *, limit: int) -> int:
    """Fit the clocks of open tickets to the policy; returns how many were fitted, fewer than `limit` at the end."""
    tx, fingerprint = step.connection, step.policy.sla.fingerprint
    rows = list(
        await tx.execute(
            select(tickets)
            .where(
                _OPEN_TICKET,
                # Two ranges, because an index finds no "is not".
                or_(tickets.c.sla_fit < fingerprint, tickets.c.sla_fit > fingerprint),
            )
            .limit(limit)
            .with_for_update(skip_locked=True)
        )
    )
    if not rows:
        return 0
    severities = await severities_of(tx, [row.incident_id for row in rows])
    changes = [
        TicketTransition(
            before=ticket_of(row), after=ticket_of(row), severity=severities.get(row.incident_id)
        )
        for row in rows
    ]
    await keep_tickets(step, changes)
    keys = [(row.connection, row.id) for row in rows]
    await tx.execute(
        update(tickets)
        .where(tuple_(tickets.c.connection, tickets.c.id).in_(keys))
        .values(sla_fit=fingerprint)
    )
    return len(rows)


async def incidents_to_refit(tx: AsyncConnection, fingerprint: str, *, limit: int) -> Sequence[int]:
    """Open incidents whose clocks go by another policy."""
    rows = await tx.execute(
        select(incidents.c.id)
        .where(
            _OPEN_INCIDENT,
            or_(incidents.c.sla_fit < fingerprint, incidents.c.sla_fit > fingerprint),
        )
        .order_by(incidents.c.id)
        .limit(limit)
    )
    return [row.id for row in rows]
