"""An Intercom of our own, with a clock that moves when told, and the connector upon it."""

from __future__ import annotations

import html
import re
from collections.abc import AsyncIterator, Sequence
from datetime import UTC, datetime, timedelta

import httpx
import pytest

from connectors.intercom import Intercom, IntercomSettings
from connectors.intercom.fake.app import ACCESS_TOKEN, WORKSPACE, FakeIntercom
from connectors.kit.fakes.faults import FaultKind, Faults
from connectors.kit.fakes.in_process import InProcessTransport
from connectors.kit.marks import unmarked
from incidents.texts.markup import text_of_markup
from tests.contracts.webhook_source import FIRST, SECOND

READ_BACK = "#read"
STATES = "#state"
_READ = re.compile(r"GET /(?:conversations|tickets)/[0-9]+")
_SET = re.compile(r"PUT /tickets/[0-9]+|POST .+/(?:parts|tags)")


class FaultsOfWrites(Faults):
    """One path is read before and after a write: what is armed for the reading back spares the first. States and tags
    have paths of their own."""

    def arm(self, kind: FaultKind, *, where: str = "", times: int | None = 1, seconds: float = 0.0) -> None:
        if where == READ_BACK:
            Faults.arm(self, FaultKind.DELAY, where=where)
        Faults.arm(self, kind, where=where, times=times, seconds=seconds)

    def take(self, path: str) -> tuple[FaultKind, float] | None:
        if _READ.fullmatch(path):
            path += READ_BACK
        elif _SET.fullmatch(path):
            path += STATES
        return Faults.take(self, path)


class IntercomWorld:
    """Intercom behind the connector's back."""

    update_path = "/reply"
    bulk_path = "/reply"
    hide_path = "#nothing-hides"
    read_path = READ_BACK

    def __init__(self) -> None:
        self.time = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)
        self.faults: Faults = FaultsOfWrites()
        self.fake = FakeIntercom(clock=self.now, faults=self.faults)
        self.inbox = self.fake.inbox

    def create_ticket(self, subject: str, body: str, *, name: str, email: str) -> str:
        return self.fake.create_ticket(name, email, subject, body)

    def remove_ticket(self, id: str) -> None:
        del self.inbox.conversations[id]

    def delete_ticket(self, id: str) -> None:
        self.remove_ticket(id)

    def agent_note(self, id: str, text: str) -> None:
        self.inbox.write(id, self.inbox.colleague, html.escape(text), is_note=True)

    def agent_reply(self, id: str, text: str) -> None:
        self.inbox.write(id, self.inbox.colleague, html.escape(text), is_note=False)

    def refuse_updates(self, id: str) -> None:
        self.inbox.locked.add(f"/conversations/{id}")

    def customer_reply(self, id: str, text: str) -> None:
        self.inbox.answer(id, text)

    def public_replies(self, id: str) -> Sequence[str]:
        return self._said(id, "comment")

    def private_notes(self, id: str) -> Sequence[str]:
        return self._said(id, "note")

    def tags(self, id: str) -> Sequence[str]:
        return [tag["name"] for tag in self.inbox.conversations[id]["tags"]["tags"]]

    def lose_privacy(self) -> None:
        self.inbox.loses_privacy = True

    def hide_replies(self) -> None:
        self.inbox.hides_replies = True

    def keep_flags(self) -> None:
        self.inbox.loses_privacy = self.inbox.hides_replies = False

    def let_time_pass(self, seconds: float) -> None:
        self.time += timedelta(seconds=seconds)

    def now(self) -> datetime:
        return self.time

    def _said(self, id: str, kind: str) -> list[str]:
        return [
            unmarked(text_of_markup(one["body"]).strip())
            for one in self.inbox.parts[id]
            if one["part_type"] == kind and one["author"]["type"] == "admin"
        ]


def settings(**changes: object) -> IntercomSettings:
    values: dict[str, object] = {
        "base_url": "https://api.intercom.test",
        "access_token": ACCESS_TOKEN,
        "workspace_id": WORKSPACE,
        "signing_secrets": [FIRST.decode(), SECOND.decode()],
        "requests_per_minute": 1_000_000,
    }
    return IntercomSettings.model_validate(values | changes)


def connect(
    world: IntercomWorld, transport: httpx.AsyncBaseTransport | None = None, **changes: object
) -> Intercom:
    inner = transport or InProcessTransport(world.fake.app)
    return Intercom("intercom/support", settings(**changes), transport=inner, clock=world.now)


@pytest.fixture
def world() -> IntercomWorld:
    return IntercomWorld()


@pytest.fixture
async def helpdesk(world: IntercomWorld) -> AsyncIterator[Intercom]:
    connected = connect(world)
    yield connected
    await connected.aclose()


@pytest.fixture
def ticket(world: IntercomWorld) -> str:
    return world.create_ticket("Cannot pay", "Refused", name="Ada", email="ada@customer.example")
