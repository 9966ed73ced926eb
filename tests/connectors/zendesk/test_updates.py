"""Updates go where Zendesk reads them, and change nothing that they were not about."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import httpx
import pytest

from connectors.kit.fakes.faults import FaultKind
from connectors.zendesk.connector import Zendesk
from incidents.models import ChangeOutcome, TicketChange, TicketStatus
from tests.connectors.zendesk.conftest import ZendeskWorld, connect, settings

WAITING = 777


@pytest.fixture
def world() -> ZendeskWorld:
    world = ZendeskWorld()
    fields = {"id": WAITING, "status_category": "open", "agent_label": "With the bank"}
    world.fake.api.setup.records["custom_statuses"][WAITING] = fields
    return world


@pytest.fixture
async def zendesk(world: ZendeskWorld) -> AsyncIterator[Zendesk]:
    zendesk = connect(world)
    yield zendesk
    await zendesk.aclose()


def waiting(world: ZendeskWorld) -> str:
    """A ticket in a custom status of the category open."""
    number = world.create_ticket("Cannot pay", "now", name="Ada", email="ada@customer.example")
    ticket = world.fake.tickets[int(number)]
    ticket.status, ticket.custom_status_id = "open", WAITING
    return number


async def test_tags_are_added_to_one_ticket(world: ZendeskWorld, zendesk: Zendesk) -> None:
    """`additional_tags` is read in updates of many only: one ticket's tags have a path of their own."""
    number = world.create_ticket("Cannot pay", "now", name="Ada", email="ada@customer.example")
    world.fake.tickets[int(number)].tags = ["shop"]
    change = TicketChange(add_tags=("vip",), private_note="INC-7")
    (outcome,) = await zendesk.update([number], change, once="a")
    assert outcome.outcome is ChangeOutcome.DONE
    assert world.tags(number) == ["shop", "vip"]
    assert list(world.private_notes(number)) == ["INC-7"]


async def test_tags_that_fail_leave_no_comment(world: ZendeskWorld, zendesk: Zendesk) -> None:
    """What may be repeated comes first."""
    number = world.create_ticket("Cannot pay", "now", name="Ada", email="ada@customer.example")
    world.fake.faults.arm(FaultKind.MISSING, where="/tags")
    change = TicketChange(add_tags=("vip",), public_reply="Hello")
    (outcome,) = await zendesk.update([number], change, once="a")
    assert outcome.outcome is ChangeOutcome.GONE
    assert list(world.public_replies(number)) == []


@pytest.mark.parametrize("count", [1, 3])
async def test_custom_status_is_kept(world: ZendeskWorld, zendesk: Zendesk, count: int) -> None:
    """Writing a status sets its category's default: it is not written where the category is that already."""
    numbers = [waiting(world) for _ in range(count)]
    change = TicketChange(status=TicketStatus.OPEN, private_note="seen")
    outcomes = await zendesk.update(numbers, change, once="a")
    assert {outcome.outcome for outcome in outcomes} == {ChangeOutcome.DONE}
    for number in numbers:
        assert world.fake.tickets[int(number)].custom_status_id == WAITING
        assert list(world.private_notes(number)) == ["seen"]
    (read,) = await zendesk.read(numbers[:1])
    assert read.status is TicketStatus.OPEN


async def test_status_that_is_there_costs_no_update(world: ZendeskWorld, zendesk: Zendesk) -> None:
    """Nor does it leave an audit; what has another status gets it."""
    kept = waiting(world)
    other = world.create_ticket("Cannot pay", "now", name="Bob", email="bob@customer.example")
    before = len(world.fake.tickets[int(kept)].audits)
    outcomes = await zendesk.update([kept, other], TicketChange(status=TicketStatus.OPEN), once="a")
    assert [outcome.outcome for outcome in outcomes] == [ChangeOutcome.DONE] * 2
    assert len(world.fake.tickets[int(kept)].audits) == before
    assert world.fake.tickets[int(other)].status == "open"


async def test_second_half_that_fails_is_unknown(world: ZendeskWorld, zendesk: Zendesk) -> None:
    """What was done for the others is not forgotten."""
    kept = waiting(world)
    other = world.create_ticket("Cannot pay", "now", name="Bob", email="bob@customer.example")
    world.fake.faults.arm(FaultKind.DROP_REPLY, where=f"/tickets/{kept}")
    change = TicketChange(status=TicketStatus.OPEN, private_note="seen")
    outcomes = {one.id: one.outcome for one in await zendesk.update([kept, other], change, once="a")}
    assert outcomes == {kept: ChangeOutcome.UNKNOWN, other: ChangeOutcome.DONE}
    assert await zendesk.was_done(kept, "a")


async def test_changes_of_the_same_moment_share_the_looks_at_who_reads_them(
    world: ZendeskWorld, zendesk: Zendesk
) -> None:
    """Ten customers told by name: ten changes, and not ten looks. A look that fails is of those who shared it."""
    numbers = [
        world.create_ticket("Cannot pay", "now", name=f"Ada {number}", email=f"ada{number}@customer.example")
        for number in range(10)
    ]

    async def told(key: str) -> list[ChangeOutcome]:
        changes = (
            zendesk.update([number], TicketChange(public_reply=f"{key}, {number}"), once=f"{key}-{number}")
            for number in numbers
        )
        return [one.outcome for (one,) in await asyncio.gather(*changes)]

    assert await told("Hello") == [ChangeOutcome.DONE] * 10
    looks = [call for call in world.fake.api.calls if "show_many" in call]
    assert 1 <= len(looks) <= 3
    world.fake.faults.arm(FaultKind.OUTAGE, where="show_many", times=None)
    assert await told("Hello again") == [ChangeOutcome.UNKNOWN] * 10
    world.fake.faults.clear()
    assert all([await zendesk.was_done(number, f"Hello again-{number}") for number in numbers])


class EndlessPages(httpx.AsyncBaseTransport):
    """A Zendesk whose every page of audits names a next one."""

    def __init__(self, audits: list[dict[str, Any]]) -> None:
        self.asked: list[int] = []
        self._audits = audits

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        self.asked.append(int(request.url.params["page"]))
        return httpx.Response(200, json={"audits": self._audits, "next_page": "https://fake/next"})


@pytest.mark.parametrize(("audits", "calls"), [([], 1), ([{"id": 1, "metadata": {"custom": {}}}], 100)])
async def test_looking_back_has_an_end(audits: list[dict[str, Any]], calls: int) -> None:
    """At an empty page, and where Zendesk numbers no more pages."""
    pages = EndlessPages(audits)
    zendesk = Zendesk("zendesk/support", settings(), transport=pages)
    assert not await zendesk.was_done("1", "a")
    assert pages.asked == list(range(1, calls + 1))
    await zendesk.aclose()
