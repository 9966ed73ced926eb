"""A small Icinga 2 that lives in memory and speaks its API: the connector runs on it unchanged.

Real, as 2.13 was seen to do it: objects and actions by filter, and all of them without one; 409 for what is
acknowledged already or well, 200 for one that was never checked; 500 with empty results where a filter matches nothing;
a second downtime for the same call, and success for one that ends before it begins; `handled` beside
`acknowledgement`; a non-sticky acknowledgement that is lost with the next state. Of the filter language it knows the
filters that are used.
"""

from __future__ import annotations

import asyncio
import base64
import json
import time
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from fnmatch import fnmatchcase
from typing import Any

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response, StreamingResponse
from starlette.routing import Route

from connectors.kit.fakes.faults import FaultKind, Faults, FaultyApp
from connectors.kit.strict_json import parse_json
from incidents.errors import Unrecognised

USER, PASSWORD = "liaison", "fake-icinga-password"
VERSION = "r2.13.6-1"
FAULTS: dict[FaultKind, dict[str, object]] = {
    FaultKind.UNAUTHORIZED: {"error": 401, "status": "Unauthorized. Please check your user credentials."},
    FaultKind.MISSING: {"error": 404, "status": "The requested path could not be found."},
}


@dataclass
class FakeChecked:
    """A host or service. `last_check` is -1 until it is checked; times are Unix seconds."""

    name: str
    state: int
    vars: dict[str, Any] | None = None
    is_hard: bool = False
    acknowledgement: int = 0
    is_sticky: bool = False
    expiry: float = 0.0
    is_reachable: bool = True
    last_check: float = -1.0
    last_well: float = 0.0
    last_hard_change: float = 0.0
    output: str = ""

    @property
    def is_host(self) -> bool:
        """Services have their host before them."""
        return "!" not in self.name


@dataclass
class FakeRemark:
    """A comment or a downtime."""

    id: str
    object: str
    author: str
    text: str
    start: float = 0.0
    end: float = 0.0


