"""Bad input and bad days: credentials, limits, pages that are empty, huge or move, fields that are missing."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import httpx
import pytest
import stamina

from connectors.helpscout import HelpScout
from connectors.helpscout.mapping import ticket_from
from connectors.kit.fakes.faults import FaultKind
from connectors.kit.fakes.in_process import InProcessTransport
from incidents.errors import Busy, NotAllowed, Refused, Unknown, Unreachable, Unrecognised
from incidents.models import ChangeOutcome
from tests.connectors.helpscout.conftest import HelpScoutWorld, connect, settings
from tests.contracts.helpdesk import NOTE, ONCE, REPLY

Answer = Callable[[httpx.Request], httpx.Response | None]
HUGE = b'{"_embedded":{"conversations":[]},"x":"' + b"x" * (8 * 1024 * 1024) + b'"}'
HOURS_48 = 48 * 3600


class Odd(InProcessTransport):
    """The fake, but for the requests that `answer` answers."""

    def __init__(self, world: HelpScoutWorld, answer: Answer) -> None:
        super().__init__(world.fake.app)
        self._answer = answer

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        return self._answer(request) or await super().handle_async_request(request)


def odd(world: HelpScoutWorld, answer: Answer, **changes: object) -> HelpScout:
    return connect(world, Odd(world, answer), **changes)


async def test_a_wrong_secret(world: HelpScoutWorld) -> None:
    """Told with what to check, and without the secret."""
    desk = connect(world, app_secret="not-the-apps-secret")
    with pytest.raises(NotAllowed, match="access token") as caught:
        await desk.check()
    assert "not-the-apps-secret" not in str(caught.value)
    await desk.aclose()


async def test_a_token_that_ends(helpdesk: HelpScout, world: HelpScoutWorld, ticket: str) -> None:
    """After 48 hours another one is bought, once for all who come, and nothing is written twice."""
    await helpdesk.read([ticket])
    world.let_time_pass(HOURS_48)
    await helpdesk.read([ticket] * 3)
    assert world.fake.tokens.bought == 2
    world.fake.tokens.revoke_all()
    (outcome,) = await helpdesk.update([ticket], REPLY, once=ONCE)
    assert (outcome.outcome, world.fake.tokens.bought) == (ChangeOutcome.DONE, 3)
    assert world.public_replies(ticket) == [REPLY.public_reply]


async def test_a_token_that_ends_between_reading_and_writing(world: HelpScoutWorld, ticket: str) -> None:
    """What was refused for its token was not done: sent again with another one."""

    def answer(request: httpx.Request) -> httpx.Response | None:
        if request.url.path.endswith("/reply") and world.fake.tokens.bought == 1:
            world.fake.tokens.revoke_all()
        return None

    desk = odd(world, answer)
    (outcome,) = await desk.update([ticket], REPLY, once=ONCE)
    assert outcome.outcome is ChangeOutcome.DONE
    assert world.public_replies(ticket) == [REPLY.public_reply]
    await desk.aclose()


async def test_a_user_that_is_no_more(world: HelpScoutWorld, ticket: str) -> None:
    """Each new token is refused as well: renewed once, then a person must act."""
    desk = connect(world)
    world.faults.arm(FaultKind.UNAUTHORIZED, times=None, where="/v2/conversations")
    world.faults.arm(FaultKind.UNAUTHORIZED, times=None, where="/v2/users")
    with pytest.raises(NotAllowed):
        await desk.read([ticket])
    # One for the conversation's call, one more as that was refused, and one as the question who we are was.
    assert world.fake.tokens.bought <= 3
    await desk.aclose()


async def test_one_conversation_that_is_not_for_us(
    helpdesk: HelpScout, world: HelpScoutWorld, ticket: str
) -> None:
    """403 of one conversation keeps no other one waiting."""
    hidden = world.create_ticket("Hidden", "x", name="Eve", email="eve@customer.example")
    world.desk.hidden_from_us.add(int(hidden))
    assert [one.ref.id for one in await helpdesk.read([hidden, ticket])] == [ticket]
    outcomes = await helpdesk.update([hidden, ticket], NOTE, once=ONCE)
    assert [one.outcome for one in outcomes] == [ChangeOutcome.GONE, ChangeOutcome.DONE]
    assert not await helpdesk.was_done(hidden, ONCE)


async def test_a_role_that_may_not_answer(world: HelpScoutWorld, ticket: str) -> None:
    """A light user reads and notes only: refused with the cure, for this one."""

    def answer(request: httpx.Request) -> httpx.Response | None:
        return httpx.Response(403, json={"message": "x"}) if request.url.path.endswith("/reply") else None

    desk = odd(world, answer)
    (outcome,) = await desk.update([ticket], REPLY, once=ONCE)
    assert outcome.outcome is ChangeOutcome.REFUSED
    assert "a role that may answer" in outcome.detail
    assert (await desk.update([ticket], NOTE, once=ONCE))[0].outcome is ChangeOutcome.DONE
    await desk.aclose()


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [
        ({"X-RateLimit-Retry-After": "1800"}, 1800.0),
        ({"Retry-After": "1800"}, 1800.0),
        ({"X-RateLimit-Retry-After": "9999999"}, 3600.0),
        ({"X-RateLimit-Retry-After": "soon"}, 60.0),
        ({}, 60.0),
    ],
)
async def test_half_an_hour_of_no_calls(
    world: HelpScoutWorld, ticket: str, headers: dict[str, str], seconds: float
) -> None:
    """Help Scout says in a header of its own when to come again; nothing is tried before."""
    calls: list[str] = []

    def answer(request: httpx.Request) -> httpx.Response | None:
        calls.append(request.url.path)
        return None if request.url.path.endswith("/token") else httpx.Response(429, headers=headers)

    desk = odd(world, answer)
    with pytest.raises(Busy) as caught:
        await desk.read([ticket])
    assert caught.value.retry_after == seconds
    assert len(calls) == 2
    await desk.aclose()


async def test_we_count_as_help_scout_counts(world: HelpScoutWorld, ticket: str) -> None:
    """A call that changes something counts twice, there and here."""
    desk = connect(world)
    await desk.read([ticket])
    await desk.update([ticket], REPLY, once=ONCE)
    await desk.comments((await desk.read([ticket]))[0], world.now())
    (limit,) = desk.budget().limits
    assert len(limit.made) == world.fake.limit.used
    await desk.aclose()


async def test_the_accounts_limit(world: HelpScoutWorld, ticket: str) -> None:
    """It is all apps' together: where others have used it up we are told by the second."""
    world.fake.limit.calls = 1
    desk = connect(world)
    await desk.read([ticket])
    with pytest.raises(Busy) as caught:
        await desk.read([ticket])
    assert caught.value.retry_after == 60.0
    await desk.aclose()


