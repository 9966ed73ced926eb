"""The connector's contract on a real Roundup 2.6.0, and Roundup's own ways that the fake was made after."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterator, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import pytest
from pydantic import SecretStr
from starlette.responses import JSONResponse
from starlette.types import ASGIApp, Receive, Scope, Send

from connectors.kit.fakes.faults import Faults, FaultyApp
from connectors.kit.fakes.in_process import InProcessTransport
from connectors.roundup import Roundup, RoundupSettings
from incidents.errors import Busy, LiaisonError, NotAllowed, NotFound, Refused
from incidents.models import InternalText
from tests.contracts.issue_tracker import IssueTrackerContract
from tests.real.roundup_server import PASSWORD, RealRoundup, real_roundup
from tests.real.way import WayTo

pytestmark = pytest.mark.real

TEXT = InternalText(
    "INC-42: 12 customers reported it. \u00e9\nThe rollback was a remedy; see https://a.example @x issue1"
)


@pytest.fixture(scope="module")
async def server(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[RealRoundup]:
    async with real_roundup(tmp_path_factory.mktemp("roundup")) as running:
        yield running


@pytest.fixture
def roundup(server: RealRoundup) -> RealRoundup:
    server.forget()
    return server


class RealWorld:
    """The tracker behind the connector's back, by an engineer of its own."""

    change_path = "/rest/data/issue"

    def __init__(self, server: RealRoundup, http: httpx.AsyncClient) -> None:
        self.faults = Faults()
        self._server = server
        self._way = WayTo(http).app
        self._ahead = 0.0
        self._is_deaf = False
        self._in_between: list[tuple[str, str]] = []

    @property
    def app(self) -> ASGIApp:
        return FaultyApp(self._handed_on, self.faults)

    async def _handed_on(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http" and scope["method"] == "PATCH":
            while self._in_between:
                self.write(*self._in_between.pop())
            if self._is_deaf:
                await JSONResponse({"data": {}})(scope, receive, send)
                return
        await self._way(scope, receive, send)

    def create_issue(self, title: str, text: str) -> str:
        return str(self._data("POST", "issue", {"title": title, "messages": [self._message(text)]})["id"])

    def write(self, key: str, text: str) -> None:
        words = {"@op": "add", "messages": [self._message(text)]}
        assert self._server.change(f"issue/{key}", words).status_code == 200

    def move(self, key: str, status: str) -> None:
        assert self._server.change(f"issue/{key}", {"status": status}).status_code == 200

    def delete(self, key: str) -> None:
        etag = self._server.data("GET", f"issue/{key}", by="admin")["@etag"]
        # Without a length it answers 500, with JSON and without content 415.
        headers = {
            "If-Match": etag,
            "Content-Type": "application/x-www-form-urlencoded",
            "Content-Length": "0",
        }
        assert self._server.call("DELETE", f"issue/{key}", by="admin", headers=headers).status_code == 200

    def titles(self) -> Sequence[str]:
        return [one["title"] for one in self._list("issue", "title")]

    def comments(self, key: str) -> Sequence[str]:
        ids = self._data("GET", f"issue/{key}", **{"@verbose": "0"})["attributes"]["messages"]
        texts = [self._data("GET", f"msg/{one}", **{"@verbose": "3"})["attributes"]["content"] for one in ids]
        return texts[1:]

    def public_texts(self, key: str) -> Sequence[str]:
        return self.comments(key)

    def keep_nothing_private(self) -> None:
        raise AssertionError("Roundup has no private comments")

    def go_deaf(self) -> None:
        self._is_deaf = True

    def write_in_between(self, text: str) -> None:
        self._in_between.append((self._list("issue", "title")[0]["id"], text))

    def let_time_pass(self, seconds: float) -> None:
        self._ahead += seconds
        self._server.let_time_pass(self._ahead)

    def now(self) -> datetime:
        return datetime.now(UTC) + timedelta(seconds=self._ahead)

    def _message(self, text: str) -> str:
        own_id = self._list("user", "username", **{"username:": "grace"})[0]["id"]
        return str(self._data("POST", "msg", {"content": text, "author": own_id})["id"])

    def _list(self, of: str, fields: str, **more: str) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = self._data("GET", of, **{"@fields": fields, "@sort": "id", **more})[
            "collection"
        ]
        return found

    def _data(self, method: str, path: str, json: object = None, **params: str) -> Any:
        return self._server.data(method, path, json, **params)


def connect(
    roundup: RealRoundup, transport: httpx.AsyncBaseTransport | None = None, **changes: object
) -> Roundup:
    values: dict[str, object] = {
        "base_url": f"{roundup.url}/",
        "user": "liaison",
        "password": SecretStr(PASSWORD),
        "requests_per_minute": 1_000_000,
    }
    return Roundup("roundup/real", RoundupSettings.model_validate(values | changes), transport=transport)


@pytest.fixture
async def tracker(roundup: RealRoundup) -> AsyncIterator[Roundup]:
    connected = connect(roundup)
    yield connected
    await connected.aclose()


class TestRoundupOnARealOne(IssueTrackerContract):
    """All of the contract."""

    open_word, closed_word = "in-progress", "resolved"

    @pytest.fixture
    async def world(self, roundup: RealRoundup) -> AsyncIterator[RealWorld]:
        async with httpx.AsyncClient(base_url=roundup.url, trust_env=False, timeout=30) as http:
            yield RealWorld(roundup, http)

    @pytest.fixture
    async def tracker(self, roundup: RealRoundup, world: RealWorld) -> AsyncIterator[Roundup]:
        connected = connect(roundup, InProcessTransport(world.app))
        yield connected
        await connected.aclose()


async def test_an_issue_from_its_first_word_to_its_end(roundup: RealRoundup, tracker: Roundup) -> None:
    """Opened once with its priority, written below by us and by a person, resolved, and left resolved."""
    assert "liaison at http://127.0.0.1" in await tracker.check()
    urgent = connect(roundup, priority="urgent")
    key = await urgent.open_issue("Card payments fail", TEXT, once="INC-42/issue/1")
    assert await urgent.open_issue("Card payments fail", TEXT, once="INC-42/issue/1") == key
    assert (
        roundup.data("GET", f"issue/{key}", **{"@verbose": "2"})["attributes"]["priority"]["name"] == "urgent"
    )
    (message,) = roundup.data("GET", f"issue/{key}", **{"@verbose": "0"})["attributes"]["messages"]
    content = roundup.data("GET", f"msg/{message}", **{"@verbose": "3"})["attributes"]["content"]
    assert content.replace("\u2060", "") == TEXT
    page = roundup.page(f"issue{key}")
    assert "a.example" in page
    assert 'href="https://a.example' not in page
    await tracker.transition(key, "Resolved", once="move")
    await tracker.comment(key, InternalText("The incident is closed."), once="note/1")
    issue = await tracker.read(key)
    assert (issue.status, issue.is_closed) == ("resolved", True)
    assert issue.url == f"{roundup.url}/issue{key}"
    await urgent.aclose()


async def test_many_writers_at_once(roundup: RealRoundup, tracker: Roundup) -> None:
    """Two changes of one moment may both be answered 200: no comment is lost by it, ours or a person's."""
    key = await tracker.open_issue("Card payments fail", TEXT, once="INC-42/issue/1")

    def grace(number: int) -> str:
        made = roundup.data("POST", "msg", {"content": f"grace {number}", "author": "4"})["id"]
        while roundup.change(f"issue/{key}", {"@op": "add", "messages": [made]}).status_code != 200:
            pass
        return str(made)

    async def ours(number: int) -> None:
        while not await tracker.was_done(key, f"note/{number}"):
            try:
                await tracker.comment(key, InternalText(f"note {number}"), once=f"note/{number}")
            except LiaisonError:
                continue

    theirs = await asyncio.gather(
        *(asyncio.to_thread(grace, number) for number in range(5)), *(ours(number) for number in range(5))
    )
    below = roundup.data("GET", f"issue/{key}", **{"@verbose": "0"})["attributes"]["messages"]
    assert len(below) == 11
    assert {one for one in theirs if one} <= set(below)


async def test_a_name_that_is_guessed_at_is_locked_for_us_too(roundup: RealRoundup) -> None:
    """After three wrong passwords from anywhere Roundup answers 429 to the right one: we come again when it says."""
    wrong = connect(roundup, user="guessed", password=SecretStr("wrong"))
    with pytest.raises(NotAllowed):
        await wrong.check()
    for _ in range(4):
        roundup.call("GET", "status", by="guessed", password="guess")
    right = connect(roundup, user="guessed")
    with pytest.raises(Busy) as caught:
        await right.check()
    assert caught.value.retry_after > 60
    await wrong.aclose()
    await right.aclose()


async def test_what_roundup_would_not_do(roundup: RealRoundup, tracker: Roundup) -> None:
    """A priority and an end that it has not, an address that is not its own."""
    for change, cure in (
        ({"priority": "blocker"}, "correct priority"),
        ({"closed_statuses": ("done",)}, "correct closed_statuses"),
        ({"base_url": roundup.url.replace("127.0.0.1", "localhost")}, "config.ini"),
    ):
        other = connect(roundup, **change)
        with pytest.raises(Refused, match=cure):
            await other.check()
        await other.aclose()
    with pytest.raises(NotFound):
        await tracker.read("999999")


def test_roundups_own_ways(roundup: RealRoundup) -> None:
    """What the fake does as Roundup does it."""
    message = roundup.data("POST", "msg", {"content": "words", "author": "4"})["id"]
    key = roundup.data("POST", "issue", {"title": "Ways", "messages": [message]})["id"]
    assert (
        roundup.data("GET", f"issue/{key}", **{"@verbose": "2"})["attributes"]["status"]["name"] == "unread"
    )
    assert roundup.call("PATCH", f"issue/{key}", {"status": "resolved"}).status_code == 412
    etag = roundup.data("GET", f"issue/{key}")["@etag"]
    assert roundup.call("PATCH", f"issue/{key}", {"status": "resolved", "@etag": etag}).status_code == 200
    assert roundup.call("PATCH", f"issue/{key}", {"status": "8", "@etag": etag}).status_code == 412
    more = roundup.data("POST", "msg", {"content": "more", "author": "4"})["id"]
    assert roundup.change(f"issue/{key}", {"@op": "add", "messages": [more]}).status_code == 200
    attributes = roundup.data("GET", f"issue/{key}", **{"@verbose": "2"})["attributes"]
    assert attributes["status"]["name"] == "chatting"
    assert roundup.change(f"issue/{key}", {"status": "999"}).status_code == 409
    added = roundup.change(f"issue/{key}", {"@op": "add", "status": "8"})
    assert (added.status_code, added.json()["error"]["msg"]) == (409, "status has no node 38")
    assert roundup.call("POST", "issue", {"title": "x", "messages": ["999"]}).status_code == 409
    assert roundup.call("POST", "issue", {"title": "x", "priority": "nope"}).status_code == 400
    assert roundup.call("GET", "issue", **{"no-such-field": "1"}).status_code == 400
    assert roundup.call("GET", "nonsense").status_code == 404
    for headers in ({"Origin": ""}, {"Origin": "https://evil.example"}):
        answer = roundup.call("POST", "msg", {"content": "x"}, headers=headers)
        assert answer.status_code == 400, headers
    wrong = roundup.call("GET", "issue", by="nobody", password="guess")
    assert (wrong.status_code, wrong.text) == (401, "Invalid Login - Invalid login")


@pytest.fixture(autouse=True)
def _no_mail_left(roundup: RealRoundup) -> Iterator[None]:
    yield
    (roundup.tracker.parent / "mail.log").unlink(missing_ok=True)
