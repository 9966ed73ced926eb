"""One kept HTTP connection that posts and reads the status of each answer.

httpx costs about a millisecond of CPU a request, which on one machine is taken from what a replay measures.
This is the tenth of that, and no more than a replay needs.
"""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import urlsplit

import httptools

ANSWER_SECONDS = 30.0


class NoAnswer(Exception):
    """The connection broke or stayed silent; the request may have arrived."""


@dataclass(frozen=True, kw_only=True, slots=True)
class HttpAnswer:
    """Headers have their names in lower case."""

    status: int
    headers: Mapping[str, str]


class _Reader:
    """Collects an answer; httptools calls the `on_` methods while it parses."""

    def __init__(self) -> None:
        self._parser = httptools.HttpResponseParser(self)
        self._headers: dict[str, str] = {}
        self.feed = self._parser.feed_data
        self.answer: HttpAnswer | None = None
        self.is_kept = False

    def on_header(self, name: bytes, value: bytes) -> None:
        self._headers[name.decode("latin-1").lower()] = value.decode("latin-1")

    def on_message_complete(self) -> None:
        self.answer = HttpAnswer(status=self._parser.get_status_code(), headers=self._headers)
        # Only known here: the parser forgets how the answer was delimited when it returns.
        self.is_kept = bool(self._parser.should_keep_alive())


class HttpConnection:
    """Posts to one address, one request at a time. It is opened at first use and again when it was closed."""

    def __init__(self, url: str) -> None:
        parts = urlsplit(url)
        self._host = parts.hostname or ""
        self._tls = ssl.create_default_context() if parts.scheme == "https" else None
        self._port = parts.port or (443 if self._tls else 80)
        self._start = f"POST {parts.path or '/'} HTTP/1.1\r\nhost: {parts.netloc}\r\n"
        self._reader: asyncio.StreamReader | None = None
        self._writer: asyncio.StreamWriter | None = None

    async def post(self, headers: Mapping[str, str], body: bytes) -> HttpAnswer:
        """Raises `NoAnswer`."""
        try:
            async with asyncio.timeout(ANSWER_SECONDS):
                return await self._exchange(self._request(headers, body))
        except (OSError, TimeoutError, httptools.HttpParserError) as error:
            self.close()
            raise NoAnswer(str(error) or type(error).__name__) from error

    def close(self) -> None:
        """Close it; the next `post` opens it again."""
        if self._writer is not None:
            self._writer.close()
        self._reader = self._writer = None

    def _request(self, headers: Mapping[str, str], body: bytes) -> bytes:
        lines = "".join(f"{name}: {value}\r\n" for name, value in headers.items())
        return f"{self._start}content-length: {len(body)}\r\n{lines}\r\n".encode("latin-1") + body

    async def _exchange(self, request: bytes) -> HttpAnswer:
        if self._reader is None or self._writer is None:
            self._reader, self._writer = await asyncio.open_connection(self._host, self._port, ssl=self._tls)
        reading = _Reader()
        self._writer.write(request)
        while reading.answer is None:
            data = await self._reader.read(65536)
            if not data:
                raise ConnectionResetError("the other side hung up")
            reading.feed(data)
        if not reading.is_kept:
            self.close()
        return reading.answer
