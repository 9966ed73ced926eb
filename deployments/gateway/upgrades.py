"""An HTTP parser that stays with HTTP/1.1.

A request may offer to go on in another protocol (`Upgrade: h2c`, as curl with --http2 and Java's HttpClient do). A
server may ignore that and answer as if it had not been offered (RFC 9110, 7.8), but httptools ends the request with
its head and gives no body. So the head is parsed again without the offer.
"""

from __future__ import annotations

from typing import Protocol

import httptools

_VERSIONS = {"1.0": b"HTTP/1.0", "1.1": b"HTTP/1.1"}


class ParsedRequest(Protocol):
    """What the parser tells to: httptools' callbacks, and what they have collected of the head."""

    url: bytes
    headers: list[tuple[bytes, bytes]]


class UpgradeIgnoringParser:
    """httptools' parser of requests, for a protocol that ends neither a request nor itself on an offer.

    While `is_offer()` the callbacks `on_headers_complete` and `on_message_complete` are to be ignored: the same
    request begins again.
    """

    def __init__(self, request: ParsedRequest) -> None:
        self._request = request
        self._parser = _new_parser(request)

    def feed_data(self, data: bytes) -> None:
        """Parse what came. Raises `httptools.HttpParserError`."""
        while True:
            try:
                self._parser.feed_data(data)
            except httptools.HttpParserUpgrade as upgrade:
                if not self.is_offer():  # CONNECT, which is nothing that we could ignore
                    raise httptools.HttpParserError("a tunnel is asked for") from None
                data = self._head_without_offer() + data[upgrade.args[0] :]
                self._parser = _new_parser(self._request)
            else:
                return

    def is_offer(self) -> bool:
        """Whether the head that was parsed last offers another protocol."""
        return bool(self._parser.should_upgrade()) and self._parser.get_method() != b"CONNECT"

    def should_upgrade(self) -> bool:
        """Never: that is what this is for."""
        return False

    def get_method(self) -> bytes:
        """The request's method, as it came."""
        return self._parser.get_method()

    def get_http_version(self) -> str:
        """`1.1`, `1.0`."""
        return self._parser.get_http_version()

    def should_keep_alive(self) -> bool:
        """Whether the sender will use the connection again."""
        return bool(self._parser.should_keep_alive())

    def _head_without_offer(self) -> bytes:
        version = _VERSIONS[self._parser.get_http_version()]
        lines = [b"%b %b %b" % (self._parser.get_method(), self._request.url, version)]
        for name, value in self._request.headers:
            if name == b"connection":
                others = [
                    option.strip() for option in value.split(b",") if option.strip().lower() != b"upgrade"
                ]
                lines.append(b"connection: " + b", ".join(others))
            elif name != b"upgrade":
                lines.append(name + b": " + value)
        return b"\r\n".join([*lines, b"", b""])


def _new_parser(request: ParsedRequest) -> httptools.HttpRequestParser:
    parser = httptools.HttpRequestParser(request)
    # As uvicorn sets it: what follows a request with `Connection: close` is dropped, and no error.
    parser.set_dangerous_leniencies(lenient_data_after_close=True)
    return parser
