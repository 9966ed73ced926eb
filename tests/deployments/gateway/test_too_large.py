"""Limits of size: for each body, and for all of them at a time."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass, field

import httpx
import pytest
from starlette.types import Message, Scope

from deployments.gateway.app import Gateway
from deployments.gateway.bodies import MAX_BODY_BYTES, OVERHEAD_BYTES, Bodies, TooMuch
from tests.deployments.gateway.conftest import Sender, Store, until
from tests.deployments.gateway.vendors import HTTP

MIB = 1024 * 1024


class Wire:
    """An ASGI server's side of one request: hands out chunks and counts them."""

    def __init__(self, chunks: list[bytes], *, headers: list[tuple[bytes, bytes]] | None = None) -> None:
        self.scope: Scope = {
            "type": "http", "method": "POST", "path": HTTP.path, "headers": headers or []
        }  # fmt: skip
        self._chunks = chunks
        self.taken = 0
        self.sent: list[Message] = []

    async def receive(self) -> Message:
        self.taken += 1
        return {"type": "http.request", "body": self._chunks[self.taken - 1], "more_body": True}

    async def send(self, message: Message) -> None:
        self.sent.append(message)


@pytest.mark.parametrize(
    "declared", [str(MAX_BODY_BYTES + 1), str(10**17), "9" * 5000], ids=["just over", "huge", "absurd"]
)
async def test_a_declared_length_over_the_limit(declared: str, gateway: Gateway):
    """413 at once: not a byte of the body is read."""
    wire = Wire([], headers=[(b"content-length", declared.encode())])
    await gateway(wire.scope, wire.receive, wire.send)
    assert wire.sent[0]["status"] == 413
    assert wire.taken == 0


async def test_a_body_that_grows_over_the_limit(gateway: Gateway):
    """Chunked, or with a lying length: 413 as soon as the limit is passed, and what was read is let go."""
    wire = Wire([b"x" * (MIB // 4)] * 100, headers=[(b"content-length", b"10")])
    await gateway(wire.scope, wire.receive, wire.send)
    assert wire.sent[0]["status"] == 413
    assert wire.taken == 5
    assert gateway._bodies.held == 0


async def test_a_body_of_exactly_the_limit(sender: Sender, store: Store):
    """The limit itself is allowed."""
    body = b"x" * MAX_BODY_BYTES
    assert (await sender.send(HTTP, body)).status_code == 200
    assert (await sender.send(HTTP, body + b"x", id="msg_2")).status_code == 413
    assert len(await store.deliveries()) == 1


@dataclass
class Slow:
    """Senders that write all of a body but its last byte, and that one when they are told to."""

    http: httpx.AsyncClient
    bodies: Bodies
    more: asyncio.Event = field(default_factory=asyncio.Event)

    async def begin(self, size: int, path: str = HTTP.path) -> asyncio.Task[httpx.Response]:
        async def slowly() -> AsyncIterator[bytes]:
            yield b"x" * (size - 1)
            begun.set()
            await self.more.wait()
            yield b"x"

        begun = asyncio.Event()
        task = asyncio.create_task(self.http.post(path, content=slowly()))
        await begun.wait()
        return task


async def test_who_holds_a_body_open_longest_makes_room(gateway: Gateway, sender: Sender, store: Store):
    """Three of four senders hold what there is; a webhook comes: the oldest of them is asked to come again."""
    gateway._bodies = Bodies(max_held=16 * MIB)
    slow = Slow(sender.http, gateway._bodies)
    tasks = [await slow.begin(MIB) for _ in range(3)]
    assert (await sender.send(HTTP, b"y" * MIB)).status_code == 200
    refused = await tasks[0]
    assert (refused.status_code, "Retry-After" in refused.headers) == (503, True)
    slow.more.set()
    assert [(await task).status_code for task in tasks[1:]] == [401, 401]  # unsigned, yet fully read
    assert gateway._bodies.held == 0
    assert len(await store.deliveries()) == 1


async def test_one_connection_s_open_bodies_take_nothing_from_the_others(gateway: Gateway, sender: Sender):
    """However many hold theirs open for one connection, they share its quarter among themselves."""
    gateway._bodies = Bodies(max_held=16 * MIB)
    slow = Slow(sender.http, gateway._bodies)
    mine = await slow.begin(MIB, "/hooks/http/other")
    theirs = [await slow.begin(MIB) for _ in range(9)]
    assert [(await task).status_code for task in theirs[:6]] == [503] * 6
    slow.more.set()
    assert [(await task).status_code for task in (mine, *theirs[6:])] == [401] * 4
    assert gateway._bodies.held == 0


async def test_one_sender_s_open_bodies_take_nothing_from_the_others():
    """Nor do those of one address, whatever connections they name."""
    bodies = Bodies(max_held=8 * MIB)
    more = asyncio.Event()

    async def begin(address: str, connection: str) -> bytes:
        chunks = iter([b"x" * (MIB - 1), b"x"])

        async def receive() -> Message:
            chunk = next(chunks)
            if len(chunk) == 1:
                await more.wait()
            return {"type": "http.request", "body": chunk, "more_body": len(chunk) > 1}

        return await bodies.read({"headers": [], "client": (address, 1)}, receive, connection=connection)

    addresses = ["192.0.2.1", *["192.0.2.2"] * 5]
    tasks = [
        asyncio.create_task(begin(address, f"http/{number}")) for number, address in enumerate(addresses)
    ]
    await until(lambda: sum(task.done() for task in tasks) == 2)
    more.set()
    results = await asyncio.gather(*tasks, return_exceptions=True)
    assert [isinstance(result, TooMuch) for result in results] == [False, True, True, False, False, False]


async def test_what_is_complete_is_not_let_go(gateway: Gateway, sender: Sender):
    """All there is waits for the store: whoever comes now is asked to come again."""
    gateway._bodies = Bodies(max_held=5 * MIB)
    accept, stored = gateway._inbox.accept, asyncio.Event()

    async def later(*args: object) -> object:
        await stored.wait()
        return await accept(*args)  # type: ignore[arg-type]

    gateway._inbox.accept = later  # type: ignore[method-assign, assignment]
    tasks = [asyncio.create_task(sender.send(HTTP, b"x" * MIB, id=f"msg_{number}")) for number in range(4)]
    await until(lambda: gateway._bodies.held > 4 * MIB)
    refused = await sender.send(HTTP, b"x" * MIB, id="msg_4")
    assert (refused.status_code, "Retry-After" in refused.headers) == (503, True)
    stored.set()
    assert [(await task).status_code for task in tasks] == [200] * 4
    assert gateway._bodies.held == 0


async def test_empty_bodies_count_too(gateway: Gateway, sender: Sender):
    """A request costs memory whatever it carries."""
    gateway._bodies = Bodies(max_held=OVERHEAD_BYTES - 1)
    assert (await sender.send(HTTP, b"")).status_code == 503
    assert gateway._bodies.held == 0
