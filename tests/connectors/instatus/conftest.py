"""An Instatus of our own upon a store, with a clock that moves when told, and the connector upon them."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator, Sequence
from datetime import UTC, datetime, timedelta

import httpx
import pytest
from pydantic import SecretStr
from starlette.types import ASGIApp

from connectors.instatus import Instatus, InstatusSettings
from connectors.instatus.fake.app import API_KEY, FakeInstatus
from connectors.instatus.fake.records import PAGE, made_id
from connectors.kit.fakes.in_process import InProcessTransport
from incidents.models import PublicText, Severity
from incidents.public_incident import PublicState
from incidents.store.database import Database
from incidents.store.status_record import StoredStatusRecord
from tests.contracts.status_page import Read

NAME = "instatus/main"
PLENTY = 1_000_000
TITLE = PublicText("Problem with Checkout")
TEXT = PublicText("We see a problem and are looking into it.")
END = PublicText("Fixed.")
GONE = made_id("a component that is no more")


class LosingTransport(InProcessTransport):
    """Loses the answer to the next write, once it is told to."""

    def __init__(self, app: ASGIApp) -> None:
        super().__init__(app)
        self.loses = False

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        answer = await super().handle_async_request(request)
        if self.loses and request.method != "GET":
            self.loses = False
            raise httpx.ReadError("the answer is lost", request=request)
        return answer


class InstatusWorld:
    """The page as people read it, behind the connector's back."""

    def __init__(self, database: Database) -> None:
        self.database = database
        self.time = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)
        self.fake = FakeInstatus(clock=self.now)
        self.faults = self.fake.faults
        self.network = LosingTransport(self.fake.app)
        self.checkout = self.fake.add_component("Checkout")
        self.search = self.fake.add_component("Search")
        self.fake.add_component("<b>&")

    async def read(self) -> Sequence[Read]:
        components = self.fake.components
        return [
            Read(
                one.name,
                tuple(components[id_].name for id_ in one.components),
                tuple((PublicState(said.status.lower()), as_read(said.message)) for said in one.updates),
            )
            for one in self.fake.incidents.values()
            if one.is_published
        ]

    def lose_reply(self) -> None:
        self.network.loses = True

    def let_time_pass(self, seconds: float) -> None:
        self.time += timedelta(seconds=seconds)

    def now(self) -> datetime:
        return self.time

    def status(self, component: str) -> str:
        return self.fake.components[component].status


def as_read(message: str) -> str:
    """What a reader sees of Markdown in which all markup is escaped."""
    return re.sub(r"\\(.)", r"\1", message)


def settings(**changes: object) -> InstatusSettings:
    values: dict[str, object] = {
        "page_id": PAGE,
        "api_key": SecretStr(API_KEY),
        "requests_per_minute": PLENTY,
    }
    return InstatusSettings.model_validate(values | changes)


def connect(
    world: InstatusWorld, transport: httpx.AsyncBaseTransport | None = None, **changes: object
) -> Instatus:
    return Instatus(
        NAME,
        settings(**changes),
        record=StoredStatusRecord(world.database, NAME),
        transport=transport or world.network,
        clock=world.now,
    )


async def opened(page: Instatus, *services: str, severity: Severity = Severity.HIGH, once: str = "o") -> str:
    return await page.open(TITLE, TEXT, severity, services=services or ["Checkout"], once=once)


@pytest.fixture
def world(database: Database) -> InstatusWorld:
    return InstatusWorld(database)


@pytest.fixture
def public(world: InstatusWorld) -> InstatusWorld:
    return world


@pytest.fixture
async def status_page(world: InstatusWorld) -> AsyncIterator[Instatus]:
    connected = connect(world)
    yield connected
    await connected.aclose()
