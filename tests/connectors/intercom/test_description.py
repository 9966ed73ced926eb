"""Every call of our connector and every answer of the fake, judged by Intercom's own description (2.15).

It describes no 400 and no 429 of the conversations' calls, though Intercom documents both; such answers are not judged
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
from tests.connectors.intercom import test_helpdesk
from tests.connectors.intercom.conftest import IntercomWorld, connect
from tests.contracts.helpdesk import REPLY
from tests.shared_folder import shared_path

pytestmark = pytest.mark.shared

DESCRIPTION = "specs/intercom/api.intercom.io-2.15-trimmed.json"
UNDESCRIBED = frozenset({400, 429})


class IntercomJudge(Judge):
    """Also looks for who calls, and that the version is pinned."""

    def judge(self, request: httpx.Request) -> DescribedCall:
        assert "authorization" in request.headers
        assert request.headers["intercom-version"] == "2.15"
        assert b"cross_post" not in request.content
        return super().judge(request)

    def judge_answer(self, call: DescribedCall, answer: httpx.Response) -> None:
        if answer.status_code not in UNDESCRIBED:
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
        "POST /conversations/search",
        f"GET {own}",
        f"POST {own}/reply",
        f"POST {own}/parts",
        f"POST {own}/tags",
    }
    await desk.aclose()


@pytest.mark.parametrize(
    ("path", "said"),
    [
        ("1/reply", {"message_type": "note", "type": "admin", "body": "x"}),
        ("1/reply", {"message_type": "note", "type": "admin", "admin_id": 991, "body": "x"}),
        ("1/parts", {"message_type": "snoozed", "admin_id": "991"}),
        ("1/tags", {"id": "1"}),
        ("search", {"pagination": {"per_page": 150}}),
    ],
)
def test_the_judge_is_not_blind(path: str, said: dict[str, Any], description: dict[str, Any]) -> None:
    judge = IntercomJudge(InProcessTransport(IntercomWorld().fake.app), description)
    headers = {"Authorization": "Bearer x", "Intercom-Version": "2.15"}
    request = httpx.Request("POST", f"http://x/conversations/{path}", json=said, headers=headers)
    with pytest.raises(jsonschema.ValidationError):
        judge.judge(request)
