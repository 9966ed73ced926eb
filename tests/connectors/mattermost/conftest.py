"""A fake Mattermost on a clock that moves when told, and connectors to it."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from datetime import UTC, datetime

import pytest
import stamina

from connectors.kit.fakes.in_process import InProcessTransport
from connectors.mattermost import Mattermost, MattermostSettings
from connectors.mattermost.fake.app import COMMAND_TOKEN, TOKEN, FakeMattermost
from tests.contracts.webhook_source import FIRST, SECOND

NOW = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)
CALLBACK = "https://liaison.example.com/hooks/mattermost/engineering"


class Clock:
    def __init__(self) -> None:
        self.time = NOW.timestamp()

    def __call__(self) -> float:
        return self.time


def settings(**more: object) -> MattermostSettings:
    values: dict[str, object] = {
        "base_url": "https://chat.acme.test",
        "bot_token": TOKEN,
        "team": "engineering",
        "signing_secrets": [COMMAND_TOKEN, FIRST.decode(), SECOND.decode()],
        "callback_url": CALLBACK,
        "requests_per_second": 1_000_000,
    }
    return MattermostSettings.model_validate(values | more)


def connect(fake: FakeMattermost, **more: object) -> Mattermost:
    return Mattermost("mattermost/engineering", settings(**more), transport=InProcessTransport(fake.app))


@pytest.fixture(autouse=True)
def no_waiting() -> Iterator[None]:
    """Retries in place happen, without their pauses."""
    with stamina.set_testing(True, attempts=3):
        yield


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def fake(clock: Clock) -> FakeMattermost:
    return FakeMattermost(clock=clock)


@pytest.fixture
async def chat(fake: FakeMattermost) -> AsyncIterator[Mattermost]:
    mattermost = connect(fake)
    yield mattermost
    await mattermost.aclose()


@pytest.fixture
async def fresh_chat(fake: FakeMattermost) -> AsyncIterator[Mattermost]:
    mattermost = connect(fake)
    yield mattermost
    await mattermost.aclose()
