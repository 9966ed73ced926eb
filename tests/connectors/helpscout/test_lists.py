"""Lists that are empty, broken, huge or move while they are read."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import httpx
import pytest
import stamina

from connectors.helpscout import HelpScout
from incidents.errors import Unknown, Unreachable
from tests.connectors.helpscout.conftest import HelpScoutWorld, odd
from tests.contracts.helpdesk import ONCE, REPLY

HUGE = b'{"_embedded":{"conversations":[]},"x":"' + b"x" * (8 * 1024 * 1024) + b'"}'


async def test_an_empty_list_is_one(helpdesk: HelpScout, world: HelpScoutWorld) -> None:
    """What it would hold is left out of it."""
    assert [one async for one in helpdesk.changed_since(world.now())] == []


@pytest.mark.parametrize(
    "data",
    [
        {},
        [],
        None,
        {"page": {"number": 1, "totalPages": 1, "totalElements": 3}},
        {"_embedded": {}, "page": {"number": 1, "totalPages": 1, "totalElements": 1}},
        {"_embedded": {"conversations": ["x"]}, "page": {"number": 1, "totalPages": 1, "totalElements": 1}},
        {"_embedded": {"conversations": []}},
    ],
)
async def test_half_a_list_is_none(world: HelpScoutWorld, data: Any) -> None:
    """Rather than say that nothing has changed."""

    def answer(request: httpx.Request) -> httpx.Response | None:
        return httpx.Response(200, json=data) if request.url.path == "/v2/conversations" else None

    desk = odd(world, answer)
    with pytest.raises(Unreachable):
        [one async for one in desk.changed_since(world.now())]
    await desk.aclose()


async def test_many_pages(helpdesk: HelpScout, world: HelpScoutWorld) -> None:
    """Of 25 each, the closed ones among them, told by the time of change."""
    since, ids = world.now(), []
    for number in range(60):
        world.let_time_pass(1)
        ids.append(world.create_ticket(f"Hi {number}", "x", name="Ada", email=f"c{number}@customer.example"))
        if number % 2:
            world.desk.set_status(int(ids[-1]), "closed")
    assert [one.ref.id async for one in helpdesk.changed_since(since)] == ids


async def test_pages_that_are_too_much(world: HelpScoutWorld) -> None:
    """25 conversations with all that was written may be more than we take: then they are read one by one."""
    ids = []
    for number in range(30):
        world.let_time_pass(1)
        ids.append(world.create_ticket(f"Hi {number}", "x", name="Ada", email=f"c{number}@customer.example"))

    def answer(request: httpx.Request) -> httpx.Response | None:
        is_list = request.url.path == "/v2/conversations" and "embed" in request.url.params
        return httpx.Response(200, content=HUGE) if is_list else None

    desk = odd(world, answer)
    with stamina.set_testing(True, attempts=1):
        found = [one async for one in desk.changed_since(datetime(2026, 3, 1, tzinfo=UTC))]
    assert [(one.ref.id, one.body) for one in found] == [(own_id, "x") for own_id in ids]
    await desk.aclose()


async def test_one_page_that_is_too_much(world: HelpScoutWorld) -> None:
    """What came whole before it is not read again."""
    for number in range(30):
        world.let_time_pass(1)
        world.create_ticket(f"Hi {number}", "x", name="Ada", email=f"c{number}@customer.example")
    singly: list[str] = []

    def answer(request: httpx.Request) -> httpx.Response | None:
        asked = request.url.params
        if request.url.path != "/v2/conversations":
            singly.append(request.url.path)
            return None
        return httpx.Response(200, content=HUGE) if "embed" in asked and asked["page"] == "2" else None

    desk = odd(world, answer)
    with stamina.set_testing(True, attempts=1):
        found = [one async for one in desk.changed_since(datetime(2026, 3, 1, tzinfo=UTC))]
    assert len(found) == 30
    assert sum("/v2/conversations/" in path for path in singly) == 5
    await desk.aclose()


async def test_what_a_list_is_asked_for(world: HelpScoutWorld) -> None:
    """Of our inboxes alone, of every status, and since a whole second."""
    asked: list[httpx.QueryParams] = []

    def answer(request: httpx.Request) -> httpx.Response | None:
        if request.url.path == "/v2/conversations":
            asked.append(request.url.params)
        return None

    desk = odd(world, answer, inbox_ids=[85, 86])
    since = datetime(2026, 3, 1, 12, 0, 5, 999_999, tzinfo=UTC)
    assert [one async for one in desk.changed_since(since)] == []
    assert [dict(one) for one in asked] == [
        {
            "status": "all",
            "sortField": "modifiedAt",
            "sortOrder": "desc",
            "modifiedSince": "2026-03-01T12:00:03Z",
            "mailbox": "85,86",
            "embed": "threads",
            "page": "1",
        }
    ]
    await desk.aclose()


async def test_a_conversation_that_is_too_much(world: HelpScoutWorld, ticket: str) -> None:
    """What was written on it comes in pages of its own then."""
    for number in range(120):
        world.customer_reply(ticket, f"Hello {number}")

    def answer(request: httpx.Request) -> httpx.Response | None:
        return httpx.Response(200, content=HUGE) if "embed" in request.url.params else None

    desk = odd(world, answer)
    with stamina.set_testing(True, attempts=1):
        (found,) = await desk.read([ticket])
    assert found.body == "Refused"
    await desk.aclose()


async def test_what_was_written_long_ago(helpdesk: HelpScout, world: HelpScoutWorld, ticket: str) -> None:
    """Beyond the first page of 50: found there, and sent no second time."""
    await helpdesk.update([ticket], REPLY, once=ONCE)
    for number in range(120):
        world.customer_reply(ticket, f"Hello {number}")
    assert await helpdesk.was_done(ticket, ONCE)
    (found,) = await helpdesk.read([ticket])
    assert len(await helpdesk.comments(found, found.created_at)) == 121


async def test_a_list_that_moves(world: HelpScoutWorld) -> None:
    """One is deleted while the list is read, and the others move up past our reading: it is read again."""
    ids = []
    for number in range(60):
        world.let_time_pass(1)
        ids.append(world.create_ticket(f"Hi {number}", "x", name="Ada", email=f"c{number}@customer.example"))

    def answer(request: httpx.Request) -> httpx.Response | None:
        if request.url.params.get("page") == "2" and ids[-1] != "gone":
            world.remove_ticket(ids.pop())
            ids.append("gone")
        return None

    desk = odd(world, answer)
    found = [one.ref.id async for one in desk.changed_since(datetime(2026, 3, 1, tzinfo=UTC))]
    assert set(ids) - set(found) == {"gone"}
    await desk.aclose()


async def test_a_list_that_never_rests(world: HelpScoutWorld) -> None:
    """Rather than leave one out."""
    total = iter(range(1_000_000, 0, -1))

    def answer(request: httpx.Request) -> httpx.Response | None:
        if request.url.path != "/v2/conversations":
            return None
        number = int(request.url.params["page"])
        page = {"number": number, "totalPages": 2, "totalElements": next(total)}
        return httpx.Response(200, json={"_embedded": {"conversations": []}, "page": page})

    desk = odd(world, answer)
    with pytest.raises(Unreachable, match="grew shorter"):
        [one async for one in desk.changed_since(world.now())]
    await desk.aclose()


async def test_what_was_written_is_not_shown(world: HelpScoutWorld, ticket: str) -> None:
    """Of a conversation that is there, a 404 is no "nothing was written": else no customer would be heard any more, and
    what was sent would be sent again."""

    def answer(request: httpx.Request) -> httpx.Response | None:
        return httpx.Response(404) if request.url.path.startswith("/v3/") else None

    desk = odd(world, answer)
    (found,) = await desk.read([ticket])
    for call in (desk.comments(found, found.created_at), desk.was_done(ticket, ONCE)):
        with pytest.raises(Unreachable, match="is shown, and not what was written"):
            await call
    with pytest.raises(Unknown):
        await desk.update([ticket], REPLY, once=ONCE)
    await desk.aclose()


async def test_what_is_not_there_yet(world: HelpScoutWorld, ticket: str) -> None:
    """Nothing promises that a list shows at once what was written: that is no "not done"."""

    def answer(request: httpx.Request) -> httpx.Response | None:
        page = {"number": 1, "totalPages": 0, "totalElements": 0}
        return httpx.Response(200, json={"page": page}) if request.url.path.startswith("/v3/") else None

    desk = odd(world, answer)
    with pytest.raises(Unknown, match="not among what is written"):
        await desk.update([ticket], REPLY, once=ONCE)
    await desk.aclose()
