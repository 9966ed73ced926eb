"""The fake Zendesk's HTTP: the paths, answers and refusals of api/v2 that Liaison and its drills use."""

from __future__ import annotations

import base64
import hmac
import json
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from connectors.zendesk.fake.desk import (
    STATUSES,
    ClosedTicket,
    Desk,
    FakeTicket,
    FakeUser,
)
from connectors.zendesk.fake.jobs import FakeJob, job_json
from connectors.zendesk.fake.limits import CallWindow
from connectors.zendesk.fake.service_levels import FakeServiceLevels
from connectors.zendesk.fake.wire import (
    audit_json,
    ticket_json,
    tickets_json,
    user_json,
)

MAX_BULK = 100
MAX_JOBS = 30
MAX_AUDITS = 100
Endpoint = Callable[[Request], Awaitable[Response]]


@dataclass(kw_only=True)
class Api:
    """`me` is the agent whose token is used. `jobs_are_stuck` keeps every new job from ending."""

    desk: Desk
    me: FakeUser
    api_token: str
    clock: Callable[[], datetime]
    updates_per_minute: int
    requests_per_minute: int
    export_lag: timedelta
    job_looks: int = 2
    jobs_are_stuck: bool = False
    calls: list[str] = field(default_factory=list)
    jobs: dict[str, FakeJob] = field(default_factory=dict)
    _created: dict[str, tuple[bytes, dict[str, Any]]] = field(default_factory=dict)
    _per_ticket: dict[int, CallWindow] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self._requests = CallWindow(self.requests_per_minute, 60)
        self._updates = CallWindow(self.updates_per_minute, 60)
        self.service_levels = FakeServiceLevels(me=self.me)

    def app(self) -> Starlette:
        """The paths as an ASGI application."""
        routes: list[tuple[str, str, Endpoint]] = [
            ("GET", "users/me", self._users_me),
            ("GET", "tickets/show_many", self._show_many),
            ("GET", "incremental/tickets/cursor", self._export),
            ("PUT", "tickets/update_many", self._update_many),
            ("GET", "job_statuses/{id}", self._job_status),
            ("POST", "tickets", self._create),
            ("GET", "tickets/{id:int}", self._show),
            ("PUT", "tickets/{id:int}", self._update),
            ("GET", "tickets/{id:int}/audits", self._audits),
            *self.service_levels.routes(),
        ]
        return Starlette(
            routes=[
                Route(f"/api/v2/{path}.json", self._guarded(endpoint), methods=[method])
                for method, path, endpoint in routes
            ]
        )

    def _guarded(self, endpoint: Endpoint) -> Endpoint:
        async def guarded(request: Request) -> Response:
            self.calls.append(f"{request.method} {request.url.path}")
            if not self._is_us(request.headers.get("authorization", "")):
                return JSONResponse({"error": "Couldn't authenticate you"}, 401)
            if (wait := self._requests.take(self.clock())) is not None:
                return _too_many(wait)
            return await endpoint(request)

        return guarded

    def _is_us(self, authorization: str) -> bool:
        ours = base64.b64encode(f"{self.me.email}/token:{self.api_token}".encode())
        return hmac.compare_digest(authorization.encode(), b"Basic " + ours)

    async def _users_me(self, request: Request) -> Response:
        return JSONResponse({"user": user_json(self.me)})

    async def _show_many(self, request: Request) -> Response:
        ids = _ids(request)
        if ids is None or len(ids) > MAX_BULK:
            return _refused(400, "BadRequest", "ids must be up to 100 numbers")
        found = [self.desk.tickets[ticket] for ticket in ids if ticket in self.desk.tickets]
        return JSONResponse(
            tickets_json(found, self.desk, _address(request), request.query_params.get("include", ""))
        )

    async def _show(self, request: Request) -> Response:
        ticket = self.desk.tickets.get(request.path_params["id"])
        if ticket is None:
            return _not_found()
        return JSONResponse({"ticket": ticket_json(ticket, _address(request))})

    async def _export(self, request: Request) -> Response:
        """Ordered by change; a start within the last minute is refused, a change within it not shown yet."""
        youngest = self.clock() - self.export_lag
        leaves_out = request.query_params.get("exclude_deleted") == "true"
        after, start = 0, datetime.min.replace(tzinfo=UTC)
        try:
            if "cursor" in request.query_params:
                after = int(base64.b64decode(request.query_params["cursor"]))
            else:
                start = datetime.fromtimestamp(int(request.query_params["start_time"]), UTC)
            size = min(1000, int(request.query_params.get("per_page", "1000")))
        except (KeyError, ValueError):
            return _refused(400, "BadRequest", "start_time or cursor is needed")
        if start > youngest:
            return _refused(
                422, "InvalidValue", "Too recent start_time. Use a start_time older than a minute"
            )
        known = self.desk.tickets | ({} if leaves_out else self.desk.deleted)
        tickets = [
            ticket
            for ticket in (known[changed] for changed in self.desk.changed if changed in known)
            if ticket.change > after and start <= ticket.updated_at <= youngest
        ]
        page = tickets[:size]
        last = page[-1].change if page else after
        answer = tickets_json(page, self.desk, _address(request), request.query_params.get("include", ""))
        answer["after_cursor"] = base64.b64encode(str(last).encode()).decode()
        answer["end_of_stream"] = len(page) == len(tickets)
        return JSONResponse(answer)

    async def _create(self, request: Request) -> Response:
        """An `Idempotency-Key` brings the first answer again; with another body it is an error."""
        raw = await request.body()
        body = _ticket_object(raw)
        key = request.headers.get("idempotency-key")
        if key is not None and key in self._created:
            first, answer = self._created[key]
            if first != raw:
                return _refused(400, "IdempotentRequestError", "the key was used with other parameters")
            return JSONResponse(answer, 201, {"x-idempotency-lookup": "hit"})
        comment = (body or {}).get("comment") or {}
        if body is None or not comment.get("body"):
            return _refused(422, "RecordInvalid", "Description: cannot be blank")
        requester = self.me
        if "requester" in body:
            requester = self.desk.user(body["requester"]["name"], body["requester"]["email"])
        ticket = self.desk.create(
            requester,
            body.get("subject", ""),
            comment["body"],
            actor=self.me,
            tags=body.get("tags", ()),
            priority=body.get("priority"),
            channel="api",
            metadata=body.get("metadata"),
        )
        answer = {"ticket": ticket_json(ticket, _address(request))}
        if key is None:
            return JSONResponse(answer, 201)
        self._created[key] = (raw, answer)
        return JSONResponse(answer, 201, {"x-idempotency-lookup": "miss"})

    async def _update(self, request: Request) -> Response:
        now = self.clock()
        ticket_id = request.path_params["id"]
        if (wait := self._updates.take(now)) is not None:
            return _too_many(wait)
        ticket = self.desk.tickets.get(ticket_id)
        if ticket is None:
            return _not_found()
        if (wait := self._per_ticket.setdefault(ticket_id, CallWindow(30, 600)).take(now)) is not None:
            return _too_many(wait)
        body = _ticket_object(await request.body())
        error = self._apply(ticket, body)
        if error is not None:
            details = {"status": [{"description": error}]}
            return JSONResponse(
                {"error": "RecordInvalid", "description": "Record validation errors", "details": details}, 422
            )
        return JSONResponse(
            {
                "ticket": ticket_json(ticket, _address(request)),
                "audit": audit_json(ticket, ticket.audits[-1]),
            }
        )

    async def _update_many(self, request: Request) -> Response:
        ids = _ids(request)
        body = _ticket_object(await request.body())
        if not ids or len(ids) > MAX_BULK or body is None:
            return _refused(400, "BadRequest", "ids must be 1 to 100 numbers, and a ticket object is needed")
        if sum(job.status != "completed" for job in self.jobs.values()) >= MAX_JOBS:
            return _too_many(10)
        results = [self._result(index, ticket_id, body) for index, ticket_id in enumerate(ids)]
        job = FakeJob(f"job{self.desk.next_id()}", results, self.job_looks, self.jobs_are_stuck)
        self.jobs[job.id] = job
        return JSONResponse({"job_status": job_json(job, _address(request))})

    def _result(self, index: int, ticket_id: int, body: dict[str, Any]) -> dict[str, Any]:
        result: dict[str, Any] = {"index": index, "id": ticket_id}
        ticket = self.desk.tickets.get(ticket_id)
        if ticket is None:
            return result | {"error": "RecordNotFound", "details": "Not found"}
        error = self._apply(ticket, body)
        if error is not None:
            return result | {"error": "RecordInvalid", "details": error}
        return result | {"action": "update", "success": True, "status": "Updated"}

    async def _job_status(self, request: Request) -> Response:
        job = self.jobs.get(request.path_params["id"])
        if job is None:
            return _not_found()
        job.looks -= 1
        return JSONResponse({"job_status": job_json(job, _address(request))})

    async def _audits(self, request: Request) -> Response:
        ticket = self.desk.tickets.get(request.path_params["id"])
        if ticket is None:
            return _not_found()
        size = min(MAX_AUDITS, int(request.query_params.get("per_page", MAX_AUDITS)))
        page = int(request.query_params.get("page", "1"))
        audits = ticket.audits
        if request.query_params.get("sort_order") == "desc":
            audits = audits[::-1]
        shown = audits[(page - 1) * size : page * size]
        next_url = f"{_address(request)}{request.url.path}?page={page + 1}"
        authors = dict.fromkeys(audit.author_id for audit in shown)
        return JSONResponse(
            {
                "audits": [audit_json(ticket, audit) for audit in shown],
                "users": [user_json(self.desk.users[author]) for author in authors],
                "next_page": next_url if page * size < len(audits) else None,
                "count": len(audits),
            }
        )

    def _apply(self, ticket: FakeTicket, body: dict[str, Any] | None) -> str | None:
        """Carry out an update by us; the error's text when Zendesk would refuse it."""
        if body is None:
            return "Ticket: is missing"
        status = body.get("status")
        if status is not None and status not in STATUSES:
            return f"Status: {status} is not a valid status"
        comment = body.get("comment")
        said = None
        if comment is not None:
            # A comment that does not say is public: the trap our connector must never step into.
            said = (comment["body"], comment.get("public", True))
        try:
            self.desk.change(
                ticket,
                self.me,
                comment=said,
                status=status,
                add_tags=body.get("additional_tags", ()),
                metadata=body.get("metadata"),
            )
        except ClosedTicket as error:
            return str(error)
        return None


def _ids(request: Request) -> list[int] | None:
    try:
        return [int(text) for text in request.query_params["ids"].split(",")]
    except (KeyError, ValueError):
        return None


def _ticket_object(raw: bytes) -> dict[str, Any] | None:
    try:
        body = json.loads(raw)["ticket"]
    except (ValueError, KeyError, TypeError):
        return None
    return body if isinstance(body, dict) else None


def _address(request: Request) -> str:
    return str(request.base_url).rstrip("/")


def _not_found() -> Response:
    return _refused(404, "RecordNotFound", "Not found")


def _refused(status: int, error: str, description: str) -> Response:
    return JSONResponse({"error": error, "description": description}, status)


def _too_many(wait: int) -> Response:
    return JSONResponse(
        {"error": "APIRateLimitExceeded", "description": "Number of allowed requests exceeded"},
        429,
        {"Retry-After": str(wait)},
    )
