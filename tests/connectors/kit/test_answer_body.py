"""Answers' bodies: the cap holds for inflated bytes, and a body that is not whole is no answer."""

from __future__ import annotations

import gzip
import tracemalloc
import zlib

import httpx
import pytest

from connectors.kit.answer_body import MAX_ANSWER_BYTES
from incidents.errors import NotFound, Unknown
from tests.connectors.kit.scripted_vendor import Stream, Vendor, http


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
