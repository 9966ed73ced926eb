"""The emergency: while Prefect is away, one worker goes on by itself, so that people are paged all the same.

It calls the flows that Prefect would run, by their functions alone (`tasks.without_prefect`): the same decisions, the
same store, the same effects ledger. What a run that hangs at Prefect does later, or another worker that still reaches
it, is kept from being done twice by what keeps two runs from it at any time: the drains' fences, the locked incident,
and the ledger's leases.

Of several workers the one with the lease goes on (`incidents.store.emergencies`). When Prefect is back, it asks for a
run of `recover`, which tells there what was done.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

from prefect import Flow
from sqlalchemy.exc import SQLAlchemyError

from deployments.worker.prefect_watch import PrefectWatch
from flows.intake import intake
from flows.reconcile import reconcile
from flows.recover import recover
from flows.sla_sweep import sla_sweep
from flows.status_sync import status_sync
from incidents.errors import StoreFault
from incidents.events import Lane
from incidents.store.emergencies import (
    LEASE,
    begin_emergency,
    emergency_name,
    end_emergency,
    keep_emergency,
)
from tasks import resources
from tasks.reading import overdue
from tasks.runs import perform
from tasks.without_prefect import without_prefect

logger = logging.getLogger("liaison.emergency")

StoryFlow = Flow[[], Coroutine[Any, Any, str]]

_DRAINS: dict[Lane, StoryFlow] = {Lane.INTAKE: intake, Lane.STATUS_SYNC: status_sync}


@dataclass(frozen=True, kw_only=True, slots=True)
class EmergencyPacing:
    """Seconds between two looks for what is due, and between two beginnings of each flow at least; `failed`, after it
    failed. A flow that takes longer than `stuck` waits for somebody else's server, and the next one does not wait for
    it. `finish`: how long what is under way may take to end when Prefect is back."""

    look: float = 1.0
    drain: float = 1.0
    recover: float = 10.0
    sweep: float = 15.0
    reconcile: float = 300.0
    failed: float = 10.0
    stuck: float = 20.0
    finish: float = 20.0


@dataclass(slots=True)
class _Started:
    """When a flow was last begun, when it may begin again, and what is still under way of it."""

    at: float = float("-inf")
    not_before: float = float("-inf")
    under_way: set[asyncio.Task[None]] = field(default_factory=set)


class EmergencyWorker:
    """`holder` says to people which worker it is. `when_back` is called when Prefect is back, as often as it takes."""

    def __init__(
        self,
        watch: PrefectWatch,
        *,
        holder: str,
        when_back: Callable[[], Awaitable[None]],
        pacing: EmergencyPacing | None = None,
    ) -> None:
        self._watch = watch
        self._holder = holder
        self._when_back = when_back
        self._pacing = pacing or EmergencyPacing()
        self._started: dict[StoryFlow, _Started] = {}

    async def run(self, stop: asyncio.Event) -> None:
        """Go on whenever Prefect is away, until `stop`; then what is under way has its time to end."""
        while await _first(self._watch.away, stop) and not stop.is_set():
            logger.warning("Prefect does not answer: people are paged without it, as long as it is away")
            await self._stand_in(stop)
            if not stop.is_set():
                logger.warning("Prefect answers again: flows are run there")
                await self._when_back()

    async def _stand_in(self, stop: asyncio.Event) -> None:
        while self._watch.away.is_set() and not stop.is_set():
            try:
                async with resources.database().transaction() as tx:
                    emergency = await begin_emergency(tx, self._holder)
                if emergency is not None:
                    await self._hold(emergency, stop)
            except (StoreFault, SQLAlchemyError) as error:
                logger.warning("the store is away too (%s); looking again", type(error).__name__)
            # Another worker is at it, or was until now.
            await _first(self._watch.here, stop, seconds=self._pacing.look)

    async def _hold(self, emergency: int, stop: asyncio.Event) -> None:
        logger.warning("this worker goes on without Prefect: %s", emergency_name(emergency))
        lost = asyncio.Event()
        try:
            async with _kept(emergency, lost):
                with without_prefect(emergency_name(emergency)):
                    self._started = {flow: _Started() for flow in (*_DRAINS.values(), recover, sla_sweep)}
                    self._started[reconcile] = _Started(not_before=_now() + self._pacing.reconcile)
                    while self._watch.away.is_set() and not stop.is_set() and not lost.is_set():
                        await self._look()
                        await _first(self._watch.here, stop, lost, seconds=self._pacing.look)
                await self._finish()
        finally:
            async with resources.database().transaction() as tx:
                await end_emergency(tx, emergency)

    async def _look(self) -> None:
        """Begin whatever is due."""
        try:
            found = await overdue()
        except (StoreFault, SQLAlchemyError) as error:
            logger.warning("the store is away too (%s); looking again", type(error).__name__)
            return
        for lane in found.lanes:
            # The lane is free: who drained it before, if anybody, only follows incidents now.
            self._begin(_DRAINS[lane], every=self._pacing.drain, waits_for_the_last=False)
        if found.stages or found.effects:
            self._begin(recover, every=self._pacing.recover)
        self._begin(sla_sweep, every=self._pacing.sweep)
        self._begin(reconcile, every=self._pacing.reconcile)

    def _begin(self, flow: StoryFlow, *, every: float, waits_for_the_last: bool = True) -> None:
        started, now = self._started[flow], _now()
        is_busy = bool(started.under_way) and now - started.at < self._pacing.stuck
        if now < started.not_before or (is_busy and waits_for_the_last):
            return
        started.at, started.not_before = now, now + every
        task = asyncio.create_task(self._perform(flow, started), name=f"{flow.name} without Prefect")
        started.under_way.add(task)
        task.add_done_callback(started.under_way.discard)

    async def _perform(self, flow: StoryFlow, started: _Started) -> None:
        try:
            found: str = await perform(flow)
        except Exception:  # whatever failed, the others go on, and the next look takes it up
            logger.exception("%s failed without Prefect", flow.name)
            started.not_before = max(started.not_before, _now() + self._pacing.failed)
        else:
            logger.info("%s without Prefect: %s", flow.name, found)

    async def _finish(self) -> None:
        """What takes longer is cut off: its leases run out, and the next run takes it up."""
        under_way = [task for started in self._started.values() for task in started.under_way]
        if under_way:
            await asyncio.wait(under_way, timeout=self._pacing.finish)
        for task in under_way:
            task.cancel()
        await asyncio.gather(*under_way, return_exceptions=True)


@asynccontextmanager
async def _kept(emergency: int, lost: asyncio.Event) -> AsyncIterator[None]:
    beat = asyncio.create_task(_beat(emergency, lost))
    try:
        yield
    finally:
        beat.cancel()
        await asyncio.gather(beat, return_exceptions=True)


async def _beat(emergency: int, lost: asyncio.Event) -> None:
    while not lost.is_set():
        await asyncio.sleep((LEASE / 3).total_seconds())
        try:
            async with resources.database().transaction() as tx:
                if not await keep_emergency(tx, emergency):
                    lost.set()
        except (StoreFault, SQLAlchemyError) as error:
            logger.warning("the emergency's lease could not be renewed: %s", type(error).__name__)


async def _first(*events: asyncio.Event, seconds: float | None = None) -> bool:
    """Wait until one of them is set; False when none was in time."""
    waits = [asyncio.create_task(event.wait()) for event in events]
    try:
        done, _ = await asyncio.wait(waits, timeout=seconds, return_when=asyncio.FIRST_COMPLETED)
        return bool(done)
    finally:
        for wait in waits:
            wait.cancel()
        await asyncio.gather(*waits, return_exceptions=True)


def _now() -> float:
    return asyncio.get_running_loop().time()
