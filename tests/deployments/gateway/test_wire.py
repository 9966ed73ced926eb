"""On the wire: truncation, half-open peers, sizes and kept connections, over a real socket."""

from __future__ import annotations

import asyncio
import tracemalloc
from collections.abc import AsyncIterator

import pytest

from deployments.gateway.app import Gateway
from deployments.gateway.bodies import MAX_BODY_BYTES
from tests.deployments.gateway.conftest import Store, until
from tests.deployments.gateway.vendors import HTTP
from tests.deployments.gateway.wire import chunk, connected, head, serving, webhook

MIB = 1024 * 1024
CHUNKED = [("Transfer-Encoding", "chunked")]


@pytest.fixture
async def port(gateway: Gateway) -> AsyncIterator[int]:
    async with serving(gateway) as port:
        yield port


async def test_a_genuine_webhook(port: int, store: Store):
    """The whole answer as a sender sees it."""
    async with connected(port) as peer:
        await peer.write(webhook())
        status, headers, body = await peer.answer()
    assert (status, body) == (200, b"")
    assert set(headers) == {"date", "content-length", "liaison-receipt"}
    assert len(await store.deliveries()) == 1


async def test_many_on_one_connection(port: int, store: Store):
    """One after the other, and several written before the first answer is read."""
    async with connected(port) as peer:
        for number in range(3):
            await peer.write(webhook(id=f"msg_{number}"))
            assert (await peer.answer())[0] == 200
        await peer.write(b"".join(webhook(id=f"msg_{number}") for number in range(3, 8)))
        assert [(await peer.answer())[0] for _ in range(5)] == [200] * 5
    assert len(await store.deliveries()) == 8


async def test_a_body_in_small_pieces(port: int, store: Store):
    """Chunked, byte by byte: the signature is over the joined body."""
    async with connected(port) as peer:
        await peer.write(head([*HTTP.sign(HTTP.event), *CHUNKED]))
        for byte in HTTP.event:
            await peer.write(chunk(bytes([byte])))
        await peer.write(chunk(b""))
        assert (await peer.answer())[0] == 200
    (row,) = await store.deliveries()
    assert row.body == HTTP.event


@pytest.mark.parametrize("framing", ["length", "chunked"])
async def test_a_truncated_body(framing: str, port: int, gateway: Gateway, store: Store):
    """The sender died in the midst of it: no row, no answer, and he will come again."""
    async with connected(port) as peer:
        if framing == "length":
            await peer.write(head(HTTP.sign(HTTP.event), length=len(HTTP.event) + 1) + HTTP.event)
        else:
            await peer.write(head([*HTTP.sign(HTTP.event), *CHUNKED]) + chunk(HTTP.event))
        await until(lambda: gateway._bodies.held > 0)
    await until(lambda: gateway._bodies.held == 0)
    assert await store.deliveries() == []
    assert await store.rejections() == []


async def test_a_half_open_peer(port: int, store: Store):
    """It says that it has no more to write, though it promised more."""
    async with connected(port) as peer:
        await peer.write(head(HTTP.sign(HTTP.event), length=len(HTTP.event) + 1) + HTTP.event)
        peer.write_end()
        assert await peer.rest() == b""
    assert await store.deliveries() == []


async def test_who_hangs_up_without_waiting_is_stored_all_the_same(port: int, store: Store):
    """The webhook was whole; that nobody hears the answer changes nothing."""
    async with connected(port) as peer:
        await peer.write(webhook())
    await until(store.deliveries)


async def test_too_large_and_declared(port: int):
    """413 before the body comes; who writes on all the same can read the answer, and is not cut off by it."""
    async with connected(port) as peer:
        await peer.write(head(length=3 * MIB))
        assert (await peer.answer())[0] == 413
        await peer.write(b"x" * 3 * MIB)
        await peer.write(webhook())
        assert (await peer.answer())[0] == 200


async def test_too_large_and_asking_first(port: int):
    """A sender who asks whether to send the body (Expect: 100-continue) is spared it."""
    async with connected(port) as peer:
        await peer.write(head([("Expect", "100-continue")], length=3 * MIB))
        assert (await peer.answer())[0] == 413


async def test_asking_first_for_what_is_allowed(port: int):
    """And told to go on where it is not too much."""
    async with connected(port) as peer:
        headers = [*HTTP.sign(HTTP.event), ("Expect", "100-continue")]
        await peer.write(head(headers, length=len(HTTP.event)))
        assert (await peer.answer())[0] == 100
        await peer.write(HTTP.event)
        assert (await peer.answer())[0] == 200


async def test_too_large_and_chunked(port: int):
    """413 as soon as the limit is passed, although the end never comes."""
    async with connected(port) as peer:
        await peer.write(head(CHUNKED) + chunk(b"x" * (MAX_BODY_BYTES + 1)))
        assert (await peer.answer())[0] == 413


