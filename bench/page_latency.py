"""How long after a customer's first ticket the telephone rings, on an idle system.

Each sample is a new incident: one ticket about a service that fails and has no action to try first. It goes
all the way: webhook, gateway, intake, probe, verdict, escalation, page.
"""

from __future__ import annotations

import statistics
from collections.abc import Sequence
from datetime import UTC, datetime

from bench.plain_runs import plain_runs
from bench.result import Result, progress
from bench.sandbox import Sandbox, open_sandbox, until

SAMPLES = 25
WARM_UP = 2
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


async def _one(sandbox: Sandbox) -> float:
    service = sandbox.fresh_service()
    sandbox.break_service(service)
    pages = sandbox.world.pagerduty.pages
    before = len(pages)
    began = datetime.now(UTC)
    sandbox.write_tickets(service, 1)

    async def is_paged() -> bool:
        return len(pages) > before

    await until("a page", is_paged, 60)
    return (pages[-1].at - began).total_seconds()


def _result(name: str, value: float, bare: float, n: int) -> Result:
    return Result(
        name=name, value=round(value, 3), unit="s", ratio=round(value / bare, 2), against=AGAINST, n=n
    )


def _p95(values: Sequence[float]) -> float:
    return statistics.quantiles(values, n=20, method="inclusive")[-1]
