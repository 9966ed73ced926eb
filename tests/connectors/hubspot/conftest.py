"""A HubSpot of our own, with a clock that moves when told, and the connector upon it."""

from __future__ import annotations

import html
import json
import re
from collections.abc import AsyncIterator, Sequence
from datetime import UTC, datetime, timedelta

import httpx
import pytest

from connectors.hubspot import HubSpot, HubSpotSettings
from connectors.hubspot.fake.app import ACCESS_TOKEN, FakeHubSpot
from connectors.hubspot.fake.portal import APP, PORTAL, TAGS, USER
from connectors.kit.fakes.faults import FaultKind, Faults
from connectors.kit.fakes.in_process import InProcessTransport
from connectors.kit.marks import unmarked
from incidents.texts.markup import text_of_markup
from tests.contracts.webhook_source import FIRST, SECOND

WRITES, READ_BACK, STATES = "#write", "#read", "#state"
URL = "https://liaison.example/hooks/hubspot/support"
_PLACES = (
    (re.compile(r"POST .+/(?:messages|notes)"), WRITES),
    (re.compile(r"GET .+/associations/notes|GET .+/messages"), READ_BACK),
    (re.compile(r"PATCH .+"), STATES),
)


class FaultsOfWrites(Faults):
    """Reading and writing are on the same paths."""

    def take(self, path: str) -> tuple[FaultKind, float] | None:
        for pattern, mark in _PLACES:
            if pattern.fullmatch(path):
                path += mark
        return Faults.take(self, path)


class HubSpotWorld:
    """HubSpot behind the connector's back."""

    update_path = WRITES
    bulk_path = WRITES
    hide_path = "#nothing-hides"
    read_path = READ_BACK

    def __init__(self) -> None:
        self.time = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)
        self.faults: Faults = FaultsOfWrites()
        self.fake = FakeHubSpot(clock=self.now, faults=self.faults)
        self.portal = self.fake.portal

    def create_ticket(self, subject: str, body: str, *, name: str, email: str) -> str:
        return self.portal.create(name, email, subject, body)

    def remove_ticket(self, id: str) -> None:
        del self.portal.records["tickets"][id]

    def delete_ticket(self, id: str) -> None:
        self.portal.put_in_bin(id)

    def agent_note(self, id: str, text: str) -> None:
        self.portal.note(id, f"<p>{html.escape(text)}</p>")

    def agent_reply(self, id: str, text: str) -> None:
        self.portal.say(self.thread(id), {"type": "MESSAGE", "text": text})

    def refuse_updates(self, id: str) -> None:
        self.portal.locked.add(id)

    def customer_reply(self, id: str, text: str) -> None:
        self.portal.answer(id, text)

    def public_replies(self, id: str) -> Sequence[str]:
        return [words for kind, words in self._said(id) if kind == "MESSAGE"]

    def private_notes(self, id: str) -> Sequence[str]:
        notes = [self.portal.records["notes"][one] for one in self.portal.linked("tickets/notes", id)]
        written = [plain(text_of_markup(note["properties"]["hs_note_body"])) for note in notes]
        return [*written, *(words for kind, words in self._said(id) if kind == "COMMENT")]

    def tags(self, id: str) -> Sequence[str]:
        return (self.portal.records["tickets"][id]["properties"].get(TAGS) or "").split(";")

    def lose_privacy(self) -> None:
        self.portal.loses_privacy = True

    def hide_replies(self) -> None:
        self.portal.hides_replies = True

    def keep_flags(self) -> None:
        self.portal.loses_privacy = self.portal.hides_replies = False

    def let_time_pass(self, seconds: float) -> None:
        self.time += timedelta(seconds=seconds)

    def now(self) -> datetime:
        return self.time

    def thread(self, ticket: str) -> str:
        return self.portal.threads_of(ticket)[0]

    def stage(self, ticket: str) -> str:
        stage = self.portal.records["tickets"][ticket]["properties"]["hs_pipeline_stage"]
        assert isinstance(stage, str)
        return stage

    def _said(self, id: str) -> list[tuple[str, str]]:
        rows = [row for thread in self.portal.threads_of(id) for row in self.portal.messages[thread]]
        return [
            (row["type"], plain(text_of_markup(row["richText"] or html.escape(row["text"]))))
            for row in rows
            if row.get("direction") != "INCOMING"
        ]


class Watched(InProcessTransport):
    """Keeps what was sent; answers as `instead` says, where it says so."""

    def __init__(self, world: HubSpotWorld) -> None:
        super().__init__(world.fake.app)
        self.sent: list[tuple[str, dict[str, object]]] = []
        self.instead: dict[str, httpx.Response] = {}

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        if request.method != "GET":
            self.sent.append((f"{request.method} {request.url.path}", json.loads(request.content)))
        for path, answer in self.instead.items():
            if request.url.path.endswith(path):
                return answer
        return await super().handle_async_request(request)


def plain(words: str) -> str:
    return unmarked(words.strip().replace("\u2060", ""))


def settings(**changes: object) -> HubSpotSettings:
    values: dict[str, object] = {
        "base_url": "https://api.hubapi.test",
        "access_token": ACCESS_TOKEN,
        "portal_id": PORTAL,
        "app_id": APP,
        "sender_user_id": USER,
        "signing_secrets": [FIRST.decode(), SECOND.decode()],
        "webhook_url": URL,
        "calls_per_ten_seconds": 1_000_000,
    }
    return HubSpotSettings.model_validate(values | changes)


def connect(
    world: HubSpotWorld, transport: httpx.AsyncBaseTransport | None = None, **changes: object
) -> HubSpot:
    inner = transport or InProcessTransport(world.fake.app)
    return HubSpot("hubspot/support", settings(**changes), transport=inner, clock=world.now)


@pytest.fixture
def world() -> HubSpotWorld:
    return HubSpotWorld()


@pytest.fixture
async def helpdesk(world: HubSpotWorld) -> AsyncIterator[HubSpot]:
    connected = connect(world)
    yield connected
    await connected.aclose()


@pytest.fixture
def ticket(world: HubSpotWorld) -> str:
    return world.create_ticket("Cannot pay", "Refused", name="Ada Lovelace", email="ada@customer.example")
