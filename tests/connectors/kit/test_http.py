"""The one place that sends HTTP: each row of its table of meanings, retries, caps and the deadline."""

from __future__ import annotations

import asyncio
import gzip
import zlib
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from typing import Any

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from connectors.kit.answer_body import MAX_ANSWER_BYTES
from connectors.kit.http import Answer, VendorHttp, retry_after_seconds
from connectors.kit.pacing import Pace
from incidents.errors import Busy, LiaisonError, NotAllowed, NotFound, Refused, Unknown, Unreachable

NOW = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)
Reply = httpx.Response | Exception


class Vendor(httpx.AsyncBaseTransport):
    """Gives each reply once, the last one for ever, and remembers the requests."""

    def __init__(self, *replies: Reply | Callable[[], Reply]) -> None:
        self._replies = list(replies)
        self.requests: list[httpx.Request] = []

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        self.requests.append(request)
        reply = self._replies.pop(0) if len(self._replies) > 1 else self._replies[0]
        if callable(reply):
            reply = reply()
        if isinstance(reply, Exception):
            raise reply
        return reply


class Stream(httpx.AsyncByteStream):
    """An answer's body that comes in pieces, may fail, may never end, and knows whether it was let go."""

    def __init__(self, pieces: Iterator[bytes], error: Exception | None = None, *, ends: bool = True) -> None:
        self._pieces, self._error, self._ends = pieces, error, ends
        self.taken = 0
        self.is_closed = False

    async def __aiter__(self) -> AsyncIterator[bytes]:
        for piece in self._pieces:
            self.taken += 1
            yield piece
        if self._error is not None:
            raise self._error
        if not self._ends:
            await asyncio.Event().wait()

    async def aclose(self) -> None:
        self.is_closed = True


@asynccontextmanager
async def http(vendor: httpx.AsyncBaseTransport, **options: Any) -> AsyncIterator[VendorHttp]:
    async with VendorHttp(
        vendor="acme", base_url="https://api.example/v1", transport=vendor, **options
    ) as client:
        yield client


def status(code: int, **headers: str) -> Callable[[], httpx.Response]:
    return lambda: httpx.Response(code, json={"error": "x"}, headers=headers)


# -- what an answer means


@pytest.mark.parametrize(
    ("reply", "when_repeatable", "when_not"),
    [
        (httpx.ConnectError("refused"), Unreachable, Unreachable),
        (httpx.ConnectError("[SSL: CERTIFICATE_VERIFY_FAILED]"), Unreachable, Unreachable),
        (httpx.ConnectTimeout("slow"), Unreachable, Unreachable),
        (httpx.PoolTimeout("full"), Unreachable, Unreachable),
        (httpx.ReadTimeout("slow"), Unreachable, Unknown),
        (httpx.WriteTimeout("slow"), Unreachable, Unknown),
        (httpx.ReadError("reset"), Unreachable, Unknown),
        (httpx.RemoteProtocolError("no answer"), Unreachable, Unknown),
        (httpx.LocalProtocolError("illegal header"), Refused, Refused),
        (httpx.UnsupportedProtocol("gopher"), Refused, Refused),
        (status(429), Busy, Busy),
        (status(503, **{"retry-after": "7"}), Busy, Busy),
        (status(503), Unreachable, Unknown),
        (status(500), Unreachable, Unknown),
        (status(502), Unreachable, Unknown),
        (status(408), Unreachable, Unknown),
        (status(401), NotAllowed, NotAllowed),
        (status(403), NotAllowed, NotAllowed),
        (status(404), NotFound, NotFound),
        (status(410), NotFound, NotFound),
        (status(400), Refused, Refused),
        (status(409), Refused, Refused),
        (status(422), Refused, Refused),
        (status(301, location="https://evil.example/"), Refused, Refused),
        (status(307, location="https://evil.example/"), Refused, Refused),
        (lambda: httpx.Response(200, html="<html>Please log in</html>"), Unreachable, Unknown),
        (lambda: httpx.Response(200, content=b'{"id": 1, "na'), Unreachable, Unknown),
        (lambda: httpx.Response(200, content=b"\xff\xfe\x00"), Unreachable, Unknown),
        (lambda: httpx.Response(200, content=b"[" * 100_000), Unreachable, Unknown),
        (lambda: httpx.Response(200, content=b'{"a":NaN}'), Unreachable, Unknown),
        (lambda: httpx.Response(200, content=b"9" * 5_000), Unreachable, Unknown),
    ],
    ids=lambda value: repr(value())[1:-1] if callable(value) and not isinstance(value, type) else None,
)
async def test_meaning(reply, when_repeatable, when_not):
    """The table of meanings: what was surely not done, what may have been, what will be refused again."""
    for is_repeatable, expected in ((True, when_repeatable), (False, when_not)):
        async with http(Vendor(reply)) as client:
            with pytest.raises(LiaisonError, match="acme POST /things") as caught:
                await client.call("POST", "/things?token=secret", json={}, is_repeatable=is_repeatable)
        assert type(caught.value) is expected
        assert "secret" not in str(caught.value)


