"""The one place that sends HTTP: each row of its table of meanings, its retries and its deadline."""

from __future__ import annotations

import asyncio
import inspect

import httpx
import pytest
from pydantic import SecretStr

from connectors.kit.answers import Redirected, VendorAnswer
from connectors.kit.auth.ways import BasicLogin
from connectors.kit.http import VendorHttp
from connectors.kit.pacing import Pace
from incidents.errors import Busy, LiaisonError, NotAllowed, NotFound, Refused, Unknown, Unreachable
from tests.connectors.kit.scripted_vendor import Stream, Vendor, http, status

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
        (status(301, location="https://evil.example/"), Redirected, Redirected),
        (status(307, location="https://evil.example/"), Redirected, Redirected),
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
    ("named", "kept"),
    [
        ({"location": "/things/8?token=secret"}, "/things/8?token=secret"),
        ({"location": "x" * 9_000}, "x" * 2_000),
        ({}, ""),
    ],
)
async def test_where_a_redirect_led(named, kept):
    """Refused and not followed; what it named is kept for a vendor that tells so where something went, not said."""
    async with http(Vendor(status(301, **named))) as client:
        with pytest.raises(Refused) as caught:
            await client.call("GET", "/things/7")
    assert isinstance(caught.value, Redirected)
    assert caught.value.location == kept
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
    async with http(vendor, auth=BasicLogin("user", SecretStr("password"))) as client:
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


# -- deadline


@pytest.mark.parametrize(("is_repeatable", "expected"), [(True, Unreachable), (False, Unknown)])
async def test_deadline_bounds_a_dripping_answer(is_repeatable, expected):
    """No read time-out catches a server that always sends one more byte; the deadline does."""
    drip = Stream(iter([b"{"]), ends=False)
    async with http(Vendor(httpx.Response(200, stream=drip)), deadline=0.02) as client:
        with pytest.raises(expected, match=r"no answer within 0\.02 s"):
            await client.call("POST", "/things", json={}, is_repeatable=is_repeatable)
    assert drip.is_closed


async def test_a_stream_that_died_in_silence_ends():
    """Opened again, it may live; nothing else would ever say that it does not."""

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n4\r\nword\r\n")
        await reader.read()
        writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    async with (
        server,
        VendorHttp(vendor="acme", base_url=f"http://127.0.0.1:{port}") as client,
        asyncio.timeout(10),
    ):
        pieces = client.stream("/events", json={}, longest_silence=0.05)
        assert [await anext(pieces), await anext(pieces)] == [b"", b"word"]
        with pytest.raises(Unreachable, match=r"nothing said for 0\.05 s"):
            await anext(pieces)
    silence = inspect.signature(VendorHttp.stream).parameters["longest_silence"].default
    assert 300 <= silence <= 900


async def test_deadline_while_waiting_for_our_pace():
    """A write whose turn would come too late was surely not sent, and is told at once when there is a place again."""
    vendor = Vendor(lambda: httpx.Response(200, json={}))
    async with http(vendor, deadline=0.02, pace=Pace(1, 3600)) as client:
        await client.call("POST", "/things", json={})
        with pytest.raises(Busy) as busy:
            await client.call("POST", "/things", json={})
    assert busy.value.retry_after > 3500
    assert len(vendor.requests) == 1


async def test_deadline_while_waiting_to_retry():
    """A write whose first attempt did not connect, and whose second has no place in time, was not sent either."""
    vendor = Vendor(httpx.ConnectError("refused"))
    async with http(vendor, deadline=0.2, pace=Pace(1, 3600)) as client:
        with pytest.raises(Busy):
            await client.call("POST", "/things", json={})
    assert len(vendor.requests) == 1


# -- content that says no


async def test_judge_sees_every_usable_answer():
    """Slack's `ok: false` is the connector's to recognise, behind any 2xx."""

    def judge(answer: VendorAnswer) -> None:
        if not answer.data["ok"]:
            raise Refused("channel is archived")

    vendor = Vendor(httpx.Response(200, json={"ok": True}), httpx.Response(200, json={"ok": False}))
    async with http(vendor, judge=judge) as client:
        assert (await client.call("GET", "/")).data == {"ok": True}
        with pytest.raises(Refused, match="archived"):
            await client.call("GET", "/")


@pytest.mark.parametrize(
    ("reply", "data"),
    [
        (httpx.Response(400, json={"errcode": "M_ROOM_IN_USE"}), {"errcode": "M_ROOM_IN_USE"}),
        (httpx.Response(404, text="<html>no such page</html>"), None),
        (httpx.Response(403, content=b""), None),
        (httpx.Response(429, content=b"[" * 100_000), None),
    ],
)
async def test_explain_sees_every_refusal_with_what_can_be_read_of_it(reply, data):
    """What it leaves, the status says; it is not asked of what is no refusal of the vendor's."""
    seen: list[VendorAnswer] = []

    def explain(answer: VendorAnswer, what: str) -> None:
        seen.append(answer)
        assert what == "acme GET /"
        if answer.status == 400:
            raise Refused("the room is there already")

    vendor = Vendor(reply, httpx.Response(500, json={}), httpx.Response(200, json={}))
    async with http(vendor, explain=explain) as client:
        with pytest.raises((Refused, Busy)) as caught:
            await client.call("GET", "/")
        await client.call("GET", "/")
    assert [(answer.status, answer.data) for answer in seen] == [(reply.status_code, data)]
    assert ("already" in str(caught.value)) is (reply.status_code == 400)
