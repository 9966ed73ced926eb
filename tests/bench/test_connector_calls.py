"""The calls that are measured: each does on its fake what it is named after, and sends something."""

from __future__ import annotations

import httpx
import pytest

from bench.connectors.calls import calls_of
from bench.connectors.worlds import WORLDS
from bench.connectors.worlds.world import World
from connectors.kit.fakes.in_process import InProcessTransport

ADDRESS = "http://127.0.0.1:1"


class Counting(InProcessTransport):
    """Counts the requests that succeed."""

    done = 0

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        answer = await super().handle_async_request(request)
        self.done += answer.is_success
        return answer


@pytest.mark.parametrize("world", WORLDS, ids=lambda world: world.vendor)
async def test_each_call_is_made(world: World) -> None:
    app, facts = world.make()
    network = Counting(app)
    connector = world.connect(ADDRESS, facts, network)
    calls = calls_of(connector, facts)
    for call in calls.values():
        before = network.done
        await call(0)
        assert network.done > before
    await connector.aclose()
    assert calls
