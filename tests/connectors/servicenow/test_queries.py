"""Queries that would find everything, pages that hold less than they should, and answers that are none."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from typing import Any

import httpx
import pytest
import stamina

from connectors.kit.fakes.faults import FaultKind
from connectors.kit.fakes.in_process import InProcessTransport
from connectors.servicenow import ServiceNowHelpdesk
from connectors.servicenow.table.queries import condition, one_of
from incidents.errors import Busy, LiaisonError, NotAllowed, NotShown, Refused, Unreachable
from incidents.models import (
    ChangeOutcome,
    PublicText,
    TicketChange,
)
from tests.connectors.servicenow.conftest import ServiceNowWorld, connect
from tests.connectors.servicenow.transports import Noted, changed, misspelling
from tests.contracts.helpdesk import NOTE, ONCE


@pytest.mark.parametrize("column", ["sys_id", "sys_updated_on", "element_id", "value", "user.user_name"])
async def test_a_condition_that_is_left_out_is_noticed(world: ServiceNowWorld, column: str) -> None:
    """Every row comes back then: nothing is read from them, no note is taken for ours, nobody for a colleague."""
    first, second = (
        world.create_ticket(f"Cannot pay {n}", "x", name=f"C {n}", email=f"c{n}@customer.example")
        for n in range(2)
    )
    (ticket,) = await connect(world).read([first])
    for one in (first, second):
        world.agent_reply(one, "We are on it")
        world.instance.say(world.table, one, "Me, too", by="c1")
    world.let_time_pass(3600)
    since = world.now()
    desk = connect(world, Noted(world, misspelling(column)))
    calls: list[Any] = [
        desk.read([first]),
        desk.was_done(first, ONCE),
        desk.comments(ticket, since - timedelta(seconds=4000)),
        changed(desk, world),
    ]
    told = await asyncio.gather(*calls, return_exceptions=True)
    refused = [one for one in told if isinstance(one, LiaisonError)]
    assert refused
    assert {type(one) for one in refused} == {Refused}
    assert all("left a condition out" in str(one) for one in refused)


async def test_an_instance_that_returns_no_rows_instead(
    world: ServiceNowWorld, helpdesk: ServiceNowHelpdesk, ticket: str
) -> None:
    """The property that guards against it changes nothing for us, since our queries are right."""
    world.fake.is_strict = True
    assert [one.ref.id for one in await helpdesk.read([ticket])] == [ticket]
    (outcome,) = await helpdesk.update([ticket], NOTE, once=ONCE)
    assert outcome.outcome is ChangeOutcome.DONE


@pytest.mark.parametrize(
    "value",
    ["a^ORactive=true", "javascript:gs.getUserID()", "JavaScript:1", "a\nb", " a", "", "a" * 401, "\x00"],
)
def test_a_value_is_no_query(value: str) -> None:
    """A caret would be another condition, and `javascript:` is run at the instance."""
    with pytest.raises(Refused):
        condition("email", "=", value)
    with pytest.raises(Refused):
        one_of("email", ["x", value])


def test_a_list_has_no_commas_in_it() -> None:
    with pytest.raises(Refused):
        one_of("sys_id", ["a,b"])


async def test_records_that_we_may_not_see_take_their_places_on_a_page(world: ServiceNowWorld) -> None:
    """The page is cut first and filtered afterwards: an empty page is not the end of the list."""
    since = world.now()
    tickets = [
        world.create_ticket(f"Cannot pay {n}", "x", name=f"C {n}", email=f"c{n}@customer.example")
        for n in range(250)
    ]
    world.fake.hidden |= set(tickets[:130]) | set(tickets[140:199])
    desk = connect(world)
    found = [one.ref.id async for one in desk.changed_since(since)]
    assert found == [*tickets[130:140], *tickets[199:]]


async def test_a_user_who_sees_nothing_is_told(world: ServiceNowWorld, ticket: str) -> None:
    """200 with no rows is what missing rights look like."""
    world.fake.hidden.add(ticket)
    with pytest.raises(Refused, match="is not shown the newest"):
        await connect(world).check()
    world.fake.closed_tables.add(world.table)
    with pytest.raises(NotAllowed, match=f"may not read {world.table}"):
        await connect(world).check()


@pytest.fixture
def once_only() -> Any:
    with stamina.set_testing(True, attempts=1):
        yield


@pytest.mark.usefixtures("once_only")
async def test_an_instance_that_sleeps(world: ServiceNowWorld, ticket: str) -> None:
    """A developer's instance hibernates and answers 200 with a page."""
    world.fake.is_asleep = True
    with pytest.raises(Unreachable):
        await connect(world).read([ticket])


