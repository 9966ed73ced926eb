"""Reading requests' bodies under a limit for each, and one for all that are held at a time.

How long a body may take is `deployments.gateway.deadlines`' business.
"""

from __future__ import annotations

from starlette.types import Receive, Scope

MAX_BODY_BYTES = 1024 * 1024
MAX_HELD_BYTES = 64 * 1024 * 1024
# What a request costs besides its body, so that many empty ones count too.
OVERHEAD_BYTES = 4096


class TooLarge(Exception):
    """The body is over the limit; the rest of it was not read."""


class TooMuch(Exception):
    """All requests together hold as much as we are willing to hold."""


class Gone(Exception):
    """The sender hung up, or was hung up on, before the body was complete: there is nobody to answer."""


class Bodies:
    """Reads bodies; each counts as held until it is given back."""

    def __init__(self, *, max_body: int = MAX_BODY_BYTES, max_held: int = MAX_HELD_BYTES) -> None:
        self._max_body = max_body
        self._max_held = max_held
        self.held = 0

    async def read(self, scope: Scope, receive: Receive) -> bytes:
        """The raw bytes, never decoded or inflated: the signature is over them as they came.

        Give them back with `release`. Raises `TooLarge`, `TooMuch` or `Gone`, which hold nothing.
        """
        if _declared_length(scope) > self._max_body:
            raise TooLarge
        body = bytearray()
        self._hold(OVERHEAD_BYTES)
        try:
            more = True
            while more:
                message = await receive()
                if message["type"] == "http.disconnect":
                    raise Gone
                chunk: bytes = message.get("body", b"")
                if len(body) + len(chunk) > self._max_body:
                    raise TooLarge
                self._hold(len(chunk))
                body += chunk
                more = message.get("more_body", False)
        except BaseException:
            self.release(body)
            raise
        return bytes(body)

    def release(self, body: bytes | bytearray) -> None:
        """Give back what `read` held for this body; once for each."""
        self.held -= len(body) + OVERHEAD_BYTES

    def _hold(self, size: int) -> None:
        if self.held + size > self._max_held:
            raise TooMuch
        self.held += size


def _declared_length(scope: Scope) -> int:
    for name, value in scope["headers"]:
        if name == b"content-length" and value.isdigit():
            return int(value[:18])
    return 0
