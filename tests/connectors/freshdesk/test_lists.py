"""Lists of tickets and limits of calls: what they leave out, and that nothing is lost by it."""

from __future__ import annotations

import json

import httpx
import pytest
import stamina

from connectors.freshdesk import Freshdesk
from connectors.kit.fakes.faults import FaultKind
from connectors.kit.fakes.in_process import InProcessTransport
from incidents.errors import Busy, LiaisonError, Unreachable
from incidents.models import (
    ChangeOutcome,
    Departure,
    TicketChange,
    TicketStatus,
)
from tests.connectors.freshdesk.conftest import FreshdeskWorld, connect, settings
from tests.contracts.helpdesk import NOTE, ONCE, REPLY

ADA = {"name": "Ada Lovelace", "email": "ada@customer.example"}
SOLVED = TicketChange(status=TicketStatus.SOLVED)


@pytest.fixture
def ticket(world: FreshdeskWorld) -> str:
    return world.create_ticket("Cannot pay", "Cards are refused", **ADA)


async def test_a_ticket_of_last_year(world: FreshdeskWorld, helpdesk: Freshdesk, ticket: str) -> None:
    """A list without a time has the last 30 days' tickets alone; ours always names one."""
    world.let_time_pass(365 * 86_400)
    since = world.now()
    world.customer_reply(ticket, "It is broken again")
    async with httpx.AsyncClient(
        transport=InProcessTransport(world.fake.app), auth=("fakefreshdeskapikey0", "X")
    ) as client:
        assert (await client.get("https://acme.freshdesk.test/api/v2/tickets")).json() == []
    assert [one.ref.id async for one in helpdesk.changed_since(since)] == [ticket]


async def test_many_changes_in_one_second(world: FreshdeskWorld, helpdesk: Freshdesk) -> None:
    """A bulk update: times are whole seconds, and a page ends in the middle of one."""
    since = world.now()
    made = [world.create_ticket(f"{number}", "x", **ADA) for number in range(250)]
    world.let_time_pass(60)
    later = world.create_ticket("later", "x", **ADA)
    assert [one.ref.id async for one in helpdesk.changed_since(since)] == [*made, later]


async def test_changes_while_the_list_is_read(world: FreshdeskWorld, helpdesk: Freshdesk) -> None:
    """What changes goes to the list's end and all others move up: none is left out, one is told twice."""
    since = world.now()
    made = []
    for number in range(450):
        world.let_time_pass(1)
        made.append(world.create_ticket(f"{number}", "x", **ADA))
    world.let_time_pass(60)
    found = []
    async for one in helpdesk.changed_since(since):
        if not found:
            world.customer_reply(made[10], "Any news?")
            world.let_time_pass(60)
        found.append(one.ref.id)
    assert set(found) == set(made)
    assert (found.count(made[10]), len(found)) == (2, 451)


class _Endless(httpx.AsyncBaseTransport):
    """All tickets changed in the same second, and Freshdesk gives no page after its 300th."""

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        page = int(request.url.params["page"])
        is_spam_or_bin = "filter" in request.url.params
        same = {"created_at": "2026-03-01T12:00:00Z", "updated_at": "2026-03-01T12:00:00Z", "status": 2}
        whole = {"tags": [], "description": "", "requester": {}}
        rows = [{**same, **whole, "id": page * 100 + number} for number in range(100)]
        link = {"link": f'<{request.url}>; rel="next"'} if page < 300 else {}
        return httpx.Response(
            200, json=[] if is_spam_or_bin else rows, headers={} if is_spam_or_bin else link
        )


async def test_more_than_lists_can_give(world: FreshdeskWorld) -> None:
    """Half a list looks like a whole one: it is an error."""
    helpdesk = Freshdesk("freshdesk/support", settings(), transport=_Endless())
    with pytest.raises(Unreachable, match="30000 tickets changed within the same seconds"):
        [one async for one in helpdesk.changed_since(world.now())]
    await helpdesk.aclose()


async def test_deleted_ones_and_spam_are_in_lists_of_their_own(
    world: FreshdeskWorld, helpdesk: Freshdesk, ticket: str
) -> None:
    """They are told as gone, at their time among the others."""
    spam = world.create_ticket("Buy now", "x", name="Eve", email="eve@customer.example")
    other = world.create_ticket("The same", "Me too", **ADA)
    since = world.now()
    for number, act in enumerate((world.fake.trash, world.fake.mark_as_spam)):
        world.let_time_pass(10)
        act(int((ticket, spam)[number]))
    world.let_time_pass(10)
    world.customer_reply(other, "Any news?")
    told = [(one.ref.id, one.gone) async for one in helpdesk.changed_since(since)]
    assert [one for one in told if one[1] or one[0] == other][-3:] == [
        (ticket, Departure.DELETED),
        (spam, Departure.SPAM),
        (other, None),
    ]
    (read,) = await helpdesk.read([ticket, spam])
    assert (read.ref.id, read.gone) == (spam, Departure.SPAM)
    assert await helpdesk.comments(read, since) == []
    outcomes = await helpdesk.update([ticket, spam], REPLY, once=ONCE)
    assert [one.outcome for one in outcomes] == [ChangeOutcome.GONE] * 2
    assert "restore it" in outcomes[0].detail
    assert world.fake.mails() == []


