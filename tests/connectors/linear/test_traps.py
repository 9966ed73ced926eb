"""What Linear is documented to do, and what an honest client would get wrong about it."""

from __future__ import annotations

import time
from typing import Any
from uuid import UUID

import httpx
import pytest
import stamina
from pydantic import SecretStr, ValidationError

from connectors.kit.fakes.in_process import InProcessTransport
from connectors.linear import LinearIssues
from connectors.linear.fake.app import ACCESS_TOKEN, API_KEY
from connectors.linear.fake.records import BOT, ENGINEER, OTHER_TEAM, TEAM, WORKSPACE_ID, made_id
from connectors.linear.mapping import id_made_of
from incidents.errors import Busy, LiaisonError, NotAllowed, NotFound, Refused, Unknown, Unreachable
from incidents.models import InternalText
from tests.connectors.linear.conftest import LinearWorld, connect, settings
from tests.contracts.issue_tracker import NOTE, NOTE_ONCE, ONCE, TEXT, TITLE


def error(code: str | None, kind: str | None = None) -> dict[str, Any]:
    said = {"code": code, "type": kind}
    return {
        "message": "words of a customer",
        "extensions": {name: value for name, value in said.items() if value is not None},
    }


async def test_ids_of_ours(world: LinearWorld, tracker: LinearIssues) -> None:
    """UUIDs of version 4, of our own user and of the issue: one id stands for one thing in all of Linear."""
    key = await tracker.open_issue(TITLE, TEXT, once=ONCE)
    await tracker.comment(key, NOTE, once=NOTE_ONCE)
    issue = world.issue(key)
    assert [UUID(one).version for one in (issue.id, issue.comments[0].id)] == [4, 4]
    made = {id_made_of(own, of, once) for own in "ab" for of in "ab" for once in "ab"}
    assert len(made) == 8
    assert id_made_of("a", "bc", "d") != id_made_of("ab", "c", "d")


async def test_two_of_the_same_moment(world: LinearWorld, tracker: LinearIssues, key: str) -> None:
    """The second one's id is taken: it is done, not refused, and there is one of each."""

    class Late(InProcessTransport):
        async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
            if b"issueCreate" in request.content:
                await tracker.open_issue(TITLE, TEXT, once=ONCE)
            if b"commentCreate" in request.content:
                await tracker.comment(key, NOTE, once=NOTE_ONCE)
            return await super().handle_async_request(request)

    late = connect(world, Late(world.fake.app))
    opened = await late.open_issue(TITLE, TEXT, once=ONCE)
    await late.comment(key, NOTE, once=NOTE_ONCE)
    assert opened == await tracker.find_issue(ONCE)
    assert world.titles() == ["Old trouble", TITLE]
    assert len(world.comments(key)) == 1


async def test_an_id_that_somebody_else_took(world: LinearWorld, tracker: LinearIssues, key: str) -> None:
    """Not ours, whatever its id: neither found nor said to be done."""
    world.fake.open(ENGINEER, "Theirs", "x", id_=id_made_of(made_id(BOT), "issue", ONCE))
    assert await tracker.find_issue(ONCE) is None
    with pytest.raises(Refused):
        await tracker.open_issue(TITLE, TEXT, once=ONCE)
    world.fake.say(key, ENGINEER, "x", id_=id_made_of(made_id(BOT), world.issue(key).id, NOTE_ONCE))
    assert not await tracker.was_done(key, NOTE_ONCE)
    with pytest.raises(Refused):
        await tracker.comment(key, NOTE, once=NOTE_ONCE)


async def test_an_id_that_was_not_taken(world: LinearWorld, tracker: LinearIssues, key: str) -> None:
    """What has another id cannot be looked up: it is not called done."""
    world.fake.takes_ids = False
    for call in (tracker.open_issue(TITLE, TEXT, once=ONCE), tracker.comment(key, NOTE, once=NOTE_ONCE)):
        with pytest.raises(Unknown, match="id"):
            await call


