"""One outage, thousands of tickets: how fast all of them are one incident with one page, and in what memory.

A storm's time runs from its first webhook until every ticket is linked to the one incident and its page is out.
The memory is that of the gateway and of the worker before the first storm and after the last.
"""

from __future__ import annotations

import asyncio
import statistics
import time
from collections.abc import Mapping, Sequence

import psutil

from bench.lean_post import LeanPost
from bench.plain_runs import plain_runs
from bench.result import Result, progress
from bench.sandbox import Sandbox, open_sandbox, until

TICKETS = 2000
STORMS = 5
SENDERS = 16
BURST = 40
PROCESSES = ("gateway", "worker")
AGAINST = f"one Prefect run a ticket (bursts of {BURST} runs that do nothing), same worker"


async def storm(storms: int = STORMS, tickets: int = TICKETS) -> Sequence[Result]:
    """Tickets a second, and the memory of the two processes."""
    async with open_sandbox(services=storms + 2) as sandbox, plain_runs(sandbox.stack) as plain:
        sandbox.world.zendesk.webhooks.deliver = post = LeanPost()
        # Everything is imported and every client open before anything is measured.
        await _one(sandbox, 1)
        await plain.seconds_for(1)
        await sandbox.until_idle()
        before = _memory(sandbox)
        rates: list[float] = []
        bare: list[float] = []
        for number in range(storms):
            bare.append(BURST / await plain.seconds_for(BURST))
            await sandbox.until_idle()
            rates.append(tickets / await _one(sandbox, tickets))
            progress(f"storm {number + 1}: {rates[-1]:.0f} tickets/s; Prefect runs {bare[-1]:.1f} a second")
            await sandbox.until_idle()
        after = _memory(sandbox)
        post.close()
    rate, plainly = statistics.median(rates), statistics.median(bare)
    return [
        Result(
            name="storm_tickets",
            value=round(rate, 1),
            unit="tickets/s",
            ratio=round(rate / plainly, 1),
            against=AGAINST,
            n=storms,
        ),
        *(
            Result(
                name=f"memory_{name}_after_storms",
                value=round(after[name], 1),
                unit="MB",
                ratio=round(after[name] / before[name], 2),
                against=f"the same process before them, {before[name]:.0f} MB",
                n=storms,
            )
            for name in PROCESSES
        ),
    ]


async def _one(sandbox: Sandbox, tickets: int) -> float:
    service = sandbox.fresh_service()
    sandbox.break_service(service)
    sandbox.write_tickets(service, tickets)
    began = time.perf_counter()
    # Its echoes of our own notes on the tickets go out the same way; nobody waits for the last of them.
    sender = asyncio.create_task(sandbox.world.zendesk.drain_webhooks(SENDERS))
    await until("all tickets are linked", lambda: _is_joined(sandbox, service, tickets), 300)
    seconds = time.perf_counter() - began
    await sender
    incidents = await sandbox.incidents_of(service)
    pages = [sandbox.pages_of(incident) for incident in incidents]
    if pages != [1]:
        raise AssertionError(f"{len(incidents)} incidents of one outage, pages: {pages}")
    return seconds


async def _is_joined(sandbox: Sandbox, service: str, tickets: int) -> bool:
    incidents = await sandbox.incidents_of(service)
    is_paged = any(sandbox.pages_of(incident) for incident in incidents)
    return is_paged and await sandbox.linked(service) >= tickets


def _memory(sandbox: Sandbox) -> Mapping[str, float]:
    """Resident megabytes."""
    return {
        name: psutil.Process(sandbox.stack.processes[name].pid).memory_info().rss / 1e6 for name in PROCESSES
    }
