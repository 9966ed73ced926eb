"""Each read and write of each connector on its fake, beside a bare httpx client that sends the very same requests.

The fake is served over loopback by a process of its own. Each call is made with a key of its own, and its requests are
sent once more by the bare client right after, so both arms share whatever else the machine does. The figure is the
median of the rounds; beside it, what both took of the CPU, which other work on the machine changes little.
"""

from __future__ import annotations

import asyncio
import statistics
import time
from collections.abc import Iterator, Mapping, Sequence

import httpx

from bench.connectors.calls import Call, calls_of
from bench.connectors.served import served
from bench.connectors.wire import WrittenDown, seconds_bare
from bench.connectors.worlds import WORLDS
from bench.connectors.worlds.world import World
from bench.result import Result, progress

ROUNDS = 60
WARM_UP = 5
"""Rounds before those that count: connections are open then, and everything is imported."""


def connector_figures(worlds: Sequence[World] = WORLDS, *, rounds: int = ROUNDS) -> Iterator[Result]:
    """Milliseconds of each call, with the ratio to the bare one."""
    for world in worlds:
        progress(f"connector {world.vendor}")
        with served(world.make) as (address, facts):
            yield from asyncio.run(_figures_of(world, address, facts, rounds))


async def _figures_of(world: World, address: str, facts: Mapping[str, str], rounds: int) -> list[Result]:
    network = WrittenDown()
    connector = world.connect(address, facts, network)
    results = []
    # Both arms write down what they send, so that this costs both.
    async with httpx.AsyncClient(transport=WrittenDown()) as bare:
        try:
            for name, call in calls_of(connector, facts).items():
                results.append(await _figure(world, name, call, network, bare, rounds=rounds))
        finally:
            await connector.aclose()
    return results


async def _figure(
    world: World, name: str, call: Call, network: WrittenDown, bare: httpx.AsyncClient, *, rounds: int
) -> Result:
    rounds = min(rounds, world.most_rounds)
    ours, theirs, ours_cpu, theirs_cpu, requests = [], [], [], [], 0
    for number in range(WARM_UP + rounds):
        await asyncio.sleep(world.rest)
        network.taken()
        began, cpu_began = time.perf_counter(), time.thread_time()
        await call(number)
        taken, cpu_taken = time.perf_counter() - began, time.thread_time() - cpu_began
        sent = network.taken()
        cpu_began = time.thread_time()
        bare_taken = await seconds_bare(bare, sent)
        if number >= WARM_UP:
            ours.append(taken)
            theirs.append(bare_taken)
            ours_cpu.append(cpu_taken)
            theirs_cpu.append(time.thread_time() - cpu_began)
            requests += len(sent)
    mine, its = statistics.median(ours), statistics.median(theirs)
    cpu = statistics.median(ours_cpu) / statistics.median(theirs_cpu)
    return Result(
        name=f"connectors_{world.vendor}_{name}",
        value=round(mine * 1000, 2),
        unit="ms",
        ratio=round(mine / its, 2) if requests else None,
        against=f"the same {requests / rounds:g} requests by bare httpx: {its * 1000:.2f} ms; in CPU {cpu:.2f} times",
        n=rounds,
    )
