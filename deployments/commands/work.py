"""`liaison worker`: the warm worker, woken by the store's bell."""

from __future__ import annotations

import asyncio
import logging
from datetime import UTC, datetime

import asyncpg
import httpx
from prefect.client.orchestration import get_client
from prefect.exceptions import PrefectException
from prefect.states import Scheduled

from deployments.worker.declarations import declarations
from deployments.worker.worker_process import run_beside_signals, run_worker
from incidents.store.inbox.drains import LEASE as DRAIN_LEASE
from incidents.store.ledger.effects import LEASE as EFFECT_LEASE
from incidents.store.migrate import check_schema
from tasks import resources
from tasks.ring import WAKE_CHANNEL

_LISTEN_AGAIN = 2.0

logger = logging.getLogger("liaison.worker")


def work(*, limit: int) -> None:
    """Run flows until told to stop. Raises when the store or the policy cannot be used."""
    run_beside_signals(lambda stop: _work(stop, limit=limit))


async def _work(stop: asyncio.Event, *, limit: int) -> None:
    await resources.database().check_durability()
    await check_schema(resources.database())
    resources.policy()
    bell = asyncio.Event()
    listener = asyncio.create_task(_listen(resources.database().url, bell))
    heir = asyncio.create_task(_take_over())
    try:
        await run_worker(pool=declarations()[0].work_pool.name, limit=limit, wake=bell, stop=stop)
    finally:
        for task in (listener, heir):
            task.cancel()
        await asyncio.gather(listener, heir, return_exceptions=True)
        await resources.close()


async def _take_over() -> None:
    """See to what a killed predecessor held, when its leases are over; the minute's schedule comes later."""
    at = datetime.now(UTC) + max(DRAIN_LEASE, EFFECT_LEASE)
    try:
        async with get_client() as client:
            recover = await client.read_deployment_by_name("recover/recover")
            await client.create_flow_run_from_deployment(recover.id, state=Scheduled(scheduled_time=at))
    except (httpx.HTTPError, PrefectException, RuntimeError, OSError) as error:
        # RuntimeError: Prefect's client says so when it cannot reach its server. The schedule does it too.
        logger.warning("no recover run could be asked for: %s", type(error).__name__)


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
