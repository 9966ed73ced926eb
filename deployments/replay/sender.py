"""Sends webhooks as a helpdesk would: signed, many at once, and again when it is told to come later.

Standard Webhooks: https://github.com/standard-webhooks/standard-webhooks/blob/main/spec/standard-webhooks.md
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime

from connectors.kit.webhooks.signing import sign_standard_webhook
from deployments.replay.failure import ReplayError
from deployments.replay.http_connection import HttpAnswer, HttpConnection, NoAnswer

AT_ONCE = 32
TRIES = 30
LONGEST_WAIT = 30.0
NO_ANSWER_WAIT = 1.0
LATER = (429, 503)


@dataclass(frozen=True, kw_only=True, slots=True)
class Webhook:
    """One thing to send; sent again, it keeps its id."""

    id: str
    body: bytes


@dataclass(kw_only=True, slots=True)
class Sent:
    """What became of the sending. Times are of the monotonic clock."""

    accepted: int = 0
    known_already: int = 0
    put_off: int = 0
    began: float = 0.0
    last_accepted: float = 0.0


class Sender:
    """Posts to one connection of a gateway. `on_accepted` is told the number accepted so far."""

    def __init__(
        self,
        url: str,
        secret: bytes,
        *,
        on_accepted: Callable[[int], None],
        clock: Callable[[], datetime] = lambda: datetime.now(UTC),
        pause: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        self._url = url
        self._secret = secret
        self._on_accepted = on_accepted
        self._clock = clock
        self._pause = pause

    async def send(self, webhooks: Iterable[Webhook]) -> Sent:
        """Return when every webhook was accepted. Raises `ReplayError` when one is refused, or put off for ever."""
        sent = Sent(began=time.monotonic())
        line = iter(webhooks)
        try:
            async with asyncio.TaskGroup() as group:
                for _ in range(AT_ONCE):
                    group.create_task(self._serve(line, sent))
        except ExceptionGroup as group_error:
            raise group_error.exceptions[0] from None
        return sent

    async def _serve(self, line: Iterator[Webhook], sent: Sent) -> None:
        connection = HttpConnection(self._url)
        try:
            for webhook in line:
                answer = await self._until_accepted(connection, webhook, sent)
                sent.accepted += 1
                sent.known_already += answer.headers.get("liaison-receipt") == "duplicate"
                sent.last_accepted = time.monotonic()
                self._on_accepted(sent.accepted)
        finally:
            connection.close()

    async def _until_accepted(self, connection: HttpConnection, webhook: Webhook, sent: Sent) -> HttpAnswer:
        trouble = ""
        for _ in range(TRIES):
            try:
                answer = await connection.post(self._headers(webhook), webhook.body)
            except NoAnswer as error:
                trouble, wait = f"no answer ({error})", NO_ANSWER_WAIT
            else:
                if answer.status < 300:
                    return answer
                if answer.status not in LATER:
                    raise ReplayError(_refusal(answer.status, self._url))
                trouble, wait = f"status {answer.status}", _retry_after(answer)
            sent.put_off += 1
            await self._pause(wait)
        raise ReplayError(f"{self._url} took no webhook in {TRIES} tries; the last time: {trouble}")

    def _headers(self, webhook: Webhook) -> dict[str, str]:
        timestamp = str(int(self._clock().timestamp()))
        return {
            "content-type": "application/json",
            "webhook-id": webhook.id,
            "webhook-timestamp": timestamp,
            "webhook-signature": sign_standard_webhook(
                webhook.body, self._secret, id=webhook.id, timestamp=timestamp
            ),
        }


def _retry_after(answer: HttpAnswer) -> float:
    seconds = answer.headers.get("retry-after", "")
    return min(float(seconds), LONGEST_WAIT) if seconds.isdecimal() else NO_ANSWER_WAIT


def _refusal(status: int, url: str) -> str:
    if status == 401:
        return f"{url} says that the signature is wrong: does the gateway belong to this Prefect server?"
    return f"{url} answered {status}: is it the address of Liaison's gateway?"
