"""The stage for stories: four fakes and a gateway on loopback, real Prefect, an empty store for each story."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterator, Mapping
from contextlib import AsyncExitStack
from pathlib import Path

import certifi
import pytest
from prefect.client.orchestration import get_client
from prefect.context import SettingsContext, get_settings_context
from prefect.settings import (
    PREFECT_API_SSL_CERT_FILE,
    PREFECT_LOGGING_TO_API_ENABLED,
    temporary_settings,
)
from starlette.types import ASGIApp, Receive, Scope, Send

from blocks.connect import settings_json
from connectors.kit.fakes.loopback import serving
from deployments.demo.world import World, connections, save_connections
from deployments.gateway.serve import open_gateway
from flows.intake import intake
from flows.status_sync import status_sync
from incidents.store.database import Database
from tasks import resources
from tasks.waits import no_waits
from tests.deployments.gateway.prefect_api import PrefectApi
from tests.servers import PrefectServer
from tests.stories.installation import KEY, Installation, quiet_world


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
def prefect_settings(
    prefect_server: PrefectServer, tmp_path_factory: pytest.TempPathFactory
) -> SettingsContext:
    """Made once, as it takes long. There is no TLS on loopback, yet each client of Prefect reads the authorities,
    which takes longer than all else it does: one authority will do."""
    authorities, end, _ = Path(certifi.where()).read_text().partition("-----END CERTIFICATE-----\n")
    one = tmp_path_factory.mktemp("authority") / "one.pem"
    one.write_text(authorities + end)
    quick = {PREFECT_LOGGING_TO_API_ENABLED: False, PREFECT_API_SSL_CERT_FILE: str(one)}
    with prefect_server.settings(), temporary_settings(quick):
        return get_settings_context().model_copy()


@pytest.fixture(scope="session")
async def gateways_prefect(doors: Mapping[str, Door], prefect_settings: SettingsContext) -> PrefectApi:
    """What the gateway takes for Prefect: it knows the connections, and its bell wakes nobody, as a test calls the
    flows itself. In the real one the connections are saved, and there are deployments for `recover` to ring."""
    world = quiet_world()
    world.addresses.update({name: door.address for name, door in doors.items()})
    with prefect_settings:
        await save_connections(world)
        async with get_client() as client:
            for flow in (intake, status_sync):
                await client.create_deployment(await client.create_flow(flow), name=flow.name)
    return PrefectApi({name: settings_json(block) for name, block in connections(world).items()})


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
def without_waits() -> Iterator[None]:
    """Retries happen at once, and what is due later is left to the next run."""
    with no_waits():
        yield


@pytest.fixture
async def liaison(  # noqa: PLR0917 - pytest hands fixtures over by name
    world: World,
    doors: Mapping[str, Door],
    gateways_prefect: PrefectApi,
    database: Database,
    prefect_settings: SettingsContext,
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
) -> AsyncIterator[Installation]:
    installation = Installation(database=database, world=world, policy_file=tmp_path / "liaison.yaml")
    installation.write_policy()
    monkeypatch.setenv("LIAISON_DATABASE_URL", database.url)
    monkeypatch.setenv("LIAISON_KEY", KEY)
    monkeypatch.setenv("LIAISON_POLICY", str(installation.policy_file))
    with prefect_settings:
        async with open_gateway(database, KEY, connect=gateways_prefect.connect) as gateway:
            doors["gateway"].app = gateway
            yield installation
            # What vendors still have to say must find the gateway of this story.
            await asyncio.gather(world.pagerduty.settle(), world.slack.webhooks.settle())
        await resources.close()
        await _forget_what_it_connected(gateways_prefect)


async def _forget_what_it_connected(known: PrefectApi) -> None:
    """Prefect stays from story to story: a connection whose server is gone would be another story's fault."""
    async with get_client() as client:
        for document in await client.read_block_documents(limit=200):
            assert document.block_type is not None
            if f"{document.block_type.slug}/{document.name}" not in known.settings:
                await client.delete_block_document(document.id)
