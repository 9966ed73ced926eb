"""`liaison worker`: the warm worker, woken by the store's bell; and what goes on while Prefect is away."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import os
import socket
from datetime import datetime, timedelta

import asyncpg
import httpx
from prefect.client.orchestration import get_client
from prefect.client.schemas.objects import State
from prefect.exceptions import PrefectException
from prefect.states import Scheduled

from deployments.commands.settings import kept_key
from deployments.machine.garbage import keep_what_is_loaded
from deployments.machine.home import liaison_home
from deployments.worker.declarations import declarations
from deployments.worker.emergency import EmergencyWorker
from deployments.worker.prefect_watch import AWAY_AFTER, AbsencePacing, PrefectWatch
from deployments.worker.worker_process import GRACE_SECONDS, run_beside_signals, run_worker
from incidents.errors import StoreFault
from incidents.store.inbox.drains import LEASE as DRAIN_LEASE
from incidents.store.ledger.effects import LEASE as EFFECT_LEASE
from incidents.store.migrate import check_schema
from tasks import resources
from tasks.ring import WAKE_CHANNEL

_LISTEN_AGAIN = 2.0
_SERVE_AGAIN, _SERVE_AGAIN_AT_LAST = 1.0, 30.0
_LAST_CALLS = 5.0
_ASK_TIME_EVERY = 15.0
_WORTH_SAYING = timedelta(seconds=2)

logger = logging.getLogger("liaison.worker")


def work(*, pool: str | None = None, limit: int, emergency_after: float = AWAY_AFTER) -> None:
    """Run flows until told to stop. Raises when the store or the policy cannot be used.

    `pool`: the first one that prefect.yaml names, if nobody says so. When Prefect has not answered for
    `emergency_after` seconds, this worker goes on without it; never where that is 0.
    """
    pool = pool or declarations()[0].work_pool.name
    run_beside_signals(lambda stop: _work(stop, pool=pool, limit=limit, emergency_after=emergency_after))


async def _work(stop: asyncio.Event, *, pool: str, limit: int, emergency_after: float) -> None:
    await resources.database().check_durability()
    await check_schema(resources.database())
    resources.policy()
    _take_kept_key()
    await resources.follow_store_clock()
    keep_what_is_loaded()
    bell = asyncio.Event()
    background = [
        asyncio.create_task(_keep_time()),
        asyncio.create_task(_listen(resources.database().url, bell)),
        asyncio.create_task(_take_over()),
    ]
    stand_in = asyncio.create_task(_stand_in(stop, emergency_after))
    try:
        await _serve(stop, bell, pool=pool, limit=limit)
        await asyncio.wait([stand_in], timeout=GRACE_SECONDS)
    finally:
        for task in (*background, stand_in):
            task.cancel()
        await asyncio.gather(*background, stand_in, return_exceptions=True)
        await resources.close()


async def _keep_time() -> None:
    """Go by PostgreSQL's clock, however this machine's is set meanwhile."""
    said = timedelta(0)
    while True:
        try:
            behind = await resources.follow_store_clock()
        except StoreFault as error:
            logger.warning("PostgreSQL's clock could not be asked for: %s", type(error).__name__)
        else:
            if abs(behind - said) > _WORTH_SAYING:
                seconds = behind.total_seconds()
                logger.warning("this machine's clock is %+.0f s off PostgreSQL's, which is gone by", -seconds)
                said = behind
        await asyncio.sleep(_ASK_TIME_EVERY)


def _take_kept_key() -> None:
    key = kept_key(liaison_home())
    if key is None:
        logger.warning(
            "LIAISON_KEY is not set: while Prefect is away this worker knows only the connections it has used before"
        )
    else:
        os.environ["LIAISON_KEY"] = key


async def _serve(stop: asyncio.Event, bell: asyncio.Event, *, pool: str, limit: int) -> None:
    """Whatever Prefect's worker ends with, this process stays: it is the one that goes on in an emergency."""
    pause = _SERVE_AGAIN
    while not stop.is_set():
        serving = asyncio.create_task(run_worker(pool=pool, limit=limit, wake=bell, stop=stop))
        stopping = asyncio.create_task(stop.wait())
        try:
            await asyncio.wait([serving, stopping], return_when=asyncio.FIRST_COMPLETED)
            # A Prefect that hangs must not keep us from leaving.
            ended, _ = await asyncio.wait(
                [serving], timeout=GRACE_SECONDS + _LAST_CALLS if stop.is_set() else None
            )
        finally:
            for task in (serving, stopping):
                task.cancel()
            await asyncio.gather(serving, stopping, return_exceptions=True)
        error = serving.exception() if ended and not serving.cancelled() else None
        if error is not None:
            logger.error("the worker ended; serving again in %g s", pause, exc_info=error)
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(stop.wait(), pause)
            pause = min(2 * pause, _SERVE_AGAIN_AT_LAST)


async def _stand_in(stop: asyncio.Event, after: float) -> None:
    """Watch Prefect, and go on without it while it is away."""
    if after <= 0:
        return
    async with get_client() as client:
        # What a run of `intake` needs: a server, its database, our login, and our deployments.
        watch = PrefectWatch(
            lambda: client.read_deployment_by_name("intake/intake"), pacing=AbsencePacing(away_after=after)
        )
        watching = asyncio.create_task(watch.run())
        try:
            worker = EmergencyWorker(
                watch,
                holder=f"{socket.gethostname()}, process {os.getpid()}",
                when_back=lambda: _ask_for_recover(None),
            )
            await worker.run(stop)
        finally:
            watching.cancel()
            await asyncio.gather(watching, return_exceptions=True)


async def _take_over() -> None:
    """See to what a killed predecessor held, when its leases are over; the schedule's run comes later."""
    await _ask_for_recover(resources.utc_now() + max(DRAIN_LEASE, EFFECT_LEASE))


async def _ask_for_recover(at: datetime | None) -> None:
    """A run of `recover`, at once or at that time."""
    try:
        async with get_client() as client:
            found = await client.read_deployment_by_name("recover/recover")
            state: State[None] | None = Scheduled(scheduled_time=at) if at is not None else None
            await client.create_flow_run_from_deployment(found.id, state=state)
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
