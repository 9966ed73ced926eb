"""Every call of our connector and every answer of the fake, judged by Intercom's own description (2.15).

It describes no 400 and no 429 of the conversations' calls, and no 404 of reading a ticket or a contact, though Intercom
documents them all; such answers are not judged
(https://developers.intercom.com/docs/references/rest-api/errors/http-responses).
"""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from functools import cache
from typing import Any

import httpx
import jsonschema
import pytest

from connectors.intercom import Intercom
from connectors.kit.fakes.in_process import InProcessTransport
from incidents.models import ChangeOutcome, InternalText, TicketChange, TicketStatus
from tests.connectors.description import DescribedCall, Judge
from tests.connectors.intercom import test_helpdesk, test_tickets
from tests.connectors.intercom.conftest import IntercomWorld, connect
from tests.connectors.intercom.ticket_world import IntercomTicketWorld
from tests.contracts.helpdesk import REPLY
from tests.shared_folder import shared_path

pytestmark = pytest.mark.shared

DESCRIPTION = "specs/intercom/api.intercom.io-2.15-trimmed.json"
UNDESCRIBED = frozenset({400, 404, 429})


class IntercomJudge(Judge):
    """Also looks for who calls, and that the version is pinned."""

    def judge(self, request: httpx.Request) -> DescribedCall:
        assert "authorization" in request.headers
        assert request.headers["intercom-version"] == "2.15"
        # Of what colleagues write for each other nothing is copied elsewhere.
        assert b"cross_post" not in request.content
        assert b"is_shared" not in request.content
        return super().judge(request)

    def judge_answer(self, call: DescribedCall, answer: httpx.Response) -> None:
        described = str(answer.status_code) in call.operation["responses"]
        if answer.status_code not in UNDESCRIBED or (answer.status_code == 404 and described):
            super().judge_answer(call, answer)


@cache
def whole_description() -> dict[str, Any]:
    """Read once."""
    description: dict[str, Any] = json.loads(shared_path(DESCRIPTION).read_text())
    return description


@pytest.fixture
def description() -> dict[str, Any]:
    return whole_description()


class TestHelpdeskAsDescribed(test_helpdesk.TestIntercomIsAHelpdesk):
    """The contract of helpdesks; a call that is not described fails it."""

    @pytest.fixture
    async def helpdesk(self, world: IntercomWorld, description: dict[str, Any]) -> AsyncIterator[Intercom]:
        connected = connect(world, IntercomJudge(InProcessTransport(world.fake.app), description))
        yield connected
        await connected.aclose()


class TestTicketsAsDescribed(test_tickets.TestIntercomsTicketsAreAHelpdesk):
    """The same of tickets, with every answer of the fake."""

    @pytest.fixture
    def world(self) -> IntercomTicketWorld:
        return IntercomTicketWorld()

    @pytest.fixture
    async def helpdesk(self, world: IntercomWorld, description: dict[str, Any]) -> AsyncIterator[Intercom]:
        connected = connect(world, IntercomJudge(InProcessTransport(world.fake.app), description))
        yield connected
        await connected.aclose()


