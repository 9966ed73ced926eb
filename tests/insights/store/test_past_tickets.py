"""Our own tickets to be replayed: with what became of them, and bounded texts."""

from __future__ import annotations

from datetime import timedelta

import pandas as pd
from sqlalchemy import update

from incidents.models import TicketStatus
from incidents.store.database import Database
from incidents.store.schema.tables import incidents, tickets
from incidents.store.tickets import save_tickets
from insights.store.past_tickets import COLUMNS, past_tickets
from insights.text import LOOKED_AT
from tests.incidents.store.examples import NOW, new_incident, ticket

HOUR = timedelta(hours=1)


async def test_a_ticket_with_what_became_of_it(database: Database):
    """Its incident's service, the incident it was merged into, when it was linked, and when it was over."""
    async with database.transaction() as tx:
        first = await new_incident(tx, service="checkout")
        whole = await new_incident(tx, service="search")
        over = ticket(
            1,
            status=TicketStatus.SOLVED,
            created_at=NOW,
            updated_at=NOW + 5 * HOUR,
            group="Tier 1",
            reassignments=2,
        )
        await save_tickets(tx, [over, ticket(2, created_at=NOW + HOUR, updated_at=NOW + HOUR)])
        linked = {"incident_id": first.id, "linked_at": NOW + HOUR}
        await tx.execute(update(tickets).where(tickets.c.id == "1").values(linked))
        merged = update(incidents).where(incidents.c.id == first.id).values(merged_into=whole.id)
        await tx.execute(merged)
        frame = await past_tickets(tx, until=NOW + 2 * HOUR)
    assert tuple(frame.columns) == COLUMNS
    one, other = frame.to_dict("records")
    assert one["ticket"] == "zendesk/support#1"
    assert (one["service"], one["group"], one["reassignments"]) == ("search", "Tier 1", 2)
    assert (one["duplicate_of"], one["linked_at"]) == (whole.name, NOW + HOUR)
    assert one["resolved_at"] == NOW + 5 * HOUR
    assert pd.isna(other["resolved_at"])
    assert pd.isna(other["duplicate_of"])
    assert pd.isna(other["service"])


async def test_only_what_was_written_before_and_no_endless_text(database: Database):
    async with database.transaction() as tx:
        await save_tickets(
            tx, [ticket(1, created_at=NOW, body="x" * 1_000_000), ticket(2, created_at=NOW + HOUR)]
        )
        frame = await past_tickets(tx, until=NOW + HOUR)
    assert frame["ticket"].tolist() == ["zendesk/support#1"]
    assert len(frame["body"][0]) == LOOKED_AT


async def test_a_store_without_tickets(database: Database):
    async with database.transaction() as tx:
        frame = await past_tickets(tx, until=NOW)
    assert frame.empty
    assert str(frame["created_at"].dtype).startswith("datetime64")
