"""What one connection may take of us: uvicorn waits without end for headers, bodies and readers, and keeps
whatever comes; this does not.

A request must be complete within `seconds` of its first byte (a connection must begin one within `seconds` of
being made), its headers within `header_bytes`, all of it within `request_bytes`, its answer must be taken within
`seconds`, and no more than `pipelined` requests may be written ahead of their answers. Who does not keep to that
loses the connection, without an answer unless its headers were too long (431); honest senders come again.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from enum import Enum, auto
from typing import Any, cast

import httptools
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from deployments.gateway.bodies import MAX_BODY_BYTES
from deployments.gateway.closing import AnswerTransport, end_our_side
from deployments.gateway.upgrades import UpgradeIgnoringParser

HEADERS_TOO_LARGE = (
    b"HTTP/1.1 431 Request Header Fields Too Large\r\n"
    b"content-length: 29\r\ncontent-type: text/plain; charset=utf-8\r\nconnection: close\r\n\r\n"
    b"the headers are over 64 KiB\r\n"
)
# Beside the words of a line: "POST" and "HTTP/1.1", ": ", the line's end.
_REQUEST_LINE_BYTES = len(b"POST  HTTP/1.1\r\n")
_HEADER_LINE_BYTES = len(b": \r\n")


@dataclass(frozen=True, kw_only=True, slots=True)
class Limits:
    """`header_bytes` counts the request's first line and its headers, each as `Name: value` with its line's end.

    `request_bytes` is well over the body's limit: whoever is answered 413 may be in the midst of writing.
    """

    seconds: float = 10.0
    header_bytes: int = 64 * 1024
    request_bytes: int = 8 * MAX_BODY_BYTES
    pipelined: int = 32


class _Refusal(Enum):
    HEADERS_TOO_LARGE = auto()
    TOO_FAR_AHEAD = auto()


class RequestRefused(Exception):
    """Ends the parsing of a connection's requests."""


class DeadlineProtocol(HttpToolsProtocol):
    """uvicorn's protocol under `Limits`."""

    def __init__(self, *args: Any, limits: Limits, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        # uvicorn calls just what ours has.
        self.parser = cast(httptools.HttpRequestParser, UpgradeIgnoringParser(self))
        self._limits = limits
        # Since when we wait for the rest of a request, and for the reader of an answer.
        self._incomplete_since: float | None = None
        self._unread_since: float | None = None
        self._is_in_headers = False
        self._head_bytes = 0
        self._request_bytes = 0
        self._refusal: _Refusal | None = None
        self._is_ended = False
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
        if not self._is_ended:
            super().data_received(data)
        if self._request_bytes > self._limits.request_bytes:
            self.transport.abort()
        elif self._is_in_headers and self._request_bytes > self._limits.header_bytes and not self._refusal:
            # A header without end, or much padding: not counted yet.
            self._refusal = _Refusal.HEADERS_TOO_LARGE
            self.send_400_response("")

    def send_400_response(self, msg: str) -> None:
        """What becomes of a request that the parser gave up."""
        if self._refusal is None:
            super().send_400_response(msg)
        elif self._refusal is _Refusal.HEADERS_TOO_LARGE and not self._owes_answers():
            self._is_ended = True
            self.transport.write(HEADERS_TOO_LARGE)
            end_our_side(self.transport)
        else:
            self.transport.abort()

    def on_message_begin(self) -> None:
        super().on_message_begin()
        if self._incomplete_since is None:  # it came in one piece with the end of the one before
            self._incomplete_since = self.loop.time()
        self._is_in_headers = True
        self._head_bytes = _REQUEST_LINE_BYTES

    def on_url(self, url: bytes) -> None:
        super().on_url(url)
        self._count_head(len(url))

    def on_header(self, name: bytes, value: bytes) -> None:
        super().on_header(name, value)
        self._count_head(len(name) + len(value) + _HEADER_LINE_BYTES)

    def on_headers_complete(self) -> None:
        if self._is_offer():
            return
        super().on_headers_complete()
        self._is_in_headers = False
        self.cycle.transport = AnswerTransport(self.transport, is_read=self._is_read)
        # With each answer uvicorn reads on, and keeps all requests it finds: a queue without end.
        if len(self.pipeline) > self._limits.pipelined:
            self._refuse(_Refusal.TOO_FAR_AHEAD)

    def on_message_complete(self) -> None:
        if self._is_offer():
            return
        super().on_message_complete()
        self._incomplete_since = None
        self._request_bytes = 0
        if self.cycle.transport.is_closing():
            self.transport.close()

    def pause_writing(self) -> None:
        super().pause_writing()
        self._unread_since = self.loop.time()

    def resume_writing(self) -> None:
        super().resume_writing()
        self._unread_since = None

    def _count_head(self, size: int) -> None:
        self._head_bytes += size
        if self._head_bytes > self._limits.header_bytes:
            self._refuse(_Refusal.HEADERS_TOO_LARGE)

    def _refuse(self, refusal: _Refusal) -> None:
        """To be called by the parser only, which gives the request up at that."""
        self._refusal = refusal
        raise RequestRefused

    def _is_offer(self) -> bool:
        """Whether the parser will begin this request again, without its offer of another protocol."""
        return cast(UpgradeIgnoringParser, self.parser).is_offer()

    def _owes_answers(self) -> bool:
        return self.cycle is not None and not self.cycle.response_complete

    def _is_read(self) -> bool:
        """Whether the sender has written all of the request that he has begun."""
        return self._incomplete_since is None

    def _look(self) -> None:
        """One timer a connection that moves on, not one a request: that would cost more than the parsing."""
        waits = [since for since in (self._incomplete_since, self._unread_since) if since is not None]
        now = self.loop.time()
        due = min(waits, default=now) + self._limits.seconds
        if due <= now:
            self.transport.abort()
        else:
            self._timer = self.loop.call_at(due, self._look)
