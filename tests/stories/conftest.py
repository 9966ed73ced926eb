"""The stage for stories: four fakes and a gateway on loopback, real Prefect, an empty store for each story."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterator, Mapping
from contextlib import AsyncExitStack
from datetime import timedelta
from pathlib import Path

import pytest
import stamina
from prefect.blocks.core import Block
from prefect.settings import PREFECT_LOGGING_TO_API_ENABLED, temporary_settings
from starlette.types import ASGIApp, Receive, Scope, Send

from connectors.kit.loopback import serving
from deployments.demo.world import World, connections, save_connections
from flows import follow as following
from incidents.store.database import Database
from tasks import deliver as delivering
from tasks import gather, resources
from tasks import reconcile as reconciling
from tests.servers import PrefectServer
from tests.stories.installation import Installation, open_gateway, quiet_world


class Door:
    """An address that stays while what is behind it changes from story to story."""

    def __init__(self) -> None:
        self.address = ""
        self.app: ASGIApp | None = None

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        assert self.app is not None, "somebody calls between two stories"
        await self.app(scope, receive, send)


@pytest.fixture(scope="session")
async def doors() -> AsyncIterator[Mapping[str, Door]]:
    """Served once: a server for each story would take longer than the story."""
    doors = {name: Door() for name in (*quiet_world().apps, "gateway")}
    async with AsyncExitStack() as stack:
        for door in doors.values():
            door.address = await stack.enter_async_context(serving(door))
        yield doors


@pytest.fixture(scope="session")
async def blocks(doors: Mapping[str, Door], prefect_server: PrefectServer) -> Mapping[str, Block]:
    """The connections of every story, saved in Prefect."""
    world = quiet_world()
    world.addresses.update({name: door.address for name, door in doors.items()})
    with prefect_server.settings():
        await save_connections(world)
    return connections(world)


@pytest.fixture
async def world(doors: Mapping[str, Door]) -> AsyncIterator[World]:
    """New fakes behind the doors, whose webhooks go to the gateway."""
    world = quiet_world()
    for name, app in world.apps.items():
        doors[name].app = app
        world.addresses[name] = doors[name].address
    world.point_webhooks_at(doors["gateway"].address)
    yield world
    await world.zendesk.aclose()


@pytest.fixture(autouse=True)
def no_waits(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Retries happen without their waits, and what is due later is left to the next run."""
    for module in (delivering, following):
        monkeypatch.setattr(module, "PATIENCE", timedelta(0))
    for task in (
        delivering.send,
        gather.read_tickets,
        gather.read_pages,
        gather.probe,
        reconciling.reconcile_helpdesk,
    ):
        monkeypatch.setattr(task, "retry_delay_seconds", [0.0])
    with stamina.set_testing(True, attempts=3, cap=True):
        yield


@pytest.fixture
async def liaison(
    world: World,
    doors: Mapping[str, Door],
    blocks: Mapping[str, Block],
    database: Database,
    prefect_server: PrefectServer,
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
) -> AsyncIterator[Installation]:
    installation = Installation(database=database, world=world, policy_file=tmp_path / "liaison.yaml")
    installation.write_policy()
    monkeypatch.setenv("LIAISON_DATABASE_URL", database.url)
    monkeypatch.setenv("LIAISON_POLICY", str(installation.policy_file))
    with prefect_server.settings(), temporary_settings({PREFECT_LOGGING_TO_API_ENABLED: False}):
        async with open_gateway(database, blocks) as gateway:
            doors["gateway"].app = gateway
            yield installation
            # What vendors still have to say must find the gateway of this story.
            await asyncio.gather(world.pagerduty.settle(), world.slack.webhooks.settle())
        await resources.close()
