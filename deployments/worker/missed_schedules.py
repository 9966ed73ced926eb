"""Scheduled runs that came due while no worker ran: only the newest of each deployment is worth running.

Prefect keeps them all as Late. After a night without a worker, hundreds of sweeps would go ahead
of the customer who writes now, and the first of them does the work of all.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from uuid import UUID

from prefect.client.orchestration import PrefectClient
from prefect.client.schemas.filters import (
    FlowRunFilter,
    FlowRunFilterNextScheduledStartTime,
    FlowRunFilterState,
    FlowRunFilterStateType,
    WorkPoolFilter,
    WorkPoolFilterName,
)
from prefect.client.schemas.objects import FlowRun, StateType
from prefect.client.schemas.sorting import FlowRunSort
from prefect.states import Cancelled

PATIENCE = timedelta(seconds=90)
PAGE = 200


async def skip_missed(client: PrefectClient, *, pool: str, now: datetime) -> int:
    """Cancel the missed runs but the newest of each deployment; returns how many."""
    skipped = 0
    while superseded := superseded_runs(await _overdue(client, pool, now - PATIENCE)):
        for run in superseded:
            await client.set_flow_run_state(
                run, Cancelled(message="Missed while no worker ran; a newer run follows.")
            )
        skipped += len(superseded)
    return skipped


def superseded_runs(overdue: Sequence[FlowRun]) -> list[UUID]:
    """`overdue` is sorted by the time the runs were due, the newest first."""
    seen: set[UUID | None] = set()
    superseded: list[UUID] = []
    for run in overdue:
        if run.auto_scheduled:
            if run.deployment_id in seen:
                superseded.append(run.id)
            seen.add(run.deployment_id)
    return superseded


async def _overdue(client: PrefectClient, pool: str, before: datetime) -> list[FlowRun]:
    return await client.read_flow_runs(
        flow_run_filter=FlowRunFilter(
            state=FlowRunFilterState(type=FlowRunFilterStateType(any_=[StateType.SCHEDULED])),
            next_scheduled_start_time=FlowRunFilterNextScheduledStartTime(before_=before),
        ),
        work_pool_filter=WorkPoolFilter(name=WorkPoolFilterName(any_=[pool])),
        sort=FlowRunSort.EXPECTED_START_TIME_DESC,
        limit=PAGE,
    )
