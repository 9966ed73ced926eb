"""A fake Icinga on a clock that is set, and connectors to it."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from datetime import UTC, datetime
from typing import Any

import pytest
import stamina

from connectors.icinga2 import Icinga2, Icinga2Settings
from connectors.icinga2.fake.app import PASSWORD, USER, FakeIcinga2
from connectors.kit.fakes.in_process import InProcessTransport
from tests.contracts.impact_probe import NOW

NAME = "icinga2/main"


def settings(**more: Any) -> Icinga2Settings:
    known = {
        "url": "https://icinga.test:5665",
        "username": USER,
        "password": PASSWORD,
        "services": {"checkout": ["web", "web!http"]},
        "actions": {
            "acknowledge-it": {"do": "acknowledge"},
            "quiet-it": {"do": "downtime", "minutes": 60},
        },
        "web_url": "https://icinga.test/icingaweb2",
    }
    return Icinga2Settings.model_validate({**known, **more})


class Clock:
    """Stands still until it is moved."""

    def __init__(self) -> None:
        self.seconds = NOW.timestamp()

    def __call__(self) -> float:
        return self.seconds

    def now(self) -> datetime:
        return datetime.fromtimestamp(self.seconds, UTC)


@pytest.fixture(autouse=True)
def no_waiting() -> Iterator[None]:
    with stamina.set_testing(True, attempts=2):
        yield


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def server(clock: Clock) -> FakeIcinga2:
    server = FakeIcinga2(clock=clock)
    for name in ("web", "web!http", "web!db"):
        server.add(name)
    for name in ("web", "web!http"):
        server.result(name, 0, "fine")
    return server


def connect(server: FakeIcinga2, clock: Clock, **more: Any) -> Icinga2:
    return Icinga2(NAME, settings(**more), transport=InProcessTransport(server.app), now=clock.now)


@pytest.fixture
async def icinga(server: FakeIcinga2, clock: Clock) -> AsyncIterator[Icinga2]:
    connector = connect(server, clock)
    yield connector
    await connector.aclose()