@pytest.mark.parametrize("status", [200, 403, 500, 502, 503])
async def test_a_page_of_html(world: HelpScoutWorld, ticket: str, status: int) -> None:
    """A proxy's word: a read surely was not done; of a write nobody knows but where it was refused."""

    def answer(request: httpx.Request) -> httpx.Response | None:
        if not request.url.path.endswith("/reply"):
            return None
        return httpx.Response(status, html="<html><body><h1>Sorry</h1></body></html>")

    desk = odd(world, answer)
    if status == 403:
        (outcome,) = await desk.update([ticket], REPLY, once=ONCE)
        assert outcome.outcome is ChangeOutcome.REFUSED
    else:
        with pytest.raises(Unknown):
            await desk.update([ticket], REPLY, once=ONCE)
    await desk.aclose()


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


async def test_what_is_not_there_yet(world: HelpScoutWorld, ticket: str) -> None:
    """Nothing promises that a list shows at once what was written: that is no "not done"."""

    def answer(request: httpx.Request) -> httpx.Response | None:
        page = {"number": 1, "totalPages": 0, "totalElements": 0}
        return httpx.Response(200, json={"page": page}) if request.url.path.startswith("/v3/") else None

    desk = odd(world, answer)
    with pytest.raises(Unknown, match="not among what is written"):
        await desk.update([ticket], REPLY, once=ONCE)
    await desk.aclose()


async def test_one_that_takes_no_more(helpdesk: HelpScout, world: HelpScoutWorld, ticket: str) -> None:
    """423: refused with its status and what Help Scout's support asks for."""
    world.refuse_updates(ticket)
    (outcome,) = await helpdesk.update([ticket], REPLY, once=ONCE)
    assert outcome.outcome is ChangeOutcome.REFUSED
    assert "HTTP 423 (threads; logRef 64bb72b4-0a92-11e8-ba89-0ed5f89f718b)" in outcome.detail


@pytest.mark.parametrize(
    "location", ["", "https://evil.example/login", "/v2/conversations/x", "//evil.example/v2/conversations/7"]
)
async def test_a_redirect_that_is_no_merger(world: HelpScoutWorld, ticket: str, location: str) -> None:
    """Nothing is followed, whatever it names."""
    called: set[str] = set()

    def answer(request: httpx.Request) -> httpx.Response | None:
        called.add(request.url.host)
        is_read = request.url.path.startswith("/v2/conversations")
        return httpx.Response(301, headers={"Location": location}) if is_read else None

    desk = odd(world, answer)
    with pytest.raises(Refused, match="led elsewhere"):
        await desk.read([ticket])
    assert called == {"api.helpscout.test"}
    await desk.aclose()


async def test_a_merger_without_an_end(world: HelpScoutWorld) -> None:
    """Two that name each other."""
    world.desk.merged.update({5: 6, 6: 5})
    desk = connect(world)
    for call in (desk.read(["5"]), desk.was_done("5", ONCE)):
        with pytest.raises(Unreachable, match="again and again"):
            await call
    await desk.aclose()


async def test_a_field_that_is_missing(world: HelpScoutWorld, ticket: str) -> None:
    """Each in turn, of a whole conversation: read as if it were empty, but for its id and when it began."""
    whole = world.desk.shown(int(ticket), with_threads=True)
    for key in whole:
        rest = {name: value for name, value in whole.items() if name != key}
        if key in ("id", "createdAt"):
            with pytest.raises(Unrecognised):
                ticket_from(rest, "helpscout/support", settings())
        else:
            assert ticket_from(rest, "helpscout/support", settings()).ref.id == ticket
    for one in whole["_embedded"]["threads"]:
        for key in list(one):
            rest = {name: value for name, value in one.items() if name != key}
            ticket_from({**whole, "_embedded": {"threads": [rest]}}, "helpscout/support", settings())
