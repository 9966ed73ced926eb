"""Will somebody handle what is taken? Prefect's server and a worker are looked at now and then.

Taking webhooks needs neither of them: what is taken waits in the store, or a worker handles it without Prefect. But the
operator must hear of it.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from prefect.client.orchestration import PrefectClient
from prefect.exceptions import ObjectNotFound

from deployments.gateway.notices import error_words
from incidents.store.database import Database
from incidents.store.emergencies import emergency_since

DEPLOYMENT = "intake/intake"
"""Whose runs handle what the gateway takes."""

logger = logging.getLogger("liaison.gateway")


@dataclass(frozen=True, kw_only=True, slots=True)
class EnginePacing:
    """Seconds. A look each `every`, which waits `patience` at most. The same trouble is said again after `say_again`,
    then after twice that, and so on up to `longest`."""

    every: float = 10.0
    patience: float = 8.0
    say_again: float = 10.0
    longest: float = 600.0


async def goes_on_without_prefect(database: Database) -> bool:
    """Whether a worker handles now what Prefect would."""
    async with database.transaction() as tx:
        return await emergency_since(tx) is not None


async def _nobody() -> bool:
    return False


class Engine:
    """`trouble` is what keeps deliveries from being handled as usual, in a sentence, or None. `run` looks until
    cancelled. `goes_on` says whether a worker handles them without Prefect.
    """

    def __init__(
        self,
        client: PrefectClient,
        *,
        goes_on: Callable[[], Awaitable[bool]] = _nobody,
        pacing: EnginePacing | None = None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._client = client
        self._goes_on = goes_on
        self._pacing = pacing or EnginePacing()
        self._clock = clock
        self.trouble: str | None = None
        self._since = 0.0
        self._say_at = 0.0
        self._pause = 0.0

    async def run(self) -> None:
        """Look again and again, until cancelled; what is wrong now is in `trouble`."""
        while True:
            trouble = await self._look()
            self.take_note(trouble if trouble is None else f"{await self._what_comes_of_it()}: {trouble}")
            await asyncio.sleep(self._pacing.every)

    async def _what_comes_of_it(self) -> str:
        try:
            async with asyncio.timeout(self._pacing.patience):
                goes_on = await self._goes_on()
        except Exception:  # noqa: BLE001 - whatever ails the store, this must go on looking
            goes_on = False
        return "a worker handles what is taken without Prefect" if goes_on else "what is taken waits"

    async def _look(self) -> str | None:
        try:
            async with asyncio.timeout(self._pacing.patience):
                # Its own word where runs go: an operator may have changed it.
                pool = (await self._client.read_deployment_by_name(DEPLOYMENT)).work_pool_name
                workers = await self._client.read_workers_for_work_pool(pool) if pool is not None else None
        except ObjectNotFound:
            return "Prefect does not know our deployments yet: `liaison up` registers them"
        except Exception as error:  # noqa: BLE001 - whatever ails Prefect or its client, this must go on looking
            return f"Prefect does not answer ({error_words(error)}): look at its log"
        # Without a pool the runs are served by a process nobody can look for from here.
        if workers is None or any(worker.status == "ONLINE" for worker in workers):
            return None
        return f"no worker serves the work pool {pool!r}: look at its log, or start one with `liaison worker`"

    def take_note(self, trouble: str | None) -> None:
        """Say what has changed at once, and what stays as it is ever more seldom."""
        now = self._clock()
        was, self.trouble = self.trouble, trouble
        if trouble is None:
            if was is not None:
                logger.warning("deliveries are handled as usual again, after %.0f s", now - self._since)
            return
        if was is None:
            self._since, self._say_at, self._pause = now, now, self._pacing.say_again
        if now >= self._say_at:
            logger.warning("for %.0f s now %s", now - self._since, trouble)
            self._say_at = now + self._pause
            self._pause = min(2 * self._pause, self._pacing.longest)
