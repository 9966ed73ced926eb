"""Looks at a service from the outside, as a customer would: a fresh connection each, no cache, no redirects.

It does not send through `kit.http`: there an answer of 503 is an error to be repeated, here it is the news.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import httpx

from connectors.http.probe.failures import failure
from connectors.http.settings import HealthProbe
from connectors.http.urls import filled, shown
from incidents.errors import LiaisonError
from incidents.models import ProbeResult

MAX_BODY_BYTES = 1024 * 1024
NOT_LET_IN = frozenset({401, 403, 405, 407, 429})
"""The service answered and refused this look: it says nothing about customers."""


@dataclass(frozen=True, slots=True)
class _Look:
    is_healthy: bool | None
    summary: str
    url: str


class HealthLooks:
    """The probe side of one connection."""

    def __init__(self, name: str, probe: HealthProbe, transport: httpx.AsyncBaseTransport) -> None:
        self._name = name
        self._probe = probe
        self._client = httpx.AsyncClient(
            transport=transport,
            # A kept connection that the server has closed meanwhile would look like a failing service.
            headers={"user-agent": "Liaison", "cache-control": "no-cache", "connection": "close"},
            timeout=httpx.Timeout(probe.max_seconds, connect=probe.connect_seconds),
            follow_redirects=False,
            trust_env=False,
        )

    async def check(self, service: str, *, now: datetime) -> ProbeResult:
        """All addresses at once. One that fails decides; else one that proves nothing; else all is well."""
        urls = [filled(url, "{service}", service) for url in self._probe.urls]
        looks = await asyncio.gather(*(self._look(url) for url in urls))
        worst = min(looks, key=lambda look: (False, None, True).index(look.is_healthy))
        return ProbeResult(
            probe=self._name,
            is_healthy=worst.is_healthy,
            summary=worst.summary,
            at=now,
            url=shown(worst.url),
        )

    async def _look(self, url: str) -> _Look:
        """Look again until the service is well or the attempts are used up; the last look counts."""
        look = await self._ask(url)
        for _ in range(1, self._probe.attempts):
            if look.is_healthy:
                break
            await asyncio.sleep(self._probe.pause_seconds)
            look = await self._ask(url)
        return look

    async def _ask(self, url: str) -> _Look:
        clock = asyncio.get_running_loop().time
        started = clock()
        progress = _Progress()
        extensions = {"trace": progress.note}
        try:
            # httpx's time-outs are for each chunk: a service that drips would never meet them.
            async with asyncio.timeout(self._probe.connect_seconds + self._probe.max_seconds):
                async with self._client.stream(self._probe.method, url, extensions=extensions) as response:
                    body = await _beginning(response)
            took = clock() - started
            is_healthy, what = self._judge(response.status_code, body, took)
        except TimeoutError:
            is_healthy, what = (
                (None, "no connection") if progress.is_connecting else (False, "no full answer")
            )
        except (httpx.HTTPError, httpx.InvalidURL, LiaisonError) as error:
            is_healthy, what = failure(error)
        return _Look(is_healthy, f"{what} after {clock() - started:.2f} s from {shown(url)}", url)

    def _judge(self, status: int, body: bytes, took: float) -> tuple[bool | None, str]:
        said = f"HTTP {status}"
        if status not in self._probe.expected:
            if status in NOT_LET_IN:
                return None, f"{said}, which refuses the look,"
            return False, said
        wanted = self._probe.body_contains
        if wanted is not None and wanted.encode() not in body:
            return False, f"{said} without the expected text"
        if took > self._probe.max_seconds:
            return False, f"{said}, slower than {self._probe.max_seconds:g} s,"
        return True, said

    async def aclose(self) -> None:
        await self._client.aclose()


class _Progress:
    """How far a request came, told by httpcore's trace; a transport without sockets tells nothing.

    https://www.encode.io/httpcore/extensions/#trace
    """

    def __init__(self) -> None:
        self._began = self._sent = False

    async def note(self, event: str, info: Mapping[str, Any]) -> None:
        self._began = True
        self._sent = self._sent or not event.startswith("connection.")

    @property
    def is_connecting(self) -> bool:
        return self._began and not self._sent


async def _beginning(response: httpx.Response) -> bytes:
    """As much of the body as is ever looked at; read even when nothing is looked for, as a customer does."""
    read = bytearray()
    async for chunk in response.aiter_bytes():
        read += chunk
        if len(read) >= MAX_BODY_BYTES:
            break
    return bytes(read)
