"""Helpdesks that send signed webhooks without a pause, each again until it is acknowledged."""

from __future__ import annotations

import asyncio
import json
import time
import uuid
from collections import Counter
from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

from bench.lean_post import LeanPost
from connectors.kit.webhooks.signing import sign_standard_webhook

AT_ONCE = 16
PAUSE = 0.2
"""Seconds before what was not acknowledged is sent again."""


@dataclass(kw_only=True)
class Sent:
    """What the senders remember. `last`: the monotonic time of the newest acknowledgement."""

    acknowledged: list[str] = field(default_factory=list)
    statuses: Counter[int] = field(default_factory=Counter)
    slowest: float = 0.0
    last: float = 0.0

    def lost(self, stored: Iterable[str]) -> int:
        """How many were acknowledged and are not in the store."""
        return len(set(self.acknowledged) - set(stored))


def webhook(secret: bytes) -> tuple[str, bytes]:
    """The id of a new ticket, and the body of the webhook that tells of it."""
    number = f"msg_{uuid.uuid4().hex}"
    return number, json.dumps(
        {"id": number, "status": "open", "subject": "Cannot pay", "body": "My bank refused."}
    ).encode()


def signed(id: str, body: bytes, secret: bytes) -> dict[str, str]:
    """The headers of one attempt, which is signed anew."""
    timestamp = str(int(time.time()))
    signature = sign_standard_webhook(body, secret, id=id, timestamp=timestamp)
    return {
        "content-type": "application/json",
        "webhook-id": id,
        "webhook-timestamp": timestamp,
        "webhook-signature": signature,
    }


@asynccontextmanager
async def sending(url: str, secret: bytes, *, at_once: int = AT_ONCE) -> AsyncIterator[Sent]:
    """Send for the length of the block; what is under way at its end is acknowledged, or given up after 30 s."""
    sent, stop = Sent(), asyncio.Event()
    posts = [LeanPost() for _ in range(at_once)]
    tasks = [asyncio.create_task(_send(post, url, secret, sent, stop)) for post in posts]
    try:
        yield sent
    finally:
        stop.set()
        _, late = await asyncio.wait(tasks, timeout=30)
        for task in late:
            task.cancel()
        results = await asyncio.gather(*tasks, return_exceptions=True)
        for post in posts:
            post.close()
    for result in results:
        if isinstance(result, Exception):
            raise result


async def _send(post: LeanPost, url: str, secret: bytes, sent: Sent, stop: asyncio.Event) -> None:
    while not stop.is_set():
        number, body = webhook(secret)
        while True:
            began = time.monotonic()
            status = await post(url, signed(number, body, secret), body)
            ended = time.monotonic()
            sent.statuses[status] += 1
            if status == 200:
                sent.acknowledged.append(number)
                sent.slowest, sent.last = max(sent.slowest, ended - began), ended
                break
            await asyncio.sleep(PAUSE)
