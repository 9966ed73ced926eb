"""A small Linear: as much of its GraphQL as the connector speaks, for one workspace.

    fake = FakeLinear(clock=clock)
    connector = LinearIssues("linear/eng", settings, transport=InProcessTransport(fake.app))

It answers operations by their names and reads no document: the tests hold those, and what it answers, against Linear's
schema. What it does and does not stands in README.md.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route
from starlette.types import ASGIApp

from connectors.kit.fakes.faults import Faults, FaultyApp
from connectors.linear.fake.records import (
    BOT,
    ENGINEER,
    STATES,
    TEAM,
    WORKSPACE,
    WORKSPACE_ID,
    LinearComment,
    LinearIssue,
    made_id,
    shown_comment,
    shown_issue,
    shown_team,
    state_id,
    told_comment,
    told_issue,
)

API_KEY = "lin_api_fake_key_of_our_user"
ACCESS_TOKEN = "lin_oauth_fake_token"
REQUESTS = 2_500
_ANY_ID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}|[A-Z0-9]+-[0-9]+")


def utc_now() -> datetime:
    """The clock of this machine."""
    return datetime.now(UTC)


class _Refusal(Exception):
    """A no in GraphQL's way."""

    def __init__(self, code: str, kind: str, message: str) -> None:
        super().__init__(message)
        self.error = {
            "message": message,
            "path": ["x"],
            "extensions": {"code": code, "type": kind, "userError": True, "userPresentableMessage": message},
        }


