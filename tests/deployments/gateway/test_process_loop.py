"""On uvloop, as the process runs, with senders in threads of their own: what arrives when the other side writes on."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import socket
from collections.abc import Callable

import pytest
import uvloop
from starlette.types import Receive, Scope, Send

from deployments.gateway.answers import HookAnswer
from tests.deployments.gateway.wire import HOST, serving

MIB = 1024 * 1024
TOO_LARGE = HookAnswer(413, b"too large\n")


async def _refuse(_scope: Scope, _receive: Receive, send: Send) -> None:
    """An answer before the body was read."""
    await TOO_LARGE.send(send)


async def _answer_later(scope: Scope, receive: Receive, send: Send) -> None:
    await asyncio.sleep(0.01)
    await _refuse(scope, receive, send)


def on_uvloop(app: Callable[..., object], sender: Callable[[int], list[bytes]]) -> list[bytes]:
    """What the sender tells, having been run against the app on the port it is given."""

    async def play() -> list[bytes]:
        async with serving(app) as port:  # type: ignore[arg-type]
            return await asyncio.to_thread(sender, port)

    return uvloop.run(play())


def proxy(framing: Callable[[bytes], bytes], head: bytes) -> Callable[[int], list[bytes]]:
    """Writes all of its body, then reads, as nginx may; a hundred times. What is not answered is empty."""

    def send_all(port: int) -> list[bytes]:
        answers = []
        for _ in range(100):
            with socket.create_connection((HOST, port), timeout=10) as peer:
                try:
                    peer.sendall(head)
                    for _ in range(12):
                        peer.sendall(framing(b"x" * (MIB // 4)))
                    peer.sendall(b"0\r\n\r\n" if framing is not bytes else b"")
                    answers.append(peer.recv(4096)[:12])
                except OSError:  # reset
                    answers.append(b"")
        return answers

    return send_all


@pytest.mark.parametrize(
    "sender",
    [
        proxy(bytes, b"POST /x HTTP/1.0\r\nConnection: close\r\nContent-Length: 3145728\r\n\r\n"),
        proxy(
            lambda data: b"%x\r\n%b\r\n" % (len(data), data),
            b"POST /x HTTP/1.1\r\nHost: x\r\nConnection: close\r\nTransfer-Encoding: chunked\r\n\r\n",
        ),
    ],
    ids=["declared", "chunked"],
)
async def test_too_large_behind_a_proxy(sender: Callable[[int], list[bytes]]):
    """A reset in the midst of its writing, and it would tell 502 instead of our 413."""
    answers = await asyncio.to_thread(on_uvloop, _refuse, sender)
    assert {answer.split()[-1] if answer else b"" for answer in answers} == {b"413"}


def _far_ahead(port: int) -> list[bytes]:
    answers = []
    with socket.create_connection((HOST, port), timeout=10) as peer:
        peer.sendall(b"POST /x HTTP/1.1\r\nHost: x\r\nContent-Length: 3\r\n\r\nabc" * 100)
        with contextlib.suppress(ConnectionError):
            while answer := peer.recv(4096):
                answers.append(answer)
    return answers


async def test_requests_far_ahead_are_no_defect(caplog: pytest.LogCaptureFixture):
    """Who is cut off for them costs no line of the log: anybody could fill it with tracebacks."""
    answers = await asyncio.to_thread(on_uvloop, _answer_later, _far_ahead)
    assert b"".join(answers).count(b"HTTP/1.1 413") < 100
    assert [record for record in caplog.records if record.levelno >= logging.WARNING] == []
