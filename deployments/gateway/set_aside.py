"""How many deliveries were set aside, and what became of promised updates, for /metrics: counted in the store, at most
once a minute."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable

from deployments.gateway.metrics import Metrics
from deployments.gateway.notices import Notices, error_words
from incidents.store.customer_updates import count_all_promises
from incidents.store.database import Database
from incidents.store.inbox.parked import count_aside

EVERY = 60.0
PATIENCE = 2.0
"""Seconds: Prometheus must be answered also while the store is away."""


class SetAside:
    """Keeps the gauges fresh; while the store is away they keep what they last had."""

    def __init__(
        self,
        database: Database,
        metrics: Metrics,
        notices: Notices,
        *,
        every: float = EVERY,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._database = database
        self._metrics = metrics
        self._notices = notices
        self._every = every
        self._clock = clock
        self._counted_at = float("-inf")

    async def count(self) -> None:
        """Count again if the last count is old."""
        if self._clock() - self._counted_at < self._every:
            return
        self._counted_at = self._clock()
        try:
            async with asyncio.timeout(PATIENCE), self._database.transaction() as tx:
                self._metrics.set_aside(await count_aside(tx))
                self._metrics.promised(await count_all_promises(tx))
        except Exception as error:  # noqa: BLE001 - whatever ails the store, the other counters are wanted
            self._notices.warn("could not count what was set aside and promised: %s", error_words(error))
