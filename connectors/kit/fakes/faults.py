"""Switchable faults for the wire fakes: what networks and vendors really do to us, on demand.

`Faults` is a plain object a test or a drill sets; `FaultyApp` is the ASGI wrapper that obeys it. A fault is
armed for a number of requests (or until cleared) whose path contains `where`.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from starlette.types import ASGIApp, Message, Receive, Scope, Send


class FaultKind(StrEnum):
    """What goes wrong, and whether the work was done before it did."""

    DELAY = "delay"
    """Answer `seconds` late."""
    DROP_REPLY = "drop_reply"
    """Do the work, then let the connection die without an answer."""
    ERROR_AFTER_WORK = "error_after_work"
    """Do the work, then answer 500."""
    OUTAGE = "outage"
    """Answer 503 and do nothing."""
    HTML = "html"
    """Do nothing and answer 200 with a login page."""
    UNAUTHORIZED = "unauthorized"
    """Answer 401 and do nothing."""
    MISSING = "missing"
    """Answer 404 and do nothing."""
    RATE_LIMIT = "rate_limit"
    """Answer 429 with Retry-After: `seconds`, at least 1, and do nothing."""
    CRASH = "crash"
    """Answer 500 and do nothing."""


class ReplyDropped(ConnectionError):
    """Raised towards the server so that the client sees a dead connection instead of an answer."""


_ANSWERS: dict[FaultKind, tuple[int, bytes, bytes]] = {
    FaultKind.OUTAGE: (503, b"text/plain", b"service unavailable"),
    FaultKind.HTML: (200, b"text/html", b"<html><body>Please log in</body></html>"),
    FaultKind.UNAUTHORIZED: (401, b"application/json", b'{"error":"invalid credentials"}'),
    FaultKind.MISSING: (404, b"application/json", b'{"error":"not found"}'),
    FaultKind.RATE_LIMIT: (429, b"application/json", b'{"error":"rate limited"}'),
    FaultKind.CRASH: (500, b"text/plain", b"internal error"),
}


@dataclass(slots=True)
class _Armed:
    kind: FaultKind
    where: str
    times: int | None
    seconds: float


@dataclass(slots=True)
class Faults:
    """What goes wrong next."""

    _armed: list[_Armed] = field(default_factory=list)

    def arm(self, kind: FaultKind, *, where: str = "", times: int | None = 1, seconds: float = 0.0) -> None:
        """Let the next `times` requests (None: all until `clear`) suffer whose path contains `where`; over HTTP the
        method stands before it, as in `POST /tickets`."""
        self._armed.append(_Armed(kind, where, times, seconds))

    def clear(self) -> None:
        """Let everything go well again, also what was armed and has not happened yet."""
        self._armed.clear()

    def take(self, path: str) -> tuple[FaultKind, float] | None:
        """The fault this request must suffer, used up by asking."""
        for fault in self._armed:
            if fault.where in path:
                if fault.times is not None:
                    fault.times -= 1
                    if fault.times == 0:
                        self._armed.remove(fault)
                return fault.kind, fault.seconds
        return None


class FaultyApp:
    """An ASGI app that suffers the faults its `Faults` has armed. `bodies` are the vendor's own words for some."""

    def __init__(
        self, app: ASGIApp, faults: Faults, bodies: Mapping[FaultKind, Mapping[str, object]] | None = None
    ) -> None:
        self._app = app
        self._faults = faults
        self._answers = dict(_ANSWERS)
        for kind, body in (bodies or {}).items():
            self._answers[kind] = (_ANSWERS[kind][0], b"application/json", json.dumps(body).encode())

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        is_http = scope["type"] == "http"
        taken = self._faults.take(f"{scope['method']} {scope['path']}") if is_http else None
        if taken is None:
            await self._app(scope, receive, send)
            return
        kind, seconds = taken
        if kind is FaultKind.DELAY:
            await asyncio.sleep(seconds)
            await self._app(scope, receive, send)
        elif kind in (FaultKind.DROP_REPLY, FaultKind.ERROR_AFTER_WORK):
            await self._app(scope, receive, _swallow)
            if kind is FaultKind.DROP_REPLY:
                raise ReplyDropped("reply dropped on purpose")
            await _answer(send, *self._answers[FaultKind.CRASH])
        else:
            await _answer(send, *self._answers[kind], retry_after=seconds)


async def _swallow(message: Message) -> None:
    """The work is done; nobody hears of it."""


async def _answer(
    send: Send, status: int, content_type: bytes, body: bytes, *, retry_after: float = 1.0
) -> None:
    headers = [(b"content-type", content_type), (b"content-length", str(len(body)).encode())]
    if status == 429:
        headers.append((b"retry-after", str(max(1, round(retry_after))).encode()))
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": body})
