"""Opening an incident with its first tickets: whoever decides that there is one, it begins in the same way."""

from __future__ import annotations

from collections.abc import Sequence

from incidents.decisions.intake import Join, Opening, learnt_notes, opening_entries
from incidents.models import Incident, JoinOrigin, TicketRef
from incidents.step import Step
from incidents.store.cases import open_incident
from incidents.store.ledger.effects import plan_effects
from incidents.store.sla.keeping import keep_new_incident
from incidents.store.tickets import link_tickets


async def open_with_tickets(step: Step, opening: Opening) -> Incident:
    """The incident, its tickets linked and its clocks running; agents are told where it was learnt that it is one."""
    incident = await open_incident(
        step,
        service=opening.service,
        title=opening.title,
        severity=opening.severity,
        owner=opening.owner,
        entries=opening_entries(opening),
    )
    await link_joins(step, incident.id, opening.joins)
    await plan_effects(step.connection, learnt_notes(incident, opening.joins, instance=step.instance))
    await keep_new_incident(step, incident, [join.ticket for join in opening.joins])
    return incident


async def link_joins(step: Step, incident_id: int, joins: Sequence[Join]) -> None:
    """Write which incident these tickets belong to from now on, who says so, and why."""
    by_reason: dict[tuple[JoinOrigin, str], list[TicketRef]] = {}
    for join in joins:
        by_reason.setdefault((join.origin, join.reason), []).append(join.ticket.ref)
    for (origin, reason), refs in by_reason.items():
        await link_tickets(step.connection, incident_id, refs, origin=origin, reason=reason, now=step.now)
