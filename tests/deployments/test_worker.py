"""The warm worker against a real Prefect server."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest
from prefect import flow
from prefect.client.schemas.objects import StateType
from prefect.states import Cancelling

from deployments.worker.identity import Identity
from deployments.worker.worker import LiaisonWorker, _asking_less
from deployments.worker.worker_process import WorkerLoops
from tests.deployments.conftest import POOL, Samples
from tests.servers import PrefectServer

NEVER = 3600.0


@asynccontextmanager
async def working(
    server: PrefectServer, *, poll: float = 0.2, grace: float = 10
) -> AsyncIterator[WorkerLoops]:
    stop, wake = asyncio.Event(), asyncio.Event()
    with server.settings():
        service = WorkerLoops(LiaisonWorker(POOL, name="here", limit=5), wake=wake, stop=stop, poll=poll)
        serving = asyncio.create_task(service.serve(grace=grace))
    try:
        yield service
    finally:
        service.stop()
        await serving


@pytest.fixture
async def worker(prefect_server: PrefectServer, deployed: None) -> AsyncIterator[WorkerLoops]:
    async with working(prefect_server) as service:
        yield service


async def test_a_run_completes_and_says_which_process_ran_it(worker: WorkerLoops, samples: Samples):
    """The identity is what a later worker judges a dead run by."""
    run = await samples.until(await samples.create("greet/greet"), StateType.COMPLETED)
    identity = Identity.parse(run.infrastructure_pid or "")
    assert identity is not None
    assert identity.is_same_process(Identity.of_this_process("here"))


@flow
async def forgets() -> str:
    return "said"


@flow(persist_result=True)
async def keeps() -> str:
    return "kept"


def test_a_flow_that_keeps_results_is_left_as_it_is():
    """The others need not ask the server where results go, and still keep none."""
    assert _asking_less(keeps) is keeps
    asks_less = _asking_less(forgets)
    assert asks_less.result_storage is not None
    assert asks_less.persist_result is False
    assert asks_less.name == forgets.name


async def test_runs_are_under_way_at_the_same_time(worker: WorkerLoops, samples: Samples):
    """None of the three could end without the two others."""
    runs = [await samples.create("meet/meet") for _ in range(3)]
    for run in runs:
        await samples.until(run, StateType.COMPLETED)


async def test_an_exception_in_a_flow_is_its_failure_not_the_workers(worker: WorkerLoops, samples: Samples):
    """The next run is served as if nothing had been."""
    failed = await samples.until(await samples.create("break/break_down"), StateType.FAILED)
    assert "breaks on purpose" in str(failed.state and failed.state.message)
    await samples.until(await samples.create("greet/greet"), StateType.COMPLETED)


async def test_a_sync_flow_is_refused(worker: WorkerLoops, samples: Samples):
    """It would hold up every other run."""
    run = await samples.until(await samples.create("sync/hold_up"), StateType.CRASHED)
    assert "not async" in str(run.state and run.state.message)


async def test_cancel_in_the_ui_ends_the_run_and_its_child(worker: WorkerLoops, samples: Samples):
    """The operator's Cancel is only a state; the worker must act on it."""
    run = await samples.create("wait/wait_for_ever")
    await samples.until_child_waits(run)
    await samples.client.set_flow_run_state(run, Cancelling())
    await samples.until(run, StateType.CANCELLED)
    assert [child.state_type for child in await samples.children(run)] == [StateType.CRASHED]


async def test_waking_it_spares_the_wait_for_the_poll(prefect_server: PrefectServer, samples: Samples):
    """The gateway's bell: it would look again in an hour only."""
    async with working(prefect_server, poll=NEVER) as service:
        await samples.until(await _first_run(samples, service), StateType.COMPLETED)
        run = await samples.create("greet/greet")
        service.wake()
        await samples.until(run, StateType.COMPLETED)


async def _first_run(samples: Samples, service: WorkerLoops):
    """Created and rung for until it is taken: the worker may not be ready to hear the first ring."""
    run = await samples.create("greet/greet")
    while (await samples.client.read_flow_run(run)).state_type == StateType.SCHEDULED:
        service.wake()
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(samples.until(run, StateType.COMPLETED), 0.5)
    return run


async def test_a_worker_that_stops_leaves_no_run_running(prefect_server: PrefectServer, samples: Samples):
    """Past its grace a run is cut off, and says so."""
    async with working(prefect_server, grace=0):
        run = await samples.create("wait/wait_for_ever")
        await samples.until_child_waits(run)
    assert (await samples.client.read_flow_run(run)).state_type == StateType.CRASHED
