"""Somebody must handle what is taken: when nobody does, the gateway goes on and says so."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator
from functools import partial

import pytest

from deployments.gateway.engine import DEPLOYMENT, Engine, EnginePacing, goes_on_without_prefect
from incidents.store.database import Database
from incidents.store.emergencies import begin_emergency
from tests.deployments.gateway.conftest import Sender, Store, until
from tests.deployments.gateway.prefect_api import PrefectApi
from tests.deployments.gateway.vendors import HTTP


class Ticks:
    """A clock that is set by hand."""

    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
async def engine(prefect: PrefectApi) -> AsyncIterator[Engine]:
    """One that looks all the time, at a Prefect that is well."""
    prefect.is_away, prefect.workers = False, ["ONLINE"]
    async with prefect.connect() as client:
        engine = Engine(client, pacing=EnginePacing(every=0.0, patience=5.0))
        looking = asyncio.create_task(engine.run())
        yield engine
        looking.cancel()


def _has(engine: Engine, words: str) -> bool:
    return engine.trouble is not None and words in engine.trouble


async def test_what_is_wrong_is_told_as_it_comes_and_goes(engine: Engine, prefect: PrefectApi):
    prefect.workers = ["OFFLINE"]
    await until(lambda: _has(engine, "no worker serves the work pool 'pool'"))
    prefect.workers = ["OFFLINE", "ONLINE"]
    await until(lambda: engine.trouble is None)
    prefect.is_away = True
    await until(lambda: _has(engine, "Prefect does not answer (ProxyError"))
    prefect.is_away = False
    prefect.unregistered = {DEPLOYMENT.partition("/")[2]}
    await until(lambda: _has(engine, "`liaison up` registers them"))


async def test_deployments_without_a_pool_are_none_of_our_business(engine: Engine, prefect: PrefectApi):
    prefect.workers = []
    await until(lambda: _has(engine, "no worker"))
    prefect.workers = None
    await until(lambda: engine.trouble is None)


async def test_a_gateway_without_prefect_takes_webhooks_and_says_that_they_wait(
    sender: Sender, store: Store, prefect: PrefectApi
):
    """Prefect is away from the start. Ready is what decides whether a sender's traffic comes to us: it must."""

    async def says_so() -> bool:
        answer = await sender.http.get("/readyz")
        assert answer.status_code == 200
        return "ready; but what is taken waits: Prefect does not answer" in answer.text

    await until(says_so)
    assert (await sender.send(HTTP)).status_code == 200
    assert len(await store.deliveries()) == 1


async def test_a_worker_that_goes_on_without_prefect_is_told_of(database: Database, prefect: PrefectApi):
    """Who looks at it by night must know whether people are paged."""
    prefect.is_away = True
    async with prefect.connect() as client:
        goes_on = partial(goes_on_without_prefect, database)
        engine = Engine(client, goes_on=goes_on, pacing=EnginePacing(every=0.0, patience=5.0))
        looking = asyncio.create_task(engine.run())
        await until(lambda: _has(engine, "what is taken waits: Prefect does not answer"))
        async with database.transaction() as tx:
            assert await begin_emergency(tx, "here, process 1") is not None
        await until(lambda: _has(engine, "a worker handles what is taken without Prefect"))
        looking.cancel()


async def test_the_same_trouble_is_said_ever_more_seldom(
    prefect: PrefectApi, caplog: pytest.LogCaptureFixture
):
    """A night without Prefect must not bury what else the log has to say."""
    clock = Ticks()
    async with prefect.connect() as client:
        engine = Engine(client, clock=clock, pacing=EnginePacing(say_again=10.0, longest=40.0))
    said_at: list[float] = []
    with caplog.at_level(logging.WARNING, logger="liaison.gateway"):
        for now in range(0, 200, 5):
            clock.now = float(now)
            caplog.clear()
            engine.take_note("no worker")
            said_at += [clock.now for _ in caplog.records]
        caplog.clear()
        engine.take_note(None)
        engine.take_note(None)
    assert said_at == [0, 10, 30, 70, 110, 150, 190]
    assert [record.getMessage() for record in caplog.records] == [
        "deliveries are handled as usual again, after 195 s"
    ]
