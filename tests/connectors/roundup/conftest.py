"""A Roundup of our own, with a clock that moves when told, and the connector upon it."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from datetime import UTC, datetime, timedelta

import pytest
from pydantic import SecretStr

from connectors.kit.fakes.faults import Faults
from connectors.kit.fakes.in_process import InProcessTransport
from connectors.roundup import Roundup, RoundupSettings
from connectors.roundup.fake.app import ORIGIN, PASSWORD, USER, FakeRoundup
from connectors.roundup.fake.tracker import STATUSES

ENGINEER = "4"


class RoundupWorld:
    """Roundup behind the connector's back."""

    change_path = "/rest/data/issue"

    def __init__(self) -> None:
        self.time = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)
        self.fake = FakeRoundup(clock=self.now)
        self.faults: Faults = self.fake.faults

    def create_issue(self, title: str, text: str) -> str:
        tracker = self.fake.tracker
        return tracker.issue(ENGINEER, title, [tracker.message(ENGINEER, text)])

    def write(self, key: str, text: str) -> None:
        self.fake.tracker.write(key, ENGINEER, text)

    def move(self, key: str, status: str) -> None:
        wanted = next(number for number, name in STATUSES.items() if name == status)
        self.fake.tracker.change(key, status=wanted)

    def delete(self, key: str) -> None:
        self.fake.tracker.retire(key)

    def titles(self) -> Sequence[str]:
        return [one["title"] for one in self.fake.tracker.issues.values()]

    def comments(self, key: str) -> Sequence[str]:
        messages = self.fake.tracker.issues[key]["messages"][1:]
        return [self.fake.tracker.messages[one]["content"] for one in messages]

    def public_texts(self, key: str) -> Sequence[str]:
        return self.comments(key)

    def keep_nothing_private(self) -> None:
        raise AssertionError("Roundup has no private comments")

    def go_deaf(self) -> None:
        self.fake.tracker.is_deaf = True

    def write_in_between(self, text: str) -> None:
        issue = next(iter(self.fake.tracker.issues))
        self.fake.tracker.before_change.append(lambda: self.write(issue, text))

    def let_time_pass(self, seconds: float) -> None:
        self.time += timedelta(seconds=seconds)

    def now(self) -> datetime:
        return self.time


def settings(**changes: object) -> RoundupSettings:
    values: dict[str, object] = {
        "base_url": f"{ORIGIN}/",
        "user": USER,
        "password": SecretStr(PASSWORD),
        "requests_per_minute": 1_000_000,
    }
    return RoundupSettings.model_validate(values | changes)


def connect(world: RoundupWorld, **changes: object) -> Roundup:
    return Roundup("roundup/bugs", settings(**changes), transport=InProcessTransport(world.fake.app))


@pytest.fixture
def world() -> RoundupWorld:
    return RoundupWorld()


@pytest.fixture
async def tracker(world: RoundupWorld) -> AsyncIterator[Roundup]:
    connected = connect(world)
    yield connected
    await connected.aclose()
