"""A connection's recent tickets as a table: which fields they came with and when, without anybody's words or names."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pandas as pd
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

TIME = "created_at"

AT_OPENING = ("subject", "body", "requester", "product", "channel", "tier")
"""What a ticket has from its first moment, if the helpdesk sends it at all."""

BY_PEOPLE = ("group", "priority")
"""What agents or rules fill in later: the newest tickets lack it, and nothing is wrong."""

COLUMNS = (TIME, *AT_OPENING, *BY_PEOPLE)

MOST_TICKETS = 100_000
"""The newest ones: it has to fit into memory."""

_CLOCKS_DIFFER = timedelta(hours=1)
_LATEST = datetime(2200, 1, 1, tzinfo=UTC)
"""A broken form sends years that pandas has no number for; that they are to come is told all the same."""
_HISTORY = text(
    """
    select least(t.created_at, cast(:latest as timestamptz)) as created_at,
        case when btrim(t.subject) <> '' or t.texts_gone is not null then 'given' end as subject,
        case when btrim(t.body) <> '' or t.texts_gone is not null then 'given' end as body,
        case when btrim(t.requester_id) <> '' or t.texts_gone is not null then 'given' end as requester,
        nullif(t.product, '') as product, nullif(t.channel, '') as channel, nullif(t.tier, '') as tier,
        nullif(t."group", '') as "group", nullif(t.priority, '') as priority
    from tickets t, (
        select min(first_seen_at) as connected_at,
            max(created_at) filter (where created_at <= :now) as newest_at
        from tickets where connection = :connection
    ) feed
    where t.connection = :connection
        and t.created_at >= feed.newest_at - cast(:span as interval)
        and t.created_at >= feed.connected_at - cast(:slack as interval)
    order by t.created_at desc limit :most
    """
)


async def feed_history(
    tx: AsyncConnection, connection: str, *, span: timedelta, now: datetime
) -> pd.DataFrame:
    """The tickets of the `span` before the newest one, oldest first, and those with a time still to come.

        created_at  when the customer wrote it, in UTC
        subject     and body, requester: `given`, or missing where it is empty
        product     and channel, tier, group, priority: as the helpdesk has it now, or missing

    Left out is what was written before the connection was there: of that only tickets that somebody touched again are
    known, and they are no measure of anything.
    """
    terms = {
        "connection": connection,
        "now": now,
        "span": span,
        "slack": _CLOCKS_DIFFER,
        "most": MOST_TICKETS,
        "latest": _LATEST,
    }
    rows = (await tx.execute(_HISTORY, terms)).all()
    frame = pd.DataFrame([tuple(row) for row in reversed(rows)], columns=[*COLUMNS], dtype=object)
    frame[TIME] = pd.to_datetime(frame[TIME], utc=True)
    return frame
