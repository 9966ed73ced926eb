"""A Help Scout of our own, with a clock that moves when told, and the connector upon it."""

from __future__ import annotations

import html
import re
from collections.abc import AsyncIterator, Callable, Sequence
from datetime import UTC, datetime, timedelta

import httpx
import pytest

from connectors.helpscout import HelpScout, HelpScoutSettings
from connectors.helpscout.fake.app import APP_ID, APP_SECRET, FakeHelpScout
from connectors.kit.fakes.faults import FaultKind, Faults
from connectors.kit.fakes.in_process import InProcessTransport
from connectors.kit.marks import unmarked
from incidents.texts.markup import text_of_markup
from tests.contracts.webhook_source import FIRST, SECOND

Answer = Callable[[httpx.Request], httpx.Response | None]
WRITES = "#write"
STATES = "#state"
_WRITES = re.compile(r"POST /v2/conversations/[0-9]+/(?:reply|notes)")
_STATES = re.compile(r"(?:PATCH|PUT) /v2/conversations/[0-9]+(?:/tags)?")


class FaultsOfWrites(Faults):
    """A reply and a note have two addresses, a status and tags as well."""

    def take(self, path: str) -> tuple[FaultKind, float] | None:
        if _WRITES.fullmatch(path):
            path += WRITES
        elif _STATES.fullmatch(path):
            path += STATES
        return Faults.take(self, path)


class HelpScoutWorld:
    """Help Scout behind the connector's back."""

    update_path = WRITES
    bulk_path = WRITES
    hide_path = "#nothing-hides"
    read_path = "/v3/"

    def __init__(self) -> None:
        self.time = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)
        self.faults: Faults = FaultsOfWrites()
        self.fake = FakeHelpScout(clock=self.now, faults=self.faults)
        self.desk = self.fake.desk

    def create_ticket(self, subject: str, body: str, *, name: str, email: str) -> str:
        return self.fake.create_ticket(name, email, subject, body)

    def remove_ticket(self, id: str) -> None:
        self.desk.delete(int(id))

    def delete_ticket(self, id: str) -> None:
        self.remove_ticket(id)

    def agent_note(self, id: str, text: str) -> None:
        self.desk.write(int(id), self.desk.colleague, html.escape(text), is_note=True)

    def agent_reply(self, id: str, text: str) -> None:
        self.desk.write(int(id), self.desk.colleague, html.escape(text), is_note=False)

    def refuse_updates(self, id: str) -> None:
        self.desk.locked.add(int(id))

    def customer_reply(self, id: str, text: str) -> None:
        self.desk.answer(int(id), text)

    def public_replies(self, id: str) -> Sequence[str]:
        return self._said(id, "message")

    def private_notes(self, id: str) -> Sequence[str]:
        return self._said(id, "note")

    def tags(self, id: str) -> Sequence[str]:
        return [one["tag"] for one in self.desk.conversations[int(id)]["tags"]]

    def lose_privacy(self) -> None:
        self.desk.loses_privacy = True

    def hide_replies(self) -> None:
        self.desk.hides_replies = True

    def keep_flags(self) -> None:
        self.desk.loses_privacy = self.desk.hides_replies = False

    def let_time_pass(self, seconds: float) -> None:
        self.time += timedelta(seconds=seconds)

    def now(self) -> datetime:
        return self.time

    def status(self, id: str) -> str:
        """By Help Scout's own word."""
        return str(self.desk.conversations[int(id)]["status"])

    def _said(self, id: str, kind: str) -> list[str]:
        return [
            unmarked(text_of_markup(one["body"]).strip())
            for one in self.desk.threads[int(id)]
            if one["type"] == kind and one["createdBy"]["type"] == "user"
        ]


def settings(**changes: object) -> HelpScoutSettings:
    values: dict[str, object] = {
        "base_url": "https://api.helpscout.test",
        "app_id": APP_ID,
        "app_secret": APP_SECRET,
        "signing_secrets": [FIRST.decode(), SECOND.decode()],
        "requests_per_minute": 1_000_000,
        "changes_per_five_seconds": 1_000_000,
    }
    return HelpScoutSettings.model_validate(values | changes)


def connect(
    world: HelpScoutWorld, transport: httpx.AsyncBaseTransport | None = None, **changes: object
) -> HelpScout:
    inner = transport or InProcessTransport(world.fake.app)
    return HelpScout("helpscout/support", settings(**changes), transport=inner)


class Odd(InProcessTransport):
    """The fake, but for the requests that `answer` answers."""

    def __init__(self, world: HelpScoutWorld, answer: Answer) -> None:
        super().__init__(world.fake.app)
        self._answer = answer

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        return self._answer(request) or await super().handle_async_request(request)


def odd(world: HelpScoutWorld, answer: Answer, **changes: object) -> HelpScout:
    return connect(world, Odd(world, answer), **changes)


@pytest.fixture
def world() -> HelpScoutWorld:
    return HelpScoutWorld()


@pytest.fixture
async def helpdesk(world: HelpScoutWorld) -> AsyncIterator[HelpScout]:
    connected = connect(world)
    yield connected
    await connected.aclose()


@pytest.fixture
def ticket(world: HelpScoutWorld) -> str:
    return world.create_ticket("Cannot pay", "Refused", name="Ada", email="ada@customer.example")
