"""Pruning Prefect's database through its API, so that it works with any server: runs of our flows, pages of ours.

Prefect's own vacuum is not used for runs: it knows one age for all flow runs of a server, and deletes the artifacts
of the runs that it deletes. Events go by the server's own setting; `liaison up` sets it.
"""

from __future__ import annotations

import contextlib
import re
from collections.abc import AsyncIterator, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

from prefect.client.orchestration import PrefectClient, get_client
from prefect.client.schemas.filters import (
    ArtifactFilter,
    ArtifactFilterKey,
    FlowFilter,
    FlowFilterName,
    FlowRunFilter,
    FlowRunFilterExpectedStartTime,
    FlowRunFilterId,
    FlowRunFilterState,
    FlowRunFilterStateType,
)
from prefect.client.schemas.objects import TERMINAL_STATES, Artifact, StateType
from prefect.client.schemas.sorting import ArtifactSort, FlowRunSort
from prefect.exceptions import ObjectNotFound

from incidents.review.document import NAME
from tasks import resources
from tasks.retention.pruned import Pruned
from tasks.retries import OUTSIDE_CALL
from tasks.runs import task

AT_ONCE = 50
"""The most that Prefect's server deletes in one call."""
MOST_SECONDS = 1800.0
"""A night's share of a backlog; the next night goes on."""
PAGE = 200
_NEVER = datetime.min.replace(tzinfo=UTC)
_ENDED_WELL = (StateType.COMPLETED, StateType.CANCELLED)
# Prefect's server has it, its client's list of routes has not.
_BULK_DELETE: Any = "/flow_runs/bulk_delete"
OUR_PAGES = re.compile(
    r"inc-[0-9]+(-review|-told)?|now|sla-board|sla-report(-.+)?|page-noise|feed-quality|surges|retention|emergency"
    r"|missed-webhooks"
    r"|(model|challenger|drift|history)-.+"
)
"""Keys of the artifacts that our flows make. What other flows of the server make is theirs."""


@task(name="prune runs", **OUTSIDE_CALL)
async def prune_runs(flows: Sequence[str], schedules: Sequence[str]) -> Sequence[Pruned]:
    """Ended runs of these flows, with their tasks and logs; those of `schedules` that ended well go earlier."""
    kept, now = resources.policy().retention, resources.utc_now()
    early = min(kept.schedule_runs, kept.runs)
    deadline = resources.uptime() + MOST_SECONDS
    async with get_client() as client:
        return [
            await _delete_runs(
                client, "runs of schedules", schedules, _ENDED_WELL, kept=early, now=now, deadline=deadline
            ),
            await _delete_runs(
                client,
                "other runs",
                [*flows, *schedules],
                tuple(TERMINAL_STATES),
                kept=kept.runs,
                now=now,
                deadline=deadline,
            ),
        ]


@task(name="prune pages", **OUTSIDE_CALL)
async def prune_pages() -> Pruned:
    """Older versions of our pages; the newest version of each stays, however old."""
    kept = resources.policy().retention.pages
    before = resources.utc_now() - kept
    deadline, count = resources.uptime() + MOST_SECONDS, 0
    async with get_client() as client:
        newest: set[str] = set()
        old: dict[UUID, None] = {}
        async for one in all_artifacts(client):
            # The newest first, so the first of a key is its newest.
            if one.key is not None and OUR_PAGES.fullmatch(one.key):
                if one.key in newest and one.created is not None and one.created < before:
                    old[one.id] = None
                newest.add(one.key)
        for artifact in old:
            await delete_artifact(client, artifact)
            count += 1
            if resources.uptime() > deadline:
                break
    return Pruned(what="older versions of pages", count=count, kept=kept, is_all=count == len(old))


@task(name="delete pages", **OUTSIDE_CALL)
async def delete_incident_pages(ids: Sequence[int]) -> int:
    """All versions of the pages of these incidents; returns how many versions there were."""
    return await delete_pages([f"inc-{number}{page}" for number in ids for page in ("", f"-{NAME}", "-told")])


async def delete_pages(keys: Sequence[str]) -> int:
    """All versions of these pages; returns how many there were. None of them is shown by any key afterwards."""
    count = 0
    wanted = ArtifactFilter(key=ArtifactFilterKey(any_=list(keys)))
    async with get_client() as client:
        while found := await client.read_artifacts(artifact_filter=wanted, limit=PAGE):
            # The newest last: where it goes first, the server shows each older one in turn.
            for one in sorted(found, key=lambda one: one.created or _NEVER):
                await delete_artifact(client, one.id)
                count += 1
    return count


async def delete_runs(client: PrefectClient, ids: Sequence[UUID]) -> int:
    """These runs with their tasks and logs; returns how many there were."""
    count = 0
    for start in range(0, len(ids), AT_ONCE):
        some = FlowRunFilter(id=FlowRunFilterId(any_=list(ids[start : start + AT_ONCE])))
        count += len(await _bulk_delete(client, some))
    return count


async def _delete_runs(
    client: PrefectClient,
    what: str,
    flows: Sequence[str],
    states: Sequence[StateType],
    *,
    kept: timedelta,
    now: datetime,
    deadline: float,
) -> Pruned:
    wanted = FlowRunFilter(
        state=FlowRunFilterState(type=FlowRunFilterStateType(any_=list(states))),
        # Not the end: one that was cancelled before it began has none.
        expected_start_time=FlowRunFilterExpectedStartTime(before_=now - kept),
    )
    count = 0
    while found := await client.read_flow_runs(
        flow_filter=FlowFilter(name=FlowFilterName(any_=list(flows))),
        flow_run_filter=wanted,
        sort=FlowRunSort.EXPECTED_START_TIME_ASC,
        limit=PAGE,
    ):
        count += await delete_runs(client, [run.id for run in found])
        if resources.uptime() > deadline:
            return Pruned(what=what, count=count, kept=kept, is_all=False)
    return Pruned(what=what, count=count, kept=kept)


async def _bulk_delete(client: PrefectClient, wanted: FlowRunFilter) -> Sequence[str]:
    body = {"flow_runs": wanted.model_dump(mode="json", exclude_unset=True), "limit": AT_ONCE}
    answer = await client.request("POST", _BULK_DELETE, json=body)
    deleted: list[str] = answer.json()["deleted"]
    return deleted


async def delete_artifact(client: PrefectClient, artifact: UUID) -> None:
    """One version of a page; it may be gone already."""
    # Somebody may delete it in the UI meanwhile.
    with contextlib.suppress(ObjectNotFound):
        await client.delete_artifact(artifact)


async def all_artifacts(client: PrefectClient) -> AsyncIterator[Artifact]:
    """Every version of every page of the server, the newest first."""
    offset = 0
    while found := await client.read_artifacts(sort=ArtifactSort.CREATED_DESC, limit=PAGE, offset=offset):
        for one in found:
            yield one
        offset += len(found)
