"""A Freshdesk of our own, with a clock that moves when told, and the connector upon it."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from datetime import UTC, datetime, timedelta

import pytest

from connectors.freshdesk import Freshdesk, FreshdeskSettings
from connectors.freshdesk.fake.app import API_KEY, UNLIMITED, FakeFreshdesk
from connectors.kit.fakes.faults import FaultKind, Faults
from connectors.kit.fakes.in_process import InProcessTransport
from connectors.kit.marks import unmarked
from incidents.texts.markup import text_of_markup
from tests.contracts.webhook_source import FIRST, SECOND

SAID = "#said"
PROPERTIES = "/api/v2/tickets/"


class Clock:
    def __init__(self) -> None:
        self.time = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)

    def __call__(self) -> datetime:
        return self.time


class FaultsOfWrites(Faults):
    """Replies and notes have paths; a property is changed on the path on which the ticket was read just before."""

    def arm(self, kind: FaultKind, *, where: str = "", times: int | None = 1, seconds: float = 0.0) -> None:
        if where == PROPERTIES:
            Faults.arm(self, FaultKind.DELAY, where=where)
        Faults.arm(self, kind, where=where, times=times, seconds=seconds)

    def take(self, path: str) -> tuple[FaultKind, float] | None:
        is_said = path.endswith(("/notes", "/reply"))
        return Faults.take(self, f"{path}{SAID}" if is_said else path)


class FreshdeskWorld:
    """Freshdesk behind the connector's back."""

    update_path = SAID
    bulk_path = SAID
    hide_path = "#nothing-hides"
    read_path = "/conversations"

    def __init__(self, *, calls_a_minute: int = UNLIMITED, lists_a_minute: int = UNLIMITED) -> None:
        self.clock = Clock()
        self.faults: Faults = FaultsOfWrites()
        self.fake = FakeFreshdesk(
            clock=self.clock,
            faults=self.faults,
            calls_a_minute=calls_a_minute,
            lists_a_minute=lists_a_minute,
        )

    def create_ticket(self, subject: str, body: str, *, name: str, email: str) -> str:
        return str(self.fake.create_ticket(name, email, subject, body))

    def remove_ticket(self, id: str) -> None:
        self.fake.destroy(int(id))

    def delete_ticket(self, id: str) -> None:
        self.fake.trash(int(id))

    def agent_note(self, id: str, text: str) -> None:
        self.fake.agent_note(int(id), text)

    def agent_reply(self, id: str, text: str) -> None:
        self.fake.agent_reply(int(id), text)

    def refuse_updates(self, id: str) -> None:
        self.fake.desk.locked.add(int(id))

    def customer_reply(self, id: str, text: str) -> None:
        self.fake.customer_reply(int(id), text)

    def public_replies(self, id: str) -> Sequence[str]:
        return [said(one["body"]) for one in self.fake.public(int(id))]

    def private_notes(self, id: str) -> Sequence[str]:
        return [said(one["body"]) for one in self.fake.private(int(id))]

    def tags(self, id: str) -> Sequence[str]:
        tags: list[str] = self.fake.desk.tickets[int(id)]["tags"]
        return tags

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


def said(markup: str) -> str:
    """The words without the line that has our mark."""
    return unmarked(text_of_markup(markup).strip())


def settings(**changes: object) -> FreshdeskSettings:
    values: dict[str, object] = {
        "base_url": "https://acme.freshdesk.test",
        "api_key": API_KEY,
        "signing_secrets": [FIRST.decode(), SECOND.decode()],
        "requests_per_minute": 1_000_000,
        "lists_per_minute": 1_000_000,
    }
    return FreshdeskSettings.model_validate(values | changes)


def connect(world: FreshdeskWorld, **changes: object) -> Freshdesk:
    return Freshdesk("freshdesk/support", settings(**changes), transport=InProcessTransport(world.fake.app))


@pytest.fixture
def world() -> FreshdeskWorld:
    return FreshdeskWorld()


@pytest.fixture
async def helpdesk(world: FreshdeskWorld) -> AsyncIterator[Freshdesk]:
    freshdesk = connect(world)
    yield freshdesk
    await freshdesk.aclose()
