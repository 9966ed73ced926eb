"""Reading an answer's body under a cap that holds for the inflated bytes, so that no gzip bomb goes off."""

from __future__ import annotations

import zlib

import httpx

MAX_ANSWER_BYTES = 8 * 1024 * 1024
ACCEPT_ENCODING = "gzip"  # the one encoding that is read here, whatever else is installed

_GZIP_OR_ZLIB = 32 + zlib.MAX_WBITS


class UnusableBody(Exception):
    """Broken off, too big, or encoded as nobody asked for."""


async def read_capped(response: httpx.Response, limit: int = MAX_ANSWER_BYTES) -> bytes:
    """The whole body, at most `limit` bytes of it; else `UnusableBody`.

    The raw stream is read, since httpx inflates each chunk whole before anybody can count its bytes.
    """
    if not isinstance(response.stream, httpx.AsyncByteStream):
        raise TypeError("a transport for asyncio gives asynchronous streams")
    inflater = _inflater(response.headers.get("content-encoding", "identity"))
    pieces: list[bytes] = []
    room = limit
    try:
        async for chunk in response.stream:
            piece = inflater.decompress(chunk, room + 1) if inflater is not None else chunk
            room -= len(piece)
            if room < 0:
                raise UnusableBody(f"answer over {limit} bytes")
            pieces.append(piece)
    except httpx.TransportError as error:
        raise UnusableBody(f"answer broke off ({type(error).__name__})") from error
    except zlib.error as error:
        raise UnusableBody("answer is not the gzip it says") from error
    body = b"".join(pieces)
    if inflater is not None and body and not inflater.eof:
        raise UnusableBody("answer broke off (its gzip has no end)")
    return body


def _inflater(encoding: str) -> zlib._Decompress | None:
    word = encoding.strip().lower()
    if word in ("", "identity"):
        return None
    if word in ("gzip", "x-gzip", "deflate"):
        return zlib.decompressobj(_GZIP_OR_ZLIB)
    raise UnusableBody("answer has an encoding we did not ask for")
