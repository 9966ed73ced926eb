"""The sender against a gateway that is busy, silent or stern."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from datetime import UTC, datetime

import pytest

from connectors.kit.webhooks.signatures import verify_standard_webhook
from deployments.replay.failure import ReplayError
from deployments.replay.sender import AT_ONCE, TRIES, Sender, Sent, Webhook

SECRET = b"whsec_c2lnbmluZy1zZWNyZXQtb2YtdGhlLXJlcGxheQ=="
NOW = datetime(2026, 3, 2, 9, 30, tzinfo=UTC)
NEW = "200 OK", "liaison-receipt: new\r\n"
DUPLICATE = "200 OK", "liaison-receipt: duplicate\r\n"
HANG_UP = None

Reply = tuple[str, str] | None


class ScriptedGateway:
    """Speaks HTTP/1.1 on loopback; `replies` says what each webhook gets, by its id and how often it came."""

    def __init__(self, replies: Callable[[str, int], Reply]) -> None:
        self._replies = replies
        self.connections = 0
        self.came: Counter[str] = Counter()
        self.bodies: dict[str, bytes] = {}

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        try:
            while (reply := await self._answer_one(reader)) is not HANG_UP:
                status, headers = reply
                writer.write(f"HTTP/1.1 {status}\r\n{headers}content-length: 0\r\n\r\n".encode())
                await writer.drain()
        except asyncio.IncompleteReadError:
            pass
        finally:
            writer.close()

    async def _answer_one(self, reader: asyncio.StreamReader) -> Reply:
        head = (await reader.readuntil(b"\r\n\r\n")).decode().split("\r\n")
        assert head[0] == "POST /hooks/http/replay HTTP/1.1"
        headers = dict(line.split(": ", 1) for line in head[1:] if line)
        body = await reader.readexactly(int(headers["content-length"]))
        name = headers["webhook-id"]
        verify_standard_webhook(
            body,
            id=name,
            timestamp=headers["webhook-timestamp"],
            signature=headers["webhook-signature"],
            secrets=[SECRET],
            now=NOW,
        )
        self.came[name] += 1
        self.bodies[name] = body
        return self._replies(name, self.came[name])


@asynccontextmanager
async def listening(gateway: ScriptedGateway) -> AsyncIterator[str]:
    server = await asyncio.start_server(gateway.serve, "127.0.0.1", 0)
    async with server:
        yield f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/hooks/http/replay"


class Pauses:
    """Takes the place of sleeping, and remembers how long it was to be."""

    def __init__(self) -> None:
        self.asked: list[float] = []

    async def __call__(self, seconds: float) -> None:
        self.asked.append(seconds)


async def send(url: str, webhooks: list[Webhook], pause: Callable[[float], Awaitable[None]]) -> Sent:
    sender = Sender(url, SECRET, on_accepted=lambda _: None, clock=lambda: NOW, pause=pause)
    return await sender.send(webhooks)


def webhooks(count: int) -> list[Webhook]:
    return [Webhook(id=f"w{number}", body=f'{{"n": {number}}}'.encode()) for number in range(count)]


async def test_every_webhook_arrives_signed_over_few_connections() -> None:
    gateway = ScriptedGateway(lambda name, time: NEW)
    async with listening(gateway) as url:
        sent = await send(url, webhooks(500), Pauses())
    assert (sent.accepted, sent.known_already, sent.put_off) == (500, 0, 0)
    assert gateway.came == Counter({f"w{number}": 1 for number in range(500)})
    assert gateway.bodies["w7"] == b'{"n": 7}'
    assert gateway.connections <= AT_ONCE


async def test_what_the_gateway_knows_already_is_counted() -> None:
    gateway = ScriptedGateway(lambda name, time: NEW if time == 1 else DUPLICATE)
    async with listening(gateway) as url:
        sent = await send(url, [*webhooks(20), *webhooks(20)[:5]], Pauses())
    assert (sent.accepted, sent.known_already) == (25, 5)


@pytest.mark.parametrize("status", ["503 Service Unavailable", "429 Too Many Requests"])
async def test_told_to_come_later_it_comes_later(status: str) -> None:
    gateway = ScriptedGateway(lambda name, time: (status, "Retry-After: 5\r\n") if time == 1 else NEW)
    pauses = Pauses()
    async with listening(gateway) as url:
        sent = await send(url, webhooks(3), pauses)
    assert (sent.accepted, sent.put_off) == (3, 3)
    assert pauses.asked == [5.0] * 3


async def test_a_lost_reply_is_sent_again_with_the_same_id() -> None:
    """The first was stored and its answer lost: the gateway knows the second by its id."""
    gateway = ScriptedGateway(lambda name, time: HANG_UP if (name, time) == ("w1", 1) else DUPLICATE)
    async with listening(gateway) as url:
        sent = await send(url, webhooks(3), Pauses())
    assert sent.accepted == 3
    assert gateway.came == {"w0": 1, "w1": 2, "w2": 1}


async def test_a_refusal_stops_the_replay_and_says_why() -> None:
    gateway = ScriptedGateway(lambda name, time: ("401 Unauthorized", ""))
    async with listening(gateway) as url:
        with pytest.raises(ReplayError, match="does the gateway belong to this Prefect server"):
            await send(url, webhooks(100), Pauses())
    assert all(times == 1 for times in gateway.came.values())


async def test_a_wrong_address_is_told() -> None:
    gateway = ScriptedGateway(lambda name, time: ("404 Not Found", ""))
    async with listening(gateway) as url:
        with pytest.raises(ReplayError, match="answered 404: is it the address of Liaison's gateway"):
            await send(url, webhooks(1), Pauses())


async def test_a_gateway_that_is_never_ready_is_given_up() -> None:
    gateway = ScriptedGateway(lambda name, time: ("503 Service Unavailable", "retry-after: 3600\r\n"))
    pauses = Pauses()
    async with listening(gateway) as url:
        with pytest.raises(ReplayError, match=f"took no webhook in {TRIES} tries; the last time: status 503"):
            await send(url, webhooks(1), pauses)
    assert max(pauses.asked) == 30.0, "an hour is not waited for"


async def test_nobody_listens() -> None:
    gateway = ScriptedGateway(lambda name, time: NEW)
    async with listening(gateway) as url:
        pass
    with pytest.raises(ReplayError, match="no answer"):
        await send(url, webhooks(1), Pauses())
