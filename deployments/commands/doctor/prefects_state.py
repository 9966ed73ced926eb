"""What Prefect has of us: deployments, workers, and the newest runs that did not end well."""

from __future__ import annotations

from collections import Counter

from prefect.client.orchestration import get_client
from prefect.client.schemas.filters import FlowRunFilter, FlowRunFilterState, FlowRunFilterStateType
from prefect.client.schemas.objects import StateType
from prefect.client.schemas.sorting import FlowRunSort

NEWEST = 50
UNWELL = (StateType.FAILED, StateType.CRASHED)


async def prefects_state() -> object:
    """For a support bundle. Raises what Prefect's client raises."""
    async with get_client() as client:
        deployments = await client.read_deployments(limit=200)
        pools = sorted({one.work_pool_name for one in deployments if one.work_pool_name})
        workers = [worker for pool in pools for worker in await client.read_workers_for_work_pool(pool)]
        newest = await client.read_flow_runs(sort=FlowRunSort.EXPECTED_START_TIME_DESC, limit=200)
        unwell = await client.read_flow_runs(
            flow_run_filter=FlowRunFilter(
                state=FlowRunFilterState(type=FlowRunFilterStateType(any_=list(UNWELL)))
            ),
            sort=FlowRunSort.EXPECTED_START_TIME_DESC,
            limit=NEWEST,
        )
        server = await client.api_version()
    return {
        "version": server,
        "deployments": [
            {
                "name": one.name,
                "paused": one.paused,
                "pool": one.work_pool_name,
                "schedules": [str(schedule.schedule) for schedule in one.schedules if schedule.active],
            }
            for one in deployments
        ],
        "workers": [
            {"name": one.name, "status": str(one.status), "heartbeat": one.last_heartbeat_time}
            for one in workers
        ],
        "newest_runs": Counter(run.state.name for run in newest if run.state is not None),
        "unwell_runs": [
            {
                "name": run.name,
                "began": run.start_time,
                "state": run.state.name,
                "message": (run.state.message or "")[:500],
            }
            for run in unwell
            if run.state is not None
        ],
    }
