"""What the store knows of the past, for a replay: tickets, the incidents they were in, and what was promised."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select

from incidents.case import EntryKind
from incidents.errors import LiaisonError
from incidents.models import Incident, Ticket
from incidents.sla.clock import SlaClock
from incidents.store.cases import incidents_by_id
from incidents.store.database import Database
from incidents.store.schema.tables import tickets, timeline
from incidents.store.tickets import ticket_of
from insights.store.breach_promises import read_promises

MOST_TICKETS = 50_000
"""The newest ones: they have to fit into memory."""


class NoHistory(LiaisonError):
    """There is nothing to replay."""


@dataclass(frozen=True, kw_only=True, slots=True)
class ReplayedTicket:
    """A ticket as it is now, which is nearly as it was, and the incident that it was in."""

    ticket: Ticket
    incident_id: int | None


@dataclass(frozen=True, kw_only=True, slots=True)
class PastIncidents:
    """What was recorded: incidents by number, and those whose engineers were paged."""

    incidents: Mapping[int, Incident]
    paged: frozenset[int]


@dataclass(frozen=True, kw_only=True, slots=True)
class PolicyHistory:
    """`tickets` are in the order in which they were written. `left_out` have no texts any more (retention), or are of
    before the newest `MOST_TICKETS`."""

    tickets: Sequence[ReplayedTicket]
    recorded: PastIncidents
    clocks: Sequence[SlaClock]
    left_out: int
    now: datetime


async def read_history(database: Database, *, since: datetime, now: datetime) -> PolicyHistory:
    """What was written since then. Raises `NoHistory` where there is no ticket with its texts."""
    wanted = (tickets.c.created_at >= since, tickets.c.created_at < now)
    newest = select(tickets).where(*wanted).order_by(tickets.c.created_at.desc()).limit(MOST_TICKETS + 1)
    async with database.transaction() as tx:
        rows = list(await tx.execute(newest))
        past = [
            ReplayedTicket(ticket=ticket_of(row), incident_id=row.incident_id)
            for row in reversed(rows[:MOST_TICKETS])
            if row.texts_gone is None
        ]
        if not past:
            raise NoHistory(f"the store has no ticket since {since:%Y-%m-%d} whose texts are kept")
        numbers = sorted({one.incident_id for one in past if one.incident_id is not None})
        found = await incidents_by_id(tx, numbers)
        escalated = await tx.execute(
            select(timeline.c.incident_id)
            .distinct()
            .where(timeline.c.kind == EntryKind.ESCALATED.value, timeline.c.incident_id.in_(numbers))
        )
        promises = await read_promises(tx, since=since, until=now)
        return PolicyHistory(
            tickets=past,
            recorded=PastIncidents(incidents=found, paged=frozenset(row[0] for row in escalated)),
            clocks=[one.clock for one in promises],
            left_out=len(rows) - len(past),
            now=now,
        )
