"""The bare arm: what a connector sent, written down and sent again by a client that knows nothing of it."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass

import httpx

CONNECTION_HEADERS = frozenset({"host", "content-length", "transfer-encoding"})
"""Those each client writes for itself."""


@dataclass(frozen=True, kw_only=True)
class Sent:
    """One request as it left."""

    method: str
    url: str
    headers: tuple[tuple[str, str], ...]
    content: bytes


class WrittenDown(httpx.AsyncBaseTransport):
    """The network, with a list of what went out."""

    def __init__(self) -> None:
        self._network = httpx.AsyncHTTPTransport(trust_env=False)
        self._sent: list[Sent] = []

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        """Send it, and write it down."""
        content = await request.aread()
        headers = [(name, value) for name, value in request.headers.items() if name not in CONNECTION_HEADERS]
        self._sent.append(
            Sent(method=request.method, url=str(request.url), headers=tuple(headers), content=content)
        )
        return await self._network.handle_async_request(request)

    def taken(self) -> Sequence[Sent]:
        """What went out since the last time this was asked."""
        sent, self._sent = self._sent, []
        return sent

    async def aclose(self) -> None:
        """Close its connections."""
        await self._network.aclose()


async def seconds_bare(client: httpx.AsyncClient, sent: Sequence[Sent]) -> float:
    """The same requests, one after another, each answer read and its JSON parsed."""
    began = time.perf_counter()
    for one in sent:
        answer = await client.request(one.method, one.url, headers=one.headers, content=one.content)
        if answer.content and "json" in answer.headers.get("content-type", ""):
            answer.json()
    return time.perf_counter() - began
