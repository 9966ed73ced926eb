"""What `liaison worker` runs: a worker that polls, wakes at once when told, and leaves in good order."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import signal
import socket
from collections.abc import Awaitable, Callable, Coroutine
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from types import FrameType
from typing import Any

import httpx

from deployments.worker.missed_schedules import skip_missed
from deployments.worker.worker import LiaisonWorker

DEFAULT_LIMIT = 20
GRACE_SECONDS = 20.0
POLL_SECONDS = 3.0
"""Only for what nobody rings for: planned runs, and those that somebody starts in the UI. A look costs 20 ms of CPU."""
CANCELLATION_SECONDS = 2.0
HEARTBEAT_SECONDS = 30.0
TIDY_SECONDS = 60.0
LONGEST_PAUSE_SECONDS = 15.0

_log = logging.getLogger("liaison.worker")


def run_beside_signals(main: Callable[[asyncio.Event], Coroutine[Any, Any, None]]) -> None:
    """`asyncio.run(main(stop))` in a thread of its own; SIGTERM and SIGINT set `stop`. Call it in the main one.

    Prefect's engine puts its own SIGTERM handler in the main thread while a flow runs, and that one raises in
    the middle of whatever the event loop does. In any other thread it leaves signals alone, and they stay ours.
    """
    stop = asyncio.Event()
    loops: list[asyncio.AbstractEventLoop] = []

    def on_signal(number: int, frame: FrameType | None) -> None:
        for loop in loops:
            loop.call_soon_threadsafe(stop.set)

    async def run() -> None:
        loops.append(asyncio.get_running_loop())
        try:
            await main(stop)
        finally:
            loops.clear()

    previous = {number: signal.signal(number, on_signal) for number in (signal.SIGTERM, signal.SIGINT)}
    try:
        with ThreadPoolExecutor(max_workers=1, thread_name_prefix="worker") as threads:
            threads.submit(asyncio.run, run()).result()
    finally:
        for number, handler in previous.items():
            signal.signal(number, handler)


async def run_worker(
    *,
    pool: str,
    limit: int = DEFAULT_LIMIT,
    wake: asyncio.Event | None = None,
    stop: asyncio.Event | None = None,
    grace: float = GRACE_SECONDS,
) -> None:
    """Serve `pool` until `stop` is set, then give the runs under way `grace` seconds to end.

    Setting `wake` makes the worker look for runs at once; it is cleared when that was heard. A Prefect server
    that is away is waited for. Run it inside `run_beside_signals`.
    """
    # One name a host, so that the list of workers does not grow with every restart.
    worker = LiaisonWorker(pool, name=socket.gethostname(), limit=limit)
    await WorkerLoops(worker, wake=wake or asyncio.Event(), stop=stop or asyncio.Event()).serve(grace=grace)


class WorkerLoops:
    """The loops around a worker. `poll`: seconds between looks for runs, when nobody wakes it."""

    def __init__(
        self, worker: LiaisonWorker, *, wake: asyncio.Event, stop: asyncio.Event, poll: float = POLL_SECONDS
    ) -> None:
        self._worker = worker
        self._poll_seconds = poll
        self._wake = wake
        self._stop = stop

    def wake(self) -> None:
        """Look for runs now, not at the next poll."""
        self._wake.set()

    def stop(self) -> None:
        """Take no more runs, let those under way end, and return from `serve`."""
        self._stop.set()

    async def serve(self, *, grace: float) -> None:
        """Take runs until `stop`, then give those under way `grace` seconds to end. Waits for a Prefect server that
        is away.
        """
        worker = self._worker
        async with worker:
            async with asyncio.TaskGroup() as chores:
                others = [
                    chores.create_task(_repeat(worker.sync_with_backend, HEARTBEAT_SECONDS)),
                    chores.create_task(_repeat(worker.cancel_what_is_cancelling, CANCELLATION_SECONDS)),
                    chores.create_task(_repeat(self._tidy, TIDY_SECONDS)),
                    chores.create_task(self._poll()),
                ]
                await self._stop.wait()
                for chore in others:
                    chore.cancel()
            await worker.finish(grace)

    async def _poll(self) -> None:
        pause = self._poll_seconds
        while True:
            is_well = await _attempt(self._worker.get_and_submit_flow_runs)
            pause = self._poll_seconds if is_well else min(pause * 2, LONGEST_PAUSE_SECONDS)
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._wake.wait(), pause)
            self._wake.clear()

    async def _tidy(self) -> None:
        await self._worker.end_orphans()
        await skip_missed(self._worker.client, pool=self._worker.pool, now=datetime.now(UTC))


async def _repeat(work: Callable[[], Awaitable[object]], seconds: float) -> None:
    while True:
        is_well = await _attempt(work)
        await asyncio.sleep(seconds if is_well else min(seconds, LONGEST_PAUSE_SECONDS))


async def _attempt(work: Callable[[], Awaitable[object]]) -> bool:
    """False when the server did not answer: it may be restarting, and we are still here when it is back."""
    try:
        await work()
    except (httpx.HTTPError, OSError) as error:
        _log.warning("The Prefect server does not answer (%s: %s)", type(error).__name__, error)
        return False
    return True
