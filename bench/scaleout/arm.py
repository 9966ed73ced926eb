"""One outage of many services on one installation with so many workers, and the CPU that each role took for it."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, replace

import psutil
from prefect.client.orchestration import get_client
from prefect.settings import temporary_settings

from bench.city.arm import City
from bench.result import progress
from bench.sandbox import Sandbox, open_sandbox
from bench.scaleout.process_cpu import cpu_seconds, tree
from deployments.machine.process_table import ProcessTable
from deployments.machine.processes import Child

WARM_UPS, WARM_UP_SERVICES, WARM_UP_SECONDS = 4, 12, 60.0


@dataclass(frozen=True, kw_only=True)
class Arm:
    """`seconds`: from the first ticket until all were linked and every service was paged for; None if that was not
    within the patience. `cpu`: seconds by role, until nothing was under way any more."""

    workers: int
    tickets: int
    services: int
    seconds: float | None
    cpu: Mapping[str, float]


async def run_arm(workers: int, *, services: int, tickets: int, seconds: float, patience: float) -> Arm:
    """So many customers of so many services write within so many seconds."""
    async with (
        open_sandbox(services=services + WARM_UPS * WARM_UP_SERVICES) as sandbox,
        _more_workers(sandbox, workers),
    ):
        await _warm(sandbox, workers)
        before = cpu_by_role(sandbox)
        city = City(sandbox, services=services, tickets=tickets, seconds=seconds, seed=7)
        seen = await city.run(patience)
        await sandbox.until_idle()
        after = cpu_by_role(sandbox)
    ends = (seen.all_linked, seen.all_pages)
    arm = Arm(
        workers=workers,
        tickets=tickets,
        services=services,
        seconds=None if None in ends else max(end for end in ends if end is not None),
        cpu={role: round(after[role] - before[role], 1) for role in after},
    )
    progress(f"{arm}")
    return arm


async def _warm(sandbox: Sandbox, workers: int) -> None:
    """Everything is imported and every client open, in each worker, before anything is measured. Raises `LookupError`
    where a worker gets nothing to do."""
    for _ in range(WARM_UPS):
        city = City(sandbox, services=WARM_UP_SERVICES, tickets=WARM_UP_SERVICES, seconds=0.0, seed=1)
        await city.run(WARM_UP_SECONDS)
        await sandbox.until_idle()
        if len(await _who_ran(sandbox)) >= workers:
            return
    raise LookupError(f"not all of {workers} workers run something")


async def _who_ran(sandbox: Sandbox) -> set[str]:
    with temporary_settings(sandbox.stack.prefect_access):
        client = get_client()
    async with client:
        runs = await client.read_flow_runs(limit=200)
    return {run.infrastructure_pid for run in runs if run.infrastructure_pid}


def cpu_by_role(sandbox: Sandbox) -> dict[str, float]:
    """Seconds of CPU so far, with those of children, also of children that have ended; workers together."""
    found: dict[str, float] = {}
    for row in ProcessTable(sandbox.stack.home / "processes.json").read():
        role = "worker" if row.name.startswith("worker") else row.name
        found[role] = found.get(role, 0.0) + sum(map(cpu_seconds, tree(psutil.Process(row.pid))))
    return {role: spent for role, spent in found.items() if role != "supervisor"}


@asynccontextmanager
async def _more_workers(sandbox: Sandbox, workers: int) -> AsyncIterator[None]:
    """The installation has one; each of the others is started just like it."""
    first = sandbox.stack.processes["worker"]
    async with AsyncExitStack() as stack:
        for number in range(2, workers + 1):
            name = f"worker {number}"
            log = first.program.log.with_name(f"worker-{number}.log")
            child = Child(
                program=replace(first.program, name=name, log=log), table=first.table, say=first.say
            )
            await child.start()
            stack.push_async_callback(child.stop)
        yield
