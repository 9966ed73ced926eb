"""A customer is forgotten while their incident is open: their tickets leave it, and whoever works on it is told."""

from __future__ import annotations

from dataclasses import replace

from incidents.lifecycle import UNSETTLED
from incidents.models import Departure
from incidents.process.intake import join_and_tell
from incidents.step import Step
from incidents.store.cases import incidents_by_id
from incidents.store.erasure.person import KnownCustomer
from incidents.store.tickets import known_tickets


async def leave_incidents(step: Step, person: KnownCustomer) -> tuple[int, ...]:
    """Let their open tickets be gone: nothing is promised or sent on them any more, and an incident that has none left
    asks its owner whether it is still one. The incident goes on. Returns the incidents that were told.
    """
    known = await known_tickets(step.connection, person.tickets)
    states = await incidents_by_id(
        step.connection, [one.incident_id for one in known.values() if one.incident_id is not None]
    )
    leaving = []
    for one in known.values():
        incident = states.get(one.incident_id) if one.incident_id is not None else None
        is_open = not one.ticket.status.is_settled or (incident is not None and incident.state in UNSETTLED)
        if is_open and not one.is_forgotten and one.ticket.gone is None:
            leaving.append(
                replace(
                    one.ticket,
                    subject="",
                    body="",
                    # The id goes last: another one would look like another customer.
                    requester=replace(one.ticket.requester, name="", email=""),
                    gone=Departure.FORGOTTEN,
                    updated_at=step.now,
                )
            )
    return (await join_and_tell(step, leaving, ())).incidents if leaving else ()
