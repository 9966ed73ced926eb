"""Which tickets were of one fault, read from our own store for similarity."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from insights.similar.faults import KnownFaults
from insights.similar.report import KnownDuplicate, TicketReport
from insights.text import LOOKED_AT

OF_A_FAULT = 10
"""Tickets of one incident, the first ones: they teach what makes two the same, a storm's thousandth teaches no more."""

MOST_TICKETS = 5_000
"""The newest ones: each is compared with its candidates, which costs milliseconds."""

_TICKETS = text(
    """
    select t.ref as ticket, left(t.subject, :letters) as subject,
        left(t.body, :letters) as body, t.product, t.requester_id, t.channel, t.created_at, t.linked_at,
        coalesce(whole.id, i.id) as incident, coalesce(whole.service, i.service) as service,
        case when coalesce(whole.state, i.state) = 'closed' then coalesce(whole.resolved_at, i.resolved_at) end as over
    from (
        select *, row_number() over (partition by incident_id order by created_at, connection, id) as place
        from tickets where incident_id is not null and created_at >= :since and created_at < :until
            and texts_gone is null
    ) t
    join incidents i on i.id = t.incident_id
    left join incidents whole on whole.id = i.merged_into
    where t.place <= :of_a_fault
    order by t.created_at desc, t.connection desc, t.id desc limit :most
    """
)


async def read_faults(tx: AsyncConnection, *, since: datetime, until: datetime) -> KnownFaults:
    """The tickets that were written in that time and belong to an incident."""
    bounds = {"letters": LOOKED_AT, "of_a_fault": OF_A_FAULT, "most": MOST_TICKETS}
    rows = (await tx.execute(_TICKETS, {"since": since, "until": until, **bounds})).all()[::-1]
    earlier: dict[int, list[str]] = {}
    duplicates: list[KnownDuplicate] = []
    for row in rows:
        known_at = max(row.linked_at or row.created_at, row.created_at)
        duplicates += [
            KnownDuplicate(newer=row.ticket, older=older, known_at=known_at)
            for older in earlier.get(row.incident, ())
        ]
        earlier.setdefault(row.incident, []).append(row.ticket)
    return KnownFaults(
        reports=[
            TicketReport(
                id=row.ticket,
                opened_at=row.created_at,
                service=row.service,
                title=row.subject,
                body=row.body,
                kind=row.product or "",
                customer=row.requester_id,
                channel=row.channel or "",
            )
            for row in rows
        ],
        incidents={row.ticket: f"INC-{row.incident}" for row in rows},
        duplicates=duplicates,
        closed={row.ticket: row.over for row in rows if row.over is not None},
    )
