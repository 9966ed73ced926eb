"""Nobody holds a connection for ever, and those who try are in nobody's way."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack

import pytest
from starlette.types import Receive, Scope, Send

from deployments.gateway.answers import HookAnswer
from deployments.gateway.app import Gateway
from deployments.gateway.bodies import MAX_BODY_BYTES
from deployments.gateway.deadlines import Limits
from tests.deployments.gateway.conftest import Store, until
from tests.deployments.gateway.vendors import HTTP
from tests.deployments.gateway.wire import Peer, chunk, connected, head, serving, webhook

# Long enough for an honest request on a machine that is busy with other tests.
SOON = Limits(seconds=0.5)


@pytest.fixture
async def port(gateway: Gateway) -> AsyncIterator[int]:
    async with serving(gateway, SOON) as port:
        yield port


async def _nothing(_peer: Peer) -> None:
    """Connects, and that is all."""


async def _half_a_head(peer: Peer) -> None:
    await peer.write(webhook()[:60])


async def _half_a_head_later(peer: Peer) -> None:
    """The first request was honest."""
    await peer.write(webhook())
    await peer.answer()
    await peer.write(webhook()[:60])


async def _half_a_body(peer: Peer) -> None:
    await peer.write(webhook()[:-1])


async def _half_a_body_later(peer: Peer) -> None:
    await peer.write(webhook())
    await peer.answer()
    await peer.write(webhook(id="msg_2")[:-1])


async def _half_a_chunk(peer: Peer) -> None:
    headers = [*HTTP.sign(HTTP.event), ("Transfer-Encoding", "chunked")]
    await peer.write(head(headers) + chunk(HTTP.event)[:-3])


async def _rest_of_a_refused_body(peer: Peer) -> None:
    """Answered 413 already, it goes on to hold the line."""
    await peer.write(head(length=2 * 1024 * 1024) + b"x")
    assert (await peer.answer())[0] == 413


async def _body_nobody_asked_for(peer: Peer) -> None:
    await peer.write(head(length=100, path="/healthz") + b"x")
    assert (await peer.answer())[0] == 200


async def _empty_lines(peer: Peer) -> None:
    """They are allowed before a request, and are none."""
    await peer.write(webhook())
    await peer.answer()
    await peer.write(b"\r\n")


async def _half_a_body_behind_a_whole_one(peer: Peer) -> None:
    """In one piece, so that nothing tells us when the second began."""
    await peer.write(webhook() + webhook(id="msg_2")[:-1])
    await peer.answer()


async def _rest_of_a_body_refused_for_good(peer: Peer) -> None:
    """As a proxy asks: the connection is to be closed after the answer."""
    await peer.write(head([("Connection", "close")], length=2 * 1024 * 1024) + b"x")
    assert (await peer.answer())[0] == 413


SLOW: list[Callable[[Peer], Awaitable[None]]] = [
    _nothing,
    _half_a_head,
    _half_a_head_later,
    _half_a_body,
    _half_a_body_later,
    _half_a_chunk,
    _rest_of_a_refused_body,
    _body_nobody_asked_for,
    _empty_lines,
    _half_a_body_behind_a_whole_one,
    _rest_of_a_body_refused_for_good,
]


@pytest.mark.parametrize("slow", SLOW, ids=lambda slow: slow.__name__.strip("_"))
async def test_who_does_not_go_on_is_hung_up_on(slow: Callable[[Peer], Awaitable[None]], port: int):
    """Within the deadline, without an answer; the sender comes again."""
    async with connected(port) as peer:
        await slow(peer)
        assert await peer.rest() == b""


@pytest.mark.parametrize("part", [webhook()[:60], webhook()[:-60]], ids=["head", "body"])
async def test_a_drip_is_no_progress(part: bytes, port: int, store: Store):
    """The deadline is for the whole request: a byte now and then does not put it off."""
    async with connected(port) as peer:
        await peer.write(part)
        assert await peer.cut_off(lambda: b"x", within=20 * SOON.seconds, pause=0.02)
    assert await store.deliveries() == []


async def test_an_honest_request_in_time_is_left_alone(port: int, store: Store):
    """Each request has the whole deadline anew, however old the connection."""
    async with connected(port) as peer:
        for number in range(4):
            whole = webhook(id=f"msg_{number}")
            await peer.write(whole[:-1])
            await asyncio.sleep(SOON.seconds / 3)
            await peer.write(whole[-1:])
            assert (await peer.answer())[0] == 200
    assert len(await store.deliveries()) == 4


async def test_our_own_slowness_is_not_the_sender_s(gateway: Gateway, port: int):
    """A store that takes long is no reason to hang up: the request is complete."""
    accept = gateway._inbox.accept

    async def slowly(*args: object) -> object:
        await asyncio.sleep(2 * SOON.seconds)
        return await accept(*args)  # type: ignore[arg-type]

    gateway._inbox.accept = slowly  # type: ignore[method-assign, assignment]
    async with connected(port) as peer:
        await peer.write(webhook())
        assert (await peer.answer())[0] == 200


async def test_who_does_not_read_his_answers():
    """He asks, and the answers pile up on our side: he loses the connection, too."""
    answer = HookAnswer(200, b"x" * 1024 * 1024)

    async def app(_scope: Scope, _receive: Receive, send: Send) -> None:
        await answer.send(send)

    questions = 30
    async with serving(app, SOON) as port, connected(port, receive_buffer=4096) as peer:
        await peer.write(b"GET / HTTP/1.1\r\nHost: x\r\n\r\n" * questions)
        await asyncio.sleep(4 * SOON.seconds)
        assert len(await peer.rest()) < questions * len(answer.body)


async def test_seventy_who_hold_large_bodies(gateway: Gateway, store: Store):
    """They would need more than there is, and go on coming; each of ninety-two true webhooks has its place."""
    held = head(HTTP.sign(HTTP.event), length=MAX_BODY_BYTES) + b"x" * (MAX_BODY_BYTES - 1)
    async with serving(gateway) as port, AsyncExitStack() as stack:
        statuses = []
        for number in range(92):
            if number < 70:
                holder = await stack.enter_async_context(connected(port))
                await holder.write(held)
            async with connected(port) as honest:
                await honest.write(webhook(b"x" * 900_000, id=f"msg_{number}"))
                statuses.append((await honest.answer())[0])
    assert statuses == [200] * 92
    await until(lambda: gateway._bodies.held == 0)
    assert len(await store.deliveries()) == 92


async def test_many_who_hold_the_line(port: int, gateway: Gateway, store: Store):
    """Three hundred of them, and an honest sender is answered at once."""
    async with AsyncExitStack() as stack:
        for number in range(300):  # half of them in the head, half in the body
            peer = await stack.enter_async_context(connected(port))
            await peer.write(webhook()[: (60, -1)[number % 2]])
        async with connected(port) as honest:
            await honest.write(webhook(id="msg_honest"))
            assert (await honest.answer())[0] == 200
    await until(lambda: gateway._bodies.held == 0)
    assert len(await store.deliveries()) == 1
