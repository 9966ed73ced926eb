"""The reports that surge detection listens to, in the order in which they reached us."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select, tuple_
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncConnection

from incidents.models import JoinOrigin, Ticket
from incidents.policy.insights import InsightKind
from incidents.store.schema.tables import (
    incidents,
    insight_predictions,
    tickets,
)
from incidents.store.tickets import ticket_of

LABEL = "surge"

AT_ONCE = 5_000
"""Reports that are read at once: after a start there may be weeks of them, with their texts."""


@dataclass(frozen=True, kw_only=True, slots=True)
class HeardUpTo:
    """How far somebody has listened: a ticket's first sight and its name, so that none is heard twice or missed."""

    seen_at: datetime
    connection: str = ""
    id: str = ""


@dataclass(frozen=True, kw_only=True, slots=True)
class HeardTicket:
    """A ticket with the service of its incident, if it has one, and who joined it to it, if that is known."""

    ticket: Ticket
    place: HeardUpTo
    service: str | None
    origin: JoinOrigin | None


async def note_surge(
    tx: AsyncConnection, name: str, *, words: str, evidence: Sequence[str], is_shadow: bool, now: datetime
) -> bool:
    """Write down a surge, once; False if somebody has done so already."""
    statement = (
        insert(insight_predictions)
        .values(
            kind=InsightKind.SURGE.value,
            label=LABEL,
            subject=name,
            at=now,
            predicted=words,
            probability=1.0,
            reasons=[{"text": text, "weight": 0.0} for text in evidence],
            is_shadow=is_shadow,
        )
        .on_conflict_do_nothing(index_elements=["subject", "kind", "label"])
        .returning(insight_predictions.c.id)
    )
    return (await tx.execute(statement)).scalar_one_or_none() is not None


async def reports_after(tx: AsyncConnection, place: HeardUpTo, *, limit: int) -> Sequence[HeardTicket]:
    """Tickets that we first saw after that place, oldest first."""
    seen = tuple_(tickets.c.first_seen_at, tickets.c.connection, tickets.c.id)
    rows = await tx.execute(
        select(tickets, incidents.c.service)
        .outerjoin(incidents, incidents.c.id == tickets.c.incident_id)
        .where(tickets.c.first_seen_at >= place.seen_at, seen > (place.seen_at, place.connection, place.id))
        .order_by(tickets.c.first_seen_at, tickets.c.connection, tickets.c.id)
        .limit(limit)
    )
    return [
        HeardTicket(
            ticket=ticket_of(row),
            place=HeardUpTo(seen_at=row.first_seen_at, connection=row.connection, id=row.id),
            service=row.service,
            origin=JoinOrigin(row.link_origin) if row.link_origin is not None else None,
        )
        for row in rows
    ]
