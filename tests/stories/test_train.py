"""A model's life: none at first, a first one, a worse one kept out, a history that is not fit, and back again."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest
from prefect import flow
from prefect.artifacts import Artifact
from prefect.client.orchestration import get_client
from sqlalchemy import update

from deployments.commands.models import go_back, model_rows
from flows.drift_check import drift_check
from flows.train import TrainKind, train
from incidents.insights.learning import InsightKind
from incidents.store.insight_models import ModelState, models_of
from incidents.store.schema import insight_models, tickets
from tasks.insights_train import FailedSuite
from tests.incidents.insights.ticket_history import write_tickets
from tests.stories.installation import Installation

DAY = timedelta(days=1)


async def history(liaison, count=1500, *, days=90, until=0, **changes):
    now = datetime.now(UTC)
    async with liaison.database.transaction() as tx:
        await write_tickets(tx, count, first=now - days * DAY, last=now - until * DAY, **changes)


def only_services(liaison, **insights):
    service = {"title": "A service", "team": "payments"}
    liaison.write_policy({"services": {name: service for name in ("search", "accounts")}, "insights": insights})


async def test_a_first_model(liaison: Installation):
    only_services(liaison)
    await history(liaison)
    import time
    t = time.time()
    print(await train(TrainKind.ROUTING), time.time() - t)
    print(await model_rows(liaison.database))
    print(await train(TrainKind.ROUTING), time.time() - t)
    print(await drift_check())
    a = await Artifact.get("model-routing-service")
    print(a.data[:600])
    a = await Artifact.get("history-routing-service")
    print(a.data[:600])
    assert 0
