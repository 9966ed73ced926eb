"""Limits of size: for each body, and for all of them at a time."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import pytest
from starlette.types import Message, Scope

from deployments.gateway.app import Gateway
from deployments.gateway.bodies import MAX_BODY_BYTES, OVERHEAD_BYTES, Bodies
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


async def test_all_bodies_together_have_a_limit(gateway: Gateway, sender: Sender):
    """Many large ones at once must not exhaust the memory: those over it are asked to come again."""
    gateway._bodies = Bodies(max_held=3 * MIB)
    more = asyncio.Event()

    async def slowly() -> AsyncIterator[bytes]:
        yield b"x" * (MIB - 1)
        await more.wait()
        yield b"x"

    slow = asyncio.create_task(sender.http.post(HTTP.path, content=slowly()))
    fast = asyncio.create_task(sender.http.post(HTTP.path, content=slowly()))
    await until(lambda: gateway._bodies.held > 2 * (MIB - 1))
    refused = await sender.send(HTTP, b"x" * MIB)
    assert (refused.status_code, "Retry-After" in refused.headers) == (503, True)
    more.set()
    assert [(await task).status_code for task in (slow, fast)] == [401, 401]  # unsigned, yet fully read
    assert gateway._bodies.held == 0
    assert (await sender.send(HTTP, b"x" * MIB)).status_code == 200


async def test_empty_bodies_count_too(gateway: Gateway, sender: Sender):
    """A request costs memory whatever it carries."""
    gateway._bodies = Bodies(max_held=OVERHEAD_BYTES - 1)
    assert (await sender.send(HTTP, b"")).status_code == 503
    assert gateway._bodies.held == 0
