"""A small Redmine 5.0.4: as much of its REST API as the connector speaks.

    fake = FakeRedmine(clock=clock)
    connector = Redmine("redmine/engineering", settings, transport=InProcessTransport(fake.app))

What it does and does not stands in README.md; the real Redmine is asked the same in tests/real/redmine.
"""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from typing import Any

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route
from starlette.types import ASGIApp

from connectors.kit.fakes.faults import Faults, FaultyApp
from connectors.redmine.fake import wire
from connectors.redmine.fake.tracker import STATUSES, FakeTracker, StoredIssue

API_KEY = "fake-redmine-key-0123456789abcdef"
OWN_ID = 5
MOST = 100
_ZULU = re.compile(r"\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}Z")
Answer = Callable[[Request], Awaitable[Response]]


def utc_now() -> datetime:
    """The clock of this machine."""
    return datetime.now(UTC)


class FakeRedmine:
    """One public project `shop`, and a bot whose role has what `tracker.rights` says."""

    def __init__(self, *, clock: Callable[[], datetime] = utc_now) -> None:
        self.tracker = FakeTracker(clock)
        self.faults = Faults()
        known: list[tuple[str, Answer, str]] = [
            ("/users/current.json", self._current, "GET"),
            ("/users/{id:int}.json", self._user, "GET"),
            ("/projects/{id}.json", self._project, "GET"),
            ("/projects/{id}/memberships.json", self._memberships, "GET"),
            ("/roles/{id:int}.json", self._role, "GET"),
            ("/trackers.json", self._trackers, "GET"),
            ("/issue_statuses.json", self._statuses, "GET"),
            ("/issues.json", self._list, "GET"),
            ("/issues.json", self._create, "POST"),
            ("/projects/{project}/issues.json", self._create, "POST"),
            ("/issues/{id:int}.json", self._show, "GET"),
            ("/issues/{id:int}.json", self._update, "PUT"),
            ("/journals/{id:int}.json", self._journal, "PUT"),
        ]
        routes = [Route(path, answer, methods=[method]) for path, answer, method in known]
        self.app: ASGIApp = FaultyApp(Starlette(routes=routes), self.faults)

    async def _current(self, request: Request) -> Response:
        if not _is_us(request):
            return Response(status_code=401)
        us = self.tracker.people[OWN_ID]
        user = wire.account(OWN_ID, us, "liaison") | {"admin": us.role is None}
        if "memberships" in request.query_params.get("include", "") and us.role is not None:
            user["memberships"] = [wire.membership(1, us.role)]
        return JSONResponse({"user": user})

    async def _user(self, request: Request) -> Response:
        """The anonymous, locked and hidden are not found."""
        user = self.tracker.people.get(request.path_params["id"])
        if user is None or user.is_hidden:
            return Response(status_code=404)
        number = request.path_params["id"]
        return JSONResponse({"user": wire.account(number, user, f"user{number}")})

    async def _memberships(self, request: Request) -> Response:
        found = [
            wire.membership(number, one.role, user={"id": number, "name": one.name})
            for number, one in self.tracker.people.items()
            if one.role is not None
        ]
        found.append(wire.membership(90, 7, group={"id": 90, "name": "Everybody"}))
        return JSONResponse({"memberships": found, "total_count": len(found), "offset": 0, "limit": MOST})

    async def _statuses(self, _: Request) -> Response:
        return JSONResponse({"issue_statuses": wire.statuses()})

    async def _project(self, request: Request) -> Response:
        is_known = request.path_params["id"] in ("shop", "1")
        return JSONResponse({"project": wire.PROJECT}) if is_known else Response(status_code=404)

    async def _role(self, request: Request) -> Response:
        rights = self.tracker.rights if request.path_params["id"] == 6 else {"view_issues", "add_issue_notes"}
        return JSONResponse({"role": wire.role(request.path_params["id"], sorted(rights))})

    async def _trackers(self, _: Request) -> Response:
        return JSONResponse({"trackers": wire.trackers()})

    async def _list(self, request: Request) -> Response:
        asked = request.query_params
        since = asked.get("updated_on", "")
        if since and not _ZULU.fullmatch(since.removeprefix(">=")):
            return _errors("Updated is invalid")
        found = [one for one in self.tracker.issues.values() if self._is_found(one, asked, _is_us(request))]
        # What Redmine does not know as an order it passes over.
        is_by_time = asked.get("sort", "").startswith("updated_on")
        found.sort(key=lambda one: (one.updated_at.timestamp() if is_by_time else 0.0, one.id))
        if asked.get("sort") == "id:desc":
            found.reverse()
        limit, offset = min(int(asked.get("limit", "25")), MOST), int(asked.get("offset", "0"))
        page = [self._listed(one) for one in found[offset : offset + limit]]
        return JSONResponse({"issues": page, "total_count": len(found), "offset": offset, "limit": limit})

    def _listed(self, issue: StoredIssue) -> dict[str, Any]:
        return wire.NEVER_FILLED | self.tracker.listed(issue)

    def _is_found(self, issue: StoredIssue, asked: Any, is_us: bool) -> bool:
        if issue.is_private and not is_us:
            return False
        if asked.get("status_id") != "*" and STATUSES[issue.status][1]:
            return False
        if "issue_id" in asked and str(issue.id) not in asked["issue_id"].split(","):
            return False
        words, since = asked.get("description", ""), asked.get("updated_on", "")
        if words.startswith("~") and words[1:] not in issue.description:
            return False
        return not since or issue.updated_at >= datetime.fromisoformat(since.removeprefix(">="))

    async def _create(self, request: Request) -> Response:
        if not _is_us(request):
            return Response(status_code=401)
        wanted = (await request.json()).get("issue", {})
        project = request.path_params.get("project", wanted.get("project_id"))
        if project not in ("shop", "1", 1) or not wanted.get("subject"):
            return _errors("Subject cannot be blank")
        issue = self.tracker.create(
            OWN_ID,
            wanted["subject"],
            wanted.get("description") or "",
            is_private=bool(wanted.get("is_private")),
        )
        return JSONResponse({"issue": self._listed(issue)}, status_code=201)

    async def _show(self, request: Request) -> Response:
        issue = self.tracker.issues.get(request.path_params["id"])
        if issue is None or (issue.is_private and not _is_us(request)):
            return Response(status_code=404)
        whole = wire.NEVER_FILLED | self.tracker.whole(issue)
        if not _is_us(request):
            whole["journals"] = [one for one in whole["journals"] if not one["private_notes"]]
        return JSONResponse({"issue": whole})

    async def _update(self, request: Request) -> Response:
        if not _is_us(request):
            return Response(status_code=401)
        issue = self.tracker.issues.get(request.path_params["id"])
        if issue is None:
            return Response(status_code=404)
        while self.tracker.before_change:
            self.tracker.before_change.pop()()
        if issue.project == 3:
            return Response(status_code=403)
        wanted = (await request.json()).get("issue", {})
        if self.tracker.refused_fields & set(wanted):
            return _errors("Tags is not included in the list")
        # What our role may not do in the issue's tracker is passed over.
        if not self.tracker.is_deaf and not issue.is_locked:
            self._change(issue, wanted)
        return Response(status_code=204)

    def _change(self, issue: StoredIssue, wanted: dict[str, Any]) -> None:
        if wanted.get("notes"):
            self.tracker.note(issue, OWN_ID, wanted["notes"], is_private=bool(wanted.get("private_notes")))
        if wanted.get("is_private"):
            self.tracker.hide(issue)
        # A status that the workflow does not allow is passed over: 204 all the same.
        if wanted.get("status_id") in self.tracker.allowed(issue):
            self.tracker.move(issue, wanted["status_id"], OWN_ID)
        for one in wanted.get("custom_fields", []):
            self.tracker.fill(issue, one["id"], one["value"])

    async def _journal(self, request: Request) -> Response:
        if not _is_us(request):
            return Response(status_code=401)
        wanted = (await request.json()).get("journal", {})
        if self.tracker.keeps_notes:
            return Response(status_code=204)
        for issue in self.tracker.issues.values():
            # A note without words is gone.
            issue.journals = [
                one
                for one in issue.journals
                if one.id != request.path_params["id"] or one.user != OWN_ID or wanted.get("notes") != ""
            ]
        return Response(status_code=204)


def _is_us(request: Request) -> bool:
    """Who has a wrong key reads what the public reads: Redmine says 401 only to writes and to "who am I"."""
    return request.headers.get("x-redmine-api-key") == API_KEY


def _errors(*errors: str) -> Response:
    return JSONResponse({"errors": list(errors)}, status_code=422)
