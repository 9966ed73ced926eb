"""SLA clocks kept in step with what they are about, in the transaction that changes it.

Whoever changes an incident's clocks holds the lock on its row. A ticket's clocks are locked themselves, always
after the row of its incident, so that nobody waits for anybody in a ring.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime

from sqlalchemy import select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from incidents.case import Case, Plan
from incidents.lifecycle import WORKS_AGAIN
from incidents.models import Incident, Severity, Ticket, TicketRef
from incidents.promises.holders import incident_holder, ticket_holder
from incidents.promises.keeping import (
    TicketTransition,
    first_clocks,
    incident_clocks,
    ticket_clocks,
)
from incidents.sla.clock import SlaClock
from incidents.step import Step
from incidents.store.schema.tables import incidents
from incidents.store.sla.breaches import note_holders
from incidents.store.sla.clocks import read_clocks, save_clocks
from incidents.store.tickets import known_tickets


async def keep_incident(
    step: Step,
    case: Case,
    plan: Plan,
    *,
    joining: Sequence[Ticket] = (),
    customers_told_at: datetime | None = None,
) -> None:
    """The incident's clocks, and its tickets' where its severity or state concerns them. The row must be locked."""
    after, sla, now = plan.incident, step.policy.sla, step.now
    clocks = incident_clocks(case, plan, sla, now=now, joining=joining, customers_told_at=customers_told_at)
    own = set(case.clocks)
    about_tickets = [clock for clock in plan.told_clocks if clock.subject != after.ref]
    changed = [clock for clock in clocks if clock not in own]
    await save_clocks(step.connection, [*changed, *about_tickets], sla.working_calendars())
    before = incident_holder(case.incident, step.basis)
    holder = incident_holder(after, step.basis)
    if not case.clocks or (holder.holder, holder.state) != (before.holder, before.state):
        await note_holders(step.connection, [holder])
    if not sla.concerns_tickets:
        return
    works_again = after.state in WORKS_AGAIN and case.incident.state not in WORKS_AGAIN
    if works_again or after.severity != case.incident.severity:
        at = now if works_again else None
        changes = [
            TicketTransition(
                before=item.ticket, after=item.ticket, severity=after.severity, works_again_at=at
            )
            for item in case.tickets
        ]
        await keep_tickets(step, changes)


async def keep_new_incident(step: Step, incident: Incident, tickets: Sequence[Ticket]) -> None:
    """The clocks of an incident that these tickets have just opened."""
    tx, sla = step.connection, step.policy.sla
    await save_clocks(tx, first_clocks(incident, tickets, sla, now=step.now), sla.working_calendars())
    await note_holders(tx, [incident_holder(incident, step.basis)])
    await mark_fitted(tx, incident.id, sla.fingerprint)


async def keep_tickets(step: Step, changes: Sequence[TicketTransition]) -> None:
    """The clocks of tickets that changed, and who has them now."""
    tx, sla, now = step.connection, step.policy.sla, step.now
    clocks = await read_clocks(tx, sorted((change.after.ref for change in changes), key=str), lock=True)
    if not clocks and not sla.concerns_tickets:
        return
    moved: list[SlaClock] = []
    counted: list[Ticket] = []
    for change in changes:
        before = clocks.get(change.after.ref, ())
        after = ticket_clocks(change, before, sla, now=now)
        known = set(before)
        moved += [clock for clock in after if clock not in known]
        if after:
            counted.append(change.after)
    await save_clocks(tx, moved, sla.working_calendars())
    await note_holders(tx, [ticket_holder(ticket, now=now) for ticket in counted])


async def keep_customers_told(step: Step, refs: Sequence[TicketRef]) -> None:
    """Tickets whose customers have just had a message of ours."""
    known = await known_tickets(step.connection, refs)
    severities = await severities_of(step.connection, [item.incident_id for item in known.values()])
    changes = [
        TicketTransition(
            before=item.ticket,
            after=item.ticket,
            severity=severities.get(item.incident_id) if item.incident_id is not None else None,
            customers_told_at=step.now,
        )
        for item in known.values()
    ]
    await keep_tickets(step, changes)


async def severities_of(tx: AsyncConnection, incident_ids: Sequence[int | None]) -> Mapping[int, Severity]:
    """The severity of each of these incidents; None among them counts for nothing."""
    wanted = sorted({number for number in incident_ids if number is not None})
    if not wanted:
        return {}
    rows = await tx.execute(select(incidents.c.id, incidents.c.severity).where(incidents.c.id.in_(wanted)))
    return {row.id: Severity(row.severity) for row in rows}


async def mark_fitted(tx: AsyncConnection, incident_id: int, fingerprint: str) -> None:
    """The incident's clocks are fitted to the SLA policy of this fingerprint."""
    await tx.execute(update(incidents).where(incidents.c.id == incident_id).values(sla_fit=fingerprint))
