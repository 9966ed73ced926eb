"""A Linear of our own, with a clock that moves when told, and the connector upon it."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from datetime import UTC, datetime, timedelta

import httpx
import pytest
from pydantic import SecretStr

from connectors.kit.fakes.faults import Faults
from connectors.kit.fakes.in_process import InProcessTransport
from connectors.linear import LinearIssues, LinearSettings
from connectors.linear.fake.app import API_KEY, FakeLinear
from connectors.linear.fake.records import ENGINEER, TEAM, LinearIssue
from tests.contracts.webhook_source import FIRST, SECOND


class LinearWorld:
    """Linear behind the connector's back."""

    change_path = "/graphql"

    def __init__(self) -> None:
        self.time = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)
        self.fake = FakeLinear(clock=self.now)
        self.faults: Faults = self.fake.faults

    def create_issue(self, title: str, text: str) -> str:
        return self.fake.open(ENGINEER, title, text).identifier

    def write(self, key: str, text: str) -> None:
        self.fake.say(key, ENGINEER, text)

    def move(self, key: str, status: str) -> None:
        self.fake.move(key, status)

    def delete(self, key: str) -> None:
        self.issue(key).is_trashed = True

    def titles(self) -> Sequence[str]:
        return [one.title for one in self.fake.issues.values()]

    def comments(self, key: str) -> Sequence[str]:
        return [one.body for one in self.issue(key).comments]

    def public_texts(self, key: str) -> Sequence[str]:
        return self.comments(key)

    def keep_nothing_private(self) -> None:
        """There are no private comments."""

    def go_deaf(self) -> None:
        self.fake.is_deaf = True

    def write_in_between(self, text: str) -> None:
        key = next(iter(self.fake.issues))
        self.fake.before_change.append(lambda: self.write(key, text))

    def let_time_pass(self, seconds: float) -> None:
        self.time += timedelta(seconds=seconds)

    def now(self) -> datetime:
        return self.time

    def issue(self, key: str) -> LinearIssue:
        return self.fake.find(key)


def settings(**changes: object) -> LinearSettings:
    values: dict[str, object] = {
        "team": TEAM,
        "api_key": SecretStr(API_KEY),
        "signing_secrets": [SecretStr(FIRST.decode()), SecretStr(SECOND.decode())],
        "requests_per_minute": 1_000_000,
    }
    return LinearSettings.model_validate(values | changes)


def connect(
    world: LinearWorld, transport: httpx.AsyncBaseTransport | None = None, **changes: object
) -> LinearIssues:
    inner = transport or InProcessTransport(world.fake.app)
    return LinearIssues("linear/eng", settings(**changes), transport=inner)


@pytest.fixture
def world() -> LinearWorld:
    return LinearWorld()


@pytest.fixture
async def tracker(world: LinearWorld) -> AsyncIterator[LinearIssues]:
    connected = connect(world)
    yield connected
    await connected.aclose()


@pytest.fixture
def key(world: LinearWorld) -> str:
    return world.create_issue("Old trouble", "words")
