"""What one connection may take of us: uvicorn waits without end for headers, bodies and readers, and keeps
whatever comes; this does not.

A request must be complete within `seconds` of its first byte (a connection must begin one within `seconds` of
being made), its headers within `header_bytes`, all of it within `request_bytes`, its answer must be taken within
`seconds`, and no more than `pipelined` requests may be written ahead of their answers. Who does not keep to that
loses the connection without an answer; honest senders come again.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from typing import Any

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from deployments.gateway.bodies import MAX_BODY_BYTES


@dataclass(frozen=True, kw_only=True, slots=True)
class Limits:
    """`request_bytes` is well over the body's limit: whoever is answered 413 may be in the midst of writing."""

    seconds: float = 10.0
    header_bytes: int = 64 * 1024
    request_bytes: int = 8 * MAX_BODY_BYTES
    pipelined: int = 32


class DeadlineProtocol(HttpToolsProtocol):
    """uvicorn's protocol under `Limits`."""

    def __init__(self, *args: Any, limits: Limits, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._limits = limits
        # Since when we wait for the rest of a request, and for the reader of an answer.
        self._incomplete_since: float | None = None
        self._unread_since: float | None = None
        self._is_in_headers = False
        self._request_bytes = 0
        self._timer: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]  # as uvicorn has it
        super().connection_made(transport)
        self._incomplete_since = self.loop.time()
        self._timer = self.loop.call_later(self._limits.seconds, self._look)

    def connection_lost(self, exc: Exception | None) -> None:
        if self._timer is not None:
            self._timer.cancel()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        if self._incomplete_since is None:
            self._incomplete_since = self.loop.time()
        self._request_bytes += len(data)
        super().data_received(data)
        most = self._limits.header_bytes if self._is_in_headers else self._limits.request_bytes
        if self._request_bytes > most:
            self.transport.abort()

    def on_message_begin(self) -> None:
        super().on_message_begin()
        self._is_in_headers = True

    def on_headers_complete(self) -> None:
        super().on_headers_complete()
        self._is_in_headers = False
        # With each answer uvicorn reads on, and keeps all requests it finds: a queue without end.
        if len(self.pipeline) > self._limits.pipelined:
            self.transport.abort()

    def on_message_complete(self) -> None:
        super().on_message_complete()
        self._incomplete_since = None
        self._request_bytes = 0

    def pause_writing(self) -> None:
        super().pause_writing()
        self._unread_since = self.loop.time()

    def resume_writing(self) -> None:
        super().resume_writing()
        self._unread_since = None

    def _look(self) -> None:
        """One timer a connection that moves on, not one a request: that would cost more than the parsing."""
        waits = [since for since in (self._incomplete_since, self._unread_since) if since is not None]
        now = self.loop.time()
        due = min(waits, default=now) + self._limits.seconds
        if due <= now:
            self.transport.abort()
        else:
            self._timer = self.loop.call_at(due, self._look)
