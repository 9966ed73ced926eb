"""Running the gateway: its parts opened, kept fresh, and closed in order."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator
from typing import Any

import uvicorn
from starlette.types import ASGIApp
from uvicorn.protocols.http.auto import AutoHTTPProtocol

from deployments.gateway.app import Gateway
from deployments.gateway.doorbell import Doorbell
from deployments.gateway.sources import Sources
from incidents.store.connections import Mirror
from incidents.store.database import Database
from incidents.store.inbox import InboxWriter

HEADER_SECONDS = 10.0


@contextlib.asynccontextmanager
async def open_gateway(database: Database, key: str) -> AsyncIterator[Gateway]:
    """A gateway ready to serve. Raises when the store is not durable or the key is wrong."""
    await database.check_durability()
    inbox = InboxWriter(database)
    sources = Sources(database, Mirror(key))
    doorbell = Doorbell(database)
    await sources.load()
    inbox.start()
    background = [asyncio.create_task(doorbell.run()), asyncio.create_task(sources.keep_fresh())]
    try:
        yield Gateway(database=database, inbox=inbox, sources=sources, doorbell=doorbell)
    finally:
        for task in background:
            task.cancel()
        await asyncio.gather(*background, return_exceptions=True)
        await inbox.aclose()


class DeadlineProtocol(AutoHTTPProtocol):  # type: ignore[misc,valid-type]
    """uvicorn waits for ever for a request's headers; this hangs up after `HEADER_SECONDS`."""

    _too_slow: asyncio.TimerHandle | None = None

    def connection_made(self, transport: Any) -> None:
        super().connection_made(transport)
        self._too_slow = self.loop.call_later(HEADER_SECONDS, transport.close)

    def data_received(self, data: bytes) -> None:
        super().data_received(data)
        if self.cycle is not None and self._too_slow is not None:
            self._too_slow.cancel()
            self._too_slow = None

    def connection_lost(self, exc: Exception | None) -> None:
        if self._too_slow is not None:
            self._too_slow.cancel()
        super().connection_lost(exc)


async def serve_gateway(database_url: str, key: str, *, host: str, port: int) -> None:
    """Serve until told to stop (SIGTERM, SIGINT)."""
    database = Database(database_url)
    try:
        async with open_gateway(database, key) as gateway:
            await uvicorn.Server(uvicorn_config(gateway, host=host, port=port)).serve()
    finally:
        await database.aclose()


def uvicorn_config(app: ASGIApp, *, host: str, port: int) -> uvicorn.Config:
    return uvicorn.Config(
        app,
        host=host,
        port=port,
        http=DeadlineProtocol,
        ws="none",
        lifespan="off",
        access_log=False,
        log_level="warning",
        server_header=False,
        backlog=2048,
        timeout_keep_alive=30,
        timeout_graceful_shutdown=10,
    )
