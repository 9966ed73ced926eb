"""Prune: each night, remove what is older than the policy's `retention` keeps it, here and in Prefect's database."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence

from prefect import flow

from flows.names import rename_run
from flows.packages import flows_of_packages
from flows.telling import telling
from tasks import resources
from tasks.artifacts import publish_page
from tasks.pages.retention import retention_page, total
from tasks.retention.pruned import Pruned
from tasks.retention.runs import delete_incident_pages, prune_pages, prune_runs
from tasks.retention.store import delete_incidents, old_incidents, prune_store

STAGES = ("intake", "validation", "escalation", "status_sync", "closure")
SCHEDULES = (
    "sla_sweep",
    "breach_risk",
    "recover",
    "reconcile",
    "sla_report",
    "feed_quality",
    "train",
    "drift_check",
    "prune",
)
"""Whose runs are told apart by what they are for, not by who started them: see the tags in prefect.yaml."""
KEY = "retention"


@telling("What is older than the policy keeps it is still there; the page `retention` says what.")
@flow(name="prune")
async def prune() -> str:
    """Small batches, one after the other; what could not be pruned is left to the next night, and fails this run.

    Our own store needs no Prefect server to be pruned, and the other way round.
    """
    pruned: list[Pruned] = []
    failures: list[Exception] = []
    for part in (prune_store, _incidents, _runs, _pages):
        await _try(part, pruned, failures)
    words = [f"{type(failure).__name__}: {failure}" for failure in failures]
    await publish_page(
        key=KEY,
        markdown=retention_page(pruned, words, now=resources.utc_now()),
        description=f"{total(pruned):,} things pruned"
        + (f", {len(failures)} parts failed" if failures else ""),
    )
    found = f"{total(pruned):,} removed"
    await rename_run(f"prune {found}")
    if failures:
        raise failures[0]
    return found


async def _try(
    part: Callable[[], Awaitable[Sequence[Pruned]]], pruned: list[Pruned], failures: list[Exception]
) -> None:
    try:
        pruned += await part()
    except Exception as error:  # noqa: BLE001 - whatever it was, the others are pruned and the run fails at its end
        failures.append(error)


async def _incidents() -> Sequence[Pruned]:
    kept = resources.policy().retention.incidents
    incidents = tickets = 0
    while ids := await old_incidents():
        await delete_incident_pages(ids)
        tickets += await delete_incidents(ids)
        incidents += len(ids)
    return [
        Pruned(what="incidents", count=incidents, kept=kept),
        Pruned(what="tickets of incidents", count=tickets, kept=kept),
    ]


async def _runs() -> Sequence[Pruned]:
    packages = await asyncio.to_thread(flows_of_packages, {*STAGES, *SCHEDULES})
    scheduled = {name: bool(one.declaration.schedules) for name, one in packages.found.items()}
    return await prune_runs(
        [*STAGES, *(name for name, has_schedule in scheduled.items() if not has_schedule)],
        [*SCHEDULES, *(name for name, has_schedule in scheduled.items() if has_schedule)],
    )


async def _pages() -> Sequence[Pruned]:
    return [await prune_pages()]
