"""SLA clocks kept in step with what they are about, in the transaction that changes it.

Whoever changes an incident's clocks holds the lock on its row. A ticket's clocks are locked themselves, always
after the row of its incident, so that nobody waits for anybody in a ring.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from incidents.case import Case, LinkedTicket, Plan
from incidents.lifecycle import WORKS_AGAIN
from incidents.models import Incident, Severity, Ticket, TicketRef
from incidents.promises.holders import Holder, incident_holder, ticket_holder
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
from incidents.store.tickets import known_tickets, linked_tickets


@dataclass(frozen=True, kw_only=True, slots=True)
class Kept:
    """An incident whose promises are kept in step: its case, what was planned for it, and who joins it."""

    case: Case
    plan: Plan
    joining: Sequence[Ticket] = ()


async def keep_incidents(
    step: Step, changed: Sequence[Kept], *, customers_told_at: datetime | None = None
) -> None:
    """The incidents' clocks, and their tickets' where severity or state concerns them. The rows must be locked."""
    sla, now = step.policy.sla, step.now
    moved: list[SlaClock] = []
    holders: list[Holder] = []
    for one in changed:
        case, after = one.case, one.plan.incident
        clocks = incident_clocks(
            case, one.plan, sla, now=now, joining=one.joining, customers_told_at=customers_told_at
        )
        own = set(case.clocks)
        moved += [clock for clock in clocks if clock not in own]
        moved += [clock for clock in one.plan.told_clocks if clock.subject != after.ref]
        before = incident_holder(case.incident, step.basis)
        holder = incident_holder(after, step.basis)
        if not case.clocks or (holder.holder, holder.state) != (before.holder, before.state):
            holders.append(holder)
    await save_clocks(step.connection, moved, sla.working_calendars())
    await note_holders(step.connection, holders)
    if sla.concerns_tickets:
        for one in changed:
            await _keep_its_tickets(step, one.case, one.plan.incident)


async def _keep_its_tickets(step: Step, case: Case, after: Incident) -> None:
    works_again = after.state in WORKS_AGAIN and case.incident.state not in WORKS_AGAIN
    if not works_again and after.severity == case.incident.severity:
        return
    linked: Sequence[LinkedTicket] = case.tickets
    if not case.has_all_tickets:
        linked = (await linked_tickets(step.connection, [after.id])).get(after.id, ())
    at = step.now if works_again else None
    changes = [
        TicketTransition(before=item.ticket, after=item.ticket, severity=after.severity, works_again_at=at)
        for item in linked
    ]
    await keep_tickets(step, changes)


async def keep_new_incidents(step: Step, opened: Sequence[tuple[Incident, Sequence[Ticket]]]) -> None:
    """The clocks of incidents that these tickets have just opened."""
    tx, sla = step.connection, step.policy.sla
    clocks = [
        clock for incident, tickets in opened for clock in first_clocks(incident, tickets, sla, now=step.now)
    ]
    await save_clocks(tx, clocks, sla.working_calendars())
    await note_holders(tx, [incident_holder(incident, step.basis) for incident, _ in opened])


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
