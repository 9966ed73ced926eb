"""An RT of our own, with a clock that moves when told, and the connector upon it."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from datetime import UTC, datetime, timedelta

import pytest
from pydantic import SecretStr

from connectors.kit.fakes.faults import Faults
from connectors.kit.fakes.in_process import InProcessTransport
from connectors.requesttracker import RequestTracker, RequestTrackerSettings
from connectors.requesttracker.fake.app import PASSWORD, USER, FakeRequestTracker
from connectors.requesttracker.fake.records import TAG_FIELD

SECRET = "the-signing-secret-of-a-test"


class RequestTrackerWorld:
    """RT behind the connector's back."""

    update_path = "/co"
    bulk_path = "/co"
    hide_path = ""
    read_path = "/transaction/"

    def __init__(self) -> None:
        self.time = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)
        self.fake = FakeRequestTracker(clock=self.now, secret=SECRET)
        self.faults: Faults = self.fake.faults

    def create_ticket(self, subject: str, body: str, *, name: str, email: str) -> str:
        return str(self.fake.create_ticket(name, email, subject, body))

    def remove_ticket(self, id: str) -> None:
        del self.fake.desk.tickets[int(id)]

    def delete_ticket(self, id: str) -> None:
        self.fake.set_status(int(id), "deleted")

    def agent_note(self, id: str, text: str) -> None:
        self.fake.agent_message(int(id), "Comment", text)

    def agent_reply(self, id: str, text: str) -> None:
        self.fake.agent_message(int(id), "Correspond", text)

    def refuse_updates(self, id: str) -> None:
        self.fake.desk.tickets[int(id)].is_locked = True

    def customer_reply(self, id: str, text: str) -> None:
        self.fake.customer_reply(int(id), text)

    def public_replies(self, id: str) -> Sequence[str]:
        return self.fake.texts(int(id), "Correspond", by=(USER, "agent"))

    def private_notes(self, id: str) -> Sequence[str]:
        return self.fake.texts(int(id), "Comment")

    def tags(self, id: str) -> Sequence[str]:
        return self.fake.desk.tickets[int(id)].tags

    def lose_privacy(self) -> None:
        self.fake.desk.loses_privacy = True

    def hide_replies(self) -> None:
        self.fake.desk.hides_replies = True

    def keep_flags(self) -> None:
        self.fake.desk.loses_privacy = self.fake.desk.hides_replies = False

    def let_time_pass(self, seconds: float) -> None:
        self.time += timedelta(seconds=seconds)

    def now(self) -> datetime:
        return self.time


def settings(**changes: object) -> RequestTrackerSettings:
    values: dict[str, object] = {
        "base_url": "https://rt.acme.test",
        "user": USER,
        "password": SecretStr(PASSWORD),
        "signing_secrets": [SecretStr(SECRET)],
        "tag_field": TAG_FIELD,
        "requests_per_minute": 1_000_000,
    }
    return RequestTrackerSettings.model_validate(values | changes)


def connect(world: RequestTrackerWorld, **changes: object) -> RequestTracker:
    return RequestTracker(
        "requesttracker/support", settings(**changes), transport=InProcessTransport(world.fake.app)
    )


@pytest.fixture
def world() -> RequestTrackerWorld:
    return RequestTrackerWorld()


@pytest.fixture
async def helpdesk(world: RequestTrackerWorld) -> AsyncIterator[RequestTracker]:
    connected = connect(world)
    yield connected
    await connected.aclose()