@pytest.mark.parametrize(
    ("code", "content", "data"),
    [
        (200, b'{"id":1}', {"id": 1}),
        (201, b"[]", []),
        (202, b"", None),
        (204, b"", None),
        (200, b" \n", None),
    ],
)
async def test_usable_answer(code, content, data):
    """A 2xx with JSON, or with nothing, is an answer."""
    async with http(Vendor(httpx.Response(code, content=content, headers={"X-Request-Id": "r1"}))) as client:
        answer = await client.call("GET", "/things")
    assert (answer.status, answer.data, answer.headers["x-request-id"]) == (code, data, "r1")


async def test_text_in_answers_is_storable():
    """A NUL or a lone surrogate in a vendor's text cannot break our database later."""
    async with http(Vendor(httpx.Response(200, content=rb'{"a":"x\u0000\ud800"}'))) as client:
        assert (await client.call("GET", "/")).data == {"a": "x\ufffd\ufffd"}


async def test_request_as_sent():
    """Base address, parameters, headers and body arrive as asked."""
    vendor = Vendor(httpx.Response(200, json={}))
    async with http(vendor, headers={"Authorization": "Bearer t"}) as client:
        await client.call("POST", "/things", json={"a": 1}, params={"q": "x y"}, headers={"X-Once": "k"})
        await client.call("POST", "/form", form={"a": "1"})
    first, second = vendor.requests
    assert str(first.url) == "https://api.example/v1/things?q=x+y"
    assert first.content == b'{"a":1}'
    assert (first.headers["authorization"], first.headers["x-once"]) == ("Bearer t", "k")
    assert first.headers["accept-encoding"] == "gzip"
    assert second.content == b"a=1"


@pytest.mark.parametrize(
    ("path", "json"),
    [("/things", {"a": "\ud800"}), ("/things", {"a": float("nan")}), ("https://0177.0.0.1/", None)],
)
async def test_request_that_cannot_be_written(path, json):
    """What has no form on the wire is refused before anything is sent."""
    vendor = Vendor(httpx.Response(200, json={}))
    async with http(vendor) as client:
        with pytest.raises(Refused, match="cannot be written"):
            await client.call("POST", path, json=json, is_repeatable=True)
    assert vendor.requests == []


# -- credentials stay home


async def test_redirects_are_not_followed():
    """Nothing goes to where a redirect points."""
    vendor = Vendor(status(302, location="https://evil.example/"))
    async with http(vendor, auth=("user", "password")) as client:
        with pytest.raises(Refused):
            await client.call("GET", "/things")
    assert [request.url.host for request in vendor.requests] == ["api.example"]


async def test_cookies_are_not_kept():
    """A session the vendor offers is not taken up."""
    vendor = Vendor(lambda: httpx.Response(200, json={}, headers={"set-cookie": "session=1; Path=/"}))
    async with http(vendor) as client:
        await client.call("GET", "/things")
        await client.call("GET", "/things")
    assert "cookie" not in vendor.requests[1].headers


async def test_environment_is_ignored(monkeypatch):
    """A proxy named in the environment does not see our credentials; the vendor itself does."""

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(b"HTTP/1.1 204 No Content\r\nConnection: close\r\n\r\n")
        await writer.drain()
        writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    for name in ("HTTP_PROXY", "ALL_PROXY"):
        monkeypatch.setenv(name, "http://127.0.0.1:9")
    monkeypatch.delenv("NO_PROXY", raising=False)
    async with server, VendorHttp(vendor="acme", base_url=f"http://127.0.0.1:{port}") as client:
        assert (await client.call("GET", "/things")).status == 204


# -- retries


async def test_read_is_retried_until_it_answers():
    """Short troubles of a read pass unnoticed."""
    vendor = Vendor(httpx.ConnectError("x"), status(500), httpx.Response(200, json={"id": 1}))
    async with http(vendor) as client:
        assert (await client.call("GET", "/things")).data == {"id": 1}
    assert len(vendor.requests) == 3


async def test_retries_are_few():
    """After `attempts` sends the failure is told; long retries belong to the ledger."""
    vendor = Vendor(status(500))
    async with http(vendor, attempts=2) as client:
        with pytest.raises(Unreachable):
            await client.call("GET", "/things")
    assert len(vendor.requests) == 2


