"""The webhook subscription of the fake PagerDuty: signed, in order, retried, and disabled when refused.

- In order for each incident. 5xx, 429 and no answer are tried again; any other 4xx is dropped at once.
- Three drops in a row disable the subscription; what waits is dropped too.
- The header X-Webhook-Id stays the same over the attempts; `event.id` is in the signed body.

https://developer.pagerduty.com/docs/webhooks-behavior
"""

from __future__ import annotations

import asyncio
import itertools
import json
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import Any

import httpx

from connectors.kit.authorities import authorities
from connectors.kit.webhooks.signatures import sign_hex_hmac

Deliver = Callable[[str, dict[str, str], bytes], Awaitable[int]]
"""Posts a body with headers to an address and returns the status."""


async def post(url: str, headers: dict[str, str], body: bytes) -> int:
    """Deliver over the network, as PagerDuty does: five seconds, no redirects."""
    async with httpx.AsyncClient(verify=authorities(), timeout=5.0, trust_env=False) as client:
        return (await client.post(url, headers=headers, content=body)).status_code


@dataclass(frozen=True, slots=True)
class FakeDelivery:
    """One attempt. `status` is None when nobody answered."""

    event_type: str
    webhook_id: str
    status: int | None


class FakeSubscription:
    """Delivers events to one address. Set `duplicates` or `shuffles` to misbehave."""

    def __init__(
        self,
        *,
        url: str | None,
        secrets: Sequence[str],
        deliver: Deliver,
        retry_delays: Sequence[float],
        on_disabled: Callable[[], None] = lambda: None,
    ) -> None:
        self.url = url
        self.secrets = list(secrets)
        self.duplicates = False
        self.shuffles = False
        self.is_disabled = False
        self.deliveries: list[FakeDelivery] = []
        self._on_disabled = on_disabled
        self._deliver = deliver
        self._retry_delays = retry_delays
        self._waiting: list[dict[str, Any]] = []
        self._drops = 0
        self._ids = itertools.count(1)
        self._sending: asyncio.Task[None] | None = None

    def send(self, event: dict[str, Any]) -> None:
        """Queue an event; it leaves as soon as the event loop turns."""
        if self.url is None or self.is_disabled:
            return
        self._waiting.append(event)
        try:
            loop = asyncio.get_running_loop()
        except RuntimeError:
            return  # called from outside the loop: `settle` or the next event takes it along
        if self._sending is None or self._sending.done():
            self._sending = loop.create_task(self._drain())

    async def settle(self) -> None:
        """Return when nothing waits any more."""
        while self._waiting or (self._sending is not None and not self._sending.done()):
            if self._sending is None or self._sending.done():
                self._sending = asyncio.get_running_loop().create_task(self._drain())
            await self._sending

    def signed(self, body: bytes) -> dict[str, str]:
        """The headers of a genuine delivery, signed with every live secret."""
        signatures = [sign_hex_hmac(body, secret.encode(), prefix="v1=") for secret in self.secrets]
        return {
            "Content-Type": "application/json",
            "User-Agent": "PagerDuty-Webhook/V3.0",
            "X-PagerDuty-Signature": ",".join(signatures),
            "X-Webhook-Subscription": "PSUBSCR",
            "X-Webhook-Id": f"webhook-{next(self._ids)}",
        }

    async def _drain(self) -> None:
        while self._waiting:
            batch, self._waiting = self._waiting, []
            if self.shuffles:
                batch.reverse()
            for event in batch:
                body = json.dumps({"event": event}).encode()
                headers = self.signed(body)
                for _ in range(2 if self.duplicates else 1):
                    if not self.is_disabled:
                        await self._attempt(event["event_type"], headers, body)

    async def _attempt(self, event_type: str, headers: dict[str, str], body: bytes) -> None:
        for delay in (*self._retry_delays, None):
            status = await self._status(headers, body)
            self.deliveries.append(FakeDelivery(event_type, headers["X-Webhook-Id"], status))
            if status is not None and 200 <= status < 300:
                self._drops = 0
                return
            if delay is None or (status is not None and status != 429 and status < 500):
                break
            await asyncio.sleep(delay)
        self._drops += 1
        if self._drops >= 3:
            self.is_disabled = True
            self._on_disabled()

    async def _status(self, headers: dict[str, str], body: bytes) -> int | None:
        assert self.url is not None  # noqa: S101  nothing is queued without an address
        try:
            return await self._deliver(self.url, headers, body)
        except (httpx.HTTPError, OSError):
            return None
