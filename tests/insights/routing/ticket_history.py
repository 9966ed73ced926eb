"""A helpdesk's history in the store: incidents of three services with their tickets, made from a seed."""

from __future__ import annotations

from datetime import datetime, timedelta

import numpy as np
from sqlalchemy.ext.asyncio import AsyncConnection

from incidents.models import Contact, JoinOrigin, Ticket, TicketRef, TicketStatus
from incidents.store.tickets import link_tickets, save_tickets
from tests.incidents.store.examples import HELPDESK, new_incident
from tests.insights.routing.routing_data import FILLERS, SUBJECTS

OF_EACH = 10


async def write_tickets(
    tx: AsyncConnection,
    count: int,
    *,
    first: datetime,
    last: datetime,
    start: int = 0,
    is_turned: bool = False,
) -> None:
    """So many tickets between the two times, ten to an incident, which is of the service that they are about.

    Turned, it is of the next one; `start` is the first one's number.
    """
    chance = np.random.default_rng(start)
    services = list(SUBJECTS)
    for number in range(start, start + count, OF_EACH):
        place = int(chance.integers(len(services)))
        service, turned = services[place], services[(place + is_turned) % len(services)]
        incident = await new_incident(tx, service=turned, now=first)
        share = (number - start) / count
        written = [
            _ticket(number + one, service, chance, at=first + (last - first) * share + timedelta(minutes=one))
            for one in range(min(OF_EACH, start + count - number))
        ]
        await save_tickets(tx, written)
        await link_tickets(
            tx, incident.id, [one.ref for one in written], origin=JoinOrigin.RULE, reason="", now=first
        )


def _ticket(number: int, service: str, chance: np.random.Generator, *, at: datetime) -> Ticket:
    return Ticket(
        ref=TicketRef(connection=HELPDESK, id=str(number)),
        subject=f"{chance.choice(SUBJECTS[service])} {chance.choice(FILLERS)}",
        body=str(chance.choice(FILLERS)),
        status=TicketStatus.CLOSED,
        source_status="closed",
        requester=Contact(id=str(number)),
        version=1,
        created_at=at,
        updated_at=at,
        group=f"{service}-team",
        product=service.title() if chance.random() < 0.5 else None,
        channel=str(chance.choice(["mail", "phone"])),
    )
