"""An Opsgenie account for the tests, and the connector on it."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from datetime import UTC, datetime, timedelta

import httpx
import pytest
import stamina

from connectors.kit.fakes.in_process import InProcessTransport
from connectors.opsgenie import Opsgenie, OpsgenieSettings
from connectors.opsgenie.fake.app import API_KEY, RESPONDER, FakeOpsgenie
from tests.contracts.webhook_source import FIRST, SECOND

JANE, OMAR = "jane@fake.example", "omar@fake.example"


class Clock:
    """A clock that moves when told."""

    def __init__(self) -> None:
        self.now = datetime(2026, 3, 2, 14, 0, tzinfo=UTC)

    def __call__(self) -> datetime:
        return self.now

    def advance(self, **span: float) -> None:
        self.now += timedelta(**span)


def settings(**changes: object) -> OpsgenieSettings:
    values: dict[str, object] = {
        "api_key": API_KEY,
        "responder": RESPONDER,
        "responders": {"payments": "schedule:Payments, nights"},
        "signing_secrets": [FIRST.decode(), SECOND.decode()],
    }
    return OpsgenieSettings.model_validate(values | changes)


async def _no_pause(seconds: float) -> None:
    assert seconds > 0


def connect(
    fake: FakeOpsgenie, transport: httpx.AsyncBaseTransport | None = None, **changes: object
) -> Opsgenie:
    inner = transport or InProcessTransport(fake.app)
    return Opsgenie("opsgenie/main", settings(**changes), transport=inner, pause=_no_pause)


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def fake(clock: Clock) -> FakeOpsgenie:
    return FakeOpsgenie(on_call={RESPONDER: [JANE, OMAR], "schedule:Payments, nights": [OMAR]}, clock=clock)


@pytest.fixture
async def opsgenie(fake: FakeOpsgenie) -> AsyncIterator[Opsgenie]:
    connected = connect(fake)
    yield connected
    await connected.aclose()


@pytest.fixture(autouse=True)
def _retry_at_once() -> Iterator[None]:
    stamina.set_testing(True, attempts=3)
    yield
    stamina.set_testing(False)
