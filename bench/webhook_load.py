"""A load generator for one HTTP server on loopback: keep-alive connections, requests written as raw bytes.

It runs in a process of its own and does as little as it can for each answer (about 15 µs), so that the server
under test, and not the generator, is what a rate tells about.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import time
import uuid
from collections.abc import Callable, Iterator, Sequence
from typing import cast

import uvloop

from connectors.kit.webhooks.signing import sign_standard_webhook

TEXT = "The card form spins for ever and then says that my bank refused. It worked on Monday. " * 12


class Client(asyncio.Protocol):
    """One connection: writes a request, waits for the whole answer, writes the next."""

    def __init__(self, requests: Iterator[bytes]) -> None:
        self._requests = requests
        self._write: Callable[[bytes], None]
        self._received = b""
        self.finished: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self.answered = 0

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._write = cast(asyncio.Transport, transport).write  # uvloop's is no subclass of it

    def start(self) -> None:
        self._next()

    def data_received(self, data: bytes) -> None:
        self._received += data
        head, found, body = self._received.partition(b"\r\n\r\n")
        if not found or len(body) < _content_length(head):
            return
        if not head.startswith(b"HTTP/1.1 200 "):
            self._fail(ConnectionError(f"answered {head.splitlines()[0]!r}"))
            return
        self.answered += 1
        self._received = b""
        self._next()

    def connection_lost(self, exc: Exception | None) -> None:
        self._fail(exc or ConnectionError("the server hung up"))

    def _next(self) -> None:
        request = next(self._requests, None)
        if request is not None:
            self._write(request)
        elif not self.finished.done():
            self.finished.set_result(None)

    def _fail(self, error: Exception) -> None:
        if not self.finished.done():
            self.finished.set_exception(error)


async def rate(port: int, requests: Sequence[bytes], *, concurrency: int) -> float:
    """Answers per second. Raises ConnectionError when any answer was not a 200."""
    queue = iter(requests)
    loop = asyncio.get_running_loop()
    clients = []
    for _ in range(concurrency):
        transport, client = await loop.create_connection(lambda: Client(queue), "127.0.0.1", port)
        clients.append((transport, client))
    started = time.perf_counter()
    for _, client in clients:
        client.start()
    await asyncio.gather(*(client.finished for _, client in clients))
    seconds = time.perf_counter() - started
    for transport, _ in clients:
        transport.close()
    assert sum(client.answered for _, client in clients) == len(requests)
    return len(requests) / seconds


def _content_length(head: bytes) -> int:
    _, _, rest = head.lower().partition(b"\r\ncontent-length: ")
    return int(rest.partition(b"\r\n")[0])


def signed_webhooks(path: str, secret: bytes, number: int) -> list[bytes]:
    """That many different requests, signed by the Standard Webhooks scheme, ready to be written."""
    timestamp = str(int(time.time()))
    return [_signed(path, secret, id=f"msg_{uuid.uuid4().hex}", timestamp=timestamp) for _ in range(number)]


def _signed(path: str, secret: bytes, *, id: str, timestamp: str) -> bytes:
    body = json.dumps({"id": id, "status": "open", "subject": "Cannot pay", "body": TEXT}).encode()
    signature = sign_standard_webhook(body, secret, id=id, timestamp=timestamp)
    head = (
        f"POST {path} HTTP/1.1\r\nhost: 127.0.0.1\r\nuser-agent: bench\r\naccept: */*\r\n"
        f"content-type: application/json\r\ncontent-length: {len(body)}\r\n"
        f"webhook-id: {id}\r\nwebhook-timestamp: {timestamp}\r\nwebhook-signature: {signature}\r\n\r\n"
    )
    return head.encode() + body


def main() -> None:
    """Print the rate of one round as a number."""
    parser = argparse.ArgumentParser(description="Load one server with signed webhooks.")
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--path", required=True)
    parser.add_argument("--requests", type=int, required=True)
    parser.add_argument("--concurrency", type=int, required=True)
    options = parser.parse_args()
    requests = signed_webhooks(options.path, os.environ["BENCH_SECRET"].encode(), options.requests)
    print(uvloop.run(rate(options.port, requests, concurrency=options.concurrency)))


if __name__ == "__main__":
    main()
