"""A Zammad of our own, with a clock that moves when told, and the connector upon it."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from datetime import UTC, datetime, timedelta

import pytest

from connectors.kit.fakes.faults import FaultKind, Faults
from connectors.kit.fakes.in_process import InProcessTransport
from connectors.zammad.connector import Zammad
from connectors.zammad.fake.app import API_TOKEN, FakeZammad
from connectors.zammad.settings import ZammadSettings
from tests.contracts.webhook_source import FIRST, SECOND


class Clock:
    def __init__(self) -> None:
        self.time = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)

    def __call__(self) -> datetime:
        return self.time


class FaultsOfWrites(Faults):
    """A ticket is read on the path on which it is written, first: what is armed there is for the write."""

    def arm(self, kind: FaultKind, *, where: str = "", times: int | None = 1, seconds: float = 0.0) -> None:
        if where == ZammadWorld.update_path:
            Faults.arm(self, FaultKind.DELAY, where=where)
        Faults.arm(self, kind, where=where, times=times, seconds=seconds)

    def take(self, path: str) -> tuple[FaultKind, float] | None:
        """One article is hidden on the path below which all of a ticket are read."""
        is_one = path.rpartition("/ticket_articles/")[2].isdecimal()
        return Faults.take(self, f"{path}#hide" if is_one else path)


class ZammadWorld:
    """Zammad behind the connector's back."""

    update_path = "/api/v1/tickets/"
    bulk_path = "/api/v1/tickets/"
    hide_path = "#hide"
    read_path = "/ticket_articles/by_ticket"

    def __init__(self) -> None:
        self.clock = Clock()
        self.faults: Faults = FaultsOfWrites()
        self.fake = FakeZammad(clock=self.clock, signing_secret=FIRST.decode(), faults=self.faults)

    def create_ticket(self, subject: str, body: str, *, name: str, email: str) -> str:
        return str(self.fake.create_ticket(name, email, subject, body))

    def remove_ticket(self, id: str) -> None:
        self.fake.desk.delete(int(id))

    def delete_ticket(self, id: str) -> None:
        self.fake.desk.delete(int(id))

    def agent_note(self, id: str, text: str) -> None:
        self.fake.agent_note(int(id), text)

    def agent_reply(self, id: str, text: str) -> None:
        self.fake.agent_reply(int(id), text)

    def refuse_updates(self, id: str) -> None:
        self.fake.freeze(int(id))

    def customer_reply(self, id: str, text: str) -> None:
        self.fake.customer_reply(int(id), text)

    def public_replies(self, id: str) -> Sequence[str]:
        return [one["body"] for one in self.fake.public(int(id))]

    def private_notes(self, id: str) -> Sequence[str]:
        return [one["body"] for one in self.fake.private(int(id))]

    def tags(self, id: str) -> Sequence[str]:
        return self.fake.desk.tags[int(id)]

    def lose_privacy(self) -> None:
        self.fake.desk.loses_privacy = True

    def hide_replies(self) -> None:
        self.fake.desk.hides_replies = True

    def keep_flags(self) -> None:
        self.fake.desk.loses_privacy = self.fake.desk.hides_replies = False

    def let_time_pass(self, seconds: float) -> None:
        self.clock.time += timedelta(seconds=seconds)

    def now(self) -> datetime:
        return self.clock()


def settings(**changes: object) -> ZammadSettings:
    values: dict[str, object] = {
        "base_url": "https://support.example.test",
        "api_token": API_TOKEN,
        "signing_secrets": [FIRST.decode(), SECOND.decode()],
        "requests_per_minute": 1_000_000,
    }
    return ZammadSettings.model_validate(values | changes)


def connect(world: ZammadWorld, **changes: object) -> Zammad:
    return Zammad(
        "zammad/support", settings(**changes), transport=InProcessTransport(world.fake.app), clock=world.clock
    )


@pytest.fixture
def world() -> ZammadWorld:
    return ZammadWorld()


@pytest.fixture
async def helpdesk(world: ZammadWorld) -> AsyncIterator[Zammad]:
    zammad = connect(world)
    yield zammad
    await zammad.aclose()
