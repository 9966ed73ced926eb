"""A Zendesk of our own, with a clock that moves when told, and the connector upon it."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from datetime import UTC, datetime, timedelta

import pytest
from pydantic import SecretStr

from connectors.kit.fakes.faults import Faults
from connectors.kit.fakes.in_process import InProcessTransport
from connectors.zendesk.connector import Zendesk
from connectors.zendesk.fake.app import (
    API_TOKEN,
    EMAIL,
    FakeZendesk,
)
from connectors.zendesk.settings import ZendeskSettings

SECRET = "the-signing-secret-of-a-test"


class Clock:
    def __init__(self) -> None:
        self.time = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)

    def __call__(self) -> datetime:
        return self.time

    def advance(self, seconds: float) -> None:
        self.time += timedelta(seconds=seconds)


class ZendeskWorld:
    """Zendesk behind the connector's back."""

    update_path = "/tickets/"
    bulk_path = "/update_many"
    hide_path = "make_private"
    read_path = "/show_many"

    def __init__(self) -> None:
        self.clock = Clock()
        self.fake = FakeZendesk(
            signing_secret=SECRET, webhook_url="http://gateway.test/zendesk", clock=self.clock
        )
        self.faults: Faults = self.fake.faults

    def create_ticket(self, subject: str, body: str, *, name: str, email: str) -> str:
        return str(self.fake.create_ticket(name, email, subject, body))

    def remove_ticket(self, id: str) -> None:
        self.fake.remove_ticket(int(id))

    def delete_ticket(self, id: str) -> None:
        self.fake.delete_ticket(int(id))

    def agent_note(self, id: str, text: str) -> None:
        self.fake.agent_note(int(id), "Ada Agent", text)

    def agent_reply(self, id: str, text: str) -> None:
        self.fake.agent_reply(int(id), "Ada Agent", text)

    def refuse_updates(self, id: str) -> None:
        self.fake.close(int(id))

    def customer_reply(self, id: str, text: str) -> None:
        self.fake.customer_reply(int(id), text)

    def public_replies(self, id: str) -> Sequence[str]:
        return self.fake.public_replies(int(id))

    def private_notes(self, id: str) -> Sequence[str]:
        return self.fake.private_notes(int(id))

    def tags(self, id: str) -> Sequence[str]:
        return self.fake.tickets[int(id)].tags

    def lose_privacy(self) -> None:
        self.fake.api.desk.loses_privacy = True

    def hide_replies(self) -> None:
        self.fake.api.desk.hides_replies = True

    def keep_flags(self) -> None:
        self.fake.api.desk.loses_privacy = self.fake.api.desk.hides_replies = False

    def let_time_pass(self, seconds: float) -> None:
        self.clock.advance(seconds)

    def now(self) -> datetime:
        return self.clock()


def settings(**changes: object) -> ZendeskSettings:
    values: dict[str, object] = {
        "base_url": "https://acme.zendesk.test",
        "email": EMAIL,
        "api_token": SecretStr(API_TOKEN),
        "signing_secrets": [SecretStr(SECRET)],
        "job_poll_seconds": 0.001,
        "updates_per_minute": 10_000,
        "requests_per_minute": 10_000,
    }
    return ZendeskSettings.model_validate(values | changes)


def connect(world: ZendeskWorld, **changes: object) -> Zendesk:
    return Zendesk(
        "zendesk/support",
        settings(**changes),
        transport=InProcessTransport(world.fake.app),
        clock=world.clock,
    )


@pytest.fixture
def world() -> ZendeskWorld:
    return ZendeskWorld()


@pytest.fixture
async def helpdesk(world: ZendeskWorld) -> AsyncIterator[Zendesk]:
    zendesk = connect(world)
    yield zendesk
    await zendesk.aclose()
