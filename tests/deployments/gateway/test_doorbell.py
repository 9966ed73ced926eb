"""The doorbell: a run of the lane's drain for whoever rings, one however often, and none that is not needed."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from uuid import uuid4

import asyncpg
import pytest

from deployments.gateway.doorbell import Doorbell, RingPacing
from deployments.gateway.metrics import Metrics
from deployments.gateway.notices import Notices
from incidents.events import Lane
from incidents.store.database import Database
from incidents.store.inbox.drains import begin_drain, end_drain
from incidents.store.instance import instance_id
from incidents.store.migrate import migrate
from tasks.ring import WAKE_CHANNEL
from tests.deployments.gateway.conftest import PACE, Sender, until
from tests.deployments.gateway.prefect_api import PrefectApi
from tests.deployments.gateway.vendors import HTTP, PAGERDUTY, SETTINGS

CREATED = "POST /api/deployments/"


@pytest.fixture
def prefect() -> PrefectApi:
    return PrefectApi(SETTINGS)


@pytest.fixture
async def bell(database: Database, prefect: PrefectApi) -> AsyncIterator[Doorbell]:
    async with _ringing(database, prefect) as bell:
        yield bell


@asynccontextmanager
async def _ringing(
    database: Database, prefect: PrefectApi, pace: RingPacing = PACE
) -> AsyncIterator[Doorbell]:
    async with prefect.connect() as client:
        bell = Doorbell(database, Notices(), Metrics(), client, pace=pace)
        running = asyncio.create_task(bell.run())
        try:
            yield bell
        finally:
            assert not running.done(), "a bell never stops by itself"
            running.cancel()
            await asyncio.gather(running, return_exceptions=True)


def _created(prefect: PrefectApi) -> int:
    return sum(request.startswith(CREATED) for request in prefect.requests)


def _looks(bell: Doorbell) -> int:
    return sum(bell._metrics.rings(Lane.INTAKE, result) for result in ("rung", "not_needed", "failed"))


async def _key(database: Database, lane: Lane, fence: int) -> str:
    async with database.transaction() as tx:
        return f"{await instance_id(tx)}-{lane}-drain-{fence}"


async def _press_and_wait(bell: Doorbell) -> None:
    before = _looks(bell)
    bell.press(Lane.INTAKE)
    await until(lambda: _looks(bell) > before)


async def test_a_press_makes_a_run_whose_key_is_the_next_fence(
    bell: Doorbell, database: Database, prefect: PrefectApi
):
    """So whoever else rings for the same drain, here or on another machine, makes no second one."""
    bell.press(Lane.INTAKE)
    await until(lambda: prefect.runs)
    assert list(prefect.runs) == [await _key(database, Lane.INTAKE, 1)]


async def test_each_lane_has_a_bell(bell: Doorbell, database: Database, prefect: PrefectApi):
    """Helpdesk deliveries are intake's, all others status_sync's."""
    bell.press(Lane.STATUS_SYNC)
    bell.press(Lane.INTAKE)
    await until(lambda: len(prefect.runs) == 2)
    assert set(prefect.runs) == {await _key(database, lane, 1) for lane in Lane}


async def test_many_presses_ring_once(bell: Doorbell, prefect: PrefectApi):
    """A storm of deliveries before the first drain has begun asks Prefect a single time."""
    for _ in range(20):
        bell.press(Lane.INTAKE)
        await asyncio.sleep(0)
    for _ in range(5):
        await _press_and_wait(bell)
    assert _created(prefect) == 1


async def test_silent_while_a_drain_is_alive(bell: Doorbell, database: Database, prefect: PrefectApi):
    """It ends only when it sees nothing pending, so what came meanwhile is in good hands."""
    async with database.transaction() as tx:
        assert await begin_drain(tx, Lane.INTAKE) == 1
    await _press_and_wait(bell)
    assert prefect.requests == []


async def test_the_next_delivery_after_a_drain_rings_again(
    bell: Doorbell, database: Database, prefect: PrefectApi
):
    """With the next fence as its key."""
    async with database.transaction() as tx:
        await begin_drain(tx, Lane.INTAKE)
        assert await end_drain(tx, Lane.INTAKE, 1)
    bell.press(Lane.INTAKE)
    await until(lambda: prefect.runs)
    assert list(prefect.runs) == [await _key(database, Lane.INTAKE, 2)]


async def test_a_drain_that_is_just_ending_is_waited_for(
    bell: Doorbell, database: Database, prefect: PrefectApi
):
    """A press between its last look and its end is not lost: either it sees the delivery, or we ring."""
    async with database.transaction() as tx:
        await begin_drain(tx, Lane.INTAKE)
    async with database.transaction() as tx:
        assert await end_drain(tx, Lane.INTAKE, 1)
        bell.press(Lane.INTAKE)
        await asyncio.sleep(0)
        assert prefect.runs == {}
    await until(lambda: prefect.runs)
    assert list(prefect.runs) == [await _key(database, Lane.INTAKE, 2)]


async def test_two_gateways_make_one_run(database: Database, prefect: PrefectApi):
    """Both took a delivery at the same moment."""
    async with _ringing(database, prefect) as one, _ringing(database, prefect) as other:
        one.press(Lane.INTAKE)
        other.press(Lane.INTAKE)
        await until(lambda: _created(prefect) == 2)
    assert len(prefect.runs) == 1


async def test_another_store_at_the_same_prefect_gets_a_run_of_its_own(
    database: Database, empty_database: Database, prefect: PrefectApi
):
    """A fresh store counts its fences from 1 like every other; Prefect never forgets a key."""
    await migrate(empty_database)
    async with _ringing(database, prefect) as ours, _ringing(empty_database, prefect) as theirs:
        ours.press(Lane.INTAKE)
        theirs.press(Lane.INTAKE)
        await until(lambda: len(prefect.runs) == 2)


async def test_a_key_whose_run_has_ended_rings_anew(bell: Doorbell, database: Database, prefect: PrefectApi):
    """A restored store counts its fences again from where it was saved."""
    known = await _key(database, Lane.INTAKE, 1)
    prefect.runs[known] = uuid4()
    prefect.ended.add(known)
    bell.press(Lane.INTAKE)
    await until(lambda: len(prefect.runs) == 2)
    assert all(key.startswith(known) for key in prefect.runs)


async def test_prefect_is_away_for_a_while(bell: Doorbell, database: Database, prefect: PrefectApi):
    """The bell tries again by itself; nobody has to press a second time."""
    prefect.is_away = True
    bell.press(Lane.INTAKE)
    await until(lambda: len(prefect.requests) > 3)
    prefect.is_away = False
    await until(lambda: prefect.runs)
    assert list(prefect.runs) == [await _key(database, Lane.INTAKE, 1)]


async def test_prefect_takes_calls_and_does_not_answer(database: Database, prefect: PrefectApi):
    """A try ends, and the next one may do better."""
    async with _ringing(database, prefect, RingPacing(debounce=0, retry=0.01, patience=0.05)) as bell:
        prefect.is_silent = True
        bell.press(Lane.INTAKE)
        await until(lambda: len(prefect.requests) > 1)
        prefect.is_silent = False
        await until(lambda: prefect.runs)


async def test_the_store_is_away_for_a_while(
    database: Database, empty_database: Database, prefect: PrefectApi
):
    """Without the fence there is no key; the bell outlives that, too."""
    async with _ringing(empty_database, prefect) as bell:
        bell.press(Lane.INTAKE)
        await until(lambda: bell._metrics.rings(Lane.INTAKE, "failed") > 2)
        bell._database = database
        await until(lambda: prefect.runs)


async def test_the_worker_is_woken(bell: Doorbell, database: Database):
    """It listens to the store, so that the run starts without waiting for its next poll."""
    listener = await asyncpg.connect(database.url.replace("+asyncpg", ""))
    woken = asyncio.Event()
    await listener.add_listener(WAKE_CHANNEL, lambda *_: woken.set())
    bell.press(Lane.INTAKE)
    async with asyncio.timeout(10):
        await woken.wait()
    await listener.close()


async def test_a_stored_webhook_rings_for_its_lane(sender: Sender, database: Database, prefect: PrefectApi):
    """From the door to the bell; what was refused rings for nobody."""
    await sender.send(PAGERDUTY, secret="a-secret-that-is-not-configured")
    await sender.send(HTTP)
    await until(lambda: prefect.runs)
    assert list(prefect.runs) == [await _key(database, Lane.INTAKE, 1)]


async def test_a_duplicate_rings_too(sender: Sender, database: Database, prefect: PrefectApi):
    """Whoever took the first one may have died between commit and bell."""
    await sender.send(HTTP)
    await until(lambda: prefect.runs)
    async with database.transaction() as tx:
        await begin_drain(tx, Lane.INTAKE)
    async with database.transaction() as tx:
        await tx.exec_driver_sql("update drains set until = now() - interval '1 second'")
    await sender.send(HTTP)
    await until(lambda: len(prefect.runs) == 2)
    assert list(prefect.runs) == [await _key(database, Lane.INTAKE, fence) for fence in (1, 2)]
