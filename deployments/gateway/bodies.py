"""Reading a request's body under a size limit and a deadline: neither is the server's business by default."""

from __future__ import annotations

import asyncio

from starlette.types import Receive, Scope

MAX_BODY_BYTES = 1024 * 1024
READ_SECONDS = 10.0


class TooLarge(Exception):
    """The body is over the limit; the rest of it was not read."""


class TooSlow(Exception):
    """The body did not arrive within the deadline."""


class Gone(Exception):
    """The sender hung up before the body was complete: there is nobody to answer."""


async def read_body(scope: Scope, receive: Receive) -> bytes:
    """The raw bytes, never decoded or inflated: the signature is over them as they came."""
    declared = next((value for name, value in scope["headers"] if name == b"content-length"), b"0")
    if declared.isdigit() and int(declared) > MAX_BODY_BYTES:
        raise TooLarge
    chunks: list[bytes] = []
    size = 0
    try:
        async with asyncio.timeout(READ_SECONDS):
            more = True
            while more:
                message = await receive()
                if message["type"] == "http.disconnect":
                    raise Gone
                chunk: bytes = message.get("body", b"")
                size += len(chunk)
                if size > MAX_BODY_BYTES:
                    raise TooLarge
                chunks.append(chunk)
                more = message.get("more_body", False)
    except TimeoutError as error:
        raise TooSlow from error
    return b"".join(chunks)
