"""The fake Zendesk's outgoing webhooks: signed, retried a little, and on demand doubled or out of order."""

from __future__ import annotations

import asyncio
import json
from collections import deque
from collections.abc import Awaitable, Callable
from datetime import datetime
from random import Random
from typing import Any

import httpx

from connectors.kit.webhooks.signatures import sign_timestamped_base64
from connectors.zendesk.webhook import SIGNATURE, TIMESTAMP

Deliver = Callable[[str, dict[str, str], bytes], Awaitable[int]]
"""Sends url, headers and body, and returns the status; 0 stands for no answer."""


class Post:
    """The default `Deliver`, over one kept-open client. Zendesk waits 12 seconds for an answer."""

    def __init__(self) -> None:
        self._client: httpx.AsyncClient | None = None

    async def __call__(self, url: str, headers: dict[str, str], body: bytes) -> int:
        if self._client is None:
            self._client = httpx.AsyncClient(timeout=12, trust_env=False)
        try:
            return (await self._client.post(url, headers=headers, content=body)).status_code
        except httpx.TransportError:
            return 0

    async def aclose(self) -> None:
        if self._client is not None:
            await self._client.aclose()
            self._client = None


class Outbox:
    """Webhooks waiting to be sent. `duplicate_rate`, `shuffle`, `deliver` and how it retries may be changed.

    `rung` is set when something waits. A delivery answered 409, 429, 5xx or not at all is tried `attempts` times in
    all, `retry_seconds` apart.
    """

    def __init__(
        self,
        *,
        url: str,
        secret: bytes,
        deliver: Deliver,
        clock: Callable[[], datetime],
        random: Random,
        rung: asyncio.Event,
        duplicate_rate: float = 0.0,
        shuffle: bool = False,
        attempts: int = 3,
        retry_seconds: float = 0.0,
    ) -> None:
        self.url = url
        self.secret = secret
        self.duplicate_rate = duplicate_rate
        self.shuffle = shuffle
        self.failed: list[bytes] = []
        self.deliver = deliver
        self._clock = clock
        self._random = random
        self.attempts = attempts
        self.retry_seconds = retry_seconds
        self._waiting: deque[bytes] = deque()
        self._rung = rung

    def __len__(self) -> int:
        return len(self._waiting)

    def push(self, payload: dict[str, Any]) -> None:
        """Queue a payload, by chance twice; `drain` sends it. Without an address nobody listens."""
        if not self.url:
            return
        body = json.dumps(payload, separators=(",", ":")).encode()
        self._waiting.append(body)
        if self._random.random() < self.duplicate_rate:
            self._waiting.append(body)
        self._rung.set()

    def forget(self) -> None:
        """What waits is lost on its way."""
        self._waiting.clear()

    async def drain(self, senders: int = 1) -> int:
        """Send until nothing waits, `senders` at a time; returns how many deliveries were made."""
        if self.shuffle:
            waiting = list(self._waiting)
            self._random.shuffle(waiting)
            self._waiting = deque(waiting)
        return sum(await asyncio.gather(*(self._send_all() for _ in range(senders))))

    def headers(self, body: bytes) -> dict[str, str]:
        """What Zendesk sends with this body now."""
        timestamp = self._clock().strftime("%Y-%m-%dT%H:%M:%SZ")
        return {
            "Content-Type": "application/json; charset=utf-8",
            "User-Agent": "Zendesk Webhook",
            "X-Zendesk-Webhook-Invocation-Id": f"01{self._random.getrandbits(120):030X}",
            TIMESTAMP: timestamp,
            SIGNATURE: sign_timestamped_base64(body, self.secret, timestamp=timestamp),
        }

    async def _send_all(self) -> int:
        sent = 0
        while self._waiting:
            await self._send(self._waiting.popleft())
            sent += 1
        return sent

    async def _send(self, body: bytes) -> None:
        for attempt in range(self.attempts):
            if attempt:
                await asyncio.sleep(self.retry_seconds)
            status = await self.deliver(self.url, self.headers(body), body)
            if 0 < status < 500 and status not in (409, 429):
                return
        self.failed.append(body)