@pytest.mark.parametrize("reply", [httpx.ReadTimeout("slow"), status(500)])
async def test_unsafe_write_is_sent_once(reply):
    """A write that may have been done is never sent again here."""
    vendor = Vendor(reply)
    async with http(vendor) as client:
        with pytest.raises(Unknown):
            await client.call("POST", "/things", json={})
    assert len(vendor.requests) == 1


async def test_unsafe_write_is_retried_while_it_surely_was_not_sent():
    """A refused connection did nothing, so even such a write goes again."""
    vendor = Vendor(httpx.ConnectError("x"), httpx.Response(201, json={}))
    async with http(vendor) as client:
        assert (await client.call("POST", "/things", json={})).status == 201
    assert len(vendor.requests) == 2


@pytest.mark.parametrize("code", [429, 401, 404, 422])
async def test_a_clear_word_is_not_argued_with(code):
    """Busy and refused are told at once: no hot loop."""
    vendor = Vendor(status(code))
    async with http(vendor) as client:
        with pytest.raises((Busy, Refused)):
            await client.call("GET", "/things")
    assert len(vendor.requests) == 1


# -- how long to wait


@pytest.mark.parametrize(
    ("header", "seconds"),
    [
        (None, 5),
        ("", 5),
        ("30", 30),
        ("2.5", 2.5),
        ("0", 1),
        ("-5", 1),
        ("864000", 3600),
        ("1e400", 3600),
        ("nan", 5),
        ("soon", 5),
        ("1, 2", 5),
        (format_datetime(NOW + timedelta(seconds=90), usegmt=True), 90),
        (format_datetime(NOW - timedelta(days=1), usegmt=True), 1),
        (format_datetime(NOW + timedelta(days=10), usegmt=True), 3600),
        ("Sun, 01 Mar 2026 12:01:30 -0000", 5),
        ("Sun, 01 Mar 2026 12:01:30 +99999999999999", 5),
    ],
)
def test_retry_after(header, seconds):
    """Seconds, a date, garbage or nothing: always a sane time within a second and an hour."""
    assert retry_after_seconds(header, now=NOW) == pytest.approx(seconds)


@given(
    st.one_of(st.text(max_size=60), st.from_regex(r"[A-Z][a-z]{2}, \d+ [A-Z][a-z]{2} \d+ \d+:\d+ [+-]\d+"))
)
def test_retry_after_of_any_text(header):
    """No header breaks it or leaves its bounds."""
    assert 1 <= retry_after_seconds(header, now=NOW) <= 3600


async def test_busy_carries_the_vendors_word():
    """The vendor's Retry-After travels with the error."""
    async with http(Vendor(status(429, **{"retry-after": "42"}))) as client:
        with pytest.raises(Busy) as caught:
            await client.call("GET", "/things")
    assert caught.value.retry_after == 42


# -- caps


@pytest.mark.parametrize("encode", [gzip.compress, zlib.compress], ids=["gzip", "deflate"])
async def test_compressed_answer(encode):
    """What vendors usually send is read."""
    name = "gzip" if encode is gzip.compress else "deflate"
    body = encode(b'{"id":1}')
    pieces = Stream(iter([body[:5], body[5:]]))
    async with http(Vendor(httpx.Response(200, headers={"content-encoding": name}, stream=pieces))) as client:
        assert (await client.call("GET", "/things")).data == {"id": 1}
    assert pieces.is_closed


async def test_gzip_bomb():
    """A gigabyte packed into a megabyte is let go as soon as the cap on inflated bytes is passed."""
    packer = zlib.compressobj(wbits=31)
    piece = packer.compress(b"0" * MAX_ANSWER_BYTES) + packer.flush(zlib.Z_SYNC_FLUSH)
    second = packer.compress(b"0" * MAX_ANSWER_BYTES) + packer.flush(zlib.Z_SYNC_FLUSH)
    bomb = Stream(iter([piece, *[second] * 1_000]))
    async with http(Vendor(httpx.Response(200, headers={"content-encoding": "gzip"}, stream=bomb))) as client:
        with pytest.raises(Unknown, match="answer over"):
            await client.call("POST", "/things", json={})
    assert bomb.taken == 2
    assert bomb.is_closed


async def test_one_piece_bomb_is_never_inflated_whole():
    """Even one small piece that inflates without end stays under the cap, in memory too."""
    import tracemalloc

    piece = gzip.compress(b"0" * (MAX_ANSWER_BYTES * 12), compresslevel=9)
    bomb = Stream(iter([piece]))
    async with http(Vendor(httpx.Response(200, headers={"content-encoding": "gzip"}, stream=bomb))) as client:
        tracemalloc.start()
        try:
            with pytest.raises(Unknown, match="answer over"):
                await client.call("POST", "/things", json={})
            peak = tracemalloc.get_traced_memory()[1]
        finally:
            tracemalloc.stop()
    assert peak < MAX_ANSWER_BYTES * 4


