"""Faults like this one: told to the engineers with what helped, suggested to agents, recorded in the shadow."""

from __future__ import annotations

import asyncio

import pytest
from sqlalchemy import insert, select, update

from incidents.models import IncidentState, TicketRef
from incidents.store.schema.tables import (
    incidents,
    insight_models,
    insight_predictions,
)
from insights.similar.index import SIMILAR_FORMAT, SimilarIndex
from tasks import resources
from tasks.insights.precedents import Past, suggest_incidents
from tests.stories.installation import Installation

ON = {"insights": {"similar": {"mode": "on", "suggest_above": 0.1}}}


async def known_past() -> None:
    """Until what is known has been read: the first look is made in the background."""
    await suggest_incidents([TicketRef(connection="zendesk/demo", id="0")])
    reading = resources.kept(Past).reading
    assert reading is not None
    await asyncio.wait([reading])
    assert resources.kept(Past).index is not None


async def a_closed_outage(liaison: Installation) -> None:
    await liaison.acknowledged(3)
    liaison.world.pagerduty.add_note(liaison.page.id, "Jane Doe", "Rolled back the pool to version 14.")
    await liaison.sync()
    await liaison.resolved()
    for _ in range(3):
        await liaison.sync()
        await liaison.intake()
    assert (await liaison.incident()).state in (IncidentState.CLOSED, IncidentState.CLOSING)


async def recorded(liaison: Installation) -> list[tuple[str, str, bool]]:
    columns = insight_predictions.c
    async with liaison.database.transaction() as tx:
        rows = await tx.execute(
            select(columns.subject, columns.predicted, columns.is_shadow).where(columns.kind == "similar")
        )
        return [tuple(row) for row in rows]


async def test_the_second_time_the_engineers_read_what_helped_the_first(liaison: Installation):
    """In the page, on the tickets and in the incident's story."""
    liaison.write_policy(ON)
    await known_past()
    await a_closed_outage(liaison)
    async with liaison.database.transaction() as tx:
        await tx.execute(update(incidents).values(state="closed"))
    liaison.world.break_checkout()
    (ticket,) = liaison.customers_write(1)
    await liaison.intake()
    second = await liaison.incident(2)
    (evidence,) = [item.text for item in second.evidence if item.source == "similar"]
    assert evidence.startswith("like INC-1, closed (")
    assert "what helped: Rolled back the pool to version 14." in evidence
    assert "what helped: Rolled back" in str(liaison.page)
    assert "like INC-1, closed" in liaison.notes(ticket)
    assert ("INC-2", "INC-1", False) in await recorded(liaison)


async def test_in_the_shadow_it_is_only_recorded(liaison: Installation):
    liaison.write_policy({"insights": {"similar": {"mode": "shadow", "suggest_above": 0.1}}})
    await known_past()
    await a_closed_outage(liaison)
    liaison.world.break_checkout()
    async with liaison.database.transaction() as tx:
        await tx.execute(update(incidents).values(state="closed"))
    liaison.customers_write(1)
    await liaison.intake()
    assert [item for item in (await liaison.incident(2)).evidence if item.source == "similar"] == []
    assert ("INC-2", "INC-1", True) in await recorded(liaison)


async def test_an_agent_reads_which_open_incident_a_ticket_may_be_about(liaison: Installation):
    """One that no rule routes; it is told, and joined to nothing."""
    liaison.write_policy(ON)
    await known_past()
    await liaison.acknowledged(5)
    (ticket,) = liaison.customers_write(
        1, subject="Fails with an error", body="I tried three times. My card was not charged, I hope?"
    )
    await liaison.intake()
    assert "may be about an incident that is known:\n- like INC-1, still open (" in liaison.notes(ticket)
    assert len((await liaison.case()).tickets) == 5
    await liaison.intake()
    assert liaison.notes(ticket).count("may be about an incident") == 1


class NoIndex(SimilarIndex):
    """Of no use today."""

    asked = 0

    def __contains__(self, ticket: object) -> bool:
        self.asked += 1
        raise RuntimeError("no past today")


async def test_what_cannot_be_read_stops_nothing(liaison: Installation):
    liaison.write_policy(ON)
    await known_past()
    resources.kept(Past).index = broken = NoIndex()
    await liaison.escalated()
    assert broken.asked
    assert len(liaison.world.pagerduty.pages) == 1


async def test_a_model_that_cannot_be_used_predicts_nothing_in_its_name(
    liaison: Installation, caplog: pytest.LogCaptureFixture
):
    """The fixed formula suggests, and the record says that no model did."""
    content, now = b"not a model", resources.utc_now()
    values = {
        "kind": "similar", "label": "incident", "format": SIMILAR_FORMAT, "state": "champion", "trained_at": now,
        "history_from": now, "history_until": now, "examples": 300, "metric": "first", "value": 1.0,
        "calibration": 0.0, "card": {}, "signature": "hmac-sha256:of another key", "content": content,
    }  # fmt: skip
    async with liaison.database.transaction() as tx:
        await tx.execute(insert(insight_models).values(values))
    liaison.write_policy(ON)
    await known_past()
    await liaison.acknowledged(5)
    liaison.customers_write(1, subject="Fails with an error", body="My card was not charged, I hope?")
    await liaison.intake()
    async with liaison.database.transaction() as tx:
        of_model = set((await tx.execute(select(insight_predictions.c.model_id))).scalars())
    assert of_model == {None}
    assert caplog.text.count("similar tickets are only suggested: the stored model") == 1
