"""A Redmine of our own, with a clock that moves when told, and the connector upon it."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from datetime import UTC, datetime, timedelta

import pytest
from pydantic import SecretStr

from connectors.kit.fakes.faults import Faults
from connectors.kit.fakes.in_process import InProcessTransport
from connectors.redmine import Redmine, RedmineSettings
from connectors.redmine.fake.app import API_KEY, FakeRedmine
from connectors.redmine.fake.tracker import STATUSES, StoredIssue

ENGINEER = 8


class RedmineWorld:
    """Redmine behind the connector's back."""

    change_path = "/issues"

    def __init__(self) -> None:
        self.time = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)
        self.fake = FakeRedmine(clock=self.now)
        self.faults: Faults = self.fake.faults

    def create_issue(self, title: str, text: str) -> str:
        return str(self.fake.tracker.create(ENGINEER, title, text).id)

    def write(self, key: str, text: str) -> None:
        self.fake.tracker.note(self._issue(key), ENGINEER, text)

    def move(self, key: str, status: str) -> None:
        wanted = next(number for number, (name, _) in STATUSES.items() if name == status)
        self.fake.tracker.move(self._issue(key), wanted, ENGINEER)

    def delete(self, key: str) -> None:
        del self.fake.tracker.issues[int(key)]

    def titles(self) -> Sequence[str]:
        return [one.subject for one in self.fake.tracker.issues.values()]

    def comments(self, key: str) -> Sequence[str]:
        return [one.notes.replace("\r\n", "\n") for one in self._issue(key).journals if one.notes]

    def public_texts(self, key: str) -> Sequence[str]:
        return [one.notes for one in self._issue(key).journals if one.notes and not one.is_private]

    def keep_nothing_private(self) -> None:
        self.fake.tracker.rights.discard("set_notes_private")

    def go_deaf(self) -> None:
        self.fake.tracker.is_deaf = True

    def write_in_between(self, text: str) -> None:
        issue = next(iter(self.fake.tracker.issues))
        self.fake.tracker.before_change.append(lambda: self.write(str(issue), text))

    def let_time_pass(self, seconds: float) -> None:
        self.time += timedelta(seconds=seconds)

    def now(self) -> datetime:
        return self.time

    def _issue(self, key: str) -> StoredIssue:
        return self.fake.tracker.issues[int(key)]


def settings(**changes: object) -> RedmineSettings:
    values: dict[str, object] = {
        "base_url": "https://redmine.acme.test",
        "api_key": SecretStr(API_KEY),
        "project": "shop",
        "requests_per_minute": 1_000_000,
    }
    return RedmineSettings.model_validate(values | changes)


def connect(world: RedmineWorld, **changes: object) -> Redmine:
    return Redmine("redmine/shop", settings(**changes), transport=InProcessTransport(world.fake.app))


@pytest.fixture
def world() -> RedmineWorld:
    return RedmineWorld()


@pytest.fixture
async def tracker(world: RedmineWorld) -> AsyncIterator[Redmine]:
    connected = connect(world)
    yield connected
    await connected.aclose()