async def test_an_endless_body_costs_little_memory(port: int):
    """What is over the limit is thrown away as it comes, and in the end the connection is cut."""
    piece = chunk(b"x" * (MIB // 4))
    async with connected(port) as peer:
        tracemalloc.start()
        try:
            await peer.write(head(CHUNKED))
            assert await peer.cut_off(lambda: piece, within=10)
            _, peak = tracemalloc.get_traced_memory()
        finally:
            tracemalloc.stop()
    assert peak < 5 * MIB


@pytest.mark.parametrize("end", ["", "\r\n\r\n"], ids=["endless", "whole"])
async def test_headers_too_long(end: str, port: int):
    """After 64 KiB of them they are refused, long before any deadline, also if all of them came in one piece."""
    async with connected(port) as peer, asyncio.timeout(5):
        await peer.write(f"POST / HTTP/1.1\r\nx-more: {'x' * 70_000}{end}".encode())
        assert (await peer.answer())[0] == 431
        peer.write_end()
        assert await peer.rest() == b""


@pytest.mark.parametrize(("over", "status"), [(0, 200), (1, 431)])
async def test_headers_of_exactly_the_limit(over: int, status: int, port: int):
    """64 KiB, the first line and the lines' ends among them, and not a byte more; behind another request, too."""
    start = head([*HTTP.sign(HTTP.event, id="msg_2"), ("x-more", "")], length=len(HTTP.event))
    pad = 64 * 1024 - (len(start) - 2) + over
    long = start.replace(b"x-more: ", b"x-more: " + b"x" * pad)
    async with connected(port) as peer:
        await peer.write(long + HTTP.event)
        assert (await peer.answer())[0] == status
    async with connected(port) as peer:
        await peer.write(webhook())
        assert (await peer.answer())[0] == 200
        await peer.write(long + HTTP.event)
        assert (await peer.answer())[0] == status


async def test_padding_without_end(port: int):
    """What the parser throws away costs nothing, and is no reason to listen for ever."""
    async with connected(port) as peer, asyncio.timeout(5):
        await peer.write(b"POST / HTTP/1.1\r\nx-more: " + b" " * 100_000)
        assert (await peer.answer())[0] == 431


async def test_requests_without_end(port: int):
    """Written far ahead of their answers, they would queue up here until the memory is full."""
    async with connected(port) as peer:
        assert await peer.cut_off(lambda: webhook() * 100, within=10)


async def test_headers_as_long_as_honest_ones(port: int):
    """Sixteen kilobytes of a proxy's headers are no attack."""
    async with connected(port) as peer:
        more = [("x-forwarded-for", "10.0.0.1, " * 1600)]
        await peer.write(head([*HTTP.sign(HTTP.event), *more], length=len(HTTP.event)) + HTTP.event)
        assert (await peer.answer())[0] == 200


@pytest.mark.parametrize("ahead", [False, True], ids=["with the head", "after the head"])
@pytest.mark.parametrize("framing", ["length", "chunked"])
async def test_an_offer_of_http_2(framing: str, ahead: bool, port: int, store: Store):
    """curl --http2 and Java's HttpClient offer it with each request; the body is the webhook's all the same."""
    offer = [
        *HTTP.sign(HTTP.event),
        ("Connection", "Upgrade, HTTP2-Settings"),
        ("Upgrade", "h2c"),
        ("HTTP2-Settings", "AAMAAABkAAQAAP__"),
    ]
    if framing == "length":
        start, body = head(offer, length=len(HTTP.event)), HTTP.event
    else:
        start, body = head([*offer, *CHUNKED]), chunk(HTTP.event) + chunk(b"")
    async with connected(port) as peer:
        for part in (start, body) if ahead else (start + body,):
            await peer.write(part)
            await asyncio.sleep(0)
        status, headers, _ = await peer.answer()
        assert (status, headers["liaison-receipt"]) == (200, "new")
        await peer.write(start + body + webhook(id="msg_2"))
        assert (await peer.answer())[1]["liaison-receipt"] == "duplicate"
        assert (await peer.answer())[1]["liaison-receipt"] == "new"
    assert [row.body for row in await store.deliveries()] == [HTTP.event] * 2


async def test_a_tunnel(port: int):
    """CONNECT asks for something else altogether."""
    async with connected(port) as peer:
        await peer.write(b"CONNECT example.com:443 HTTP/1.1\r\nHost: example.com:443\r\n\r\n")
        assert (await peer.answer())[0] in (400, 405)


async def test_a_method_refused_behind_a_proxy(port: int):
    """Whatever is answered before the body was read, is."""
    async with connected(port) as peer:
        await peer.write(head([("Connection", "close")], length=MIB).replace(b"POST", b"PUT"))
        status = (await peer.answer())[0]
        await peer.write(b"x" * MIB)
        assert (status, await peer.rest()) == (405, b"")


@pytest.mark.parametrize(
    "start",
    [
        b"NONSENSE\r\n\r\n",
        b"POST /hooks/http/desk HTTP/1.1\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n",
        b"POST /hooks/http/desk HTTP/1.1\r\nContent-Length: 5\r\nContent-Length: 6\r\n\r\n",
        b"POST /hooks/http/desk HTTP/1.1\r\nContent-Length: -1\r\n\r\n",
        b"POST /hooks/http/desk HTTP/1.1\r\nContent-Length: " + b"9" * 5000 + b"\r\n\r\n",
        b"POST /hooks/http/\xff HTTP/1.1\r\n\r\n",
        b"POST /hooks/http/desk HTTP/1.1\r\nwebhook-id: \x00\r\n\r\n",
        b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03",
    ],
)
async def test_what_is_no_http(start: bytes, port: int, caplog: pytest.LogCaptureFixture):
    """Smuggled lengths, TLS on a plain port, noise: 400 or a hang-up, and not a line in the log."""
    async with connected(port) as peer:
        await peer.write(start)
        peer.write_end()
        assert (await peer.rest())[:12] in (b"", b"HTTP/1.1 400")
    assert not [record for record in caplog.records if record.name.startswith("uvicorn")]


async def test_an_upgrade_to_a_websocket(port: int):
    """There are none here; it is a GET like any other."""
    async with connected(port) as peer:
        await peer.write(
            b"GET /hooks/http/desk HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n"
            b"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n"
        )
        assert (await peer.answer())[0] == 405
