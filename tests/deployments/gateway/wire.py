"""The gateway on a real socket, and a peer that writes and reads bytes as it likes."""

from __future__ import annotations

import asyncio
import contextlib
import socket
from collections.abc import AsyncIterator, Callable, Iterator

import uvicorn
from starlette.types import ASGIApp

from deployments.gateway.deadlines import Limits
from deployments.gateway.serve import uvicorn_config
from tests.deployments.gateway.conftest import until
from tests.deployments.gateway.vendors import HTTP, Headers

HOST = "127.0.0.1"
PATIENCE = 10.0


class _Server(uvicorn.Server):
    """Leaves the signals to pytest."""

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield


@contextlib.asynccontextmanager
async def serving(app: ASGIApp, limits: Limits | None = None) -> AsyncIterator[int]:
    """The port it is served on, with the gateway's own uvicorn settings."""
    listening = socket.socket()
    listening.bind((HOST, 0))
    server = _Server(uvicorn_config(app, host=HOST, port=0, limits=limits))
    running = asyncio.create_task(server.serve(sockets=[listening]))
    await until(lambda: server.started)
    try:
        yield listening.getsockname()[1]
    finally:
        server.should_exit = True
        await running


class Peer:
    """One connection to the gateway."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader = reader
        self._writer = writer

    async def write(self, data: bytes) -> None:
        self._writer.write(data)
        await self._writer.drain()

    async def cut_off(self, data: Callable[[], bytes], *, within: float, pause: float = 0.0) -> bool:
        """Write on and on; whether the gateway hangs up on us within that many seconds."""
        try:
            async with asyncio.timeout(within):
                while True:
                    await self.write(data())
                    await asyncio.sleep(pause)
        except ConnectionError:
            return True
        except TimeoutError:
            return False

    def write_end(self) -> None:
        """No more will come, though we still read: a half-closed connection."""
        self._writer.write_eof()

    async def answer(self) -> tuple[int, dict[str, str], bytes]:
        """The next answer: status, headers in lower case, body."""
        async with asyncio.timeout(PATIENCE):
            head = (await self._reader.readuntil(b"\r\n\r\n")).decode().split("\r\n")
            headers = dict(line.lower().split(": ", 1) for line in head[1:] if line)
            body = await self._reader.readexactly(int(headers.get("content-length", 0)))
        return int(head[0].split()[1]), headers, body

    async def rest(self) -> bytes:
        """All that comes until the gateway hangs up."""
        async with asyncio.timeout(PATIENCE):
            try:
                return await self._reader.read()
            except ConnectionResetError:
                return b""


@contextlib.asynccontextmanager
async def connected(port: int, *, receive_buffer: int | None = None) -> AsyncIterator[Peer]:
    raw = socket.socket()
    if receive_buffer is not None:
        raw.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receive_buffer)
    raw.setblocking(False)
    await asyncio.get_running_loop().sock_connect(raw, (HOST, port))
    reader, writer = await asyncio.open_connection(sock=raw)
    try:
        yield Peer(reader, writer)
    finally:
        writer.close()
        with contextlib.suppress(OSError):
            await writer.wait_closed()


def head(headers: Headers | None = None, *, length: int | None = None, path: str = HTTP.path) -> bytes:
    """The head of a POST; without a length, the caller says in `headers` how the body comes."""
    lines = [f"POST {path} HTTP/1.1", "Host: gateway.test"]
    lines += [f"{name}: {value}" for name, value in headers or ()]
    if length is not None:
        lines.append(f"Content-Length: {length}")
    return "\r\n".join([*lines, "", ""]).encode()


def webhook(body: bytes = HTTP.event, *, id: str = "msg_1") -> bytes:
    """A genuine one, whole."""
    return head(HTTP.sign(body, id=id), length=len(body)) + body


def chunk(data: bytes) -> bytes:
    return f"{len(data):x}\r\n".encode() + data + b"\r\n"
