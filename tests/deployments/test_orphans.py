"""Runs of dead workers end; runs of living ones are left alone."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

import pytest
from prefect.client.schemas.objects import FlowRun, State, StateType
from prefect.states import Cancelled, Completed, Failed, Pending, Running

from deployments.machine.processes import CODE
from deployments.worker.identity import Identity
from deployments.worker.missed_schedules import superseded_runs
from deployments.worker.orphans import SILENCE, end_deserted, why_orphaned
from tests.deployments.conftest import POOL, Samples
from tests.deployments.sample_flows import wait_in_child, wait_in_task
from tests.servers import PrefectServer

NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)
LONG_AGO = NOW - SILENCE - timedelta(seconds=1)
JUST_NOW = NOW - timedelta(seconds=5)
ME = Identity.of_this_process("me")
ANOTHER = replace(ME, pid=os.getppid())
ELSEWHERE = replace(ME, host="elsewhere", worker="far")


def _run(identity: Identity | None, *, since: datetime = LONG_AGO) -> FlowRun:
    state = (Running() if identity else Pending()).model_copy(update={"timestamp": since})
    pid = str(identity) if identity else None
    return FlowRun(id=uuid4(), flow_id=uuid4(), state=state, infrastructure_pid=pid)


@pytest.mark.parametrize(
    ("run", "heard", "orphaned"),
    [
        pytest.param(
            _run(replace(ME, born=ME.born - 60), since=JUST_NOW), {}, True, id="pid given out again"
        ),
        pytest.param(_run(replace(ME, pid=2**22 + 1), since=JUST_NOW), {}, True, id="process gone"),
        pytest.param(_run(ME), {}, True, id="ours, but we do not know it"),
        pytest.param(_run(ME, since=JUST_NOW), {}, False, id="ours, and just changing"),
        pytest.param(_run(ELSEWHERE), {"far": LONG_AGO}, True, id="silent elsewhere"),
        pytest.param(_run(ELSEWHERE), {}, True, id="unknown elsewhere"),
        pytest.param(_run(ELSEWHERE), {"far": JUST_NOW}, False, id="alive elsewhere"),
        pytest.param(_run(ELSEWHERE, since=JUST_NOW), {}, False, id="new elsewhere"),
        pytest.param(_run(None), {}, True, id="taken by nobody"),
        pytest.param(_run(None, since=JUST_NOW), {}, False, id="being taken"),
    ],
)
def test_who_is_an_orphan(run: FlowRun, heard: dict[str, datetime], orphaned: bool):
    """Ending a living run would be worse than a late end of a dead one."""
    assert (why_orphaned(run, me=ME, heard=heard, now=NOW) is not None) is orphaned


def test_another_kind_of_workers_run_is_left_alone():
    """A `process` worker writes a bare pid; its runs are its own business."""
    foreign = _run(ME).model_copy(update={"infrastructure_pid": "host:4711"})
    assert why_orphaned(foreign, me=ME, heard={}, now=NOW) is None


def test_of_missed_schedules_only_the_newest_is_kept():
    """One sweep does the work of a night's sweeps; a run somebody asked for is always kept."""
    deployment, other = uuid4(), uuid4()

    def late(of, *, asked_for: bool = False) -> FlowRun:
        return FlowRun(id=uuid4(), flow_id=uuid4(), deployment_id=of, auto_scheduled=not asked_for)

    newest, asked_for, older, oldest = (
        late(deployment),
        late(deployment, asked_for=True),
        late(deployment),
        late(deployment),
    )
    only = late(other)
    assert superseded_runs([newest, asked_for, older, only, oldest]) == [older.id, oldest.id]


@asynccontextmanager
async def worker_process(server: PrefectServer) -> AsyncIterator[asyncio.subprocess.Process]:
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "tests.deployments.worker_main", POOL),
        cwd=CODE,
        env={**os.environ, "PREFECT_API_URL": server.api_url, "PREFECT_LOGGING_LEVEL": "CRITICAL"},
    )
    try:
        yield process
    finally:
        if process.returncode is None:
            process.kill()
        await process.wait()


@pytest.mark.parametrize(
    ("parent_state", "pool", "waited", "is_ended"),
    [
        pytest.param(Completed(), POOL, True, True, id="its parent is over"),
        pytest.param(Failed(), POOL, True, True, id="its parent failed"),
        pytest.param(Running(), POOL, True, False, id="its parent still waits for it"),
        pytest.param(Completed(), POOL, False, False, id="its end may be on its way"),
        pytest.param(Completed(), "another", True, False, id="another pool's"),
    ],
)
async def test_a_child_does_not_outlive_its_parent(
    samples: Samples, parent_state: State[Any], pool: str, waited: bool, is_ended: bool
):
    """The server said 500 when the child's end was told, and took that of its parent."""
    client = samples.client
    parent = await samples.create("wait/wait_for_ever")
    task = await client.create_task_run(wait_in_task, parent, dynamic_key="child-0", state=Running())
    child = await client.create_flow_run(wait_in_child, state=Running(), parent_task_run_id=task.id)
    await client.set_flow_run_state(parent, parent_state, force=True)
    now = datetime.now(UTC) + (SILENCE + timedelta(seconds=5) if waited else timedelta())
    ended = await end_deserted(client, pool=pool, now=now)
    assert (child.id in ended) is is_ended
    state = (await client.read_flow_run(child.id)).state
    assert state is not None
    assert state.type == (StateType.CRASHED if is_ended else StateType.RUNNING)
    for run in (child.id, parent):
        await client.set_flow_run_state(run, Cancelled(), force=True)


async def test_kill_minus_9_leaves_nothing_running_for_ever(prefect_server: PrefectServer, samples: Samples):
    """The next worker ends the run, its child run and the child's task; then SIGTERM ends it in good order."""
    async with worker_process(prefect_server) as victim:
        run = await samples.create("wait/wait_for_ever")
        await samples.until_child_waits(run)
        victim.kill()

    async with worker_process(prefect_server) as successor:
        crashed = await samples.until(run, StateType.CRASHED)
        assert f"process {victim.pid}" in str(crashed.state and crashed.state.message)
        children = await samples.children(run)
        assert [child.state_type for child in children] == [StateType.CRASHED]
        tasks = await samples.task_runs([run, *(child.id for child in children)])
        assert {task.state_type for task in tasks} == {StateType.CRASHED}

        cut_off = await samples.create("wait/wait_for_ever")
        await samples.until_child_waits(cut_off)
        successor.send_signal(signal.SIGTERM)
        assert await successor.wait() == 0
        assert (await samples.client.read_flow_run(cut_off)).state_type == StateType.CRASHED
