"""Opening an incident with its first tickets: whoever decides that there is one, it begins in the same way."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy.ext.asyncio import AsyncConnection

from incidents.decisions.intake import Join, Opening, learnt_notes, opening_entries
from incidents.models import Incident, TicketRef
from incidents.store.cases import open_incident
from incidents.store.instance import instance_id
from incidents.store.ledger.effects import plan_effects
from incidents.store.sla.keeping import keep_new_incident
from incidents.store.tickets import link_tickets
from tasks import resources


async def open_with_tickets(tx: AsyncConnection, opening: Opening) -> Incident:
    """The incident, its tickets linked and its clocks running; agents are told where it was learnt that it is one."""
    now = resources.utc_now()
    incident = await open_incident(
        tx,
        service=opening.service,
        title=opening.title,
        severity=opening.severity,
        owner=opening.owner,
        entries=opening_entries(opening),
        now=now,
        run_id=resources.run_id(),
    )
    await link_joins(tx, incident.id, opening.joins)
    await plan_effects(tx, learnt_notes(incident, opening.joins, instance=await instance_id(tx)))
    tickets = [join.ticket for join in opening.joins]
    await keep_new_incident(tx, incident, tickets, resources.policy(), now=now)
    return incident


async def link_joins(tx: AsyncConnection, incident_id: int, joins: Sequence[Join]) -> None:
    by_reason: dict[str, list[TicketRef]] = {}
    for join in joins:
        by_reason.setdefault(join.reason, []).append(join.ticket.ref)
    for reason, refs in by_reason.items():
        await link_tickets(tx, incident_id, refs, reason=reason, now=resources.utc_now())
