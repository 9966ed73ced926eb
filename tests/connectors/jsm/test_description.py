"""Every call of our connector to Jira's platform, and every answer of the fake, judged by Atlassian's description.

The request interface (`/rest/servicedeskapi`) has no description here: its two calls are judged by hand below, as
Atlassian documents them (https://developer.atlassian.com/cloud/jira/service-desk/rest/api-group-request/).
"""

from __future__ import annotations

import json
import re
from collections.abc import AsyncIterator
from typing import Any

import httpx
import pytest

from connectors.jsm import ServiceManagement
from connectors.kit.fakes.in_process import InProcessTransport
from incidents.models import ChangeOutcome, InternalText, TicketChange, TicketStatus
from tests.connectors.jira.test_description import JiraJudge, whole_description
from tests.connectors.jsm import test_helpdesk
from tests.connectors.jsm.conftest import ServiceWorld, connect
from tests.contracts.helpdesk import REPLY

pytestmark = pytest.mark.shared

DESK = "/rest/servicedeskapi/"
COMMENT = re.compile(r"/rest/servicedeskapi/request/[0-9]+/comment")


class ServiceJudge(JiraJudge):
    """Knows the request interface by hand."""

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        if not request.url.path.startswith(DESK):
            return await super().handle_async_request(request)
        self.judge_desk(request)
        return await self.inner.handle_async_request(request)

    def judge_desk(self, request: httpx.Request) -> None:
        """`body` and `public` are all that a comment takes; `public` is optional there, and never left out here."""
        if request.method == "GET":
            assert re.fullmatch(rf"{DESK}servicedesk/[A-Z0-9_]+", request.url.path)
        else:
            said = json.loads(request.content)
            assert request.method == "POST"
            assert COMMENT.fullmatch(request.url.path)
            assert set(said) == {"body", "public"}
            assert isinstance(said["body"], str)
            assert isinstance(said["public"], bool)
        self.called.add(f"{request.method} {DESK}")


@pytest.fixture
def description() -> dict[str, Any]:
    return whole_description()


class TestHelpdeskAsDescribed(test_helpdesk.TestServiceManagementIsAHelpdesk):
    """The contract of helpdesks; a call that is not described fails it."""

    @pytest.fixture
    async def helpdesk(
        self, world: ServiceWorld, description: dict[str, Any]
    ) -> AsyncIterator[ServiceManagement]:
        connected = connect(world, ServiceJudge(InProcessTransport(world.fake.app), description))
        yield connected
        await connected.aclose()


async def test_every_call_and_every_answer_is_as_described(
    world: ServiceWorld, ticket: str, description: dict[str, Any]
) -> None:
    """Also those that a plain request never needs."""
    judge = ServiceJudge(InProcessTransport(world.fake.app), description, judges_answers=True)
    desk = connect(world, judge, statuses={"Blocked": "waiting_for_vendor"})
    await desk.check()
    change = TicketChange(
        private_note=InternalText("INC-42"), status=TicketStatus.SOLVED, add_tags=("inc_42",)
    )
    assert (await desk.update([ticket], change, once="a"))[0].outcome is ChangeOutcome.DONE
    assert (await desk.update([ticket], REPLY, once="b"))[0].outcome is ChangeOutcome.DONE
    world.lose_privacy()
    note = TicketChange(private_note=InternalText("INC-43"))
    assert (await desk.update([ticket], note, once="c"))[0].outcome is ChangeOutcome.EXPOSED
    assert [one.ref.id async for one in desk.changed_since(world.now())] == [ticket]
    assert await desk.read(["999999999"]) == []
    assert judge.called == {
        f"GET {DESK}",
        f"POST {DESK}",
        *(
            f"{method} /rest/api/3/{path}"
            for method, path in (
                ("GET", "myself"),
                ("GET", "mypermissions"),
                ("GET", "project/{projectIdOrKey}"),
                ("GET", "project/{projectIdOrKey}/statuses"),
                ("GET", "search"),
                ("GET", "issue/{issueIdOrKey}"),
                ("PUT", "issue/{issueIdOrKey}"),
                ("GET", "issue/{issueIdOrKey}/comment"),
                ("GET", "issue/{issueIdOrKey}/transitions"),
                ("POST", "issue/{issueIdOrKey}/transitions"),
                ("PUT", "comment/{commentId}/properties/{propertyKey}"),
            )
        ),
    }
    await desk.aclose()


def test_a_comment_that_does_not_say_public_is_noticed(description: dict[str, Any]) -> None:
    """The judge is not blind."""
    judge = ServiceJudge(InProcessTransport(ServiceWorld().fake.app), description)
    for said in ({"body": "x"}, {"body": "x", "public": None}, {"body": {}, "public": False}):
        request = httpx.Request("POST", f"http://x{DESK}request/1/comment", json=said)
        with pytest.raises(AssertionError):
            judge.judge_desk(request)
