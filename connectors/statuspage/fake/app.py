"""A small Statuspage: as much of its API as the connector speaks, for one page.

    fake = FakeStatuspage(clock=clock)
    connector = AtlassianStatuspage("statuspage/main", settings, transport=InProcessTransport(fake.app))

It was made from documentation, and never held against a real page. What it does and does not stands in README.md.
"""

from __future__ import annotations

import json
import math
from collections import deque
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Any

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route
from starlette.types import ASGIApp

from connectors.kit.fakes.faults import Faults, FaultyApp
from connectors.statuspage.fake.records import (
    PAGE,
    PageIncident,
    SaidUpdate,
    ShownComponent,
    made_id,
    shown_component,
    shown_incident,
    shown_page,
    wrong,
)

API_KEY = "fake-statuspage-api-key"
MOST_LISTED = 100
WINDOW = 60.0


def utc_now() -> datetime:
    """The clock of this machine."""
    return datetime.now(UTC)


class _No(Exception):
    """A refusal, in Statuspage's `ErrorEntity`."""

    def __init__(self, status: int, message: str, **headers: str) -> None:
        super().__init__(message)
        self.answer = JSONResponse({"message": message}, status, headers=headers)


class FakeStatuspage:
    """One page. `calls_a_minute` are what a key may ask for in any minute, told with `limit_status`; `is_deaf`: changes
    are answered with success, and nothing is changed; `may_write`: whether our key may; `is_private`: only team members
    read the page; `before_write`: what others do just before a write of ours is done. `notified` is what subscribers
    were sent."""

    def __init__(self, *, clock: Callable[[], datetime] = utc_now, calls_a_minute: int = 60) -> None:
        self.clock = clock
        self.calls_a_minute = calls_a_minute
        self.limit_status = 429
        self.faults = Faults()
        self.components: dict[str, ShownComponent] = {}
        self.incidents: dict[str, PageIncident] = {}
        self.notified: list[str] = []
        self.written: list[dict[str, Any]] = []
        self.calls: list[str] = []
        self.before_write: list[Callable[[], None]] = []
        self.is_deaf = False
        self.may_write = True
        self.is_private = False
        self._made = 0
        self._times: deque[float] = deque()
        self._whole_lists: deque[float] = deque()
        page = "/v1/pages/{page_id}"
        routes = [
            Route(page, self._guarded(self._page), methods=["GET"]),
            Route(f"{page}/components", self._guarded(self._components), methods=["GET"]),
            Route(f"{page}/incidents", self._guarded(self._listed), methods=["GET"]),
            Route(f"{page}/incidents", self._guarded(self._create), methods=["POST"]),
            Route(f"{page}/incidents/unresolved", self._guarded(self._unresolved), methods=["GET"]),
            Route(f"{page}/incidents/{{incident_id}}", self._guarded(self._incident), methods=["GET"]),
            Route(f"{page}/incidents/{{incident_id}}", self._guarded(self._change), methods=["PATCH"]),
        ]
        self.app: ASGIApp = FaultyApp(Starlette(routes=routes), self.faults)

    def add_component(self, name: str, *, status: str = "operational", is_group: bool = False) -> str:
        """Somebody puts a line on the page; its id."""
        id_ = made_id(f"component/{len(self.components)}")
        self.components[id_] = ShownComponent(id=id_, name=name, status=status, is_group=is_group)
        return id_

    def open_by_hand(self, name: str, *components: str, status: str = "investigating") -> str:
        """Somebody opens an incident; its id."""
        made = PageIncident(
            id=self._next("incident"),
            name=name,
            status=status,
            impact="minor",
            created_at=self.clock(),
            components=list(components),
        )
        self.incidents[made.id] = made
        self._add(made, status, "Words of a person.", delivers=True)
        return made.id

    def say_by_hand(self, incident_id: str, status: str) -> None:
        """Somebody says something, or that it is over."""
        self._add(self.incidents[incident_id], status, "Words of a person.", delivers=True)

    def delete_by_hand(self, incident_id: str) -> None:
        """Somebody deletes an incident with all that was said."""
        del self.incidents[incident_id]

    def _guarded(self, answer: Callable[[Request, dict[str, Any]], Any]) -> Callable[[Request], Any]:
        async def guarded(request: Request) -> Response:
            self.calls.append(f"{request.method} {request.url.path.partition('/pages/')[2]}")
            try:
                if request.headers.get("authorization") != f"OAuth {API_KEY}":
                    raise _No(401, "Could not authenticate")
                self._count(self._times, self.calls_a_minute)
                if request.path_params["page_id"] != PAGE:
                    raise _No(404, "The requested resource could not be found.")
                return JSONResponse(*self._done(answer, request, await _told(request)))
            except _No as no:
                return no.answer

        return guarded

    def _done(
        self, answer: Callable[[Request, dict[str, Any]], Any], request: Request, told: dict[str, Any]
    ) -> tuple[Any, int]:
        if request.method == "GET":
            return answer(request, told), 200
        if not self.may_write:
            raise _No(403, "You are not authorized to access this resource.")
        while self.before_write:
            self.before_write.pop()()
        said = wrong(told, list(self.components))
        if said is not None:
            raise _No(422, said)
        self.written.append(told)
        return answer(request, told), 201 if request.method == "POST" else 200

    def _count(self, times: deque[float], most: int) -> None:
        """At most so many in any minute. A call that is refused does not count."""
        now = self.clock().timestamp()
        while times and times[0] <= now - WINDOW:
            times.popleft()
        if len(times) >= most:
            wait = math.ceil(times[0] + WINDOW - now)
            raise _No(self.limit_status, "Rate limit exceeded", **{"Retry-After": str(max(1, wait))})
        times.append(now)

    def _page(self, _: Request, __: Mapping[str, Any]) -> Any:
        return shown_page(is_private=self.is_private)

    def _components(self, request: Request, _: Mapping[str, Any]) -> Any:
        if "page" not in request.query_params:
            # Unpaginated lists of components: once a minute.
            self._count(self._whole_lists, 1)
        return _cut(request, [shown_component(one) for one in self.components.values()], "per_page")

    def _listed(self, request: Request, _: Mapping[str, Any]) -> Any:
        return _cut(request, [self._shown(one) for one in self._newest()], "limit")

    def _unresolved(self, request: Request, _: Mapping[str, Any]) -> Any:
        is_open = ("investigating", "identified", "monitoring")
        found = [self._shown(one) for one in self._newest() if one.status in is_open]
        return _cut(request, found, "per_page")

    def _incident(self, request: Request, _: Mapping[str, Any]) -> Any:
        return self._shown(self._found(request))

    def _create(self, _: Request, told: Mapping[str, Any]) -> Any:
        if not isinstance(told.get("name"), str):
            raise _No(422, "Name can't be blank")
        made = PageIncident(
            id=self._next("incident"),
            name=told["name"],
            status="",
            impact=told.get("impact_override", "none"),
            created_at=self.clock(),
        )
        self.incidents[made.id] = made
        self._write(made, {"status": "investigating", "body": "", **told})
        return self._shown(made)

    def _change(self, request: Request, told: Mapping[str, Any]) -> Any:
        incident = self._found(request)
        if not self.is_deaf:
            self._write(incident, told)
        return self._shown(incident)

    def _write(self, incident: PageIncident, told: Mapping[str, Any]) -> None:
        statuses = told.get("components", {})
        if "component_ids" in told:
            incident.components = list(told["component_ids"])
        incident.components = list(dict.fromkeys([*incident.components, *statuses]))
        for id_, status in statuses.items():
            self.components[id_].status = status or self.components[id_].status
        if "metadata" in told:
            # Whole in place of whole: the documentation does not say that it is merged.
            incident.metadata = dict(told["metadata"])
        status = told.get("status", incident.status)
        if "body" in told or status != incident.status:
            # Left out, all subscribers are told.
            self._add(incident, status, told.get("body", ""), told.get("deliver_notifications", True))

    def _add(self, incident: PageIncident, status: str, body: str, delivers: bool) -> None:
        incident.status = status
        said = SaidUpdate(
            id=self._next("update"), status=status, body=body, at=self.clock(), delivers=delivers
        )
        incident.said.append(said)
        if delivers:
            self.notified.append(f"{incident.name}: {body}")

    def _found(self, request: Request) -> PageIncident:
        incident = self.incidents.get(request.path_params["incident_id"])
        if incident is None:
            raise _No(404, "The requested resource could not be found.")
        return incident

    def _newest(self) -> list[PageIncident]:
        return list(self.incidents.values())[::-1]

    def _shown(self, one: PageIncident) -> dict[str, Any]:
        return shown_incident(one, self.components)

    def _next(self, what: str) -> str:
        self._made += 1
        return made_id(f"{what}/{self._made}")


async def _told(request: Request) -> dict[str, Any]:
    """The incident that a request writes; the body has to be of the kind that its header says."""
    if request.method == "GET":
        return {}
    try:
        told = json.loads(await request.body())
    except ValueError as error:
        raise _No(400, "Bad request") from error
    is_json = request.headers.get("content-type", "").startswith("application/json")
    if not is_json or not isinstance(told, dict) or not isinstance(told.get("incident"), dict):
        raise _No(400, "Bad request")
    return dict(told["incident"])


def _cut(request: Request, found: list[Any], size_param: str) -> list[Any]:
    """One page of a list, 100 at most; all lists come in pages."""
    size = min(int(request.query_params.get(size_param, MOST_LISTED)), MOST_LISTED)
    first = (max(1, int(request.query_params.get("page", 1))) - 1) * size
    return found[first : first + size]
