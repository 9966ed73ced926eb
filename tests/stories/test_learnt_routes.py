"""Tickets that no rule knows: learnt from the past, recorded in the shadow, gone by when the policy says so."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from functools import cache

import pandas as pd
import pytest
from sqlalchemy import insert, select, update

from incidents.store.schema.tables import insight_models, insight_predictions
from insights.routing.model import RoutingModel
from insights.routing.ticket_frame import COLUMNS, routing_columns
from insights.training.packed import Packed, packed, signing_key
from tests.stories.installation import KEY, Installation

NOW = datetime(2026, 11, 20, tzinfo=UTC)
ON = {"insights": {"routing": {"mode": "on"}}}
VOUCHER, LAMP = "My voucher is refused", "The lamp stays dark"


@cache
def a_model() -> Packed:
    """Vouchers were the search's business, lamps the checkout's."""
    said = [(VOUCHER, "search"), (LAMP, "checkout")] * 150
    rows = [
        (
            f"d#{number}",
            text,
            f"{text}, since {number % 7} days",
            None,
            "web",
            None,
            "zendesk/demo",
            NOW,
            service,
        )
        for number, (text, service) in enumerate(said)
    ]
    frame = pd.DataFrame(rows, columns=[*COLUMNS, "service"])
    frame["created_at"] = [NOW + timedelta(minutes=number) for number in range(len(frame))]
    return packed(RoutingModel.train(frame, routing_columns("service"), seed=1), key=signing_key(KEY))


async def keep(liaison: Installation, content: Packed) -> None:
    values = {
        "kind": "routing", "label": "service", "format": content.format, "state": "champion", "trained_at": NOW,
        "history_from": NOW, "history_until": NOW, "examples": 300, "metric": "accuracy", "value": 1.0,
        "calibration": 0.0, "card": {}, "signature": content.signature, "content": content.data,
    }  # fmt: skip
    async with liaison.database.transaction() as tx:
        await tx.execute(insert(insight_models).values(values))


async def predicted(liaison: Installation) -> list[tuple[str, bool, str | None]]:
    columns = insight_predictions.c
    async with liaison.database.transaction() as tx:
        rows = await tx.execute(
            select(columns.predicted, columns.is_shadow, columns.truth)
            .where(columns.kind == "routing")
            .order_by(columns.id)
        )
        return [tuple(row) for row in rows]


async def test_in_the_shadow_nothing_goes_by_it(liaison: Installation):
    """Also of a ticket that a rule routes it is written down what would have been said."""
    await keep(liaison, a_model())
    liaison.customers_write(1, subject=VOUCHER, body="Help.")
    await liaison.intake()
    assert await liaison.incidents() == []
    assert await predicted(liaison) == [("search", True, None)]
    await liaison.escalated()
    assert len(await predicted(liaison)) == 2
    assert (await liaison.incident()).service == "checkout"


async def test_what_is_learnt_routes_with_its_reasons(liaison: Installation):
    """The agent reads why on the ticket's incident, in words and with how sure it is."""
    liaison.write_policy(ON)
    await keep(liaison, a_model())
    (ticket,) = liaison.customers_write(1, subject=VOUCHER, body="Help.")
    await liaison.intake()
    incident = await liaison.incident()
    assert incident.service == "search"
    (opened,) = [entry.text for entry in await liaison.timeline() if entry.kind == "opened"]
    assert "learnt from past tickets, " in opened
    assert "voucher" in opened
    assert await predicted(liaison) == [("search", False, None)]
    assert f"zendesk/demo#{ticket}" in opened
    assert "tag the ticket liaison-service-<service>" in liaison.notes(ticket)


async def test_nothing_like_it_was_ever_seen(liaison: Installation):
    """It keeps silent, and the ticket waits for a person as it always did."""
    liaison.write_policy(ON)
    await keep(liaison, a_model())
    liaison.customers_write(1, subject="§§§", body="")
    await liaison.intake()
    assert await liaison.incidents() == []


@pytest.mark.parametrize(
    "change", [{"content": b"not a model"}, {"format": 99}], ids=["damaged", "of another version"]
)
async def test_a_model_that_cannot_be_used_leaves_it_to_the_rules(
    liaison: Installation, caplog: pytest.LogCaptureFixture, change: dict[str, object]
):
    liaison.write_policy(ON)
    await keep(liaison, a_model())
    async with liaison.database.transaction() as tx:
        await tx.execute(update(insight_models).values(change))
    liaison.customers_write(1, subject=VOUCHER, body="Help.")
    await liaison.escalated()
    assert [incident.service for incident in await liaison.incidents()] == ["checkout"]
    assert "the policy's rules alone decide: the stored model" in caplog.text


async def test_an_agents_tag_is_gone_by_and_learnt_from(liaison: Installation):
    (ticket,) = liaison.customers_write(1, subject=LAMP, body="Help.")
    liaison.world.zendesk.tickets[ticket].tags.append("liaison-service-search")
    await liaison.intake()
    assert (await liaison.incident()).service == "search"
    assert [truth for _, _, truth in await predicted(liaison)] == ["search"]
