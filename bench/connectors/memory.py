"""What a thousand open connections weigh while nothing happens: four vendors, each of which was asked once.

Each arm runs in a process of its own, which tells how much larger it has become; the fakes are in others. The bare arm
is as many httpx clients as they are made without further thought, which have asked once, too.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import ExitStack, asynccontextmanager
from functools import partial

import httpx
import psutil

from bench.connectors.served import Facts, in_a_process, served
from bench.connectors.worlds import WORLDS
from bench.connectors.worlds.world import World
from bench.result import Result, progress

CONNECTIONS = 1000
AT_ONCE = 20
PATIENCE = 600.0
VENDORS = ("zendesk", "pagerduty", "slack", "prometheus")
Open = Callable[[World, str, Facts], Awaitable[object]]


def memory_figure(connections: int = CONNECTIONS) -> Result:
    """Megabytes of so many, shared evenly among the vendors."""
    worlds = [world for world in WORLDS if world.vendor in VENDORS]
    progress(f"{connections} idle connections")
    with ExitStack() as stack:
        there = [(world, *stack.enter_context(served(world.make))) for world in worlds]
        weights = []
        for open_one in (_ours, _bare):
            weigh = partial(_weighed, open_one, there, connections)
            with in_a_process(weigh, within=PATIENCE) as weight:
                weights.append(weight)
    ours, bare = weights
    return Result(
        name="connectors_idle_clients",
        value=round(ours, 1),
        unit="MB",
        ratio=round(ours / bare, 2),
        against=f"as many bare httpx clients: {bare:.1f} MB",
        n=connections,
    )


@asynccontextmanager
async def _weighed(
    open_one: Open, there: Sequence[tuple[World, str, Facts]], connections: int
) -> AsyncIterator[float]:
    process = psutil.Process()
    # What the first ones of a vendor import is not of the others.
    kept = [await open_one(*one) for one in there]
    before = process.memory_info().rss
    for start in range(0, connections, AT_ONCE):
        numbers = range(start, min(start + AT_ONCE, connections))
        kept += await asyncio.gather(*(open_one(*there[number % len(there)]) for number in numbers))
    yield (process.memory_info().rss - before) / 1e6


async def _ours(world: World, address: str, facts: Facts) -> object:
    connector = world.connect(address, facts, None)
    await connector.check()
    return connector


async def _bare(world: World, address: str, facts: Facts) -> object:
    del world, facts
    client = httpx.AsyncClient()
    await client.get(address)
    return client
