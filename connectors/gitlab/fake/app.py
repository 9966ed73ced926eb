"""A small GitLab: as much of its REST API as the connector speaks, for one project.

    fake = FakeGitLab(clock=clock)
    connector = GitLab("gitlab/shop", settings, transport=InProcessTransport(fake.app))

What it does and does not stands in README.md; it was made from GitLab's documentation and sources.
"""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from typing import Any
from urllib.parse import quote

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route
from starlette.types import ASGIApp, Receive, Scope, Send

from connectors.gitlab.fake.records import (
    BOT,
    ENGINEER,
    PEOPLE,
    PROJECT,
    PROJECT_ID,
    GitLabIssue,
    GitLabNote,
    person,
    shown_issue,
    shown_note,
    told_issue,
    told_note,
    without_quick_actions,
)
from connectors.kit.fakes.faults import Faults, FaultyApp

TOKEN = "glpat-fake-gitlab-token"
REPORTER, GUEST = 20, 10
MOST_LETTERS = 1_048_576
Answer = Callable[[Request], Awaitable[Response]]


def utc_now() -> datetime:
    """The clock of this machine."""
    return datetime.now(UTC)


class FakeGitLab:
    """One project. `visibility` and `issues_access` say who reads it, `role` what our token may; `is_deaf`: changes
    are answered with success, and nothing is changed; `keeps_public`: internal notes are stored as public whatever our
    role; `may_delete`: notes of ours can be taken back; `limited`: how calls are refused for a limit; `refusal`: what
    every call is answered with, such as an expired token's."""

    def __init__(self, *, clock: Callable[[], datetime] = utc_now) -> None:
        self.clock = clock
        self.faults = Faults()
        self.issues: dict[int, GitLabIssue] = {}
        self.visibility, self.issues_access = "private", "enabled"
        self.role: int | None = REPORTER
        self.external_url = ""
        self.is_archived = False
        self.is_reachable = True
        self.is_renamed = False
        self.is_deaf = False
        self.keeps_public = False
        self.may_delete = True
        self.may_see_hooks = True
        self.hooks: list[dict[str, Any]] = []
        self.done: list[str] = []
        """Names of the quick actions that a text of ours has set off."""
        self.limited: tuple[int, dict[str, str]] | None = None
        self.refusal: tuple[int, dict[str, Any]] | None = None
        self.before_change: list[Callable[[], None]] = []
        self._last = 0
        root = "/api/v4/projects/{project}"
        one = f"{root}/issues/{{iid:int}}"
        routes = [
            Route("/api/v4/user", self._guarded(self._user), methods=["GET"]),
            Route(root, self._of_project(self._about), methods=["GET"]),
            Route(f"{root}/hooks", self._of_project(self._hooks), methods=["GET"]),
            Route(f"{root}/issues", self._of_project(self._list), methods=["GET"]),
            Route(f"{root}/issues", self._of_project(self._create), methods=["POST"]),
            Route(one, self._of_project(self._read), methods=["GET"]),
            Route(one, self._of_project(self._change), methods=["PUT"]),
            Route(f"{one}/notes", self._of_project(self._notes), methods=["GET"]),
            Route(f"{one}/notes", self._of_project(self._note), methods=["POST"]),
            Route(f"{one}/notes/{{note:int}}", self._of_project(self._delete), methods=["DELETE"]),
        ]
        self.app: ASGIApp = FaultyApp(_by_raw_path(Starlette(routes=routes)), self.faults)

    def open(self, login: str, title: str, description: str) -> GitLabIssue:
        """Somebody opens an issue."""
        self._last += 1
        now = self.clock()
        made = GitLabIssue(300 + self._last, self._last, login, title, description, now, now)
        self.issues[made.iid] = made
        return made

    def say(self, iid: int, login: str, body: str, *, is_internal: bool = False) -> GitLabNote:
        """Somebody writes a note."""
        return self._add(iid, GitLabNote(0, login, body, self.clock(), is_internal))

    def move(self, iid: int, state: str, login: str = ENGINEER) -> None:
        """Somebody closes or opens it, which GitLab notes; what is so already is left."""
        issue = self.issues[iid]
        if issue.state != state:
            issue.state = state
            self._add(iid, GitLabNote(0, login, state, self.clock(), is_system=True))

    def delivery(self, iid: int, action: str = "open", *, of: str = ENGINEER) -> bytes:
        """The body of a webhook about an issue."""
        return json.dumps(told_issue(self.issues[iid], of=of, action=action)).encode()

    def note_delivery(self, iid: int, note: GitLabNote) -> bytes:
        """The body of a webhook about a note."""
        return json.dumps(told_note(self.issues[iid], note)).encode()

    def _add(self, iid: int, note: GitLabNote) -> GitLabNote:
        issue = self.issues[iid]
        note.id = 5_000 + sum(len(one.notes) for one in self.issues.values()) + 1
        issue.notes.append(note)
        issue.updated_at = self.clock()
        return note

    def _guarded(self, answer: Answer) -> Answer:
        async def answered(request: Request) -> Response:
            if request.headers.get("private-token") != TOKEN:
                return _error(401, "401 Unauthorized")
            if self.refusal is not None:
                return JSONResponse(self.refusal[1], self.refusal[0])
            if self.limited is not None:
                status, headers = self.limited
                return Response("Retry later\n", status, headers=headers, media_type="text/plain")
            return await answer(request)

        return answered

    def _of_project(self, answer: Answer) -> Answer:
        async def answered(request: Request) -> Response:
            if not self.is_reachable or request.path_params["project"] not in (
                quote(PROJECT, safe=""),
                str(PROJECT_ID),
            ):
                return _error(404, "404 Project Not Found")
            if self.is_renamed and request.method != "GET":
                return _error(405, "405 Method Not Allowed")
            if self.is_renamed:
                moved = f"{self._origin(request)}/api/v4/projects/{PROJECT_ID}"
                return JSONResponse({"message": "Moved Permanently"}, 301, headers={"Location": moved})
            iid = request.path_params.get("iid")
            if iid is not None and iid not in self.issues:
                return _error(404, "404 Not found")
            if request.method != "GET" and self.is_archived:
                return _error(403, "403 Forbidden")
            return await answer(request)

        return self._guarded(answered)

    async def _user(self, request: Request) -> Response:
        return JSONResponse(person(BOT) | {"bot": True, "web_url": f"{self._origin(request)}/{BOT}"})

    def _origin(self, request: Request) -> str:
        """What the server calls itself: as it is called, unless its `external_url` is another."""
        return self.external_url or f"{request.url.scheme}://{request.url.netloc}"

    async def _about(self, request: Request) -> Response:
        role = None if self.role is None else {"access_level": self.role, "notification_level": 3}
        return JSONResponse(
            {
                "id": PROJECT_ID,
                "name": "Shop",
                "path_with_namespace": PROJECT,
                "web_url": f"{self._origin(request)}/{PROJECT}",
                "visibility": self.visibility,
                "issues_access_level": self.issues_access,
                "issues_enabled": self.issues_access != "disabled",
                "archived": self.is_archived,
                "permissions": {"project_access": role, "group_access": None},
            }
        )

    async def _hooks(self, request: Request) -> Response:
        return self._page(request, self.hooks) if self.may_see_hooks else _error(403, "403 Forbidden")

    async def _list(self, request: Request) -> Response:
        asked = request.query_params
        state, author, after = asked.get("state", "all"), asked.get("author_id"), asked.get("updated_after")
        mine = asked.get("scope", "all") == "created_by_me"
        found = [
            one
            for one in self.issues.values()
            if state in ("all", one.state)
            and author in (None, str(PEOPLE[one.login]))
            and (not mine or one.login == BOT)
            and (after is None or one.updated_at >= datetime.fromisoformat(after))
        ]
        by_change = asked.get("order_by") == "updated_at"
        found.sort(key=lambda one: (one.updated_at if by_change else one.created_at, one.id))
        if asked.get("sort", "desc") == "desc":
            found.reverse()
        return self._page(request, [shown_issue(one) for one in found])

    async def _create(self, request: Request) -> Response:
        if self.issues_access == "disabled":
            return _error(403, "403 Forbidden")
        wanted = await request.json()
        title, words = str(wanted.get("title", "")), str(wanted.get("description", ""))
        if not title.strip() or len(title) > 255 or len(words) > MOST_LETTERS:
            return JSONResponse({"message": {"title": ["is invalid"]}}, 400)
        words, actions = without_quick_actions(words)
        made = self.open(BOT, title, words)
        self._do(made.iid, actions)
        return JSONResponse(shown_issue(made), 201)

    async def _read(self, request: Request) -> Response:
        return JSONResponse(shown_issue(self.issues[request.path_params["iid"]]))

    async def _change(self, request: Request) -> Response:
        iid, wanted = request.path_params["iid"], await request.json()
        self._meanwhile()
        if (self.role or 0) < REPORTER:
            return _error(403, "403 Forbidden")
        state = {"close": "closed", "reopen": "opened"}.get(wanted.get("state_event"))
        if state is None:
            return JSONResponse({"error": "state_event does not have a valid value"}, 400)
        if not self.is_deaf:
            self.move(iid, state, BOT)
        return JSONResponse(shown_issue(self.issues[iid]))

    async def _notes(self, request: Request) -> Response:
        issue = self.issues[request.path_params["iid"]]
        found = [shown_note(issue, one) for one in issue.notes]
        return self._page(request, found if request.query_params.get("sort") == "asc" else found[::-1])

    async def _note(self, request: Request) -> Response:
        """An internal note of who may not write such is stored as public; quick actions alone are answered 202."""
        iid, wanted = request.path_params["iid"], await request.json()
        self._meanwhile()
        issue = self.issues[iid]
        if issue.is_locked:
            return _error(403, "403 Forbidden")
        words, actions = without_quick_actions(str(wanted.get("body", "")))
        self._do(iid, actions)
        if actions and not words:
            return JSONResponse({"commands_changes": {}, "summary": ["Done."]}, 202)
        if not words.strip() or len(words) > MOST_LETTERS:
            return JSONResponse({"message": '400 Bad request - Note {:note=>["can\'t be blank"]}'}, 400)
        may = (self.role or 0) >= REPORTER and not self.keeps_public
        is_internal = wanted.get("internal") is True and may
        if self.is_deaf:
            made = GitLabNote(999_999, BOT, words, self.clock(), is_internal)
        else:
            made = self.say(iid, BOT, words, is_internal=is_internal)
        return JSONResponse(shown_note(issue, made), 201)

    async def _delete(self, request: Request) -> Response:
        issue, number = self.issues[request.path_params["iid"]], request.path_params["note"]
        note = next((one for one in issue.notes if one.id == number), None)
        if note is None:
            return _error(404, "404 Note Not Found")
        if note.login != BOT or not self.may_delete:
            return _error(403, "403 Forbidden")
        if not self.is_deaf:
            issue.notes.remove(note)
        return Response(status_code=204)

    def _do(self, iid: int, actions: list[str]) -> None:
        self.done += actions
        for name in actions:
            if name in ("close", "reopen"):
                self.move(iid, "closed" if name == "close" else "opened", BOT)

    def _meanwhile(self) -> None:
        while self.before_change:
            self.before_change.pop()()

    def _page(self, request: Request, found: list[Any]) -> Response:
        """By number, as every GitLab has it; the next page's address names it."""
        size = min(int(request.query_params.get("per_page", 20)), 100)
        page = int(request.query_params.get("page", 1))
        headers = {"X-Page": str(page), "X-Per-Page": str(size), "X-Next-Page": ""}
        if page * size < len(found):
            # The address as it was called: its project stays encoded.
            raw = request.scope["raw_path"].decode()
            query = request.url.include_query_params(page=page + 1).query
            following = f"{self._origin(request)}{raw}?{query}"
            headers |= {"X-Next-Page": str(page + 1), "Link": f'<{following}>; rel="next"'}
        headers["RateLimit-Remaining"] = "1999"
        return JSONResponse(found[(page - 1) * size : page * size], headers=headers)


def _by_raw_path(app: ASGIApp) -> ASGIApp:
    """Routes see the path as it was sent: an encoded slash is none."""

    async def routed(scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http":
            scope = {**scope, "path": scope["raw_path"].decode().partition("?")[0]}
        await app(scope, receive, send)

    return routed


def _error(status: int, message: str) -> Response:
    return JSONResponse({"message": message}, status)
