"""Hundreds of clients that hold bodies open at the gateway, and true webhooks between them."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass

from bench.campaign.first_come import MOST_CONNECTIONS
from bench.campaign.row import Row, Size
from bench.campaign.senders import Sent, sending, signed, webhook
from bench.campaign.site import FIRST_COME, GATEWAY, HOST, PATH, Site, open_site

HELD_BYTES = 48 * 1024
"""Of each slow body: 500 of them are over the memory that is there for one connection's unfinished bodies."""
SPREAD = 3.0
"""Seconds in which they come: all at once, a server with a limit would refuse every one, and nobody would hold it."""
AGAIN = 2.0
"""Seconds until a slow client that was let go comes again."""


@dataclass(frozen=True, kw_only=True)
class Crowd:
    """`true_sent`: attempts with whole webhooks, of which so many were answered 200, the slowest in so many seconds."""

    clients: int
    true_sent: int
    taken: int
    slowest: float


async def slow_clients(size: Size) -> Row:
    """Every true webhook is answered 200 at its first attempt; the control limits its connections, first come first
    served, and has no deadline."""
    seconds = size.pick(full=60, small=10)
    crowds = [await _crowd(GATEWAY, clients, seconds) for clients in (500, 2_000)]
    control = await _crowd(FIRST_COME, 500, 10)
    return Row(
        name="Clients hold bodies open at the gateway",
        size=size,
        done=f"{' and '.join(f'{crowd.clients:,}' for crowd in crowds)} clients from one address for {seconds} s each, "
        "who come again when they are let go",
        promised="true webhooks from the same address are answered 200 at the first attempt",
        seen="; ".join(_words(crowd) for crowd in crowds),
        control=f"uvicorn with its own limit of {MOST_CONNECTIONS} connections, and no deadline: {_words(control)}",
        is_kept=all(crowd.taken == crowd.true_sent > 0 for crowd in crowds),
        has_control_failed=control.taken < control.true_sent,
    )


def _words(crowd: Crowd) -> str:
    slowest = f", the slowest in {crowd.slowest:.1f} s" if crowd.taken else ""
    return f"{crowd.clients:,} clients: {crowd.taken:,} of {crowd.true_sent:,} taken{slowest}"


async def _crowd(command: Sequence[str], clients: int, seconds: int) -> Crowd:
    async with open_site(command) as site, _holding(site, clients):
        async with sending(site.url, site.secret, at_once=4) as sent:
            await asyncio.sleep(seconds)
        return Crowd(
            clients=clients, true_sent=sent.statuses.total(), taken=_taken(sent), slowest=sent.slowest
        )


def _taken(sent: Sent) -> int:
    return sent.statuses[200]


@asynccontextmanager
async def _holding(site: Site, clients: int) -> AsyncIterator[None]:
    """All of them hold their first body when the block begins."""
    ready = asyncio.Semaphore(0)
    tasks = [
        asyncio.create_task(_hold(site, ready, after=SPREAD * number / clients)) for number in range(clients)
    ]
    try:
        for _ in range(clients):
            await ready.acquire()
        yield
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


async def _hold(site: Site, ready: asyncio.Semaphore, *, after: float) -> None:
    await asyncio.sleep(after)
    number, body = webhook(site.secret)
    headers = signed(number, body, site.secret)
    lines = [f"POST {PATH} HTTP/1.1", f"host: {HOST}", f"content-length: {HELD_BYTES + 1}"]
    lines += [f"{name}: {value}" for name, value in headers.items()]
    request = "\r\n".join(lines).encode() + b"\r\n\r\n" + b"x" * HELD_BYTES
    while True:
        with contextlib.suppress(OSError):
            reader, writer = await asyncio.open_connection(HOST, site.port)
            try:
                writer.write(request)
                await writer.drain()
                ready.release()
                # Until it is let go: answered, or hung up on.
                await reader.read()
            finally:
                writer.close()
        await asyncio.sleep(AGAIN)
