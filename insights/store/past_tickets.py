"""Our own tickets as a history to be replayed: how each came in, and what became of it."""

from __future__ import annotations

from datetime import datetime

import pandas as pd
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from insights.text import LOOKED_AT

MOST_TICKETS = 100_000
"""The newest ones: it has to fit into memory."""

_AT_ONCE = 2000
COLUMNS = (
    "ticket",
    "created_at",
    "subject",
    "body",
    "service",
    "group",
    "product",
    "channel",
    "tier",
    "customer",
    "reassignments",
    "resolved_at",
    "duplicate_of",
    "linked_at",
)
_TICKETS = text(
    """
    select t.ref as ticket, t.created_at, left(t.subject, :letters) as subject,
        left(t.body, :letters) as body, coalesce(whole.service, i.service) as service,
        nullif(t."group", '') as "group", nullif(t.product, '') as product, nullif(t.channel, '') as channel,
        nullif(t.tier, '') as tier, nullif(t.requester_id, '') as customer, t.reassignments,
        case when t.status in ('solved', 'closed') then greatest(t.updated_at, t.created_at) end as resolved_at,
        'INC-' || coalesce(i.merged_into, i.id) as duplicate_of, t.linked_at
    from tickets t
    left join incidents i on i.id = t.incident_id
    left join incidents whole on whole.id = i.merged_into
    where t.created_at < :until and t.texts_gone is null
    order by t.created_at desc, t.connection, t.id limit :most
    """
)


async def past_tickets(tx: AsyncConnection, *, until: datetime) -> pd.DataFrame:
    """The tickets written before `until` whose texts are still here, oldest first.

    ticket         its reference, `zendesk/support#4711`
    service        its incident's, as it is now; missing for a ticket without one
    group          the helpdesk's, as it is now
    reassignments  how often it changed hands
    resolved_at    its last change, if it is solved or closed: a little later than it was over
    duplicate_of   its incident (the one that was merged into), since `linked_at`
    subject        and body, product, channel, tier, customer: as in its newest version
    """
    terms = {"until": until, "letters": LOOKED_AT, "most": MOST_TICKETS}
    rows: list[tuple[object, ...]] = []
    async with tx.stream(_TICKETS, terms) as found:
        async for part in found.partitions(_AT_ONCE):
            rows.extend(tuple(row) for row in part)
    frame = pd.DataFrame(rows[::-1], columns=[*COLUMNS], dtype=object)
    for name in ("created_at", "resolved_at", "linked_at"):
        frame[name] = pd.to_datetime(frame[name], utc=True)
    return frame