class FakeLinear:
    """One workspace with its teams. `visibility` are the teams our key reaches; `is_deaf`: changes are answered with
    success, and nothing is changed; `takes_ids`: ids of ours are taken; `forbidden`: names of operations that our key
    may not do; `refusal`: status and error that every call is answered with; `limited`: headers of a rate limit, told
    with `limit_status`; `error_status`: the status of answers that are only errors."""

    def __init__(self, *, clock: Callable[[], datetime] = utc_now) -> None:
        self.clock = clock
        self.faults = Faults()
        self.issues: dict[str, LinearIssue] = {}
        self.visibility = {TEAM: "public"}
        self.is_deaf = False
        self.takes_ids = True
        self.forbidden: set[str] = set()
        self.webhooks: list[dict[str, Any]] = []
        self.limited: dict[str, str] | None = None
        self.limit_status = 400
        self.error_status = 200
        self.refusal: tuple[int, dict[str, Any]] | None = None
        self.calls: list[str] = []
        self.before_change: list[Callable[[], None]] = []
        self._numbers: dict[str, int] = {}
        self._answers: dict[str, Callable[[Mapping[str, Any]], dict[str, Any]]] = {
            "Who": self._who,
            "Team": self._team,
            "Webhooks": lambda _: {"webhooks": {"nodes": self.webhooks}},
            "Issue": lambda asked: {"issue": shown_issue(self._issue(asked["id"]))},
            "Changed": self._changed,
            "Comment": self._comment,
            "Open": self._open,
            "Move": self._move,
            "Say": self._say,
        }
        routes = [Route("/graphql", self._graphql, methods=["POST"])]
        self.app: ASGIApp = FaultyApp(Starlette(routes=routes), self.faults)

    def open(
        self, login: str, title: str, description: str, *, id_: str | None = None, team: str = TEAM
    ) -> LinearIssue:
        """Somebody opens an issue."""
        number = self._next(team)
        now = self.clock()
        own = id_ or made_id(f"issue/{team}/{number}")
        made = LinearIssue(own, team, number, login, title, description, now, now)
        self.issues[own] = made
        return made

    def find(self, key: str) -> LinearIssue:
        """By its id or by an identifier that it has or had. KeyError for none."""
        for one in self.issues.values():
            if key in (one.id, one.identifier, *one.former):
                return one
        raise KeyError(key)

    def say(self, key: str, login: str, body: str, *, id_: str | None = None) -> LinearComment:
        """Somebody writes a comment."""
        issue = self.find(key)
        count = sum(len(one.comments) for one in self.issues.values())
        made = LinearComment(id_ or made_id(f"comment/{count}"), login, body, self.clock())
        issue.comments.append(made)
        issue.updated_at = self.clock()
        return made

    def move(self, key: str, state: str) -> None:
        """Somebody moves it to a state."""
        issue = self.find(key)
        issue.state, issue.updated_at = state, self.clock()

    def move_to_team(self, key: str, team: str) -> str:
        """Somebody moves it to another team, where it has another identifier; the states' ids are others there."""
        issue = self.find(key)
        issue.former.append(issue.identifier)
        issue.team, issue.number, issue.updated_at = team, self._next(team), self.clock()
        return issue.identifier

    def delivery(self, key: str, action: str = "update", *, of: str = ENGINEER) -> bytes:
        """The body of a webhook about an issue."""
        return json.dumps(told_issue(self.find(key), of=of, action=action, sent_at=self.clock())).encode()

    def comment_delivery(self, key: str, comment: LinearComment) -> bytes:
        """The body of a webhook about a comment."""
        return json.dumps(told_comment(self.find(key), comment, sent_at=self.clock())).encode()

    async def _graphql(self, request: Request) -> Response:
        if request.headers.get("authorization") not in (API_KEY, f"Bearer {ACCESS_TOKEN}"):
            error = _Refusal("AUTHENTICATION_ERROR", "authentication error", "Authentication required").error
            return JSONResponse({"errors": [error]}, 401)
        if self.limited is not None:
            error = _Refusal("RATELIMITED", "ratelimited", "Rate limit exceeded").error
            return JSONResponse({"errors": [error]}, self.limit_status, headers=self.limited)
        if self.refusal is not None:
            return JSONResponse({"errors": [self.refusal[1]], "data": None}, self.refusal[0])
        asked = await request.json()
        name = str(asked.get("operationName"))
        self.calls.append(name)
        try:
            if name not in self._answers:
                raise _Refusal("GRAPHQL_VALIDATION_FAILED", "graphql error", "Unknown operation")
            if name in self.forbidden:
                raise _Refusal("FORBIDDEN", "forbidden", "You do not have access")
            data = self._answers[name](asked["variables"])
        except _Refusal as refusal:
            return JSONResponse({"errors": [refusal.error], "data": None}, self.error_status)
        left = {"X-RateLimit-Requests-Limit": str(REQUESTS), "X-RateLimit-Requests-Remaining": "2000"}
        return JSONResponse({"data": data}, headers={**left, "X-Complexity": "10"})

    def _who(self, _: Mapping[str, Any]) -> dict[str, Any]:
        return {
            "viewer": {"id": made_id(BOT), "name": "Liaison", "displayName": BOT},
            "organization": {"id": WORKSPACE_ID, "name": "Acme", "urlKey": WORKSPACE},
        }

    def _team(self, asked: Mapping[str, Any]) -> dict[str, Any]:
        key = asked["key"]
        found = [shown_team(key, self.visibility[key])] if key in self.visibility else []
        return {"teams": {"nodes": found}}

    def _issue(self, key: str) -> LinearIssue:
        """One that our key reaches. Deleted ones are found until they are gone for good."""
        if _ANY_ID.fullmatch(key) is None:
            raise _Refusal("INPUT_ERROR", "invalid input", "id must be a UUID")
        try:
            issue = self.find(key)
        except KeyError:
            issue = None
        if issue is None or issue.team not in self.visibility:
            raise _Refusal("INPUT_ERROR", "invalid input", "Could not find referenced Issue.")
        return issue

    def _changed(self, asked: Mapping[str, Any]) -> dict[str, Any]:
        """Newest first, 100 a page; the cursor is the last one's id."""
        since = datetime.fromisoformat(asked["since"])
        found = [
            one
            for one in self.issues.values()
            if one.updated_at >= since
            and one.team in self.visibility
            and (one.team == asked["team"] or one.login == BOT)
        ]
        found.sort(key=lambda one: (one.created_at, one.number), reverse=True)
        ids = [one.id for one in found]
        start = ids.index(asked["after"]) + 1 if asked.get("after") else 0
        page = found[start : start + 100]
        more = start + 100 < len(found)
        info = {"hasNextPage": more, "endCursor": page[-1].id if page else None}
        return {"issues": {"nodes": [shown_issue(one) for one in page], "pageInfo": info}}

    def _comment(self, asked: Mapping[str, Any]) -> dict[str, Any]:
        for issue in self.issues.values():
            for comment in issue.comments:
                if comment.id == asked["id"] and issue.team in self.visibility:
                    return {"comment": shown_comment(issue, comment)}
        raise _Refusal("INPUT_ERROR", "invalid input", "Could not find referenced Comment.")

    def _open(self, asked: Mapping[str, Any]) -> dict[str, Any]:
        wanted = asked["input"]
        if wanted["teamId"] not in {made_id(one) for one in self.visibility}:
            raise _Refusal("INPUT_ERROR", "invalid input", "Could not find referenced Team.")
        if not wanted["title"].strip() or len(wanted["title"]) > 255:
            raise _Refusal("INPUT_ERROR", "invalid input", "title must be 1 to 255 letters")
        id_ = self._own_id(wanted.get("id"), set(self.issues))
        self._meanwhile()
        if self.is_deaf:
            return {"issueCreate": {"success": True, "issue": {"id": id_, "identifier": f"{TEAM}-999"}}}
        made = self.open(BOT, wanted["title"], wanted["description"], id_=id_)
        return {"issueCreate": {"success": True, "issue": {"id": made.id, "identifier": made.identifier}}}

    def _move(self, asked: Mapping[str, Any]) -> dict[str, Any]:
        issue, wanted = self._issue(asked["id"]), asked["input"]["stateId"]
        self._meanwhile()
        name = next((name for name, _ in STATES if state_id(issue.team, name) == wanted), None)
        if name is None:
            raise _Refusal("INPUT_ERROR", "invalid input", "The state is of another team")
        if not self.is_deaf:
            self.move(issue.id, name)
        return {"issueUpdate": {"success": True}}

    def _say(self, asked: Mapping[str, Any]) -> dict[str, Any]:
        wanted = asked["input"]
        issue = self._issue(wanted["issueId"])
        taken = {comment.id for one in self.issues.values() for comment in one.comments}
        id_ = self._own_id(wanted.get("id"), taken)
        if issue.is_trashed or not wanted["body"].strip():
            raise _Refusal("INPUT_ERROR", "invalid input", "It cannot be commented")
        self._meanwhile()
        if not self.is_deaf:
            self.say(issue.id, BOT, wanted["body"], id_=id_)
        return {"commentCreate": {"success": True, "comment": {"id": id_}}}

    def _own_id(self, wanted: str | None, taken: set[str]) -> str:
        """The id for what is made: theirs if they gave one, which has to be a free UUID of version 4."""
        if wanted is None or not self.takes_ids:
            return made_id(f"random/{len(taken)}/{len(self.calls)}")
        try:
            is_random = UUID(wanted).version == 4 and str(UUID(wanted)) == wanted
        except ValueError:
            is_random = False
        if not is_random or wanted in taken:
            raise _Refusal("INPUT_ERROR", "invalid input", "id must be a UUID that is free")
        return wanted

    def _next(self, team: str) -> int:
        self._numbers[team] = self._numbers.get(team, 0) + 1
        return self._numbers[team]

    def _meanwhile(self) -> None:
        while self.before_change:
            self.before_change.pop()()