@pytest.mark.parametrize("category", ["Customer", "Back-office", "Tracker"])
async def test_every_call_and_every_answer_of_tickets_is_as_described(
    category: str, description: dict[str, Any]
) -> None:
    world = IntercomTicketWorld()
    world.category = category
    judge = IntercomJudge(InProcessTransport(world.fake.app), description, judges_answers=True)
    desk = connect(world, judge)
    ticket = world.create_ticket("Cannot pay", "Refused", name="Ada", email="ada@customer.example")
    world.tickets.link(ticket.removeprefix("ticket-"), world.create_conversation("Hi"))
    world.tickets.unindexed.update(world.tickets.contacts)
    for status in (TicketStatus.SOLVED, TicketStatus.WAITING_FOR_CUSTOMER, TicketStatus.OPEN):
        change = TicketChange(private_note=InternalText("INC-42"), status=status, add_tags=("inc_42",))
        assert (await desk.update([ticket], change, once=status))[0].outcome is ChangeOutcome.DONE
    (outcome,) = await desk.update([ticket], REPLY, once="b")
    is_customers = category == "Customer"
    assert outcome.outcome is (ChangeOutcome.DONE if is_customers else ChangeOutcome.REFUSED)
    assert [one.ref.id async for one in desk.changed_since(world.now())][-1] == ticket
    assert await desk.read(["ticket-999999999"]) == []
    own = "/tickets/{ticket_id}"
    assert judge.called == {
        "GET /me",
        "POST /tags",
        "POST /conversations/search",
        "POST /tickets/search",
        "POST /contacts/search",
        "GET /contacts/{contact_id}",
        "GET /ticket_states",
        f"GET {own}",
        f"PUT {own}",
        f"POST {own}/reply",
        f"POST {own}/tags",
    }
    await desk.aclose()


async def test_every_call_and_every_answer_is_as_described(
    world: IntercomWorld, ticket: str, description: dict[str, Any]
) -> None:
    judge = IntercomJudge(InProcessTransport(world.fake.app), description, judges_answers=True)
    desk = connect(world, judge)
    await desk.check()
    world.customer_reply(ticket, "Any news?")
    for status in (TicketStatus.SOLVED, TicketStatus.WAITING_FOR_CUSTOMER, TicketStatus.OPEN):
        change = TicketChange(
            private_note=InternalText("INC-42"), status=status, add_tags=("inc_42", "liaison")
        )
        assert (await desk.update([ticket], change, once=status))[0].outcome is ChangeOutcome.DONE
    assert (await desk.update([ticket], REPLY, once="b"))[0].outcome is ChangeOutcome.DONE
    assert [one.ref.id async for one in desk.changed_since(world.now())] == [ticket]
    assert await desk.read(["999999999"]) == []
    world.refuse_updates(ticket)
    assert (await desk.update([ticket], REPLY, once="c"))[0].outcome is ChangeOutcome.REFUSED
    own = "/conversations/{conversation_id}"
    assert judge.called == {
        "GET /me",
        "POST /tags",
        "GET /ticket_states",
        "POST /conversations/search",
        "POST /tickets/search",
        f"GET {own}",
        f"POST {own}/reply",
        f"POST {own}/parts",
        f"POST {own}/tags",
    }
    await desk.aclose()


@pytest.mark.parametrize(
    ("method", "path", "said"),
    [
        ("POST", "conversations/1/reply", {"message_type": "note", "type": "admin", "body": "x"}),
        (
            "POST",
            "conversations/1/reply",
            {"message_type": "note", "type": "admin", "admin_id": 991, "body": "x"},
        ),
        ("POST", "conversations/1/parts", {"message_type": "snoozed", "admin_id": "991"}),
        ("POST", "conversations/1/tags", {"id": "1"}),
        ("POST", "conversations/search", {"pagination": {"per_page": 150}}),
        ("POST", "tickets/1/reply", {"message_type": "note", "type": "admin", "body": "x"}),
        ("POST", "tickets/1/tags", {"id": "1"}),
        ("PUT", "tickets/1", {"ticket_state_id": "1", "admin_id": "991"}),
        ("PUT", "tickets/1", {"skip_notifications": "yes"}),
        ("POST", "tickets/search", {"pagination": {"per_page": 20}}),
        ("POST", "contacts/search", {"query": {"field": "id", "operator": "in", "value": []}}),
    ],
)
def test_the_judge_is_not_blind(
    method: str, path: str, said: dict[str, Any], description: dict[str, Any]
) -> None:
    judge = IntercomJudge(InProcessTransport(IntercomWorld().fake.app), description)
    headers = {"Authorization": "Bearer x", "Intercom-Version": "2.15"}
    request = httpx.Request(method, f"http://x/{path}", json=said, headers=headers)
    with pytest.raises(jsonschema.ValidationError):
        judge.judge(request)
