"""What breaks in a drill on accounts: two small services of the drill's own, since nothing of the team's shall."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager

from prefect.blocks.core import Block

from blocks.connect import block_from_json, settings_json
from blocks.http import HttpBlock
from connectors.http.fake.app import FakeService, Health
from connectors.http.settings import HealthProbe
from connectors.kit.fakes.loopback import serving


@asynccontextmanager
async def breakable_services() -> AsyncIterator[tuple[FakeService, Mapping[str, Block]]]:
    """The checkout, and the probes of both; they listen on loopback until the end of the block."""
    checkout, search = FakeService(), FakeService()
    async with serving(checkout.app) as first, serving(search.app) as second:
        yield checkout, {"http/checkout": _probe(first), "http/search": _probe(second)}


def break_it(service: FakeService) -> None:
    """Its health answers errors."""
    service.health = Health.ERROR


def mend_it(service: FakeService) -> None:
    """It is healthy again."""
    service.health = Health.HEALTHY


async def save_copies(blocks: Mapping[str, Block]) -> None:
    """Save connections at the Prefect server in use: copies, as a block knows the server that it was read from."""
    for name, block in blocks.items():
        copy = block_from_json(name, settings_json(block))
        await copy.save(name.partition("/")[2], overwrite=True)


def _probe(address: str) -> Block:
    return HttpBlock(
        probe=HealthProbe(urls=[f"{address}/health"], pause_seconds=0.1),
        allow_private=[address.removeprefix("http://")],
    )
