"""Every call of our Jira connector, and every answer of our fake, judged by Atlassian's description of Jira Cloud.

The description is of 2022: `/search/jql`, which took the place of `/search` since, is not in it. That call is judged as
the old one, but for the parameters that are new, which Atlassian documents
(https://developer.atlassian.com/cloud/jira/platform/rest/v3/api-group-issue-search/). Webhooks of administrators are in
no description. Data Center's version 2 has the same paths as version 3; only texts and people differ, of which the
description says nothing by schema.
"""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from functools import cache
from typing import Any

import httpx
import jsonschema
import pytest

from connectors.jira import Jira
from connectors.jira.fake.app import FakeJira
from connectors.kit.atlassian.site import Edition
from connectors.kit.fakes.in_process import InProcessTransport
from incidents.errors import LiaisonError, Refused
from incidents.models import InternalText
from tests.connectors.description import DescribedCall, Judge
from tests.connectors.jira import test_issue_tracker
from tests.connectors.jira.conftest import JiraWorld, connect
from tests.shared_folder import shared_path

pytestmark = pytest.mark.shared

DESCRIPTION = "specs/jira/platform-swagger.v3.json"
NOTE = InternalText("Part of INC-42.")
NEW = {"nextPageToken": "tok", "reconcileIssues": "10001"}


class JiraJudge(Judge):
    """Also looks for who calls."""

    is_cloud = True

    def judge(self, request: httpx.Request) -> DescribedCall:
        assert "authorization" in request.headers
        path = request.url.path.replace("/rest/api/2/", "/rest/api/3/")
        params = dict(request.url.params)
        if path == "/rest/api/3/search/jql":
            path = "/rest/api/3/search"
            params = {name: value for name, value in params.items() if name not in NEW}
        url = request.url.copy_with(path=path, params=params or None)
        return super().judge(httpx.Request(request.method, url, content=request.content))

    def judge_answer(self, call: DescribedCall, answer: httpx.Response) -> None:
        if call.where == "/rest/api/3/search" and self.is_cloud and answer.status_code == 200:
            # The page's frame is new, the issues on it are as they were.
            said = answer.json()
            assert set(said) <= {"issues", "nextPageToken", "isLast"}
            answer = httpx.Response(200, json={"issues": said["issues"]})
        super().judge_answer(call, answer)


@cache
def whole_description() -> dict[str, Any]:
    read: dict[str, Any] = json.loads(shared_path(DESCRIPTION).read_text("utf-8"))
    return read


@pytest.fixture
def description() -> dict[str, Any]:
    return whole_description()


class TestIssueTrackerAsDescribed(test_issue_tracker.TestJiraIsAnIssueTracker):
    """The contract of issue trackers; a call that is not described fails it."""

    @pytest.fixture
    async def tracker(self, world: JiraWorld, description: dict[str, Any]) -> AsyncIterator[Jira]:
        connected = connect(world, JiraJudge(InProcessTransport(world.fake.app), description))
        yield connected
        await connected.aclose()


async def test_every_call_and_every_answer_is_as_described(
    world: JiraWorld, description: dict[str, Any]
) -> None:
    """Also those that a plain issue never needs, and refusals."""
    judge = JiraJudge(InProcessTransport(world.fake.app), description, judges_answers=True)
    judge.is_cloud = world.edition is Edition.CLOUD
    tracker = connect(world, judge)
    await tracker.check()
    key = await tracker.open_issue("Card payments fail", NOTE, once="i")
    assert await tracker.find_issue("i") == key
    await tracker.comment(key, NOTE, once="n")
    assert await tracker.was_done(key, "n")
    await tracker.transition(key, "Done", once="t")
    assert [one.key async for one in tracker.changed_since(world.now())] == [key]
    world.site.loses_roles = True
    with pytest.raises(Refused, match="was taken back"):
        await tracker.comment(key, NOTE, once="m")
    for call in (tracker.read("SHOP-99"), tracker.transition(key, "Cancelled", once="t")):
        with pytest.raises(LiaisonError):
            await call
    assert judge.called == {
        f"{method} /rest/api/3/{path}"
        for method, path in (
            ("GET", "myself"),
            ("GET", "serverInfo"),
            ("GET", "mypermissions"),
            ("GET", "project/{projectIdOrKey}"),
            ("GET", "search"),
            ("POST", "issue"),
            ("GET", "issue/{issueIdOrKey}"),
            ("GET", "issue/{issueIdOrKey}/comment"),
            ("POST", "issue/{issueIdOrKey}/comment"),
            ("DELETE", "issue/{issueIdOrKey}/comment/{id}"),
            ("GET", "issue/{issueIdOrKey}/transitions"),
            ("POST", "issue/{issueIdOrKey}/transitions"),
        )
    }
    await tracker.aclose()


@pytest.mark.parametrize(
    ("method", "path", "body"),
    [
        ("GET", "/rest/api/3/search/jql?jql=x&page=2", None),
        ("GET", "/rest/api/3/issue/SHOP-1?field=summary", None),
        ("GET", "/rest/api/3/issues/SHOP-1", None),
        ("POST", "/rest/api/3/issue", {"fields": ["summary"]}),
        ("POST", "/rest/api/3/issue/SHOP-1/comment", {"visibility": {"type": "person"}}),
        ("POST", "/rest/api/3/issue/SHOP-1/transitions", {"transition": {"id": 31}}),
        ("GET", "/rest/api/3/issue/SHOP-1/comment?startAt=x", None),
        ("DELETE", "/rest/api/3/issue/SHOP-1/comment", None),
    ],
)
def test_what_is_wrong_is_noticed(
    description: dict[str, Any], method: str, path: str, body: dict[str, Any] | None
) -> None:
    """The judge is not blind."""
    judge = JiraJudge(InProcessTransport(FakeJira().app), description)
    content = None if body is None else json.dumps(body).encode()
    request = httpx.Request(method, f"http://x{path}", headers={"Authorization": "x"}, content=content)
    with pytest.raises((AssertionError, ValueError, jsonschema.ValidationError)):
        judge.judge(request)
