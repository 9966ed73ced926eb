"""A model's life: none at first, a first one, a worse one kept out, a history that is not fit, and back again."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

import pytest
from prefect.artifacts import Artifact
from prefect.client.orchestration import get_client
from sqlalchemy import text, update

from deployments.commands.models import ModelRow, go_back, model_rows
from flows.drift_check import drift_check
from flows.train import TrainKind, train
from incidents.insights.learning import InsightKind
from incidents.store.insight_breaches import read_promises
from incidents.store.insight_predictions import Prediction, record_predictions
from incidents.store.schema import insight_models, tickets
from incidents.store.sla_breaches import note_holders
from incidents.store.sla_clocks import save_clocks
from tasks.insights_train import FailedSuite
from tests.incidents.insights.promise_history import CALENDARS, promises
from tests.incidents.insights.ticket_history import write_tickets
from tests.incidents.store.examples import HELPDESK
from tests.stories.installation import Installation

DAY = timedelta(days=1)


@pytest.fixture(autouse=True)
def services(liaison: Installation) -> None:
    """The policy knows the services of the tickets, and learns from as few as there are here."""
    more = {name: {"title": name.title(), "team": "payments"} for name in ("search", "accounts")}
    liaison.write_policy({"services": more, "links": {"gateway": "https://gateway.example"}})


async def a_history(liaison: Installation, count: int, *, days: float = 90, until: float = 0, seed: int = 1) -> None:
    """So many tickets in the days before today."""
    now = datetime.now(UTC)
    async with liaison.database.transaction() as tx:
        known = (await tx.execute(text("select count(*) from tickets"))).scalar_one()
        first, last = now - days * DAY, now - until * DAY
        await write_tickets(tx, count, first=first, last=last, seed=seed, start=known)


async def models(liaison: Installation, name: str = "routing service") -> Sequence[ModelRow]:
    return [row for row in await model_rows(liaison.database) if row.model == name]


async def page(key: str) -> str:
    artifact = await Artifact.get(key)
    assert artifact is not None
    return str(artifact.data)


async def last_run(name: str) -> str:
    """What the newest run of the flow is called."""
    async with get_client() as client:
        runs = await client.read_flow_runs(limit=50)
    names = {run.created: run.name for run in runs if run.name.startswith(name)}
    return names[max(names)]


async def test_a_model_comes_is_kept_and_taken_back(liaison: Installation):
    """The whole life of one: too little, a first, nothing new, a worse one in use is followed by a better, and back."""
    await a_history(liaison, 120, days=5, until=4)
    assert (await train(TrainKind.ROUTING)).startswith("routing service: too little history (120 of 500)")
    assert await models(liaison) == []

    await a_history(liaison, 1200, until=5)
    found = await train(TrainKind.ROUTING)
    assert found.startswith("routing service promoted 1.00, routing severity: too little history, routing group")
    assert await last_run("train") == f"train {found}"
    (first,) = await models(liaison)
    assert (first.state, first.examples, first.metric) == ("champion", 1320, "accuracy")
    card = await page("model-routing-service")
    assert "promoted: accuracy 1.000 against" in card
    assert "](data:image/png;base64," in card
    quality = await page("history-routing-service")
    assert "12 of 12 expectations hold for 1,320 rows" in quality
    assert "(https://gateway.example/reports/" in quality

    found = await train(TrainKind.ROUTING)
    assert found.startswith("routing service: too little news (0 of 200 since the champion learnt)")

    # What has come since says the same as before: the challenger is no better, and stays out.
    async with liaison.database.transaction() as tx:
        await tx.execute(update(insight_models).values(history_until=datetime.now(UTC) - 30 * DAY))
    assert (await train(TrainKind.ROUTING)).startswith("routing service kept")
    assert [row.state for row in await models(liaison)] == ["rejected", "champion"]
    assert "may be luck" in await page("challenger-routing-service")

    # Customers begin to write otherwise: what the champion takes for one service is another's.
    await a_change(liaison)
    found = await train(TrainKind.ROUTING)
    assert found.startswith("routing service promoted 1.00 (was 0.")
    second, _, retired = await models(liaison)
    assert (second.state, retired.state, retired.id) == ("champion", "retired", first.id)

    rows = await go_back(liaison.database, "routing service")
    assert [row.id for row in rows] == [first.id]
    assert [row.state for row in await models(liaison)] == ["rejected", "rejected", "champion"]


async def a_change(liaison: Installation) -> None:
    """In the last month, tickets about one service in three said what those about another had said."""
    since = datetime.now(UTC) - 30 * DAY
    new = (tickets.c.subject + " in the new shop").label("subject")
    async with liaison.database.transaction() as tx:
        await tx.execute(
            update(tickets).where(tickets.c.created_at >= since).values(subject="the new shop " + tickets.c.subject)
        )