async def test_a_moved_issue(world: LinearWorld, tracker: LinearIssues) -> None:
    """Its old identifier leads to it; it has the states of its new team, and is listed as we opened it."""
    world.fake.visibility[OTHER_TEAM] = "private"
    key = await tracker.open_issue(TITLE, TEXT, once=ONCE)
    await tracker.comment(key, NOTE, once=NOTE_ONCE)
    moved = world.fake.move_to_team(key, OTHER_TEAM)
    assert (await tracker.read(key)).key == moved == "OPS-1"
    assert await tracker.find_issue(ONCE) == moved
    assert await tracker.was_done(key, NOTE_ONCE)
    await tracker.transition(key, "Done", once="m")
    assert world.issue(moved).state == "Done"
    theirs = world.fake.open(ENGINEER, "x", "x", team=OTHER_TEAM).identifier
    assert [one.key async for one in tracker.changed_since(world.now())] == [moved]
    assert theirs != moved
    del world.fake.visibility[OTHER_TEAM]
    with pytest.raises(NotFound):
        await tracker.read(key)


async def test_by_its_id(world: LinearWorld, tracker: LinearIssues, key: str) -> None:
    assert (await tracker.read(world.issue(key).id)).key == key


async def test_deleted_and_archived(world: LinearWorld, tracker: LinearIssues) -> None:
    """A deleted one is gone, and still the one that we opened; an archived one is there, also in lists."""
    key = await tracker.open_issue(TITLE, TEXT, once=ONCE)
    world.issue(key).archived_at = world.now()
    assert (await tracker.read(key)).key == key
    assert [one.key async for one in tracker.changed_since(world.now())] == [key]
    world.delete(key)
    with pytest.raises(NotFound, match="deleted"):
        await tracker.read(key)
    assert [one async for one in tracker.changed_since(world.now())] == []
    assert await tracker.open_issue(TITLE, TEXT, once=ONCE) == key
    assert world.titles() == [TITLE]


@pytest.mark.parametrize(
    ("word", "state"),
    [
        ("in review", "In Review"),
        ("started", "In Progress"),
        (" Completed ", "Done"),
        ("canceled", "Canceled"),
        ("Duplicate", "Duplicate"),
        ("triage", "Triage"),
    ],
)
async def test_words(world: LinearWorld, tracker: LinearIssues, key: str, word: str, state: str) -> None:
    """A state's name, or a type: then the first of that type."""
    world.move(key, "Todo")
    await tracker.transition(key, word, once="m")
    issue = await tracker.read(key)
    assert (issue.status, issue.is_closed) == (state, state in ("Done", "Canceled", "Duplicate"))


async def test_a_type_that_it_has_is_left(world: LinearWorld, tracker: LinearIssues, key: str) -> None:
    world.move(key, "In Review")
    await tracker.transition(key, "started", once="m")
    assert world.issue(key).state == "In Review"
    assert "Move" not in world.fake.calls


async def test_customers_words_do_nothing(world: LinearWorld, tracker: LinearIssues, key: str) -> None:
    """No mention, no page of Linear's as a mention, no section, no Markdown, in comments as in issues."""
    words = "@grace https://linear.app/acme/profiles/grace\n+++ Section\n**bold** [x](https://x.example) <b>"
    await tracker.comment(key, InternalText(words), once=NOTE_ONCE)
    opened = await tracker.open_issue("A\ntitle", InternalText(words), once=ONCE)
    for text in (*world.comments(key), world.issue(opened).description):
        assert "@g" not in text
        assert "linear.app" not in text
        assert "+++" not in text
        assert r"\*\*bold\*\* \[x\](https://x.example) \<b\>" in text
    assert world.issue(opened).title == "A title"


async def test_long_texts_are_cut(world: LinearWorld, tracker: LinearIssues, key: str) -> None:
    await tracker.comment(key, InternalText("*" * 500_000), once=NOTE_ONCE)
    assert await tracker.was_done(key, NOTE_ONCE)
    opened = await tracker.open_issue("t" * 900, InternalText("*" * 500_000), once=ONCE)
    assert len(world.issue(opened).title) <= 255
    with pytest.raises(Refused, match="empty"):
        await tracker.comment(key, InternalText(" \n"), once="empty")