class _LeanLists(InProcessTransport):
    """Lists leave out tags, as the documentation's example does, so that each ticket is read by itself; one changes
    just before it is."""

    def __init__(self, world: FreshdeskWorld, changing: str) -> None:
        super().__init__(world.fake.app)
        self._world, self._changing = world, changing

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        if request.url.path.endswith(f"/tickets/{self._changing}"):
            self._world.let_time_pass(3600)
            self._world.customer_reply(self._changing, "Any news?")
        answer = await super().handle_async_request(request)
        if not request.url.path.endswith("/tickets"):
            return answer
        rows = json.loads(await answer.aread())
        lean = [{name: value for name, value in row.items() if name != "tags"} for row in rows]
        return httpx.Response(200, json=lean)


async def test_what_is_gone_waits_for_its_time_behind_a_ticket_that_changes_meanwhile(
    world: FreshdeskWorld, ticket: str
) -> None:
    """The list is told from its oldest change on: whoever goes on at the newest told must pass nothing over."""
    since = world.now()
    made = [ticket]
    for _ in range(3):
        world.let_time_pass(60)
        made.append(world.create_ticket("The same", "Me too", **ADA))
    world.fake.trash(int(made.pop()))
    helpdesk = Freshdesk("freshdesk/support", settings(), transport=_LeanLists(world, ticket))
    told = [one.gone async for one in helpdesk.changed_since(since)]
    assert told == [None, None, None, Departure.DELETED]
    await helpdesk.aclose()


async def test_a_limit_of_half_an_hour(world: FreshdeskWorld, helpdesk: Freshdesk, ticket: str) -> None:
    """Nobody asks again before it is over."""
    world.faults.arm(FaultKind.RATE_LIMIT, times=None, seconds=1800)
    with pytest.raises(Busy) as caught:
        await helpdesk.read([ticket])
    assert caught.value.retry_after == 1800


async def test_the_accounts_limit() -> None:
    """Others use it up, too: Freshdesk's word decides, and nothing was done. Even refused calls count."""
    world = FreshdeskWorld(calls_a_minute=8)
    ticket = world.create_ticket("Cannot pay", "x", **ADA)
    helpdesk = connect(world)
    world.let_time_pass(20)
    with stamina.set_testing(True, attempts=1):
        await helpdesk.update([ticket], NOTE, once=ONCE)  # 1 for who we are, 2 + 1 + 1
        await helpdesk.read([ticket])
        with pytest.raises(Busy) as caught:
            await helpdesk.read([ticket])
    assert caught.value.retry_after == 40
    world.let_time_pass(40)
    assert await helpdesk.was_done(ticket, ONCE)
    await helpdesk.aclose()


async def test_credits_are_counted_as_freshdesk_counts(
    world: FreshdeskWorld, helpdesk: Freshdesk, ticket: str
) -> None:
    """What is embedded costs more: 5 for a page of a list, 2 for a ticket with its requester."""
    since = world.now()
    other = world.create_ticket("The same", "Me too", **ADA)
    (found, _) = await helpdesk.read([ticket, other])
    await helpdesk.update([ticket], REPLY, once=ONCE)
    await helpdesk.update([ticket, other], SOLVED, once=ONCE)
    await helpdesk.comments(found, since)
    assert len([one async for one in helpdesk.changed_since(since)]) == 2
    (limit,) = helpdesk.budget().limits
    assert len(limit.made) == world.fake.limits.used


async def test_lists_have_a_limit_of_their_own(world: FreshdeskWorld) -> None:
    """We come again rather than ask: the account's other apps list tickets as well."""
    helpdesk = connect(world, lists_per_minute=3)
    assert [one async for one in helpdesk.changed_since(world.now())] == []
    asked = len(world.fake.http.calls)
    with pytest.raises(Busy):
        [one async for one in helpdesk.changed_since(world.now())]
    assert len(world.fake.http.calls) == asked
    await helpdesk.aclose()


async def test_a_list_that_leaves_something_out(
    world: FreshdeskWorld, helpdesk: Freshdesk, ticket: str
) -> None:
    """The documentation's example of a list has no tags: such a ticket is read by itself."""
    world.fake.desk.tickets[int(ticket)]["tags"] = ["tier_gold"]
    world.fake.http.lists_tags = False
    (found,) = [one async for one in helpdesk.changed_since(world.now())]
    assert (found.tier, found.body, found.requester.name) == ("gold", "Cards are refused", "Ada Lovelace")
    world.fake.desk.archived.add(int(ticket))
    assert [one async for one in helpdesk.changed_since(world.now())] == []


@pytest.mark.parametrize("page", [b"[" + b"1," * 5_000_000 + b"1]", b'{"a": 1}', b"[1]", b'[{"id": 1}]'])
async def test_a_page_that_is_none(world: FreshdeskWorld, page: bytes) -> None:
    """Too big to be one, or something else: an error of ours, and nothing is taken for a whole list."""
    transport = httpx.MockTransport(lambda request: httpx.Response(200, content=page))
    helpdesk = Freshdesk("freshdesk/support", settings(), transport=transport)
    with stamina.set_testing(True, attempts=1), pytest.raises(LiaisonError, match="freshdesk"):
        [one async for one in helpdesk.changed_since(world.now())]
    await helpdesk.aclose()
