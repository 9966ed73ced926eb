"""A small Instatus: as much of its API as the connector speaks, for one page.

    fake = FakeInstatus(clock=clock)
    connector = Instatus("instatus/main", settings, record=record, transport=InProcessTransport(fake.app))

It was made from documentation, and never held against a real page. What it does and does not stands in README.md.
"""

from __future__ import annotations

import json
from collections import deque
from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route
from starlette.types import ASGIApp

from connectors.instatus.fake.records import (
    PAGE,
    ListedComponent,
    PostedIncident,
    PostedUpdate,
    made_id,
    shown_component,
    shown_incident,
    shown_update,
    wrong,
)
from connectors.kit.fakes.faults import Faults, FaultyApp

API_KEY = "fake0instatus0api0key0of0our0user"
MOST_LISTED = 100
USUAL = 50
WINDOW = timedelta(minutes=1)


def utc_now() -> datetime:
    """The clock of this machine."""
    return datetime.now(UTC)


class _No(Exception):
    """A refusal, in Instatus' form."""

    def __init__(self, status: int, code: str, message: str) -> None:
        super().__init__(message)
        self.answer = JSONResponse({"error": {"code": code, "message": message}}, status)


class FakeInstatus:
    """One page. `calls_a_minute` are what it takes before it answers 429; `shift`: how far off it keeps the times that
    it is told; `may_write`: whether our key may; `before_write`: what others do just before a write of ours is done.
    `notified` is what subscribers were sent."""

    def __init__(self, *, clock: Callable[[], datetime] = utc_now, calls_a_minute: int = 1_000_000) -> None:
        self.clock = clock
        self.calls_a_minute = calls_a_minute
        self.faults = Faults()
        self.components: dict[str, ListedComponent] = {}
        self.incidents: dict[str, PostedIncident] = {}
        self.notified: list[str] = []
        self.written: list[dict[str, Any]] = []
        self.calls: list[str] = []
        self.before_write: list[Callable[[], None]] = []
        self.shift = timedelta()
        self.may_write = True
        self._made = 0
        self._times: deque[datetime] = deque()
        routes = [
            Route("/v2/pages", self._guarded(self._pages), methods=["GET"]),
            Route("/v1/{page_id}/components", self._guarded(self._components), methods=["GET"]),
            Route("/v1/{page_id}/incidents", self._guarded(self._listed), methods=["GET"]),
            Route("/v1/{page_id}/incidents", self._guarded(self._create), methods=["POST"]),
            Route(
                "/v1/{page_id}/incidents/{incident_id}/incident-updates",
                self._guarded(self._say),
                methods=["POST"],
            ),
        ]
        self.app: ASGIApp = FaultyApp(Starlette(routes=routes), self.faults)

    def add_component(self, name: str, *, status: str = "OPERATIONAL", group: str = "") -> str:
        """Somebody puts a line on the page; its id."""
        id_ = made_id(f"component/{len(self.components)}")
        self.components[id_] = ListedComponent(id=id_, name=name, status=status, group=group)
        return id_

    def open_by_hand(self, name: str, *components: str, status: str = "INVESTIGATING") -> str:
        """Somebody opens an incident; its id."""
        made = PostedIncident(
            id=self._next("incident"), name=name, started=self.clock(), components=list(components)
        )
        self.incidents[made.id] = made
        self.say_by_hand(made.id, status)
        return made.id

    def say_by_hand(self, incident_id: str, status: str) -> None:
        """Somebody says something, or that it is over."""
        told = {"message": "Words of a person.", "status": status, "notify": True}
        self._add(self.incidents[incident_id], told)

    def delete_by_hand(self, incident_id: str) -> None:
        """Somebody deletes an incident with all that was said."""
        del self.incidents[incident_id]

    def _guarded(self, answer: Callable[[Request, dict[str, Any]], Any]) -> Callable[[Request], Any]:
        async def guarded(request: Request) -> Response:
            self.calls.append(f"{request.method} {request.url.path}")
            try:
                if request.headers.get("authorization") != f"Bearer {API_KEY}":
                    raise _No(401, "forbidden", "API key does not belong to a user.")
                self._count()
                if request.path_params.get("page_id", PAGE) != PAGE:
                    raise _No(404, "not_found", "Page not found")
                told = await self._told(request)
                return JSONResponse(answer(request, told))
            except _No as no:
                return no.answer

        return guarded

    def _count(self) -> None:
        now = self.clock()
        while self._times and self._times[0] <= now - WINDOW:
            self._times.popleft()
        if len(self._times) >= self.calls_a_minute:
            raise _No(429, "too_many_requests", "Too many requests")
        self._times.append(now)

    async def _told(self, request: Request) -> dict[str, Any]:
        if request.method == "GET":
            return {}
        if not self.may_write:
            raise _No(403, "forbidden", "Not authorized")
        while self.before_write:
            self.before_write.pop()()
        told = json.loads(await request.body())
        said = wrong(told, list(self.components))
        if said is not None:
            raise _No(400, "bad_request", said)
        self.written.append(told)
        return dict(told)

    def _pages(self, request: Request, _: Mapping[str, Any]) -> Any:
        page = {"id": PAGE, "subdomain": "acme", "name": "Acme", "customDomain": None, "status": "UP"}
        return _cut(request, [page])

    def _components(self, request: Request, _: Mapping[str, Any]) -> Any:
        return _cut(request, [shown_component(one, self.components) for one in self.components.values()])

    def _listed(self, request: Request, _: Mapping[str, Any]) -> Any:
        """The newest first, of the statuses that are asked for."""
        wanted = request.query_params.get("status")
        found = [
            shown_incident(one, self.components)
            for one in reversed(self.incidents.values())
            if wanted is None or one.status in wanted.split(",")
        ]
        return _cut(request, found)

    def _create(self, _: Request, told: Mapping[str, Any]) -> Any:
        if not isinstance(told.get("name"), str) or not told["name"].strip():
            raise _No(400, "bad_request", "name is required")
        made = PostedIncident(
            id=self._next("incident"),
            name=told["name"],
            started=self._started(told),
            # Left out, it would be seen by nobody: the worse of what is not documented.
            is_published=told.get("shouldPublish") is True,
        )
        self.incidents[made.id] = made
        self._add(made, told)
        return shown_incident(made, self.components)

    def _say(self, request: Request, told: Mapping[str, Any]) -> Any:
        incident = self.incidents.get(request.path_params["incident_id"])
        if incident is None:
            raise _No(404, "not_found", "Incident not found")
        said = self._add(incident, told)
        return {**shown_update(said), "incident": {"id": incident.id, "name": incident.name}}

    def _add(self, incident: PostedIncident, told: Mapping[str, Any]) -> PostedUpdate:
        said = PostedUpdate(
            id=self._next("update"),
            status=told["status"],
            message=told["message"],
            started=self._started(told),
            # Left out, all subscribers are told: the worse of what is not documented.
            notify=told.get("notify") is not False,
        )
        incident.updates.append(said)
        incident.status = said.status
        if "components" in told:
            incident.components = list(told["components"])
        for one in told.get("statuses", []):
            self.components[one["id"]].status = one["status"]
        if said.notify and incident.is_published:
            self.notified.append(f"{incident.name}: {said.message}")
        return said

    def _started(self, told: Mapping[str, Any]) -> datetime:
        said = told.get("started")
        return (self.clock() if said is None else datetime.fromisoformat(said)) + self.shift

    def _next(self, what: str) -> str:
        self._made += 1
        return made_id(f"{what}/{self._made}")


def _cut(request: Request, found: list[Any]) -> list[Any]:
    """One page of a list, 100 at most, 50 where nothing is said."""
    size = min(int(request.query_params.get("per_page", USUAL)), MOST_LISTED)
    first = (max(1, int(request.query_params.get("page", 1))) - 1) * size
    return found[first : first + size]