class FakeIcinga2:
    """One monitor. `clock` is Unix seconds."""

    def __init__(self, *, clock: Callable[[], float] = time.time) -> None:
        self.faults = Faults()
        self.clock = clock
        self.objects: dict[str, FakeChecked] = {}
        self.comments: list[FakeRemark] = []
        self.downtimes: list[FakeRemark] = []
        self.calls: list[str] = []
        self.loses_actions = False
        self.has_events = True
        """Whether the user may listen to them."""
        self._listeners: set[asyncio.Queue[bytes | None]] = set()
        self._numbers = 0
        app = Starlette(
            routes=[
                Route("/v1/status/IcingaApplication", self._status, methods=["GET"]),
                Route("/v1/objects/{kind}", self._query, methods=["POST"]),
                Route("/v1/events", self._events, methods=["POST"]),
                Route("/v1/actions/{action}", self._act, methods=["POST"]),
            ]
        )
        self.app = FaultyApp(app, self.faults, FAULTS)

    # What tests, drills and people do.

    def add(self, name: str, **variables: str) -> FakeChecked:
        """A host (`web`) or a service on one (`web!http`), not checked yet."""
        found = FakeChecked(name=name, state=1 if "!" not in name else 3, vars=variables or None)
        self.objects[name] = found
        return found

    def result(self, name: str, state: int, output: str = "", *, is_hard: bool = True) -> None:
        """A check has come to this."""
        one, now = self.objects[name], self.clock()
        if one.state != state or not one.is_hard:
            one.last_hard_change = now
        # Not sticky: lost with the next state; sticky: when it is well.
        if one.acknowledgement and (state == 0 or (state != one.state and not one.is_sticky)):
            one.acknowledgement = 0
            self.comments = [comment for comment in self.comments if comment.object != name]
        changed = state != one.state or not one.is_hard
        one.state, one.output, one.last_check, one.is_hard = state, output, now, is_hard or state == 0
        one.last_well = now if state == 0 else one.last_well
        if changed:
            self._say("StateChange", name)

    def acknowledge(self, name: str, author: str = "ada", text: str = "mine") -> None:
        """Somebody does, in Icinga Web."""
        self.objects[name].acknowledgement, self.objects[name].is_sticky = 2, True
        self._remark(self.comments, FakeRemark("", name, author, text))
        self._say("AcknowledgementSet", name)

    @property
    def listeners(self) -> int:
        """How many listen to its events."""
        return len(self._listeners)

    def hang_up(self) -> None:
        """Whoever listens is cut off, as when it is reloaded."""
        for listener in self._listeners:
            listener.put_nowait(None)

    # What goes on inside.

    def _say(self, kind: str, name: str) -> None:
        host, _, service = name.partition("!")
        line = json.dumps({"type": kind, "host": host, "service": service, "timestamp": self.clock()})
        for listener in self._listeners:
            listener.put_nowait(line.encode() + b"\n")

    def _remark(self, remarks: list[FakeRemark], remark: FakeRemark) -> FakeRemark:
        self._numbers += 1
        remark.id = f"{remark.object}!remark{self._numbers}"
        remarks.append(remark)
        return remark

    def _no(self, request: Request) -> JSONResponse | None:
        self.calls.append(request.url.path)
        known = base64.b64encode(f"{USER}:{PASSWORD}".encode()).decode()
        if request.headers.get("authorization") != f"Basic {known}":
            return JSONResponse(FAULTS[FaultKind.UNAUTHORIZED], 401)
        if request.headers.get("accept") != "application/json":
            return JSONResponse({"error": 400, "status": "Accept header is missing or not set"}, 400)
        return None

    async def _status(self, request: Request) -> JSONResponse:
        no = self._no(request)
        app = {"icingaapplication": {"app": {"version": VERSION}}}
        return no or JSONResponse({"results": [{"name": "IcingaApplication", "status": app}]})

    async def _events(self, request: Request) -> Response:
        no = self._no(request)
        if no is None and not self.has_events:
            no = JSONResponse({"error": 403, "status": "Forbidden"}, 403)
        return no or StreamingResponse(self._said(), media_type="application/json")

    async def _said(self) -> AsyncIterator[bytes]:
        said: asyncio.Queue[bytes | None] = asyncio.Queue()
        self._listeners.add(said)
        try:
            while (line := await said.get()) is not None:
                yield line
        finally:
            self._listeners.discard(said)

    async def _query(self, request: Request) -> JSONResponse:
        no = self._no(request)
        if no is not None:
            return no
        if request.headers.get("x-http-method-override") != "GET":
            return JSONResponse({"error": 400, "status": "Invalid request"}, 400)
        kind, asked = request.path_params["kind"], await _body(request)
        if kind in ("comments", "downtimes"):
            # Without a mark everybody's: acknowledgements, or downtimes that have begun, which all of these are.
            mark = str(asked.get("filter_vars", {}).get("mark", "*"))
            pattern = mark.replace("[", "[[]")
            remarks = self.comments if kind == "comments" else self.downtimes
            found = [self._told_remark(one) for one in remarks if fnmatchcase(one.text, pattern)]
            return JSONResponse({"results": [{"attrs": attrs} for attrs in found]})
        chosen = self._chosen("Host" if kind == "hosts" else "Service", asked)
        results = [{"name": one.name, "attrs": self._told(one, asked.get("attrs"))} for one in chosen]
        return JSONResponse({"results": results})

    def _chosen(self, kind: str, asked: dict[str, Any]) -> list[FakeChecked]:
        """Without a filter every object there is."""
        every = [one for one in self.objects.values() if one.is_host is (kind == "Host")]
        wanted, variables = str(asked.get("filter", "")), asked.get("filter_vars", {})
        if wanted.endswith("__name in names"):
            return [one for one in every if one.name in variables.get("names", [])]
        if wanted.endswith("state_type == 1"):
            return [one for one in every if one.state != 0 and one.is_hard]
        return [] if wanted else every

    def _told(self, one: FakeChecked, attrs: Any) -> dict[str, Any]:
        host, _, service = one.name.partition("!")
        now = self.clock()
        depth = sum(1 for two in self.downtimes if two.object == one.name and two.start <= now < two.end)
        is_acknowledged = one.acknowledgement != 0 and (one.expiry == 0 or one.expiry > now)
        told: dict[str, Any] = {
            "__name": one.name,
            "name": service or host,
            "display_name": service or host,
            "state": float(one.state),
            "state_type": float(one.is_hard),
            "acknowledgement": float(one.acknowledgement),
            "downtime_depth": float(depth),
            "handled": one.state != 0 and (is_acknowledged or depth > 0),
            "last_check": one.last_check,
            "last_check_result": None if one.last_check < 0 else {"output": one.output},
            "last_hard_state_change": one.last_hard_change,
            "last_reachable": one.is_reachable,
            "vars": one.vars,
            **({"last_state_up": one.last_well} if one.is_host else {"last_state_ok": one.last_well}),
            **({} if one.is_host else {"host_name": host}),
        }
        return told if attrs is None else {key: value for key, value in told.items() if key in attrs}

    def _told_remark(self, one: FakeRemark) -> dict[str, Any]:
        host, _, service = one.object.partition("!")
        place = {"__name": one.id, "host_name": host, "service_name": service, "author": one.author}
        if one in self.comments:
            return {**place, "text": one.text, "entry_type": 4.0}
        return {**place, "comment": one.text, "start_time": one.start, "end_time": one.end}

    async def _act(self, request: Request) -> JSONResponse:
        no = self._no(request)
        if no is not None:
            return no
        action, body = request.path_params["action"], await _body(request)
        results = [self._done(action, one, body) for one in self._chosen(str(body.get("type")), body)]
        if not results:
            return JSONResponse({"results": []}, 500)
        code = 200 if any(one["code"] == 200 for one in results) else int(results[0]["code"])
        return JSONResponse({"results": results}, code)

    def _done(self, action: str, one: FakeChecked, body: dict[str, Any]) -> dict[str, Any]:
        if self.loses_actions:
            return {"code": 200, "status": "Successfully did nothing."}
        if action == "acknowledge-problem":
            return self._acknowledged(one, body)
        if action == "remove-acknowledgement":
            one.acknowledgement = 0
            self.comments = [comment for comment in self.comments if comment.object != one.name]
            self._say("AcknowledgementCleared", one.name)
            return {
                "code": 200,
                "status": f"Successfully removed acknowledgement for object '{one.name}'.",
            }
        if action == "schedule-downtime":
            start, end = float(body["start_time"]), float(body["end_time"])
            author, comment = str(body["author"]), str(body["comment"])
            made = self._remark(self.downtimes, FakeRemark("", one.name, author, comment, start, end))
            return {"code": 200, "name": made.id, "status": f"Successfully scheduled downtime '{made.id}'."}
        return {"code": 404, "status": "Action does not exist."}

    def _acknowledged(self, one: FakeChecked, body: dict[str, Any]) -> dict[str, Any]:
        kind = "Host" if one.is_host else "Service"
        if one.state == 0:
            return {"code": 409, "status": f"{kind} {one.name} is OK."}
        if one.acknowledgement:
            return {"code": 409, "status": f"{kind} {one.name} is already acknowledged."}
        one.is_sticky = bool(body.get("sticky"))
        one.acknowledgement = 2 if one.is_sticky else 1
        one.expiry = float(body.get("expiry") or 0)
        self._remark(self.comments, FakeRemark("", one.name, str(body["author"]), str(body["comment"])))
        return {"code": 200, "status": f"Successfully acknowledged problem for object '{one.name}'."}


async def _body(request: Request) -> dict[str, Any]:
    try:
        data = parse_json(await request.body())
    except Unrecognised:
        return {}
    return data if isinstance(data, dict) else {}
