"""`liaison worker`: the warm worker, woken by the store's bell."""

from __future__ import annotations

import asyncio
import logging

import asyncpg

from deployments.registration import declarations
from deployments.worker_process import run_beside_signals, run_worker
from tasks import resources
from tasks.ring import WAKE_CHANNEL

_LISTEN_AGAIN = 2.0

logger = logging.getLogger("liaison.worker")


def work(*, limit: int) -> None:
    """Run flows until told to stop. Raises when the store or the policy cannot be used."""
    run_beside_signals(lambda stop: _work(stop, limit=limit))


async def _work(stop: asyncio.Event, *, limit: int) -> None:
    await resources.database().check_durability()
    resources.policy()
    bell = asyncio.Event()
    listener = asyncio.create_task(_listen(resources.database().url, bell))
    try:
        await run_worker(pool=declarations()[0].work_pool.name, limit=limit, wake=bell, stop=stop)
    finally:
        listener.cancel()
        await asyncio.gather(listener, return_exceptions=True)
        await resources.close()


async def _listen(url: str, bell: asyncio.Event) -> None:
    """Set `bell` at each NOTIFY; while its connection is lost, polling finds runs a second later."""
    address = url.replace("postgresql+asyncpg://", "postgresql://", 1)
    while True:
        try:
            connection = await asyncpg.connect(address)
            try:
                lost = asyncio.Event()
                connection.add_termination_listener(lambda _, lost=lost: lost.set())
                await connection.add_listener(WAKE_CHANNEL, lambda *_: bell.set())
                await lost.wait()
            finally:
                await connection.close()
        except (OSError, asyncpg.PostgresError, asyncpg.InterfaceError) as error:
            logger.warning("the bell's connection is lost (%s); listening again", type(error).__name__)
        await asyncio.sleep(_LISTEN_AGAIN)
