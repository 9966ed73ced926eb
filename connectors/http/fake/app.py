"""A small web service to practise on: health that breaks by a switch, remedies that mend or fail, tickets.

It speaks what this connector was told to expect of any service: a health address, actions with idempotency
keys and asynchronous runs, and webhooks signed by the Standard Webhooks scheme.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from enum import StrEnum
from typing import Any
from uuid import uuid4

import httpx
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, Response
from starlette.routing import Route
from starlette.types import ASGIApp

from connectors.kit.authorities import authorities
from connectors.kit.fakes.faults import Faults, FaultyApp
from connectors.kit.webhooks.signatures import sign_standard_webhook, verify_standard_webhook
from connectors.kit.webhooks.signing import ID, SIGNATURE, TIMESTAMP
from incidents.errors import Forged

Deliver = Callable[[str, dict[str, str], bytes], Awaitable[int]]


class Health(StrEnum):
    """How the service is."""

    HEALTHY = "healthy"
    ERROR = "error"
    """Answers 503."""
    SLOW = "slow"
    """Answers well, `slow_seconds` late."""
    WRONG_BODY = "wrong_body"
    """Answers 200 and says that it is down."""
    HTML = "html"
    """Answers 200 with somebody's login page."""
    REFUSES = "refuses"
    """Answers 403: it lets nobody look."""


class Remedy(StrEnum):
    """What an action does when it runs."""

    SUCCEEDS = "succeeds"
    """Runs well and changes nothing: the wrong remedy."""
    MENDS = "mends"
    """Runs well, and the service is healthy."""
    FAILS = "fails"


@dataclass(slots=True)
class FakeRun:
    """One run of an action. It ends after `looks_left` more looks at it."""

    id: str
    action: str
    arguments: dict[str, str]
    remedy: Remedy
    looks_left: int
    ended: bool = False


@dataclass(frozen=True, slots=True)
class AnsweredWebhook:
    """A webhook as it went out, and what it was answered."""

    headers: dict[str, str]
    body: bytes
    status: int


@dataclass(slots=True)
class _Answered:
    body: bytes
    status: int
    data: dict[str, str]


async def post(url: str, headers: dict[str, str], body: bytes) -> int:
    """Deliver over the network."""
    async with httpx.AsyncClient(verify=authorities(), trust_env=False, timeout=10.0) as client:
        return (await client.post(url, headers=headers, content=body)).status_code


