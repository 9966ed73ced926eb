"""A Statuspage of our own, with a clock that moves when told, and the connector upon it."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from datetime import UTC, datetime, timedelta

import httpx
import pytest
from pydantic import SecretStr
from starlette.types import ASGIApp

from connectors.kit.fakes.in_process import InProcessTransport
from connectors.statuspage import AtlassianStatuspage, StatuspageSettings
from connectors.statuspage.fake.app import API_KEY, FakeStatuspage
from connectors.statuspage.fake.records import PAGE, made_id
from incidents.models import PublicText, Severity
from incidents.public_incident import PublicState
from tests.contracts.status_page import Read

JOINER = "\u2060"
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


class StatuspageWorld:
    """The page as people read it, behind the connector's back."""

    def __init__(self) -> None:
        self.time = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)
        self.fake = FakeStatuspage(clock=lambda: self.time, calls_a_minute=PLENTY)
        self.faults = self.fake.faults
        self.network = LosingTransport(self.fake.app)
        self.checkout = self.fake.add_component("Checkout")
        self.search = self.fake.add_component("Search")
        self.fake.add_component("<b>&")

    async def read(self) -> Sequence[Read]:
        components = self.fake.components
        return [
            Read(
                as_read(one.name),
                tuple(components[id_].name for id_ in one.components),
                tuple((PublicState(said.status), as_read(said.body)) for said in one.said),
            )
            for one in self.fake.incidents.values()
        ]

    def lose_reply(self) -> None:
        self.network.loses = True

    def let_time_pass(self, seconds: float) -> None:
        self.time += timedelta(seconds=seconds)

    def status(self, component: str) -> str:
        return self.fake.components[component].status


def as_read(text: str) -> str:
    """What a reader sees: the invisible letters that break markup are not."""
    return text.replace(JOINER, "")


def settings(**changes: object) -> StatuspageSettings:
    values: dict[str, object] = {
        "page_id": PAGE,
        "api_key": SecretStr(API_KEY),
        "requests_per_minute": PLENTY,
    }
    return StatuspageSettings.model_validate(values | changes)


def connect(
    world: StatuspageWorld, transport: httpx.AsyncBaseTransport | None = None, **changes: object
) -> AtlassianStatuspage:
    return AtlassianStatuspage("statuspage/main", settings(**changes), transport=transport or world.network)


async def opened(
    page: AtlassianStatuspage, *services: str, severity: Severity = Severity.HIGH, once: str = "o"
) -> str:
    return await page.open(TITLE, TEXT, severity, services=services or ["Checkout"], once=once)


@pytest.fixture
def world() -> StatuspageWorld:
    return StatuspageWorld()


@pytest.fixture
def public(world: StatuspageWorld) -> StatuspageWorld:
    return world


@pytest.fixture
async def status_page(world: StatuspageWorld) -> AsyncIterator[AtlassianStatuspage]:
    connected = connect(world)
    yield connected
    await connected.aclose()
