"""How long after a customer's first ticket the telephone rings, on an idle system, and while others are under way.

Each sample is a new incident: one ticket about a service that fails and has no action to try first. It goes
all the way: webhook, gateway, intake, probe, verdict, escalation, page.
"""

from __future__ import annotations

import asyncio
import statistics
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from datetime import UTC, datetime

from bench.plain_runs import plain_runs
from bench.result import Result, progress
from bench.sandbox import Sandbox, open_sandbox, until

SAMPLES = 25
WARM_UP = 2
OTHERS = 200
EVENT_SECONDS = 1.0
"""Between two things that happen to one of the others."""
PATIENCE = 600.0
AGAINST = "one Prefect run, created directly, from its creation to its first line of code"


async def page_latency(samples: int = SAMPLES) -> Sequence[Result]:
    """The median, and the 95th percentile."""
    async with open_sandbox(services=samples + WARM_UP) as sandbox, plain_runs(sandbox.stack) as plain:
        seconds: list[float] = []
        bare: list[float] = []
        for number in range(samples + WARM_UP):
            await sandbox.until_idle()
            bare.append(await plain.seconds_for(1))
            await sandbox.until_idle()
            seconds.append(await _one(sandbox))
            progress(f"page {number + 1}: {seconds[-1]:.2f} s; a Prefect run {bare[-1]:.2f} s")
    seconds, bare = seconds[WARM_UP:], bare[WARM_UP:]
    return [
        _result("webhook_to_page_p50", statistics.median(seconds), statistics.median(bare), samples),
        _result("webhook_to_page_p95", _p95(seconds), _p95(bare), samples),
    ]


async def page_latency_beside_others(samples: int = SAMPLES, others: int = OTHERS) -> Sequence[Result]:
    """The same while so many incidents are with engineers, and each second one of them is taken, mended or gets
    another ticket."""
    services = samples + WARM_UP + others
    async with open_sandbox(services=services) as sandbox, plain_runs(sandbox.stack) as plain:
        seconds: list[float] = []
        bare: list[float] = []
        async with _others(sandbox, others):
            for number in range(samples + WARM_UP):
                bare.append(await plain.seconds_for(1))
                seconds.append(await _one(sandbox))
                progress(f"page {number + 1}: {seconds[-1]:.2f} s; a Prefect run {bare[-1]:.2f} s")
    seconds, bare = seconds[WARM_UP:], bare[WARM_UP:]
    return [
        _result(
            "webhook_to_page_beside_others_p50", statistics.median(seconds), statistics.median(bare), samples
        ),
        _result("webhook_to_page_beside_others_p95", _p95(seconds), _p95(bare), samples),
    ]


@asynccontextmanager
async def _others(sandbox: Sandbox, count: int) -> AsyncIterator[None]:
    """So many incidents, all paged, to which things happen until the end of the block."""
    services = [sandbox.fresh_service() for _ in range(count)]
    for service in services:
        sandbox.break_service(service)
        sandbox.write_tickets(service, 1)
    pager = sandbox.world.pagerduty

    async def are_paged() -> bool:
        return len(pager.pages) >= count

    await until(f"{count} pages", are_paged, PATIENCE, every=0.5)
    progress(f"{count} incidents are under way")
    life = asyncio.create_task(_live(sandbox, services))
    try:
        yield
        if life.done():
            life.result()
    finally:
        life.cancel()
        await asyncio.gather(life, return_exceptions=True)


async def _live(sandbox: Sandbox, services: Sequence[str]) -> None:
    """One thing happens to each, one after the other."""
    pager = sandbox.world.pagerduty
    for number, service in enumerate(services):
        (incident,) = await sandbox.incidents_of(service)
        page = sandbox.page_of(incident)
        match number % 3:
            case 0:
                sandbox.write_tickets(service, 1)
            case 1:
                pager.acknowledge(page, "Jane Doe")
            case _:
                sandbox.mend_service(service)
                pager.resolve(page, "Jane Doe")
        await asyncio.sleep(EVENT_SECONDS)


async def _one(sandbox: Sandbox) -> float:
    service = sandbox.fresh_service()
    sandbox.break_service(service)
    began = datetime.now(UTC)
    sandbox.write_tickets(service, 1)

    async def is_paged() -> bool:
        return await _page_of(sandbox, service) is not None

    await until("a page", is_paged, 60)
    page = await _page_of(sandbox, service)
    assert page is not None
    return (page - began).total_seconds()


async def _page_of(sandbox: Sandbox, service: str) -> datetime | None:
    """When somebody was paged for the service."""
    names = [f":INC-{incident}:" for incident in await sandbox.incidents_of(service)]
    pages = sandbox.world.pagerduty.pages
    return next((page.at for page in pages if any(name in page.key for name in names)), None)


def _result(name: str, value: float, bare: float, n: int) -> Result:
    return Result(
        name=name, value=round(value, 3), unit="s", ratio=round(value / bare, 2), against=AGAINST, n=n
    )


def _p95(values: Sequence[float]) -> float:
    return statistics.quantiles(values, n=20, method="inclusive")[-1]
