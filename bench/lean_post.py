"""Posting webhooks at a tenth of what httpx takes: on two cores the sender must not be what is measured."""

from __future__ import annotations

import asyncio
from collections import deque
from urllib.parse import urlsplit

_Connection = tuple[asyncio.StreamReader, asyncio.StreamWriter]


class LeanPost:
    """A `Deliver` for a fake's webhooks: kept-alive connections to one plain HTTP server."""

    def __init__(self) -> None:
        self._idle: deque[_Connection] = deque()

    async def __call__(self, url: str, headers: dict[str, str], body: bytes) -> int:
        """The answer's status, or 0 when there was none."""
        parts = urlsplit(url)
        lines = [f"POST {parts.path} HTTP/1.1", f"host: {parts.netloc}", f"content-length: {len(body)}"]
        lines += [f"{name}: {value}" for name, value in headers.items()]
        request = "\r\n".join(lines).encode() + b"\r\n\r\n" + body
        try:
            connection = self._idle.popleft() if self._idle else await _connect(parts.hostname, parts.port)
        except OSError:
            return 0
        try:
            status = await _exchange(connection, request)
        except (OSError, asyncio.IncompleteReadError):
            connection[1].close()
            return 0
        self._idle.append(connection)
        return status

    def close(self) -> None:
        for _, writer in self._idle:
            writer.close()
        self._idle.clear()


async def _connect(host: str | None, port: int | None) -> _Connection:
    return await asyncio.open_connection(host, port)


async def _exchange(connection: _Connection, request: bytes) -> int:
    reader, writer = connection
    writer.write(request)
    head = await reader.readuntil(b"\r\n\r\n")
    _, _, rest = head.lower().partition(b"\r\ncontent-length: ")
    await reader.readexactly(int(rest.partition(b"\r\n")[0]))
    return int(head.split(b" ", 2)[1])