@dataclass(kw_only=True)
class FakeService:
    """The service, its remedies and its helpdesk. Every switch may be turned at any time.

    `looks_until_done` is how many looks at a run still say `running`; None makes actions end at once.
    `token` and `action_secret`, when set, are demanded of every call of an action. `honours_keys` says
    whether a repeated idempotency key is recognised.
    """

    health: Health = Health.HEALTHY
    slow_seconds: float = 10.0
    remedies: dict[str, Remedy] = field(default_factory=lambda: {"restart": Remedy.MENDS})
    looks_until_done: int | None = 1
    token: str = "demo-token-of-the-fake-service"
    action_secret: str = ""
    honours_keys: bool = True
    webhook_url: str = ""
    webhook_secret: str = "demo-signing-secret-of-the-fake-helpdesk"
    deliver: Deliver = post
    clock: Callable[[], datetime] = lambda: datetime.now(UTC)
    faults: Faults = field(default_factory=Faults)
    runs: list[FakeRun] = field(default_factory=list)
    sent: list[AnsweredWebhook] = field(default_factory=list)
    _answered: dict[str, _Answered] = field(default_factory=dict)

    @property
    def app(self) -> ASGIApp:
        """The service as an ASGI application, with its faults before it."""
        routes = [
            Route("/health", self._health, methods=["GET", "HEAD"]),
            Route("/actions/runs/{id}", self._run, methods=["GET"]),
            Route("/actions/{name}", self._act, methods=["POST"]),
        ]
        return FaultyApp(Starlette(routes=routes), self.faults)

    async def send_ticket(self, payload: dict[str, Any], *, id: str | None = None) -> int:
        """Tell Liaison about a ticket, and return the status it answered.

        `id` repeats an earlier delivery's id, as a sender's retry does.
        """
        body = json.dumps(payload).encode()
        message_id = id if id is not None else f"msg_{uuid4().hex}"
        timestamp = str(int(self.clock().timestamp()))
        headers = {
            "content-type": "application/json",
            ID: message_id,
            TIMESTAMP: timestamp,
            SIGNATURE: sign_standard_webhook(
                body, self.webhook_secret.encode(), id=message_id, timestamp=timestamp
            ),
        }
        return await self._deliver(headers, body)

    async def send_again(self, index: int = -1) -> int:
        """Repeat a delivery byte for byte, as a sender does that lost our answer."""
        return await self._deliver(self.sent[index].headers, self.sent[index].body)

    async def _deliver(self, headers: dict[str, str], body: bytes) -> int:
        status = await self.deliver(self.webhook_url, headers, body)
        self.sent.append(AnsweredWebhook(headers, body, status))
        return status

    async def _health(self, request: Request) -> Response:
        match self.health:
            case Health.ERROR:
                return JSONResponse({"status": "down"}, status_code=503)
            case Health.SLOW:
                await asyncio.sleep(self.slow_seconds)
            case Health.WRONG_BODY:
                return JSONResponse({"status": "down"})
            case Health.HTML:
                return HTMLResponse("<html><body>Please log in</body></html>")
            case Health.REFUSES:
                return JSONResponse({"status": "forbidden"}, status_code=403)
            case Health.HEALTHY:
                pass
        return JSONResponse({"status": "ok"})

    async def _act(self, request: Request) -> Response:
        body = await request.body()
        refusal = self._refusal(request, body)
        if refusal is not None:
            return refusal
        key = request.headers.get("idempotency-key", "")
        before = self._answered.get(key) if self.honours_keys and key else None
        if before is not None:
            # https://datatracker.ietf.org/doc/draft-ietf-httpapi-idempotency-key-header/ section 2.7
            if before.body != body:
                return JSONResponse({"detail": "key was used with another body"}, status_code=422)
            return self._said(before)
        name = request.path_params["name"]
        if name not in self.remedies:
            return JSONResponse({"detail": "no such action"}, status_code=404)
        answered = self._start(name, json.loads(body)["arguments"], body)
        self._answered[key] = answered
        return self._said(answered)

    def _start(self, name: str, arguments: dict[str, str], body: bytes) -> _Answered:
        looks = self.looks_until_done
        run = FakeRun(f"run-{len(self.runs) + 1}", name, arguments, self.remedies[name], looks or 0)
        self.runs.append(run)
        if looks is None:
            return _Answered(body, 200, {"id": run.id, **self._end(run)})
        return _Answered(body, 202, {"id": run.id, "status": "running", "detail": f"{name} started"})

    def _said(self, answered: _Answered) -> Response:
        headers = {"location": f"/actions/runs/{answered.data['id']}"}
        return JSONResponse(answered.data, status_code=answered.status, headers=headers)

    async def _run(self, request: Request) -> Response:
        refusal = self._refusal(request, None)
        if refusal is not None:
            return refusal
        run = next((run for run in self.runs if run.id == request.path_params["id"]), None)
        if run is None:
            return JSONResponse({"detail": "no such run"}, status_code=404)
        if run.looks_left > 0:
            run.looks_left -= 1
            return JSONResponse({"id": run.id, "status": "running"})
        return JSONResponse({"id": run.id, **self._end(run)})

    def _end(self, run: FakeRun) -> dict[str, str]:
        if run.remedy is Remedy.MENDS and not run.ended:
            self.health = Health.HEALTHY
        run.ended = True
        if run.remedy is Remedy.FAILS:
            return {"status": "failed", "detail": f"{run.action} failed: exit code 1"}
        return {"status": "succeeded", "detail": f"{run.action} done"}

    def _refusal(self, request: Request, body: bytes | None) -> Response | None:
        """Why the caller may not do this; only what has a body is signed."""
        if self.token and request.headers.get("authorization") != f"Bearer {self.token}":
            return JSONResponse({"detail": "who are you?"}, status_code=401)
        if self.action_secret and body is not None:
            try:
                verify_standard_webhook(
                    body,
                    id=request.headers.get(ID),
                    timestamp=request.headers.get(TIMESTAMP),
                    signature=request.headers.get(SIGNATURE),
                    secrets=[self.action_secret.encode()],
                    now=self.clock(),
                )
            except Forged as error:
                return JSONResponse({"detail": f"signature: {error.reason}"}, status_code=401)
        return None
