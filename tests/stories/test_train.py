"""A model's life: none at first, a first one, a worse one kept out, a history that is not fit, and back again."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

import pytest
from prefect.artifacts import Artifact
from prefect.client.orchestration import get_client
from prefect.client.schemas.filters import (
    FlowFilter,
    FlowFilterName,
    FlowRunFilter,
    FlowRunFilterStartTime,
)
from prefect.client.schemas.objects import FlowRun
from prefect.client.schemas.sorting import FlowRunSort
from sqlalchemy import select, update

from deployments.commands.models import ModelRow, go_back, model_rows
from flows.drift_check import drift_check
from flows.train import train
from incidents.errors import NotFound
from incidents.policy.insights import InsightKind
from incidents.store.reports import read_report_file
from incidents.store.schema.tables import (
    incidents,
    insight_models,
    tickets,
)
from incidents.store.tickets import count_tickets
from insights.store.predictions import Prediction, record_predictions
from tasks.insights.train import FailedSuite
from tests.insights.routing.ticket_history import write_tickets
from tests.stories.installation import Installation

DAY = timedelta(days=1)


def services(liaison: Installation, **insights: object) -> None:
    """The policy knows the services of the tickets."""
    more = {name: {"title": name.title(), "team": "payments"} for name in ("search", "accounts")}
    links = {"gateway": "https://gateway.example"}
    liaison.write_policy({"services": more, "links": links, "insights": insights})


@pytest.fixture(autouse=True)
def known_services(liaison: Installation) -> None:
    services(liaison)


async def a_history(
    liaison: Installation, count: int, *, days: float, until: float = 0, is_turned: bool = False
) -> None:
    """So many tickets in the days before today. Turned, each is of another service than what it says."""
    now = datetime.now(UTC)
    async with liaison.database.transaction() as tx:
        known = await count_tickets(tx)
        first, last = now - days * DAY, now - until * DAY
        await write_tickets(tx, count, first=first, last=last, start=known, is_turned=is_turned)


async def models(liaison: Installation, name: str = "routing service") -> Sequence[ModelRow]:
    return [row for row in await model_rows(liaison.database) if row.model == name]


async def page(key: str) -> str:
    artifact = await Artifact.get(key)
    assert artifact is not None
    return str(artifact.data)


async def last_run(flow: str) -> FlowRun:
    """Of those that ran: another test's deployments may have runs scheduled on the same server."""
    async with get_client() as client:
        (run,) = await client.read_flow_runs(
            flow_filter=FlowFilter(name=FlowFilterName(any_=[flow])),
            flow_run_filter=FlowRunFilter(start_time=FlowRunFilterStartTime(is_null_=False)),
            sort=FlowRunSort.START_TIME_DESC,
            limit=1,
        )
    return run


async def test_too_little_then_a_first_model_then_nothing_new_then_none_better(liaison: Installation):
    await a_history(liaison, 120, days=60, until=59)
    assert (await train("routing")).startswith("routing service: too little history (120 of 500)")
    assert await models(liaison) == []

    await a_history(liaison, 880, days=50)
    found = await train("routing")
    assert (
        found
        == "routing service promoted 1.00, routing severity: too little history, routing group promoted 1.00"
    )
    run = await last_run("train")
    assert (run.name, run.state_name) == (f"train {found}", "Completed")
    (first,) = await models(liaison)
    assert (first.state, first.examples, first.metric) == ("champion", 1000, "accuracy")
    card = await page("model-routing-service")
    assert "promoted: accuracy 1.000 against" in card
    assert "](data:image/png;base64," in card
    quality = await page("history-routing-service")
    assert "13 of 13 expectations hold for 1,000 rows" in quality
    link = re.search(r"\(https://gateway.example/reports/(.+)/(routing-service.html)\)", quality)
    assert link is not None
    async with liaison.database.transaction() as tx:
        kept = await read_report_file(tx, link[1], link[2])
    assert kept is not None
    assert b"<html" in kept.content

    again = await train("routing")
    assert again.startswith("routing service: too little news (0 of 200 since the champion learnt)")

    await liaison.let_pass(20 * DAY)
    await a_history(liaison, 500, days=19)
    assert (await train("routing")).startswith("routing service kept")
    assert [row.state for row in await models(liaison)] == ["rejected", "champion"]
    assert "may be luck" in await page("challenger-routing-service")
    with pytest.raises(NotFound, match="no earlier model of routing service"):
        await go_back(liaison.database, "routing service")


