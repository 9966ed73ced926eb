"""A Front of our own, with a clock that moves when told, and the connector upon it."""

from __future__ import annotations

import json
import re
from collections.abc import AsyncIterator, Sequence
from datetime import UTC, datetime, timedelta

import httpx
import pytest

from connectors.front import Front, FrontSettings
from connectors.front.fake.app import API_TOKEN, COMPANY, FakeFront
from connectors.front.fake.company import COLLEAGUE, TEAMMATE
from connectors.kit.fakes.faults import FaultKind, Faults
from connectors.kit.fakes.in_process import InProcessTransport
from connectors.kit.marks import unmarked
from incidents.texts.markup import text_of_markup
from tests.contracts.webhook_source import FIRST, SECOND

WRITES, READ_BACK, STATES = "#write", "#read", "#state"
_PLACES = (
    (re.compile(r"POST .+/(?:messages|comments)"), WRITES),
    (re.compile(r"GET .+/(?:messages|comments)"), READ_BACK),
    (re.compile(r"PATCH .+|POST .+/tags"), STATES),
)


class FaultsOfWrites(Faults):
    """Reading and writing are on the same paths."""

    def take(self, path: str) -> tuple[FaultKind, float] | None:
        for pattern, mark in _PLACES:
            if pattern.fullmatch(path):
                path += mark
        return Faults.take(self, path)


class FrontWorld:
    """Front behind the connector's back."""

    update_path = WRITES
    bulk_path = WRITES
    hide_path = "#nothing-hides"
    read_path = READ_BACK

    def __init__(self) -> None:
        self.time = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)
        self.faults: Faults = FaultsOfWrites()
        self.fake = FakeFront(clock=self.now, faults=self.faults)
        self.company = self.fake.company

    def create_ticket(self, subject: str, body: str, *, name: str, email: str) -> str:
        return self.fake.create_ticket(name, email, subject, body)

    def remove_ticket(self, id: str) -> None:
        del self.company.conversations[id]

    def delete_ticket(self, id: str) -> None:
        self.company.put_in_bin(id)

    def agent_note(self, id: str, text: str) -> None:
        self.company.comment(id, COLLEAGUE, text)

    def agent_reply(self, id: str, text: str) -> None:
        self.company.reply(id, COLLEAGUE, text, archives=False)

    def refuse_updates(self, id: str) -> None:
        self.company.locked.add(id)

    def customer_reply(self, id: str, text: str) -> None:
        self.company.answer(id, text)

    def public_replies(self, id: str) -> Sequence[str]:
        rows = self.company.messages[id]
        return [_plain(text_of_markup(one["body"])) for one in rows if not one["is_inbound"]]

    def private_notes(self, id: str) -> Sequence[str]:
        return [_plain(one["body"]) for one in self.company.comments[id]]

    def tags(self, id: str) -> Sequence[str]:
        return [tag["name"] for tag in self.company.conversations[id]["tags"]]

    def lose_privacy(self) -> None:
        self.company.loses_privacy = True

    def hide_replies(self) -> None:
        self.company.hides_replies = True

    def keep_flags(self) -> None:
        self.company.loses_privacy = self.company.hides_replies = False

    def let_time_pass(self, seconds: float) -> None:
        self.time += timedelta(seconds=seconds)

    def now(self) -> datetime:
        return self.time


class Watched(InProcessTransport):
    """Keeps what was sent; answers as `instead` says, where it says so."""

    def __init__(self, world: FrontWorld) -> None:
        super().__init__(world.fake.app)
        self.sent: list[tuple[str, object]] = []
        self.instead: dict[str, httpx.Response] = {}

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        if request.method != "GET":
            self.sent.append((f"{request.method} {request.url.path}", json.loads(request.content)))
        for path, answer in self.instead.items():
            if request.url.path.endswith(path):
                return answer
        return await super().handle_async_request(request)


def _plain(words: str) -> str:
    return unmarked(words.strip()).replace("\u2060", "")


def settings(**changes: object) -> FrontSettings:
    values: dict[str, object] = {
        "base_url": "https://api2.front.test",
        "api_token": API_TOKEN,
        "company_id": COMPANY,
        "teammate_id": TEAMMATE,
        "signing_secrets": [FIRST.decode(), SECOND.decode()],
        "requests_per_minute": 1_000_000,
    }
    return FrontSettings.model_validate(values | changes)


def connect(world: FrontWorld, transport: httpx.AsyncBaseTransport | None = None, **changes: object) -> Front:
    inner = transport or InProcessTransport(world.fake.app)
    return Front("front/support", settings(**changes), transport=inner)


@pytest.fixture
def world() -> FrontWorld:
    return FrontWorld()


@pytest.fixture
async def helpdesk(world: FrontWorld) -> AsyncIterator[Front]:
    connected = connect(world)
    yield connected
    await connected.aclose()


@pytest.fixture
def ticket(world: FrontWorld) -> str:
    return world.create_ticket("Cannot pay", "Refused", name="Ada", email="ada@customer.example")
