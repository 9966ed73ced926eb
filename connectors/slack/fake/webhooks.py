"""Slack's outgoing side, for the fake: signed, impatient (3 s), and sent again up to three times if an event.

https://docs.slack.dev/apis/events-api/#retries
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field

import httpx

from connectors.kit.authorities import authorities
from connectors.kit.webhooks.signatures import sign_slack

Deliver = Callable[[str, dict[str, str], bytes], Awaitable[int]]


async def post_over_http(url: str, headers: dict[str, str], body: bytes) -> int:
    """One delivery, as the network does it; the status it was answered with."""
    async with httpx.AsyncClient(verify=authorities(), trust_env=False) as client:
        return (await client.post(url, headers=headers, content=body)).status_code


@dataclass(kw_only=True)
class Webhooks:
    """Where deliveries go and what becomes of them.

    `retry_waits` are seconds before each repeat of an event. `is_doubling` sends everything twice;
    `is_holding` keeps events back until `release`, which may send them in the wrong order. `sent` is what
    went out and how it was answered; 0 stands for no answer in time.
    """

    secret: str
    clock: Callable[[], float]
    url: str | None = None
    deliver: Deliver = post_over_http
    patience: float = 3.0
    retry_waits: Sequence[float] = (0.0, 60.0, 300.0)
    is_doubling: bool = False
    is_holding: bool = False
    sent: list[tuple[bytes, int]] = field(default_factory=list)
    _held: list[bytes] = field(default_factory=list)
    _tasks: set[asyncio.Task[None]] = field(default_factory=set)

    def queue_event(self, body: bytes) -> None:
        """Send in the background, as Slack does, whatever caused it has long been answered."""
        if self.url is None:
            return
        if self.is_holding:
            self._held.append(body)
            return
        task = asyncio.get_running_loop().create_task(self._send_event(body))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    def release(self, *, is_reversed: bool = False) -> None:
        """Send what was held back, on demand the latest first, and hold nothing back any more."""
        held, self._held, self.is_holding = self._held, [], False
        for body in reversed(held) if is_reversed else held:
            self.queue_event(body)

    async def settle(self) -> None:
        """Return when everything queued is delivered or given up."""
        while self._tasks:
            await asyncio.gather(*self._tasks)

    async def send_form(self, body: bytes) -> int:
        """A slash command or a pressed button: sent once, and the person sees whether it worked."""
        status = await self._send(body, "application/x-www-form-urlencoded", {})
        if self.is_doubling:
            await self._send(body, "application/x-www-form-urlencoded", {})
        return status

    async def send_json(self, body: bytes) -> int:
        """An event or a question in JSON, sent once; returns the status of the answer."""
        return await self._send(body, "application/json", {})

    async def _send_event(self, body: bytes) -> None:
        status = await self.send_json(body)
        for number, wait in enumerate(self.retry_waits, start=1):
            if 200 <= status < 300 and not (self.is_doubling and number == 1):
                return
            await asyncio.sleep(wait)
            reason = "http_timeout" if status == 0 else "http_error"
            again = {"X-Slack-Retry-Num": str(number), "X-Slack-Retry-Reason": reason}
            status = await self._send(body, "application/json", again)

    async def _send(self, body: bytes, content_type: str, more: dict[str, str]) -> int:
        if self.url is None:
            raise RuntimeError("the fake Slack has no webhook_url to send to")
        headers = {"Content-Type": content_type, **self.signed(body), **more}
        try:
            async with asyncio.timeout(self.patience):
                status = await self.deliver(self.url, headers, body)
        except (TimeoutError, httpx.TransportError):
            status = 0
        self.sent.append((body, status))
        return status

    def signed(self, body: bytes) -> dict[str, str]:
        """The headers that Slack signs such a body with now."""
        timestamp = str(int(self.clock()))
        return {
            "X-Slack-Request-Timestamp": timestamp,
            "X-Slack-Signature": sign_slack(body, self.secret.encode(), timestamp=timestamp),
        }
