"""Every call of our connector, and the fake's answers about issues and comments, judged by GitHub's own description.

What is said of the repository and of our user is not judged: the fake says only what is read of them.
"""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from functools import cache
from typing import Any

import httpx
import jsonschema
import pytest

from connectors.github import GitHub
from connectors.github.fake.app import FakeGitHub
from connectors.kit.fakes.in_process import InProcessTransport
from incidents.errors import LiaisonError
from incidents.models import InternalText
from tests.connectors.description import DescribedCall, Judge
from tests.connectors.github import test_issue_tracker
from tests.connectors.github.conftest import GitHubWorld, connect
from tests.shared_folder import shared_path

pytestmark = pytest.mark.shared

DESCRIPTION = "specs/github-rest/api.github.com-issues-trimmed.json"
NOTE = InternalText("Part of INC-42.")
SHORT = frozenset({"/user", "/repos/{owner}/{repo}"})


class GitHubJudge(Judge):
    """Also looks for who calls, by which version."""

    def judge(self, request: httpx.Request) -> DescribedCall:
        assert request.headers["authorization"].startswith("Bearer ")
        assert request.headers["x-github-api-version"] == "2022-11-28"
        assert request.headers["user-agent"], "GitHub refuses who has none"
        return super().judge(request)

    def judge_answer(self, call: DescribedCall, answer: httpx.Response) -> None:
        if call.where not in SHORT:
            super().judge_answer(call, answer)


@cache
def whole_description() -> dict[str, Any]:
    read: dict[str, Any] = json.loads(shared_path(DESCRIPTION).read_text("utf-8"))
    return read


@pytest.fixture
def description() -> dict[str, Any]:
    return whole_description()


class TestIssueTrackerAsDescribed(test_issue_tracker.TestGitHubIsAnIssueTracker):
    """The contract of issue trackers; a call that is not described fails it."""

    @pytest.fixture
    async def tracker(self, world: GitHubWorld, description: dict[str, Any]) -> AsyncIterator[GitHub]:
        connected = connect(world, GitHubJudge(InProcessTransport(world.fake.app), description))
        yield connected
        await connected.aclose()


async def test_every_call_and_every_answer_is_as_described(
    world: GitHubWorld, description: dict[str, Any]
) -> None:
    """Refusals among them."""
    judge = GitHubJudge(InProcessTransport(world.fake.app), description, judges_answers=True)
    tracker = connect(world, judge)
    await tracker.check()
    key = await tracker.open_issue("Card payments fail", NOTE, once="i")
    assert await tracker.find_issue("i") == key
    await tracker.comment(key, NOTE, once="n")
    await tracker.transition(key, "not planned", once="t")
    world.create_issue("By hand", "x")
    assert len([one async for one in tracker.changed_since(world.now())]) == 2
    world.issue(key).is_locked = True
    gone = world.create_issue("Gone", "x")
    world.delete(gone)
    for call in (tracker.read("99"), tracker.read(gone), tracker.comment(key, NOTE, once="m")):
        with pytest.raises(LiaisonError):
            await call
    assert judge.called == {
        f"{method} {path}"
        for method, path in (
            ("GET", "/user"),
            ("GET", "/repos/{owner}/{repo}"),
            ("GET", "/repos/{owner}/{repo}/hooks"),
            ("GET", "/repos/{owner}/{repo}/issues"),
            ("POST", "/repos/{owner}/{repo}/issues"),
            ("GET", "/repos/{owner}/{repo}/issues/{issue_number}"),
            ("PATCH", "/repos/{owner}/{repo}/issues/{issue_number}"),
            ("GET", "/repos/{owner}/{repo}/issues/{issue_number}/comments"),
            ("POST", "/repos/{owner}/{repo}/issues/{issue_number}/comments"),
        )
    }
    await tracker.aclose()


@pytest.mark.parametrize(
    ("method", "path", "body"),
    [
        ("GET", "/repos/acme/shop/issues?status=all", None),
        ("GET", "/repos/acme/shop/issues?sort=number", None),
        ("GET", "/repos/acme/shop/issue/1", None),
        ("POST", "/repos/acme/shop/issues", {"body": "x"}),
        ("PATCH", "/repos/acme/shop/issues/1", {"state": "done"}),
        ("PATCH", "/repos/acme/shop/issues/1", {"state": "closed", "state_reason": "fixed"}),
        ("POST", "/repos/acme/shop/issues/1/comments", {"text": "x"}),
        ("PUT", "/repos/acme/shop/issues/1", {"state": "open"}),
    ],
)
def test_what_is_wrong_is_noticed(
    description: dict[str, Any], method: str, path: str, body: dict[str, Any] | None
) -> None:
    """The judge is not blind."""
    judge = GitHubJudge(InProcessTransport(FakeGitHub().app), description)
    content = None if body is None else json.dumps(body).encode()
    headers = {"Authorization": "Bearer x", "X-GitHub-Api-Version": "2022-11-28", "User-Agent": "x"}
    request = httpx.Request(method, f"http://x{path}", headers=headers, content=content)
    with pytest.raises((AssertionError, ValueError, jsonschema.ValidationError)):
        judge.judge(request)
