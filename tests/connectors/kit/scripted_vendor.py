"""A vendor at the wire that answers what a test scripted, good or broken."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager
from typing import Any

import httpx

from connectors.kit.http import VendorHttp

Reply = httpx.Response | Exception


class Vendor(httpx.AsyncBaseTransport):
    """Gives each reply once, the last one for ever, and remembers the requests."""

    def __init__(self, *replies: Reply | Callable[[], Reply]) -> None:
        self._replies = list(replies)
        self.requests: list[httpx.Request] = []

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        self.requests.append(request)
        reply = self._replies.pop(0) if len(self._replies) > 1 else self._replies[0]
        if callable(reply):
            reply = reply()
        if isinstance(reply, Exception):
            raise reply
        return reply


class Stream(httpx.AsyncByteStream):
    """An answer's body that comes in pieces, may fail, may never end, and knows whether it was let go."""

    def __init__(self, pieces: Iterator[bytes], error: Exception | None = None, *, ends: bool = True) -> None:
        self._pieces, self._error, self._ends = pieces, error, ends
        self.taken = 0
        self.is_closed = False

    async def __aiter__(self) -> AsyncIterator[bytes]:
        for piece in self._pieces:
            self.taken += 1
            yield piece
        if self._error is not None:
            raise self._error
        if not self._ends:
            await asyncio.Event().wait()

    async def aclose(self) -> None:
        self.is_closed = True


@asynccontextmanager
async def http(vendor: httpx.AsyncBaseTransport, **options: Any) -> AsyncIterator[VendorHttp]:
    async with VendorHttp(
        vendor="acme", base_url="https://api.example/v1", transport=vendor, **options
    ) as client:
        yield client


def status(code: int, **headers: str) -> Callable[[], httpx.Response]:
    return lambda: httpx.Response(code, json={"error": "x"}, headers=headers)
