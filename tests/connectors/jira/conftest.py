"""A Jira of our own, with a clock that moves when told, and the connector upon it."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from datetime import UTC, datetime, timedelta

import httpx
import pytest
from pydantic import SecretStr

from connectors.jira import Jira, JiraSettings
from connectors.jira.fake.app import ADDRESS, EMAIL, TOKEN, FakeJira
from connectors.kit.atlassian.site import Edition
from connectors.kit.fakes.faults import Faults
from connectors.kit.fakes.in_process import InProcessTransport
from connectors.kit.fakes.jira.shapes import STATUSES
from connectors.kit.fakes.jira.site import ENGINEER, SiteIssue
from tests.contracts.webhook_source import FIRST, SECOND

OWN_ADDRESS = "https://jira.acme.test"
"""Of a Data Center."""


class JiraWorld:
    """Jira behind the connector's back."""

    change_path = "/issue"

    def __init__(self, edition: Edition = Edition.CLOUD) -> None:
        self.time = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)
        self.edition = edition
        self.address = ADDRESS if edition is Edition.CLOUD else OWN_ADDRESS
        self.fake = FakeJira(clock=self.now, edition=edition, address=self.address)
        self.site = self.fake.site
        self.faults: Faults = self.fake.faults

    def create_issue(self, title: str, text: str) -> str:
        return self.site.create(ENGINEER, title, text).key

    def write(self, key: str, text: str) -> None:
        self.site.comment(self.issue(key), ENGINEER, text)

    def move(self, key: str, status: str) -> None:
        wanted = next(number for number, (name, _) in STATUSES.items() if name == status)
        self.site.move(self.issue(key), ENGINEER, wanted)

    def delete(self, key: str) -> None:
        self.site.delete(self.issue(key))

    def titles(self) -> Sequence[str]:
        return [one.summary for one in self.site.issues.values()]

    def comments(self, key: str) -> Sequence[str]:
        return [one.text for one in self.issue(key).comments]

    def public_texts(self, key: str) -> Sequence[str]:
        return [one.text for one in self.issue(key).comments if not one.role]

    def keep_nothing_private(self) -> None:
        self.site.loses_roles = True

    def go_deaf(self) -> None:
        self.site.is_deaf = True

    def write_in_between(self, text: str) -> None:
        issue = next(iter(self.site.issues.values()))
        self.site.before_change.append(lambda: self.write(issue.key, text))

    def let_time_pass(self, seconds: float) -> None:
        self.time += timedelta(seconds=seconds)

    def now(self) -> datetime:
        return self.time

    def issue(self, key: str) -> SiteIssue:
        found = self.site.find(key)
        assert found is not None
        return found


def settings(edition: Edition = Edition.CLOUD, /, **changes: object) -> JiraSettings:
    values: dict[str, object] = {
        "base_url": ADDRESS if edition is Edition.CLOUD else OWN_ADDRESS,
        "email": EMAIL if edition is Edition.CLOUD else "",
        "api_token": SecretStr(TOKEN),
        "project": "SHOP",
        "signing_secrets": [SecretStr(FIRST.decode()), SecretStr(SECOND.decode())],
        "comments_for": "Developers",
        "requests_per_minute": 1_000_000,
    }
    return JiraSettings.model_validate(values | changes)


def connect(world: JiraWorld, transport: httpx.AsyncBaseTransport | None = None, **changes: object) -> Jira:
    inner = transport or InProcessTransport(world.fake.app)
    return Jira("jira/shop", settings(world.edition, **changes), transport=inner, clock=world.now)


@pytest.fixture(params=list(Edition))
def edition(request: pytest.FixtureRequest) -> Edition:
    """Each contract is kept on both."""
    return Edition(request.param)


@pytest.fixture
def world(edition: Edition) -> JiraWorld:
    return JiraWorld(edition)


@pytest.fixture
async def tracker(world: JiraWorld) -> AsyncIterator[Jira]:
    connected = connect(world)
    yield connected
    await connected.aclose()


@pytest.fixture
def key(world: JiraWorld) -> str:
    return world.create_issue("Old trouble", "words")
