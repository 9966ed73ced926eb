"""A small GitHub: as much of its REST API as the connector speaks, for one repository.

    fake = FakeGitHub(clock=clock)
    connector = GitHub("github/shop", settings, transport=InProcessTransport(fake.app))

What it does and does not stands in README.md; it was made from GitHub's documentation and description.
"""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route
from starlette.types import ASGIApp

from connectors.kit.fakes.faults import Faults, FaultyApp

ADDRESS = "https://api.github.com"
TOKEN = "fake-github-token"
BOT, ENGINEER = "liaison-bot", "grace"
REPOSITORY = "acme/shop"
Answer = Callable[[Request], Awaitable[Response]]


def utc_now() -> datetime:
    """The clock of this machine."""
    return datetime.now(UTC)


@dataclass
class GitHubComment:
    """A comment below an issue."""

    id: int
    login: str
    body: str
    at: datetime


@dataclass
class GitHubIssue:
    """An issue, or a pull request."""

    number: int
    login: str
    title: str
    body: str
    created_at: datetime
    updated_at: datetime
    state: str = "open"
    state_reason: str | None = None
    is_pull_request: bool = False
    is_locked: bool = False
    comments: list[GitHubComment] = field(default_factory=list)


class FakeGitHub:
    """One repository. `is_public`: everybody reads it; `is_deaf`: changes are answered with success, and nothing is
    changed; `moved`: issues that were transferred; `limited`: how the next calls are refused for a limit."""

    def __init__(self, *, clock: Callable[[], datetime] = utc_now) -> None:
        self.clock = clock
        self.faults = Faults()
        self.issues: dict[int, GitHubIssue] = {}
        self.gone: set[int] = set()
        self.moved: set[int] = set()
        self.is_public = False
        self.has_issues = True
        self.is_reachable = True
        self.is_deaf = False
        self.may_see_hooks = True
        self.hooks: list[dict[str, Any]] = []
        self.limited: tuple[int, dict[str, str]] | None = None
        self.before_change: list[Callable[[], None]] = []
        self._last = 0
        root = "/repos/{owner}/{repo}"
        one = f"{root}/issues/{{number:int}}"
        routes = [
            Route("/user", self._guarded(self._user), methods=["GET"]),
            Route(root, self._of_repository(self._about), methods=["GET"]),
            Route(f"{root}/hooks", self._of_repository(self._hooks), methods=["GET"]),
            Route(f"{root}/issues", self._of_repository(self._list), methods=["GET"]),
            Route(f"{root}/issues", self._of_repository(self._create), methods=["POST"]),
            Route(one, self._of_repository(self._read), methods=["GET"]),
            Route(one, self._of_repository(self._change), methods=["PATCH"]),
            Route(f"{one}/comments", self._of_repository(self._comments), methods=["GET"]),
            Route(f"{one}/comments", self._of_repository(self._comment), methods=["POST"]),
        ]
        self.app: ASGIApp = FaultyApp(Starlette(routes=routes), self.faults)

    def open(self, login: str, title: str, body: str, *, is_pull_request: bool = False) -> GitHubIssue:
        """Somebody opens an issue, or a pull request."""
        self._last += 1
        now = self.clock()
        made = GitHubIssue(self._last, login, title, body, now, now, is_pull_request=is_pull_request)
        self.issues[made.number] = made
        return made

    def say(self, number: int, login: str, body: str) -> GitHubComment:
        """Somebody comments."""
        issue = self.issues[number]
        self._last += 1
        made = GitHubComment(self._last, login, body, self.clock())
        issue.comments.append(made)
        issue.updated_at = self.clock()
        return made

    def move(self, number: int, state: str, reason: str | None = None) -> None:
        """Somebody closes or opens it; what is so already is left."""
        issue = self.issues[number]
        if (issue.state, issue.state_reason) != (state, reason):
            issue.state, issue.state_reason, issue.updated_at = state, reason, self.clock()

    def delivery(self, number: int, action: str, /, **more: Any) -> bytes:
        """The body of a webhook about an issue."""
        document = {
            "action": action,
            "issue": self._issue(self.issues[number]),
            "repository": {"id": 1, "name": "shop", "full_name": REPOSITORY},
            "sender": _person(ENGINEER),
        }
        return json.dumps(document | more).encode()

    def _guarded(self, answer: Answer) -> Answer:
        async def answered(request: Request) -> Response:
            if request.headers.get("authorization") != f"Bearer {TOKEN}":
                return _error(401, "Bad credentials")
            if self.limited is not None:
                status, headers = self.limited
                return JSONResponse({"message": "API rate limit exceeded"}, status, headers=headers)
            return await answer(request)

        return answered

    def _of_repository(self, answer: Answer) -> Answer:
        async def answered(request: Request) -> Response:
            named = f"{request.path_params['owner']}/{request.path_params['repo']}"
            if named != REPOSITORY or not self.is_reachable:
                return _error(404, "Not Found")
            number = request.path_params.get("number")
            if number in self.moved:
                return JSONResponse(
                    {"message": "Moved Permanently"}, 301, headers={"Location": f"{ADDRESS}/x"}
                )
            if number in self.gone:
                return _error(410, "This issue was deleted")
            if number is not None and number not in self.issues:
                return _error(404, "Not Found")
            return await answer(request)

        return self._guarded(answered)

    async def _user(self, _: Request) -> Response:
        return JSONResponse(_person(BOT))

    async def _about(self, _: Request) -> Response:
        visibility = "public" if self.is_public else "private"
        about = {"full_name": REPOSITORY, "private": not self.is_public, "visibility": visibility}
        return JSONResponse(about | {"has_issues": self.has_issues})

    async def _hooks(self, request: Request) -> Response:
        return self._page(request, self.hooks) if self.may_see_hooks else _error(404, "Not Found")

    async def _list(self, request: Request) -> Response:
        """Only open ones unless it says otherwise, and pull requests among them."""
        asked = request.query_params
        state, creator, since = asked.get("state", "open"), asked.get("creator"), asked.get("since")
        found = [
            one
            for one in self.issues.values()
            if one.number not in self.gone | self.moved
            and state in ("all", one.state)
            and creator in (None, one.login)
            and (since is None or _stamp(one.updated_at) >= since)
        ]
        by_change = asked.get("sort") == "updated"
        found.sort(key=lambda one: (one.updated_at if by_change else one.created_at, one.number))
        if asked.get("direction", "desc") == "desc":
            found.reverse()
        return self._page(request, [self._issue(one) for one in found])

    async def _create(self, request: Request) -> Response:
        if not self.has_issues:
            return _error(410, "Issues are disabled for this repo")
        wanted = await request.json()
        if not str(wanted.get("title", "")).strip() or len(str(wanted.get("body", ""))) > 65_536:
            return _error(422, "Validation Failed")
        made = self.open(BOT, wanted["title"], wanted.get("body", ""))
        return JSONResponse(self._issue(made), 201)

    async def _read(self, request: Request) -> Response:
        return JSONResponse(self._issue(self.issues[request.path_params["number"]]))

    async def _change(self, request: Request) -> Response:
        number, wanted = request.path_params["number"], await request.json()
        self._meanwhile()
        if self.issues[number].is_locked:
            return _error(403, "Must have admin rights to Repository.")
        if not self.is_deaf and "state" in wanted:
            self.move(number, wanted["state"], wanted.get("state_reason"))
        return JSONResponse(self._issue(self.issues[number]))

    async def _comments(self, request: Request) -> Response:
        issue = self.issues[request.path_params["number"]]
        return self._page(request, [self._said(issue, one) for one in issue.comments])

    async def _comment(self, request: Request) -> Response:
        number, wanted = request.path_params["number"], await request.json()
        self._meanwhile()
        issue = self.issues[number]
        if issue.is_locked:
            return _error(403, "Unable to create comment because issue is locked.")
        if not str(wanted.get("body", "")).strip():
            return _error(422, "Validation Failed")
        if self.is_deaf:
            made = GitHubComment(999_999, BOT, wanted["body"], self.clock())
        else:
            made = self.say(number, BOT, wanted["body"])
        return JSONResponse(self._said(issue, made), 201)

    def _meanwhile(self) -> None:
        while self.before_change:
            self.before_change.pop()()

    def _page(self, request: Request, found: list[Any]) -> Response:
        size = min(int(request.query_params.get("per_page", 30)), 100)
        page = int(request.query_params.get("page", 1))
        headers = {}
        if page * size < len(found):
            following = request.url.include_query_params(page=page + 1)
            headers["Link"] = f'<{following}>; rel="next", <{following}>; rel="last"'
        return JSONResponse(found[(page - 1) * size : page * size], headers=headers)

    def _issue(self, issue: GitHubIssue) -> dict[str, Any]:
        """As described; what nobody reads here is empty."""
        address = f"{ADDRESS}/repos/{REPOSITORY}/issues/{issue.number}"
        page = f"https://github.com/{REPOSITORY}/issues/{issue.number}"
        shown: dict[str, Any] = {
            "id": 1_000 + issue.number,
            "node_id": f"I_{issue.number}",
            "url": address,
            "repository_url": f"{ADDRESS}/repos/{REPOSITORY}",
            "labels_url": f"{address}/labels{{/name}}",
            "comments_url": f"{address}/comments",
            "events_url": f"{address}/events",
            "html_url": page,
            "number": issue.number,
            "state": issue.state,
            "state_reason": issue.state_reason,
            "title": issue.title,
            "body": issue.body,
            "user": _person(issue.login),
            "labels": [],
            "assignee": None,
            "assignees": [],
            "milestone": None,
            "locked": issue.is_locked,
            "active_lock_reason": None,
            "comments": len(issue.comments),
            "closed_at": _stamp(issue.updated_at) if issue.state == "closed" else None,
            "created_at": _stamp(issue.created_at),
            "updated_at": _stamp(issue.updated_at),
            "author_association": "MEMBER",
        }
        if issue.is_pull_request:
            shown["pull_request"] = {"url": address, "html_url": page, "diff_url": page, "patch_url": page}
        return shown

    def _said(self, issue: GitHubIssue, comment: GitHubComment) -> dict[str, Any]:
        address = f"{ADDRESS}/repos/{REPOSITORY}/issues"
        return {
            "id": comment.id,
            "node_id": f"IC_{comment.id}",
            "url": f"{address}/comments/{comment.id}",
            "html_url": f"https://github.com/{REPOSITORY}/issues/{issue.number}#issuecomment-{comment.id}",
            "issue_url": f"{address}/{issue.number}",
            "body": comment.body,
            "user": _person(comment.login),
            "created_at": _stamp(comment.at),
            "updated_at": _stamp(comment.at),
            "author_association": "MEMBER",
        }


def _person(login: str) -> dict[str, Any]:
    address = f"{ADDRESS}/users/{login}"
    urls = {
        name: f"{address}/{name}"
        for name in (
            "followers_url", "following_url", "gists_url", "starred_url", "subscriptions_url",
            "organizations_url", "repos_url", "events_url", "received_events_url",
        )
    }  # fmt: skip
    return {
        "login": login,
        "id": len(login),
        "node_id": f"U_{login}",
        "avatar_url": f"{address}/a.png",
        "gravatar_id": "",
        "url": address,
        "html_url": f"https://github.com/{login}",
        "type": "User",
        "site_admin": False,
        **urls,
    }


def _stamp(at: datetime) -> str:
    return at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def _error(status: int, message: str) -> Response:
    return JSONResponse({"message": message, "documentation_url": "https://docs.github.com/rest"}, status)