async def test_the_world_changes_and_a_person_takes_it_back(liaison: Installation):
    """Drift is seen, a better model takes over, and the one before is there to go back to."""
    await a_history(liaison, 500, days=30, is_turned=True)
    assert (await train("routing")).startswith("routing service promoted")
    assert await drift_check() == "fine; 0 predictions settled"
    await liaison.let_pass(25 * DAY)
    await a_history(liaison, 1000, days=24)
    (first,) = await models(liaison)
    await it_was_wrong(liaison, first.id, predictions=60)
    assert await drift_check() == "routing service: retrain (accuracy); 60 predictions settled"
    assert (
        "0.000 of 60 predictions were right; 1.000 on its card, 0.900 by its own probabilities"
        in await page("drift-routing-service")
    )
    assert (await last_run("drift_check")).name == "drift_check routing service: retrain (accuracy)"

    found = await train("routing")
    assert re.match(r"routing service promoted 0\.\d\d \(was 0\.0\d\)", found), found
    second, retired = await models(liaison)
    assert (second.state, retired.state, retired.id) == ("champion", "retired", first.id)

    assert [row.id for row in await go_back(liaison.database, "Routing Service")] == [first.id]
    assert [row.state for row in await models(liaison)] == ["rejected", "champion"]
    with pytest.raises(
        NotFound,
        match="there are: breach, routing, routing group, routing service, routing severity, similar",
    ):
        await go_back(liaison.database, "weather")


async def it_was_wrong(liaison: Installation, model: int, *, predictions: int) -> None:
    """The newest tickets' incidents are over, and were of another service than the model had said."""
    async with liaison.database.transaction() as tx:
        await tx.execute(update(incidents).values(state="closed"))
        newest = await tx.execute(
            select(tickets.c.connection, tickets.c.id)
            .order_by(tickets.c.created_at.desc())
            .limit(predictions)
        )
        said = [
            Prediction(
                kind=InsightKind.ROUTING,
                label="service",
                model_id=model,
                subject=f"{row.connection}#{row.id}",
                at=datetime.now(UTC),
                predicted="weather",
                probability=0.9,
                reasons=(),
                is_shadow=True,
            )
            for row in newest
        ]
        await record_predictions(tx, said)


async def test_a_history_that_is_not_fit_stops_training_and_says_why(liaison: Installation):
    """The import has stopped: the run is red, names what failed, and the model in use stays."""
    await a_history(liaison, 600, days=30)
    await train("routing")
    await liaison.let_pass(20 * DAY)
    with pytest.raises(
        FailedSuite, match="routing service: 1 of 13 expectations failed: the newest created_at is older"
    ):
        await train("routing")
    run = await last_run("train")
    assert (run.name.partition(",")[0], run.state_name) == ("train routing service failed", "Failed")
    assert "**freshness**: the newest created" in await page("history-routing-service")
    assert [row.state for row in await models(liaison)] == ["champion"]


async def test_another_versions_champion_is_followed_by_one_that_can_be_read(liaison: Installation):
    await a_history(liaison, 600, days=30)
    await train("routing")
    async with liaison.database.transaction() as tx:
        await tx.execute(update(insight_models).values(format=0))
    assert (await train("routing")).startswith("routing service promoted 1.00,")
    assert [row.state for row in await models(liaison)] == ["champion", "retired"]
