"""What similarity knows of the past: tickets, their incidents, and what ended those; read look by look."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

MOST = 30_000
"""Tickets that are known, the newest ones; what is learnt of them has to fit into each process's memory."""

READ = 2_000
"""Characters of a body; a fault is named early."""


@dataclass(frozen=True, kw_only=True, slots=True)
class PastTicket:
    """A ticket as it is known by now. `incident` and `service` are its incident's, if it has one."""

    id: str
    opened_at: datetime
    title: str
    body: str
    product: str
    customer: str
    channel: str
    incident: str | None
    service: str
    seen_at: datetime


@dataclass(frozen=True, kw_only=True, slots=True)
class Joined:
    """A ticket's incident, joined since the last look."""

    ticket: str
    incident: str


@dataclass(frozen=True, kw_only=True, slots=True)
class Ended:
    """An incident that is over, and what is said of why."""

    incident: str
    at: datetime
    fixed_by: str


_TICKETS = text(
    """
    select * from (
        select t.ref as ticket, t.created_at, t.subject, left(t.body, :read) as body,
            t.product, t.connection || ':' || t.requester_id as customer, t.channel, t.incident_id, i.service,
            t.first_seen_at
        from tickets t left join incidents i on i.id = t.incident_id
        where t.first_seen_at >= :since and t.created_at >= :from and t.texts_gone is null
        order by t.first_seen_at desc limit :most
    ) newest order by created_at
    """
)
_JOINED = text(
    """
    select ref as ticket, incident_id from tickets
    where linked_at >= :since and incident_id is not null
    """
)
# What engineers wrote last, else how it was resolved.
_ENDED = text(
    """
    select i.id, i.state_since as at, coalesce(
        (select e.text from timeline e where e.incident_id = i.id and e.kind = 'note'
            order by e.id desc limit 1),
        (select e.text from timeline e where e.incident_id = i.id and e.kind in ('resolved', 'fixed_by_action')
            order by e.id desc limit 1), '') as fixed_by
    from incidents i
    where i.state = 'closed' and i.state_since >= :since
    """
)


async def past_tickets(tx: AsyncConnection, *, since: datetime, oldest: datetime) -> Sequence[PastTicket]:
    """Tickets first seen since then and not written before `oldest`, in the order in which they were written."""
    rows = await tx.execute(_TICKETS, {"since": since, "from": oldest, "read": READ, "most": MOST})
    return [
        PastTicket(
            id=row.ticket,
            opened_at=row.created_at,
            title=row.subject,
            body=row.body,
            product=row.product or "",
            customer=row.customer,
            channel=row.channel or "",
            incident=f"INC-{row.incident_id}" if row.incident_id is not None else None,
            service=row.service or "",
            seen_at=row.first_seen_at,
        )
        for row in rows
    ]


async def joined_since(tx: AsyncConnection, since: datetime) -> Sequence[Joined]:
    """Which tickets were joined to which incidents at `since` or later."""
    rows = await tx.execute(_JOINED, {"since": since})
    return [Joined(ticket=row.ticket, incident=f"INC-{row.incident_id}") for row in rows]


async def ended_since(tx: AsyncConnection, since: datetime) -> Sequence[Ended]:
    """Which incidents ended at `since` or later, and what fixed them."""
    rows = await tx.execute(_ENDED, {"since": since})
    return [Ended(incident=f"INC-{row.id}", at=row.at, fixed_by=row.fixed_by) for row in rows]
