"""A wire fake on loopback in a thread of its own, for clients that block."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Iterator
from contextlib import contextmanager

from starlette.types import ASGIApp

from connectors.kit.fakes.certificates import LoopbackCertificate
from connectors.kit.fakes.loopback import serving


@contextmanager
def served(app: ASGIApp, certificate: LoopbackCertificate | None = None) -> Iterator[str]:
    """The app's address until the end of the block."""
    addresses: list[str] = []
    ready, loops = threading.Event(), list[tuple[asyncio.AbstractEventLoop, asyncio.Event]]()

    async def serve() -> None:
        end = asyncio.Event()
        loops.append((asyncio.get_running_loop(), end))
        async with serving(app, certificate=certificate) as address:
            addresses.append(address)
            ready.set()
            await end.wait()

    thread = threading.Thread(target=lambda: asyncio.run(serve()), daemon=True)
    thread.start()
    assert ready.wait(30)
    try:
        yield addresses[0]
    finally:
        loop, end = loops[0]
        loop.call_soon_threadsafe(end.set)
        thread.join(30)
