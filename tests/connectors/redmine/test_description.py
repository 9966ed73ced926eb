"""Every call of our Redmine connectors, and every answer of our fake, judged by a description of Redmine's REST API.

The description is not Redmine's own (there is none): its author tested it against Redmine 7.0.
"""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from typing import Any

import httpx
import jsonschema
import pytest
import yaml

from connectors.kit.fakes.in_process import InProcessTransport
from connectors.redmine import Redmine, RedmineHelpdesk
from connectors.redmine.fake.app import FakeRedmine
from incidents.errors import Refused
from incidents.models import InternalText, TicketChange, TicketStatus
from tests.connectors.description import DescribedCall, Judge
from tests.connectors.redmine import test_helpdesk, test_issue_tracker
from tests.connectors.redmine.conftest import HelpdeskWorld, RedmineWorld, settings
from tests.shared_folder import shared_path

pytestmark = pytest.mark.shared

DESCRIPTION = "specs/redmine/openapi.yaml"
NOTE = InternalText("Part of INC-42.")


class RedmineJudge(Judge):
    """Also looks for who calls."""

    def judge(self, request: httpx.Request) -> DescribedCall:
        assert "x-redmine-api-key" in request.headers
        return super().judge(request)


@pytest.fixture(scope="module")
def description() -> dict[str, Any]:
    read: dict[str, Any] = yaml.safe_load(shared_path(DESCRIPTION).read_text())
    return read


class TestIssueTrackerAsDescribed(test_issue_tracker.TestRedmineIsAnIssueTracker):
    """The contract of issue trackers; a call that is not described fails it."""

    @pytest.fixture
    async def tracker(self, world: RedmineWorld, description: dict[str, Any]) -> AsyncIterator[Redmine]:
        judge = RedmineJudge(InProcessTransport(world.fake.app), description)
        connected = Redmine("redmine/shop", settings(), transport=judge)
        yield connected
        await connected.aclose()


class TestHelpdeskAsDescribed(test_helpdesk.TestRedmineIsAHelpdesk):
    """The contract of helpdesks likewise."""

    @pytest.fixture
    async def helpdesk(
        self, world: HelpdeskWorld, description: dict[str, Any]
    ) -> AsyncIterator[RedmineHelpdesk]:
        known = settings(serves="customers", tag_field="Tags")
        judge = RedmineJudge(InProcessTransport(world.app), description)
        connected = RedmineHelpdesk("redmine/support", known, transport=judge)
        yield connected
        await connected.aclose()


async def test_every_call_and_every_answer_is_as_described(description: dict[str, Any]) -> None:
    """Also those that a plain issue or ticket never needs."""
    world = HelpdeskWorld()
    judge = RedmineJudge(InProcessTransport(world.fake.app), description, judges_answers=True)
    world.fake.tracker.rights.add("set_own_issues_private")
    tracker = Redmine("redmine/shop", settings(private_issues=True, tracker="Bug"), transport=judge)
    await tracker.check()
    key = await tracker.open_issue("Card payments fail", NOTE, once="i")
    await tracker.comment(key, NOTE, once="n")
    await tracker.transition(key, "Closed", once="t")
    world.fake.tracker.loses_privacy = True
    with pytest.raises(Refused, match="was taken back"):
        await tracker.comment(key, NOTE, once="m")
    world.fake.tracker.loses_privacy = False
    known = settings(serves="customers", tag_field="Tags", email_field="Customer e-mail")
    helpdesk = RedmineHelpdesk("redmine/support", known, transport=judge)
    await helpdesk.check()
    ada = world.create_ticket("Cannot pay", "Cards are refused", name="Ada", email="ada@customer.example")
    filed = world.create_issue("By phone", "words")
    change = TicketChange(private_note=NOTE, status=TicketStatus.SOLVED, add_tags=("inc_42",))
    for ticket in (ada, filed):
        await helpdesk.update([ticket], change, once="a")
    assert len(await helpdesk.read([ada, filed])) == 2
    assert [one.ref.id async for one in helpdesk.changed_since(world.now())] == [key, ada, filed]
    assert judge.called == {
        f"{call}.{{format}}"
        for call in (
            "GET /users/current",
            "GET /users/{user_id}",
            "GET /projects/{project_id}",
            "GET /projects/{project_id}/memberships",
            "GET /roles/{role_id}",
            "GET /trackers",
            "GET /issue_statuses",
            "GET /issues",
            "POST /issues",
            "GET /issues/{issue_id}",
            "PUT /issues/{issue_id}",
            "PUT /journals/{journal_id}",
        )
    }
    await tracker.aclose()
    await helpdesk.aclose()


@pytest.mark.parametrize(
    ("method", "path", "body"),
    [
        ("GET", "/issues.json?since=1", None),
        ("GET", "/issues/1.json?include=journal", None),
        ("GET", "/issues/x.json", None),
        ("GET", "/tickets.json", None),
        ("GET", "/issues.yaml", None),
        ("POST", "/issues.json", {"issue": {"project_id": "shop"}}),
        ("PUT", "/issues/1.json", {"issue": {"status_id": "Closed"}}),
        ("PUT", "/issues/1.json", {"issue": {"notes": "x", "private_notes": "yes"}}),
    ],
)
def test_what_is_wrong_is_noticed(
    description: dict[str, Any], method: str, path: str, body: dict[str, Any] | None
) -> None:
    """The judge is not blind."""
    judge = RedmineJudge(InProcessTransport(FakeRedmine().app), description)
    content = None if body is None else json.dumps(body).encode()
    headers = {"X-Redmine-API-Key": "x"}
    request = httpx.Request(method, f"http://x{path}", headers=headers, content=content)
    with pytest.raises((AssertionError, ValueError, jsonschema.ValidationError)):
        judge.judge(request)
