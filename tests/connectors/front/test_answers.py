"""Front's answers that are no answers: pages without an end, error pages, limits and scopes."""

from __future__ import annotations

import httpx
import pytest
import stamina

from connectors.front import Front
from connectors.kit.answer_body import MAX_ANSWER_BYTES
from incidents.errors import Busy, NotAllowed, Unreachable
from tests.connectors.front.conftest import FrontWorld, Watched, connect
from tests.contracts.helpdesk import NOTE, ONCE, REPLY


async def test_many_pages(helpdesk: Front, world: FrontWorld, ticket: str) -> None:
    """The next page's address is the company's own, at another host: only its token is used."""
    await helpdesk.update([ticket], REPLY, once=ONCE)
    for number in range(230):
        world.let_time_pass(1)
        world.customer_reply(ticket, f"And {number}")
    assert await helpdesk.was_done(ticket, ONCE)
    (found,) = await helpdesk.read([ticket])
    assert len(await helpdesk.comments(found, found.created_at)) == 231


@pytest.mark.parametrize(
    "page",
    [
        {"_pagination": {"next": "https://evil.example/x?page_token=1"}, "_results": []},
        {"_pagination": {"next": "https://evil.example/x"}, "_results": []},
        {"_pagination": {"next": "//[x"}, "_results": []},
        {"_pagination": {}},
        {"_results": [None]},
        [],
        None,
    ],
)
async def test_odd_pages(world: FrontWorld, ticket: str, page: object) -> None:
    """A list that does not end, leads nowhere or is none: never a whole one, and no other host is asked."""
    watched = Watched(world)
    watched.instead["/messages"] = httpx.Response(200, json=page)
    desk = connect(world, watched)
    with stamina.set_testing(True, attempts=1), pytest.raises(Unreachable):
        await desk.was_done(ticket, ONCE)
    await desk.aclose()


@pytest.mark.parametrize(
    "answer",
    [
        httpx.Response(200, html="<html>Please log in</html>"),
        httpx.Response(200, content=b" " * (MAX_ANSWER_BYTES + 1)),
        httpx.Response(200, content=b""),
        httpx.Response(502, html="<html>Bad gateway</html>"),
    ],
)
async def test_no_usable_answer(world: FrontWorld, ticket: str, answer: httpx.Response) -> None:
    """An error page, too much and nothing: to be read again."""
    watched = Watched(world)
    watched.instead[f"/conversations/{ticket}"] = answer
    desk = connect(world, watched)
    with stamina.set_testing(True, attempts=1), pytest.raises(Unreachable):
        await desk.read([ticket])
    await desk.aclose()


async def test_half_an_hour(world: FrontWorld, ticket: str) -> None:
    """A limit that is reached for long says so."""
    watched = Watched(world)
    watched.instead["/messages"] = httpx.Response(429, headers={"Retry-After": "1800"}, json={})
    desk = connect(world, watched)
    with pytest.raises(Busy) as caught:
        await desk.read([ticket])
    assert caught.value.retry_after == 1800
    with pytest.raises(Busy):
        await desk.update([ticket], REPLY, once=ONCE)
    assert world.public_replies(ticket) == []
    await desk.aclose()


async def test_a_scope_that_is_missing(world: FrontWorld, ticket: str) -> None:
    """Told to an operator; nothing is called done."""
    watched = Watched(world)
    watched.instead["/comments"] = httpx.Response(403, json={"_error": {"status": 403}})
    desk = connect(world, watched)
    with pytest.raises(NotAllowed):
        await desk.update([ticket], NOTE, once=ONCE)
    await desk.aclose()
