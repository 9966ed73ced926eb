"""Reports as surge detection hears them: who joined a ticket is told by the store, not by the reason's wording."""

from __future__ import annotations

from datetime import UTC, datetime

from incidents.models import JoinOrigin
from incidents.store.database import Database
from incidents.store.tickets import link_tickets, save_tickets
from insights.store.surge_reports import HeardUpTo, reports_after
from tests.incidents.store.examples import NOW, new_incident, ticket

LONG_AGO = datetime(2000, 1, 1, tzinfo=UTC)


async def test_a_report_is_heard_with_who_joined_it(database: Database):
    """A rule's own words may be those of a surge; a ticket of no incident was joined by nobody."""
    async with database.transaction() as tx:
        incident = await new_incident(tx)
        known = [ticket(number) for number in (1, 2, 3)]
        await save_tickets(tx, known)
        for one, origin in zip(known, (JoinOrigin.SURGE, JoinOrigin.RULE), strict=False):
            reason = "part of a surge: 12 reports"
            await link_tickets(tx, incident.id, [one.ref], origin=origin, reason=reason, now=NOW)
        heard = await reports_after(tx, HeardUpTo(seen_at=LONG_AGO), limit=10)
    assert [(one.ticket.ref.id, one.origin) for one in heard] == [
        ("1", JoinOrigin.SURGE),
        ("2", JoinOrigin.RULE),
        ("3", None),
    ]
