"""A Jira Service Management of our own, with a clock that moves when told, and the connector upon it."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from datetime import UTC, datetime, timedelta

import httpx
import pytest
from pydantic import SecretStr

from connectors.jsm import ServiceManagement, ServiceManagementSettings
from connectors.jsm.fake.app import ADDRESS, EMAIL, TOKEN, FakeServiceManagement
from connectors.kit.fakes.faults import Faults
from connectors.kit.fakes.in_process import InProcessTransport
from connectors.kit.fakes.jira.site import ENGINEER, OWN_ID, SiteComment, SiteIssue
from connectors.kit.marks import unmarked
from tests.contracts.webhook_source import FIRST, SECOND


class ServiceWorld:
    """The service project behind the connector's back."""

    update_path = "/request/"
    bulk_path = "/request/"
    hide_path = "/properties/"
    read_path = "issue/10001/comment"
    """Of the first ticket."""

    def __init__(self) -> None:
        self.time = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)
        self.fake = FakeServiceManagement(clock=self.now)
        self.site = self.fake.site
        self.faults: Faults = self.fake.faults

    def create_ticket(self, subject: str, body: str, *, name: str, email: str) -> str:
        customer = self.site.person(name, email)
        return str(self.site.create(customer, subject, body, project="HELP").id)

    def remove_ticket(self, id: str) -> None:
        self.site.delete(self.issue(id))

    def delete_ticket(self, id: str) -> None:
        self.remove_ticket(id)

    def agent_note(self, id: str, text: str) -> None:
        self.site.comment(self.issue(id), ENGINEER, text, is_internal=True)

    def agent_reply(self, id: str, text: str) -> None:
        self.site.comment(self.issue(id), ENGINEER, text)

    def refuse_updates(self, id: str) -> None:
        self.issue(id).is_locked = True

    def customer_reply(self, id: str, text: str) -> None:
        self.let_time_pass(0.01)
        self.site.comment(self.issue(id), self.issue(id).creator, text)

    def public_replies(self, id: str) -> Sequence[str]:
        return [unmarked(one.text) for one in self._house(id) if not one.is_internal]

    def private_notes(self, id: str) -> Sequence[str]:
        return [unmarked(one.text) for one in self._house(id) if one.is_internal]

    def tags(self, id: str) -> Sequence[str]:
        return self.issue(id).labels

    def lose_privacy(self) -> None:
        self.site.publishes, self.site.hides = True, False

    def hide_replies(self) -> None:
        self.site.hides, self.site.publishes = True, False

    def keep_flags(self) -> None:
        self.site.hides = self.site.publishes = False

    def let_time_pass(self, seconds: float) -> None:
        self.time += timedelta(seconds=seconds)

    def now(self) -> datetime:
        return self.time

    def issue(self, id: str) -> SiteIssue:
        found = self.site.find(id)
        assert found is not None
        return found

    def _house(self, id: str) -> list[SiteComment]:
        issue = self.site.find(id)
        return [one for one in issue.comments if one.author in (OWN_ID, ENGINEER)] if issue else []


def settings(**changes: object) -> ServiceManagementSettings:
    values: dict[str, object] = {
        "base_url": ADDRESS,
        "email": EMAIL,
        "api_token": SecretStr(TOKEN),
        "project": "HELP",
        "signing_secrets": [SecretStr(FIRST.decode()), SecretStr(SECOND.decode())],
        "requests_per_minute": 1_000_000,
    }
    return ServiceManagementSettings.model_validate(values | changes)


def connect(
    world: ServiceWorld, transport: httpx.AsyncBaseTransport | None = None, **changes: object
) -> ServiceManagement:
    inner = transport or InProcessTransport(world.fake.app)
    return ServiceManagement("jsm/support", settings(**changes), transport=inner, clock=world.now)


@pytest.fixture
def world() -> ServiceWorld:
    return ServiceWorld()


@pytest.fixture
async def helpdesk(world: ServiceWorld) -> AsyncIterator[ServiceManagement]:
    connected = connect(world)
    yield connected
    await connected.aclose()


@pytest.fixture
def ticket(world: ServiceWorld) -> str:
    return world.create_ticket("Cannot pay", "Refused", name="Ada", email="ada@customer.example")
