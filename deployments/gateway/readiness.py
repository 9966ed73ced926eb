"""Can a webhook be stored now? Asked of the store itself, though not more often than each second."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable

from sqlalchemy import text

from deployments.machine.disk import Disk
from incidents.store.database import Database

ANSWER_SECONDS = 2.0
FRESH_FOR = 1.0


# A server that only reads refuses it, and so does one without room for it.
_WRITE = text(
    "insert into meta (key, value) values ('gateway_wrote_at', now()::text)"
    " on conflict (key) do update set value = excluded.value"
)


class Readiness:
    """Writes a row and commits it, as taking a delivery does: a full disk lets a transaction pass that writes none.

    `disk` is the store's, where it is on this machine.
    """

    def __init__(
        self, database: Database, *, disk: Disk | None = None, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._database = database
        self.disk = disk
        self._clock = clock
        self._lock = asyncio.Lock()
        self._asked_at = float("-inf")
        self._is_writable = False

    async def is_writable(self) -> bool:
        """Whether the store takes writes, as it was at most `FRESH_FOR` seconds ago. False whatever goes wrong,
        also if it does not answer within `ANSWER_SECONDS`.
        """
        async with self._lock:
            if self._clock() - self._asked_at >= FRESH_FOR:
                self._is_writable = await self._ask()
                self._asked_at = self._clock()
            return self._is_writable

    async def _ask(self) -> bool:
        try:
            async with asyncio.timeout(ANSWER_SECONDS), self._database.transaction() as tx:
                await tx.execute(_WRITE)
        except Exception:  # noqa: BLE001 - whatever it is, the store does not answer as it should
            return False
        return True
