"""HubSpot's answers that are no answers: pages without an end, error pages, limits and scopes."""

from __future__ import annotations

import httpx
import pytest
import stamina

from connectors.hubspot import HubSpot
from connectors.kit.answer_body import MAX_ANSWER_BYTES
from incidents.errors import Busy, NotAllowed, Unknown, Unreachable
from incidents.models import ChangeOutcome
from tests.connectors.hubspot.conftest import HubSpotWorld, Watched, connect
from tests.contracts.helpdesk import NOTE, ONCE, REPLY


async def test_many_pages(helpdesk: HubSpot, world: HubSpotWorld, ticket: str) -> None:
    """What is looked for is on the last page of a thread, and one of many notes."""
    await helpdesk.update([ticket], REPLY, once=ONCE)
    await helpdesk.update([ticket], NOTE, once=ONCE)
    for number in range(230):
        world.let_time_pass(1)
        world.customer_reply(ticket, f"And {number}")
        world.agent_note(ticket, f"So {number}")
    assert await helpdesk.was_done(ticket, ONCE)
    (found,) = await helpdesk.read([ticket])
    assert len(await helpdesk.comments(found, found.created_at)) == 462


async def test_empty_pages(helpdesk: HubSpot, world: HubSpotWorld, ticket: str) -> None:
    """Nothing said is no error."""
    world.portal.messages[world.thread(ticket)].clear()
    (found,) = await helpdesk.read([ticket])
    assert await helpdesk.comments(found, found.created_at) == []
    assert not await helpdesk.was_done(ticket, ONCE)


ENDLESS = {"results": [], "paging": {"next": {"after": "1"}}}
NO_LISTS: list[object] = [{"paging": {}}, {"results": None}, {"results": [None]}, {"results": {}}, [], None]
PAGED = ("/associations/notes", "/threads")


@pytest.mark.parametrize(
    ("path", "page"),
    [
        *((path, ENDLESS) for path in PAGED),
        *((path, page) for path in (*PAGED, "/notes/batch/read") for page in NO_LISTS),
    ],
)
async def test_odd_pages(world: HubSpotWorld, ticket: str, path: str, page: object) -> None:
    """A list that does not end or is none: never a whole one, so nothing is called "not there"."""
    world.agent_note(ticket, "x")
    watched = Watched(world)
    watched.instead[path] = httpx.Response(200, json=page)
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
        httpx.Response(200, json={}),
        httpx.Response(502, html="<html>Bad gateway</html>"),
        httpx.Response(524, html="<html>A timeout occurred</html>"),
    ],
)
async def test_no_usable_answer(world: HubSpotWorld, ticket: str, answer: httpx.Response) -> None:
    """An error page, too much and nothing: to be read again."""
    watched = Watched(world)
    watched.instead["/tickets/batch/read"] = answer
    desk = connect(world, watched)
    with stamina.set_testing(True, attempts=1), pytest.raises(Unreachable):
        await desk.read([ticket])
    await desk.aclose()


@pytest.mark.parametrize(
    ("policy", "headers", "seconds"),
    [
        ("TEN_SECONDLY_ROLLING", {}, 10),
        ("SECONDLY", {}, 1),
        ("DAILY", {}, 3600),
        ("TEN_SECONDLY_ROLLING", {"Retry-After": "1800"}, 1800),
        ("<script>", {}, 10),
        (None, {}, 10),
        (["DAILY"], {}, 10),
    ],
)
async def test_limits(
    world: HubSpotWorld, ticket: str, policy: object, headers: dict[str, str], seconds: float
) -> None:
    """HubSpot says which limit it is, and seldom when to come again; what it says is not repeated."""
    watched = Watched(world)
    said = {"status": "error", "errorType": "RATE_LIMIT", "policyName": policy, "message": "secret words"}
    watched.instead["/associations/contacts"] = httpx.Response(200, json={})
    watched.instead[f"/tickets/{ticket}"] = httpx.Response(429, json=said, headers=headers)
    desk = connect(world, watched)
    with pytest.raises(Busy) as caught:
        await desk.update([ticket], REPLY, once=ONCE)
    assert caught.value.retry_after == seconds
    assert not [words for words in ("script", "secret") if words in str(caught.value)]
    assert world.public_replies(ticket) == []
    await desk.aclose()


async def test_the_fakes_own_limits(helpdesk: HubSpot, world: HubSpotWorld, ticket: str) -> None:
    """In the middle of a change: what was written is looked up once there are calls again."""
    world.fake.calls = 5
    with pytest.raises(Unknown, match="could not be read back"):
        await helpdesk.update([ticket], REPLY, once=ONCE)
    world.fake.calls = None
    assert await helpdesk.was_done(ticket, ONCE)
    world.fake.searches = 0
    with pytest.raises(Busy, match="SECONDLY"):
        assert [one async for one in helpdesk.changed_since(world.now())]


async def test_locked_for_the_moment(world: HubSpotWorld, ticket: str) -> None:
    watched = Watched(world)
    watched.instead["/notes"] = httpx.Response(423, json={"status": "error"})
    desk = connect(world, watched)
    with pytest.raises(Busy) as caught:
        await desk.update([ticket], NOTE, once=ONCE)
    assert caught.value.retry_after == 2
    await desk.aclose()


@pytest.mark.parametrize("scope", ["conversations.write", "crm.objects.contacts.write", "tickets"])
async def test_a_scope_that_is_missing(
    helpdesk: HubSpot, world: HubSpotWorld, ticket: str, scope: str
) -> None:
    """Told to an operator by its name; nothing is called done."""
    world.fake.scopes -= {scope}
    with pytest.raises(NotAllowed, match=f"give the app the scope {scope}"):
        await helpdesk.update([ticket], NOTE if "contacts" in scope else REPLY, once=ONCE)
    world.fake.scopes |= {scope}
    assert [*world.private_notes(ticket), *world.public_replies(ticket)] == []


async def test_what_a_refusal_says_is_not_repeated(world: HubSpotWorld, ticket: str) -> None:
    """Neither a scope that we do not know, nor words."""
    watched = Watched(world)
    context = {"requiredGranularScopes": ["<b>secret</b>", 7, None]}
    said = {"category": "MISSING_SCOPES", "errors": [{"context": context}, None], "message": "secret"}
    watched.instead["/tickets/batch/read"] = httpx.Response(403, json=said)
    desk = connect(world, watched)
    with pytest.raises(NotAllowed) as caught:
        await desk.read([ticket])
    assert "secret" not in str(caught.value)
    await desk.aclose()


async def test_a_token_that_was_revoked_between_two(helpdesk: HubSpot, world: HubSpotWorld) -> None:
    """One was done; the other one waits for an operator."""
    ids = [world.create_ticket("Hi", "x", name="Ada", email="ada@customer.example") for _ in range(2)]
    world.fake.scopes -= {"crm.objects.contacts.write"}
    with pytest.raises(NotAllowed):
        await helpdesk.update(ids, NOTE, once=ONCE)
    world.fake.scopes |= {"crm.objects.contacts.write"}
    outcomes = await helpdesk.update(ids, NOTE, once=ONCE)
    assert [one.outcome for one in outcomes] == [ChangeOutcome.DONE] * 2