async def test_oversize_answer():
    """An answer without end is let go at the cap."""
    endless = Stream(b" " * 1_048_576 for _ in range(1_000_000))
    async with http(Vendor(httpx.Response(200, stream=endless))) as client:
        with pytest.raises(Unknown, match="answer over"):
            await client.call("POST", "/things", json={})
    assert endless.taken == 9
    assert endless.is_closed


async def test_answer_of_exactly_the_cap():
    """The cap itself is still allowed."""
    body = b'"' + b"a" * (MAX_ANSWER_BYTES - 2) + b'"'
    async with http(Vendor(httpx.Response(200, stream=Stream(iter([body]))))) as client:
        assert len((await client.call("GET", "/things")).data) == MAX_ANSWER_BYTES - 2


@pytest.mark.parametrize(
    ("encoding", "body"),
    [
        ("gzip", b"not gzip at all"),
        ("gzip", gzip.compress(b'{"id":1}')[:-9]),
        ("br", b"\x0b\x03\x80{}\x03"),
        ("gzip, gzip", gzip.compress(gzip.compress(b"{}"))),
    ],
    ids=["not gzip", "cut", "never asked for", "twice"],
)
async def test_unreadable_encoding(encoding, body):
    """An answer that cannot be inflated is no answer."""
    reply = httpx.Response(200, headers={"content-encoding": encoding}, stream=Stream(iter([body])))
    async with http(Vendor(reply)) as client:
        with pytest.raises(Unknown):
            await client.call("POST", "/things", json={})


@pytest.mark.parametrize("code", [204, 200])
async def test_no_body_with_an_encoding(code):
    """HEAD and 204 may name an encoding for nothing."""
    reply = httpx.Response(code, headers={"content-encoding": "gzip"}, stream=Stream(iter([])))
    async with http(Vendor(reply)) as client:
        assert (await client.call("HEAD", "/things")).data is None


async def test_answer_that_breaks_off():
    """A connection that dies inside the answer leaves a write unknown."""
    dying = Stream(iter([b'{"id":']), httpx.ReadError("reset"))
    async with http(Vendor(httpx.Response(200, stream=dying))) as client:
        with pytest.raises(Unknown, match="broke off"):
            await client.call("POST", "/things", json={})
    assert dying.is_closed


async def test_error_with_a_broken_body_keeps_its_meaning():
    """A 404 is a 404 even if the text below it never ends."""
    dying = Stream(iter([b"<ht"]), httpx.ReadError("reset"))
    async with http(Vendor(httpx.Response(404, stream=dying))) as client:
        with pytest.raises(NotFound):
            await client.call("POST", "/things", json={})
    assert dying.is_closed


# -- deadline


@pytest.mark.parametrize(("is_repeatable", "expected"), [(True, Unreachable), (False, Unknown)])
async def test_deadline_bounds_a_dripping_answer(is_repeatable, expected):
    """No read time-out catches a server that always sends one more byte; the deadline does."""
    drip = Stream(iter([b"{"]), ends=False)
    async with http(Vendor(httpx.Response(200, stream=drip)), deadline=0.02) as client:
        with pytest.raises(expected, match=r"no answer within 0\.02 s"):
            await client.call("POST", "/things", json={}, is_repeatable=is_repeatable)
    assert drip.is_closed


async def test_deadline_while_waiting_for_our_pace():
    """A write that only waited its turn was surely not sent, and may be tried again."""
    vendor = Vendor(lambda: httpx.Response(200, json={}))
    async with http(vendor, deadline=0.02, pace=Pace(1, 3600)) as client:
        await client.call("POST", "/things", json={})
        with pytest.raises(Unreachable):
            await client.call("POST", "/things", json={})
    assert len(vendor.requests) == 1


async def test_deadline_while_waiting_to_retry():
    """A write whose first attempt did not connect, and whose second waited its turn, was not sent either."""
    vendor = Vendor(httpx.ConnectError("refused"))
    async with http(vendor, deadline=0.02, pace=Pace(1, 3600)) as client:
        with pytest.raises(Unreachable, match="no answer within"):
            await client.call("POST", "/things", json={})
    assert len(vendor.requests) == 1


# -- content that says no


async def test_judge_sees_every_usable_answer():
    """Slack's `ok: false` is the connector's to recognise, behind any 2xx."""

    def judge(answer: Answer) -> None:
        if not answer.data["ok"]:
            raise Refused("channel is archived")

    vendor = Vendor(httpx.Response(200, json={"ok": True}), httpx.Response(200, json={"ok": False}))
    async with http(vendor, judge=judge) as client:
        assert (await client.call("GET", "/")).data == {"ok": True}
        with pytest.raises(Refused, match="archived"):
            await client.call("GET", "/")
