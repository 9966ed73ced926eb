"""Flow runs whose worker died: nothing in Prefect's server ends them, so they would stay Running for ever.

A run is an orphan when

    its process was on this host and is gone
    its process is this very worker, which does not know the run (its end was never recorded)
    its worker, on another host, has sent no heartbeat for `SILENCE`
    it was taken (Pending) by a worker that died before it could say who it was

A child run, which no worker takes, is one when its parent has ended and it has not: the server did not answer in the
moment of its own end.

Orphans become Crashed, with the reason; those somebody was cancelling become Cancelled. Their child flow runs
and task runs go with them. Nothing is run again here: what was committed is found by the next run (a
crash between two beats loses nothing).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from uuid import UUID

from prefect.client.orchestration import PrefectClient
from prefect.client.schemas.filters import (
    FlowRunFilter,
    FlowRunFilterId,
    FlowRunFilterParentFlowRunId,
    FlowRunFilterParentTaskRunId,
    FlowRunFilterState,
    FlowRunFilterStateType,
    TaskRunFilter,
    TaskRunFilterState,
    TaskRunFilterStateType,
    WorkPoolFilter,
    WorkPoolFilterName,
)
from prefect.client.schemas.objects import FlowRun, State, StateType
from prefect.exceptions import ObjectNotFound
from prefect.states import Cancelled, Crashed

from deployments.worker.identity import Identity

SILENCE = timedelta(minutes=3)
"""Workers send a heartbeat every 30 s."""
UNDER_WAY = (StateType.PENDING, StateType.RUNNING, StateType.CANCELLING)
PAGE = 200


async def end_orphans(
    client: PrefectClient, *, pool: str, me: Identity, is_mine: Callable[[UUID], bool], now: datetime
) -> list[UUID]:
    """End the pool's orphans and return their ids. `is_mine` knows the runs of the calling worker."""
    runs = await client.read_flow_runs(
        flow_run_filter=FlowRunFilter(state=_under_way()),
        work_pool_filter=WorkPoolFilter(name=WorkPoolFilterName(any_=[pool])),
        limit=PAGE,
    )
    heard = await _last_heard(client, pool) if runs else {}
    ended: list[UUID] = []
    for run in runs:
        reason = None if is_mine(run.id) else why_orphaned(run, me=me, heard=heard, now=now)
        if reason is not None:
            await _end(client, run, reason)
            ended.append(run.id)
    return [*ended, *await end_deserted(client, pool=pool, now=now)]


async def end_deserted(client: PrefectClient, *, pool: str, now: datetime) -> list[UUID]:
    """End the child runs of the pool's runs whose parent ended without them, and return their ids."""
    children = await client.read_flow_runs(
        flow_run_filter=FlowRunFilter(
            state=_under_way(), parent_task_run_id=FlowRunFilterParentTaskRunId(is_null_=False)
        ),
        limit=PAGE,
    )
    ended: list[UUID] = []
    for child in children:
        if child.state is None or now - child.state.timestamp <= SILENCE:
            continue
        parent = await _parent(client, child)
        if parent is None or parent.state is None or not parent.state.is_final():
            continue
        if await _pool_of(client, parent) == pool:
            await _end(client, child, "Its parent run ended, and its own end could not be recorded.")
            ended.append(child.id)
    return ended


async def _parent(client: PrefectClient, run: FlowRun) -> FlowRun | None:
    if run.parent_task_run_id is None:
        return None
    try:
        task = await client.read_task_run(run.parent_task_run_id)
        return None if task.flow_run_id is None else await client.read_flow_run(task.flow_run_id)
    except ObjectNotFound:
        return None


async def _pool_of(client: PrefectClient, run: FlowRun) -> str | None:
    """Only the first of a family has been in a pool."""
    above: FlowRun | None = run
    while above is not None and above.work_pool_name is None:
        above = await _parent(client, above)
    return None if above is None else above.work_pool_name


def why_orphaned(run: FlowRun, *, me: Identity, heard: Mapping[str, datetime], now: datetime) -> str | None:
    """The reason in words for people, or None when the run's worker may well be alive.

    `heard`: each worker's last heartbeat. The caller's own runs are left out before.
    """
    since = run.state.timestamp if run.state else now
    identity = Identity.parse(run.infrastructure_pid or "")
    if identity is None:
        is_lost = run.infrastructure_pid is None and now - since > SILENCE
        return "Its worker died while taking it up." if is_lost else None
    if identity.is_same_process(me):
        is_settling = now - since < SILENCE
        return None if is_settling else f"Worker {me.worker} ended this run but could not record how."
    if identity.host == me.host:
        return None if identity.lives_here() else f"Worker {identity.worker} (process {identity.pid}) died."
    silent_since = heard.get(identity.worker, datetime.min.replace(tzinfo=UTC))
    if now - silent_since > SILENCE and now - since > SILENCE:
        return f"Worker {identity.worker} on {identity.host} fell silent."
    return None


async def _last_heard(client: PrefectClient, pool: str) -> dict[str, datetime]:
    workers = await client.read_workers_for_work_pool(pool)
    return {worker.name: worker.last_heartbeat_time for worker in workers if worker.last_heartbeat_time}


async def _end(client: PrefectClient, run: FlowRun, reason: str) -> None:
    for child in await _children(client, [run.id]):
        await _end(client, child, f"Its parent run ended: {reason}")
    tasks = await client.read_task_runs(
        flow_run_filter=FlowRunFilter(id=FlowRunFilterId(any_=[run.id])),
        task_run_filter=TaskRunFilter(
            state=TaskRunFilterState(type=TaskRunFilterStateType(any_=list(UNDER_WAY)))
        ),
    )
    for task in tasks:
        await client.set_task_run_state(task.id, Crashed(message=reason))
    try:
        # Not forced: a run that has ended meanwhile keeps its end.
        await client.set_flow_run_state(run.id, _end_state(run, reason))
    except ObjectNotFound:
        return


def _end_state(run: FlowRun, reason: str) -> State[None]:
    is_cancelling = run.state is not None and run.state.type == StateType.CANCELLING
    return Cancelled(message=reason) if is_cancelling else Crashed(message=reason)


async def _children(client: PrefectClient, parents: Sequence[UUID]) -> Sequence[FlowRun]:
    return await client.read_flow_runs(
        flow_run_filter=FlowRunFilter(
            parent_flow_run_id=FlowRunFilterParentFlowRunId(any_=list(parents)), state=_under_way()
        ),
        limit=PAGE,
    )


def _under_way() -> FlowRunFilterState:
    return FlowRunFilterState(type=FlowRunFilterStateType(any_=list(UNDER_WAY)))
