"""Opening incidents with their first tickets: whoever decides that there is one, it begins in the same way."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from incidents.decisions.intake import Join, Opening, learnt_notes, opening_entries
from incidents.models import Incident
from incidents.process.alerts import meet_alerts
from incidents.step import Step
from incidents.store.cases import NewIncident, open_new
from incidents.store.ledger.effects import plan_effects
from incidents.store.sla.keeping import keep_new_incidents
from incidents.store.tickets import TicketLink, write_links


async def open_with_tickets(step: Step, openings: Sequence[Opening]) -> Sequence[Incident]:
    """The incidents, their tickets linked and their clocks running; agents are told where it was learnt that there
    is one, and what fires about their services already is in their story."""
    first = step.policy.ownership.first_owner(step.policy.owner_hours(), now=step.now)
    with_owners = [(opening, opening.owner or first) for opening in openings]
    opened = await open_new(
        step,
        [
            NewIncident(
                service=opening.service,
                title=opening.title,
                severity=opening.severity,
                owner=owner,
                entries=opening_entries(opening, owner),
                split_from=opening.split_from,
            )
            for opening, owner in with_owners
        ],
    )
    made = list(zip(opened, openings, strict=True))
    await link_joins(step, {incident.id: opening.joins for incident, opening in made})
    notes = [
        note
        for incident, opening in made
        for note in learnt_notes(incident, opening.joins, instance=step.instance)
    ]
    await plan_effects(step.connection, notes)
    await keep_new_incidents(
        step, [(incident, [join.ticket for join in opening.joins]) for incident, opening in made]
    )
    await meet_alerts(step, sorted({opening.service for opening in openings}))
    return opened


async def link_joins(step: Step, joins: Mapping[int, Sequence[Join]]) -> None:
    """Write which incident these tickets belong to from now on, who says so, and why."""
    links = [
        TicketLink(ref=join.ticket.ref, incident_id=incident_id, origin=join.origin, reason=join.reason)
        for incident_id, its_joins in joins.items()
        for join in its_joins
    ]
    await write_links(step.connection, links, now=step.now)
