"""What routing and similarity learn from, read from our own store. Agents' corrections are labels: where a prediction's
truth is known, it goes before what the rules linked.
"""

from __future__ import annotations

from datetime import datetime

import pandas as pd
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from insights.routing.ticket_frame import COLUMNS, OF_AN_INCIDENT
from insights.text import LOOKED_AT

MOST_TICKETS = 100_000
"""The newest ones; training has to end, and to fit into memory."""

_AT_ONCE = 2000
_ROUTING_COLUMNS = (*COLUMNS, "incident", "service", "severity", "group")
_ROUTING = text(
    """
    select t.ref as ticket, nullif(left(t.subject, :letters), '') as subject,
        nullif(left(t.body, :letters), '') as body, t.product, t.channel, t.tier, t.connection, t.created_at,
        coalesce(i.merged_into, i.id) as incident,
        coalesce(service.truth, whole.service, i.service) as service,
        coalesce(severity.truth, cast(coalesce(whole.severity, i.severity) as text)) as severity,
        coalesce(team.truth, t."group") as "group"
    from (
        select *, row_number() over (partition by incident_id order by created_at, connection, id) as place
        from tickets where created_at >= :since and created_at < :until and texts_gone is null
    ) t
    left join incidents i on i.id = t.incident_id
    left join incidents whole on whole.id = i.merged_into
    left join insight_predictions service on service.subject = t.ref
        and service.kind = 'routing' and service.label = 'service'
    left join insight_predictions severity on severity.subject = t.ref
        and severity.kind = 'routing' and severity.label = 'severity'
    left join insight_predictions team on team.subject = t.ref
        and team.kind = 'routing' and team.label = 'group'
    where t.incident_id is null or t.place <= :of_an_incident
    order by t.created_at desc, t.connection desc, t.id desc limit :most
    """
)


async def routing_history(tx: AsyncConnection, *, since: datetime, until: datetime) -> pd.DataFrame:
    """The tickets written in that time, oldest first, as `insights.routing.ticket_frame` describes them, and

        incident  number of the incident they are of (of the one it was merged into), or missing
        service   the incident's, or what an agent said; missing for a ticket without incident
        severity  the incident's as it is now, or what an agent said: 1 to 4 as a text
        group     the helpdesk's, as it is now, or what an agent said

    Tickets whose texts were pruned or erased are left out. Labels are as they are known now; text and fields are
    those of the ticket's newest version.
    """
    bounds = {"letters": LOOKED_AT, "of_an_incident": OF_AN_INCIDENT, "most": MOST_TICKETS}
    rows: list[tuple[object, ...]] = []
    # In parts: others run in this loop.
    async with tx.stream(_ROUTING, {"since": since, "until": until, **bounds}) as found:
        async for part in found.partitions(_AT_ONCE):
            rows.extend(tuple(row) for row in part)
    frame = pd.DataFrame(rows[::-1], columns=[*_ROUTING_COLUMNS])
    frame["created_at"] = pd.to_datetime(frame["created_at"], utc=True)
    return frame