@pytest.mark.usefixtures("once_only")
async def test_a_list_that_was_cut_off(world: ServiceNowWorld, ticket: str) -> None:
    """200 with some rows and an error beside them: half a list would look like a whole one."""
    world.fake.cuts_off = True
    desk = connect(world)
    for call in (desk.read([ticket]), changed(desk, world), desk.was_done(ticket, ONCE)):
        with pytest.raises(Unreachable, match="cut off"):
            await call


@pytest.mark.usefixtures("once_only")
async def test_a_call_that_was_only_queued(world: ServiceNowWorld, ticket: str) -> None:
    """202 with nothing: a write may be done later, so it is unknown."""

    class Queued(InProcessTransport):
        async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
            if request.method == "PATCH":
                return httpx.Response(202)
            return await super().handle_async_request(request)

    with pytest.raises(LiaisonError) as caught:
        await connect(world, Queued(world.fake.app)).update([ticket], NOTE, once=ONCE)
    assert type(caught.value).__name__ == "Unknown"


async def test_half_an_hour_of_limit(world: ServiceNowWorld, ticket: str) -> None:
    """An hour's calls are used up: it says when to come again, and nothing was done."""
    desk = connect(world)
    world.fake.quota = 1
    with pytest.raises(Busy) as caught:
        await desk.update([ticket], NOTE, once=ONCE)
    assert caught.value.retry_after == 1800
    world.fake.quota = None
    assert world.private_notes(ticket) == []


async def test_a_limit_that_says_only_when_it_ends(world: ServiceNowWorld) -> None:
    """`X-RateLimit-Reset` is a Unix time."""

    class Limited(httpx.AsyncBaseTransport):
        async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
            return httpx.Response(429, headers={"X-RateLimit-Reset": "99999999999"}, json={})

    with pytest.raises(Busy) as caught:
        await connect(world, Limited()).read(["a" * 32])
    assert caught.value.retry_after == 3600


async def test_an_empty_and_a_huge_page(world: ServiceNowWorld) -> None:
    assert await changed(connect(world), world) == []

    class Huge(httpx.AsyncBaseTransport):
        async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
            return httpx.Response(200, json={"result": [{"description": "x" * 9_000_000}]})

    with stamina.set_testing(True, attempts=1), pytest.raises(Unreachable, match="over"):
        await connect(world, Huge()).read(["a" * 32])


async def test_a_record_that_goes_while_it_is_changed(
    world: ServiceNowWorld, helpdesk: ServiceNowHelpdesk, ticket: str
) -> None:
    """404 after it was read."""
    world.faults.arm(FaultKind.MISSING, where=world.update_path)
    (outcome,) = await helpdesk.update([ticket], NOTE, once=ONCE)
    assert outcome.outcome is ChangeOutcome.GONE


async def test_a_reply_in_the_wrong_place_is_not_done(
    world: ServiceNowWorld, helpdesk: ServiceNowHelpdesk, ticket: str
) -> None:
    world.hide_replies()
    reply = TicketChange(public_reply=PublicText("It works again."))
    (outcome,) = await helpdesk.update([ticket], reply, once=ONCE)
    assert outcome.outcome is ChangeOutcome.REFUSED
    with pytest.raises(NotShown):
        await helpdesk.was_done(ticket, ONCE)