@pytest.mark.parametrize("status", [200, 400, 429])
async def test_limits(world: LinearWorld, tracker: LinearIssues, key: str, status: int) -> None:
    """Told by a code, whatever the status; when it ends in milliseconds, of the limit that is spent."""
    late, soon = "99999999999000", "1000"
    for headers, seconds in (
        ({"X-RateLimit-Requests-Remaining": "0", "X-RateLimit-Requests-Reset": late}, 3600),
        ({"X-RateLimit-Complexity-Remaining": "0", "X-RateLimit-Complexity-Reset": late}, 3600),
        ({"X-RateLimit-Endpoint-Requests-Remaining": "0", "X-RateLimit-Endpoint-Requests-Reset": late}, 3600),
        (
            {
                "X-RateLimit-Requests-Remaining": "7",
                "X-RateLimit-Requests-Reset": late,
                "X-RateLimit-Complexity-Remaining": "0",
                "X-RateLimit-Complexity-Reset": soon,
            },
            1,
        ),
        ({"X-RateLimit-Requests-Remaining": "0", "X-RateLimit-Requests-Reset": "soon"}, 60),
        ({"Retry-After": "1800"}, 1800),
        ({}, 60),
    ):
        world.fake.limited, world.fake.limit_status = headers, status
        with pytest.raises(Busy) as caught:
            await tracker.comment(key, NOTE, once=NOTE_ONCE)
        assert caught.value.retry_after == seconds
    assert world.comments(key) == []


async def test_a_limit_ends_in_milliseconds(world: LinearWorld, tracker: LinearIssues) -> None:
    reset = str(int(time.time() * 1000) + 1_800_000)
    world.fake.limited = {"X-RateLimit-Requests-Remaining": "0", "X-RateLimit-Requests-Reset": reset}
    with pytest.raises(Busy) as caught:
        await tracker.check()
    assert 1_500 < caught.value.retry_after < 2_000


@pytest.mark.parametrize(
    ("said", "kind", "match"),
    [
        (error("AUTHENTICATION_ERROR"), NotAllowed, "api_key"),
        (error(None, "authentication error"), NotAllowed, "api_key"),
        (error("FORBIDDEN", "forbidden"), NotAllowed, "scopes"),
        (error(None, "feature not accessible"), NotAllowed, "plan"),
        (error("GRAPHQL_VALIDATION_FAILED", "graphql error"), Refused, "upgrade"),
        (error(None, "usage limit exceeded"), Refused, "plan"),
    ],
)
async def test_refusals(
    world: LinearWorld,
    tracker: LinearIssues,
    said: dict[str, Any],
    kind: type[LiaisonError],
    match: str,
) -> None:
    """By code or type, never by a message, which is told nobody: it may hold a customer's words."""
    for status in (200, 400):
        world.fake.refusal = (status, said)
        with pytest.raises(kind, match=match) as caught:
            await tracker.check()
        assert "customer" not in str(caught.value)


@pytest.mark.parametrize("status", [200, 400])
async def test_errors_that_nobody_knows(
    world: LinearWorld, tracker: LinearIssues, key: str, status: int
) -> None:
    """A read may be repeated; of a change nobody knows whether it was done."""
    await tracker.check()
    for said in (error("INTERNAL_SERVER_ERROR"), error(None, "lock timeout"), error(None)):
        world.fake.refusal = (status, said)
        with pytest.raises(Unreachable):
            await tracker.read(key)

    class Half(InProcessTransport):
        async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
            is_change = b"mutation" in request.content
            world.fake.refusal = (status, error("INTERNAL_SERVER_ERROR")) if is_change else None
            return await super().handle_async_request(request)

    half = connect(world, Half(world.fake.app))
    for call in (half.open_issue(TITLE, TEXT, once=ONCE), half.comment(key, NOTE, once=NOTE_ONCE)):
        with pytest.raises(Unknown):
            await call


async def test_a_change_that_is_forbidden(world: LinearWorld, tracker: LinearIssues, key: str) -> None:
    """The key is known: it is this change that is refused, not the connection."""
    world.fake.forbidden |= {"Open", "Say", "Move"}
    for call in (
        tracker.open_issue(TITLE, TEXT, once=ONCE),
        tracker.comment(key, NOTE, once=NOTE_ONCE),
        tracker.transition(key, "Done", once="m"),
    ):
        with pytest.raises(Refused, match="write") as caught:
            await call
        assert not isinstance(caught.value, NotAllowed)


@pytest.mark.parametrize("status", [200, 400])
async def test_no_issue_and_no_team(world: LinearWorld, tracker: LinearIssues, key: str, status: int) -> None:
    """Both are a wrong input to Linear; which of them it is, is looked at."""
    world.fake.error_status = status
    with pytest.raises(NotFound):
        await tracker.read("ENG-999")
    world.fake.visibility.clear()
    for call in (tracker.read(key), tracker.open_issue(TITLE, TEXT, once=ONCE), tracker.check()):
        with pytest.raises(NotAllowed, match="team"):
            await call


