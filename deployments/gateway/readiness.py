"""Can a webhook be stored now? Asked of the store itself, though not more often than each second."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable

from sqlalchemy import text

from incidents.store.database import Database

ANSWER_SECONDS = 2.0
FRESH_FOR = 1.0


class Readiness:
    """Commits a transaction that has a number of its own, so its end is flushed like any delivery's."""

    def __init__(self, database: Database, *, clock: Callable[[], float] = time.monotonic) -> None:
        self._database = database
        self._clock = clock
        self._lock = asyncio.Lock()
        self._asked_at = float("-inf")
        self._is_writable = False

    async def is_writable(self) -> bool:
        async with self._lock:
            if self._clock() - self._asked_at >= FRESH_FOR:
                self._is_writable = await self._ask()
                self._asked_at = self._clock()
            return self._is_writable

    async def _ask(self) -> bool:
        try:
            async with asyncio.timeout(ANSWER_SECONDS), self._database.transaction() as tx:
                found = await tx.execute(
                    text("select current_setting('transaction_read_only'), pg_current_xact_id()")
                )
                return str(found.one()[0]) == "off"
        except Exception:  # noqa: BLE001 - whatever it is, the store does not answer as it should
            return False
