"""A GitLab of our own, with a clock that moves when told, and the connector upon it."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from datetime import UTC, datetime, timedelta

import httpx
import pytest
from pydantic import SecretStr

from connectors.gitlab import GitLab, GitLabSettings
from connectors.gitlab.fake.app import TOKEN, FakeGitLab
from connectors.gitlab.fake.records import ENGINEER, PROJECT, GitLabIssue
from connectors.kit.fakes.faults import Faults
from connectors.kit.fakes.in_process import InProcessTransport
from tests.contracts.webhook_source import FIRST, SECOND


class GitLabWorld:
    """GitLab behind the connector's back."""

    change_path = "/issues"

    def __init__(self) -> None:
        self.time = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)
        self.fake = FakeGitLab(clock=self.now)
        self.faults: Faults = self.fake.faults

    def create_issue(self, title: str, text: str) -> str:
        return str(self.fake.open(ENGINEER, title, text).iid)

    def write(self, key: str, text: str) -> None:
        self.fake.say(int(key), ENGINEER, text)

    def move(self, key: str, status: str) -> None:
        self.fake.move(int(key), status)

    def delete(self, key: str) -> None:
        del self.fake.issues[int(key)]

    def titles(self) -> Sequence[str]:
        return [one.title for one in self.fake.issues.values()]

    def comments(self, key: str) -> Sequence[str]:
        return [one.body for one in self.issue(key).notes if not one.is_system]

    def public_texts(self, key: str) -> Sequence[str]:
        return [one.body for one in self.issue(key).notes if not (one.is_system or one.is_internal)]

    def keep_nothing_private(self) -> None:
        self.fake.keeps_public = True

    def go_deaf(self) -> None:
        self.fake.is_deaf = True

    def write_in_between(self, text: str) -> None:
        key = str(next(iter(self.fake.issues)))
        self.fake.before_change.append(lambda: self.write(key, text))

    def let_time_pass(self, seconds: float) -> None:
        self.time += timedelta(seconds=seconds)

    def now(self) -> datetime:
        return self.time

    def issue(self, key: str) -> GitLabIssue:
        return self.fake.issues[int(key)]


def settings(**changes: object) -> GitLabSettings:
    values: dict[str, object] = {
        "project": PROJECT,
        "token": SecretStr(TOKEN),
        "signing_secrets": [SecretStr(FIRST.decode()), SecretStr(SECOND.decode())],
        "requests_per_minute": 1_000_000,
    }
    return GitLabSettings.model_validate(values | changes)


def connect(
    world: GitLabWorld, transport: httpx.AsyncBaseTransport | None = None, **changes: object
) -> GitLab:
    inner = transport or InProcessTransport(world.fake.app)
    return GitLab("gitlab/shop", settings(**changes), transport=inner)


@pytest.fixture
def world() -> GitLabWorld:
    return GitLabWorld()


@pytest.fixture
async def tracker(world: GitLabWorld) -> AsyncIterator[GitLab]:
    connected = connect(world)
    yield connected
    await connected.aclose()


@pytest.fixture
def key(world: GitLabWorld) -> str:
    return world.create_issue("Old trouble", "words")