async def test_check(world: LinearWorld, tracker: LinearIssues) -> None:
    """It says the workspace's id, who reads, and whether a webhook tells us."""
    said = await tracker.check()
    assert WORKSPACE_ID in said
    assert "whole workspace" in said
    assert "polled, not told" in said
    hook = {
        "id": "x",
        "enabled": True,
        "resourceTypes": ["Issue", "Comment"],
        "allPublicTeams": True,
        "teamIds": None,
        "team": None,
    }
    for change, is_told in (
        ({}, True),
        ({"enabled": False}, False),
        ({"resourceTypes": ["Issue"]}, False),
        ({"allPublicTeams": False}, False),
        ({"allPublicTeams": False, "team": {"id": made_id(TEAM)}}, True),
        ({"allPublicTeams": False, "teamIds": [made_id(TEAM)]}, True),
    ):
        world.fake.webhooks = [hook | change]
        assert ("a webhook tells" in await tracker.check()) is is_told
    world.fake.visibility[TEAM] = "private"
    world.fake.webhooks = [hook]
    assert "shared with; no enabled webhook" in await tracker.check()
    world.fake.forbidden.add("Webhooks")
    assert "may not look" in await tracker.check()
    assert "no signing secret" in await connect(world, signing_secrets=[]).check()
    with pytest.raises(NotAllowed, match="workspace_id"):
        await connect(world, workspace_id=made_id("another")).check()


async def test_credentials(world: LinearWorld) -> None:
    """A key goes bare, a token of OAuth after `Bearer`; each in the other's way is refused."""
    assert await connect(world, api_key=None, access_token=SecretStr(ACCESS_TOKEN)).check()
    for wrong in (
        {"api_key": SecretStr(ACCESS_TOKEN)},
        {"api_key": None, "access_token": SecretStr(API_KEY)},
    ):
        with pytest.raises(NotAllowed):
            await connect(world, **wrong).check()


@pytest.mark.parametrize(
    "change",
    [
        {"api_key": None},
        {"access_token": SecretStr("x")},
        {"team": "eng"},
        {"team": "ENG-42"},
        {"workspace_id": "acme"},
        {"base_url": "http://api.linear.app"},
        {"base_url": "https://api.linear.app/graphql"},
        {"signing_secrets": [SecretStr("short")]},
    ],
)
def test_settings_that_cannot_work(change: dict[str, object]) -> None:
    with pytest.raises(ValidationError) as caught:
        settings(**change)
    assert API_KEY not in str(caught.value)


class Answers(httpx.AsyncBaseTransport):
    """The same answer to everything."""

    def __init__(self, *answers: httpx.Response) -> None:
        self._answers = list(answers)

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        return self._answers.pop(0) if len(self._answers) > 1 else self._answers[0]


@pytest.mark.usefixtures("no_repeats")
async def test_pages_that_are_none(world: LinearWorld) -> None:
    """An HTML page, an empty and a huge answer, and a list whose cursor stands still."""
    huge = b'{"data":"' + b"x" * 20_000_000 + b'"}'
    page = {"data": {"issues": {"nodes": [], "pageInfo": {"hasNextPage": True, "endCursor": "x"}}}}
    endless = {"data": {"issues": {"nodes": [], "pageInfo": {"hasNextPage": True, "endCursor": None}}}}
    for answer in (
        httpx.Response(502, html="<html>Bad Gateway</html>"),
        httpx.Response(200, html="<html>Log in</html>"),
        httpx.Response(200, content=b""),
        httpx.Response(200, content=huge),
        httpx.Response(200, json=page),
        httpx.Response(200, json=endless),
        httpx.Response(200, json={"data": None}),
    ):
        tracker = connect(world, Answers(answer))
        with stamina.set_testing(True, attempts=1):
            with pytest.raises(Unreachable):
                await tracker.read("ENG-1")
            if answer.status_code == 200 and b"issues" in answer.content:
                with pytest.raises(Unreachable):
                    [one async for one in tracker.changed_since(world.now())]


@pytest.mark.usefixtures("no_repeats")
@pytest.mark.parametrize(
    "data", [{}, {"issues": None}, {"issues": {"nodes": None}}, {"issues": {"nodes": ["x"]}}]
)
async def test_a_list_that_is_none_is_not_an_empty_one(world: LinearWorld, data: dict[str, Any]) -> None:
    """Else the poll would go on from a later moment, and what changed in between would be passed over."""
    tracker = connect(world, Answers(httpx.Response(200, json={"data": data})))
    with pytest.raises(Unreachable):
        [one async for one in tracker.changed_since(world.now())]
