"""What the store says for /metrics: what waits, at most each few seconds; and what takes a look at every row, at most
once a minute: deliveries that were set aside, effects that were given up, what became of promised updates."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable

from deployments.gateway.metrics import Metrics
from deployments.gateway.notices import Notices, error_words
from incidents.store.customer_updates import count_all_promises
from incidents.store.database import Database
from incidents.store.health.backlog import read_backlog
from incidents.store.inbox.parked import count_aside
from incidents.store.ledger.effects import count_effects

EVERY = 60.0
BACKLOG_EVERY = 5.0
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
        self._looked_at = float("-inf")

    async def count(self) -> None:
        """Count again what was counted too long ago."""
        now = self._clock()
        is_old, counts = now - self._looked_at >= BACKLOG_EVERY, now - self._counted_at >= self._every
        if not (is_old or counts):
            return
        self._looked_at = now
        try:
            async with asyncio.timeout(PATIENCE), self._database.transaction() as tx:
                self._metrics.backlog(await read_backlog(tx))
                if counts:
                    self._counted_at = now
                    self._metrics.set_aside(await count_aside(tx))
                    self._metrics.promised(await count_all_promises(tx))
                    self._metrics.given_up((await count_effects(tx)).dead)
        except Exception as error:  # noqa: BLE001 - whatever ails the store, the other counters are wanted
            self._notices.warn(
                "could not count what waits, was set aside and promised: %s", error_words(error)
            )
