"""A Redmine of our own, with a clock that moves when told, and the connector upon it."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from datetime import UTC, datetime, timedelta

import pytest
from pydantic import SecretStr
from starlette.types import ASGIApp, Receive, Scope, Send

from connectors.kit.fakes.faults import Faults, FaultyApp
from connectors.kit.fakes.in_process import InProcessTransport
from connectors.kit.marks import unmarked
from connectors.redmine import Redmine, RedmineHelpdesk, RedmineSettings
from connectors.redmine.fake.app import API_KEY, FakeRedmine
from connectors.redmine.fake.tracker import STATUSES, StoredIssue, StoredJournal

ENGINEER = 8


class RedmineWorld:
    """Redmine behind the connector's back."""

    change_path = "/issues"

    def __init__(self) -> None:
        self.time = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)
        self.fake = FakeRedmine(clock=self.now)
        self.faults: Faults = self.fake.faults

    def create_issue(self, title: str, text: str) -> str:
        return str(self.fake.tracker.create(ENGINEER, title, text).id)

    def write(self, key: str, text: str) -> None:
        self.fake.tracker.note(self._issue(key), ENGINEER, text)

    def move(self, key: str, status: str) -> None:
        wanted = next(number for number, (name, _) in STATUSES.items() if name == status)
        self.fake.tracker.move(self._issue(key), wanted, ENGINEER)

    def delete(self, key: str) -> None:
        del self.fake.tracker.issues[int(key)]

    def titles(self) -> Sequence[str]:
        return [one.subject for one in self.fake.tracker.issues.values()]

    def comments(self, key: str) -> Sequence[str]:
        return [one.notes.replace("\r\n", "\n") for one in self._issue(key).journals if one.notes]

    def public_texts(self, key: str) -> Sequence[str]:
        return [one.notes for one in self._issue(key).journals if one.notes and not one.is_private]

    def keep_nothing_private(self) -> None:
        self.fake.tracker.rights.discard("set_notes_private")

    def go_deaf(self) -> None:
        self.fake.tracker.is_deaf = True

    def write_in_between(self, text: str) -> None:
        issue = next(iter(self.fake.tracker.issues))
        self.fake.tracker.before_change.append(lambda: self.write(str(issue), text))

    def let_time_pass(self, seconds: float) -> None:
        self.time += timedelta(seconds=seconds)

    def now(self) -> datetime:
        return self.time

    def _issue(self, key: str) -> StoredIssue:
        return self.fake.tracker.issues[int(key)]


def faulty_by_method(app: ASGIApp, faults: Faults) -> ASGIApp:
    """Faults are armed on paths with their method before them: Redmine reads and changes an issue under one address."""

    async def without_method(scope: Scope, receive: Receive, send: Send) -> None:
        await app({**scope, "path": scope["path"].removeprefix(f"/{scope['method']}")}, receive, send)

    faulty = FaultyApp(without_method, faults)

    async def with_method(scope: Scope, receive: Receive, send: Send) -> None:
        await faulty({**scope, "path": f"/{scope['method']}{scope['path']}"}, receive, send)

    return with_method


class HelpdeskWorld(RedmineWorld):
    """The same, with customers and their tickets."""

    update_path = "/PUT/issues"
    bulk_path = "/PUT/issues"

    def __init__(self) -> None:
        super().__init__()
        self.faults = Faults()

    @property
    def app(self) -> ASGIApp:
        return faulty_by_method(self.fake.app, self.faults)

    def create_ticket(self, subject: str, body: str, *, name: str, email: str) -> str:
        tracker = self.fake.tracker
        return str(tracker.create(tracker.customer(name, email), subject, body).id)

    def remove_ticket(self, id: str) -> None:
        self.delete(id)

    def delete_ticket(self, id: str) -> None:
        self.delete(id)

    def agent_note(self, id: str, text: str) -> None:
        self.fake.tracker.note(self._issue(id), ENGINEER, text, is_private=True)

    def agent_reply(self, id: str, text: str) -> None:
        self.write(id, text)

    def refuse_updates(self, id: str) -> None:
        self._issue(id).is_locked = True

    def customer_reply(self, id: str, text: str) -> None:
        self.fake.tracker.note(self._issue(id), self._issue(id).author, text)

    def public_replies(self, id: str) -> Sequence[str]:
        return [self._text(one) for one in self._house(id) if not one.is_private]

    def private_notes(self, id: str) -> Sequence[str]:
        return [self._text(one) for one in self._house(id) if one.is_private]

    def tags(self, id: str) -> Sequence[str]:
        return self._issue(id).fields.get(1, "").split(", ")

    def _house(self, id: str) -> list[StoredJournal]:
        issue = self.fake.tracker.issues.get(int(id))
        journals = issue.journals if issue is not None else []
        return [one for one in journals if one.notes and one.user in (5, ENGINEER)]

    def _text(self, journal: StoredJournal) -> str:
        return unmarked(journal.notes.replace("\r\n", "\n"))


def settings(**changes: object) -> RedmineSettings:
    values: dict[str, object] = {
        "base_url": "https://redmine.acme.test",
        "api_key": SecretStr(API_KEY),
        "project": "shop",
        "requests_per_minute": 1_000_000,
    }
    return RedmineSettings.model_validate(values | changes)


def connect(world: RedmineWorld, **changes: object) -> Redmine:
    return Redmine("redmine/shop", settings(**changes), transport=InProcessTransport(world.fake.app))


@pytest.fixture
def world() -> RedmineWorld:
    return RedmineWorld()


@pytest.fixture
async def tracker(world: RedmineWorld) -> AsyncIterator[Redmine]:
    connected = connect(world)
    yield connected
    await connected.aclose()


def connect_helpdesk(world: HelpdeskWorld, **changes: object) -> RedmineHelpdesk:
    known = settings(**{"serves": "customers", "tag_field": "Tags", **changes})
    return RedmineHelpdesk("redmine/support", known, transport=InProcessTransport(world.app))


@pytest.fixture
def helpdesk_world() -> HelpdeskWorld:
    return HelpdeskWorld()


@pytest.fixture
async def helpdesk(helpdesk_world: HelpdeskWorld) -> AsyncIterator[RedmineHelpdesk]:
    connected = connect_helpdesk(helpdesk_world)
    yield connected
    await connected.aclose()
