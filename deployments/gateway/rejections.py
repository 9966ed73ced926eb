"""Refused webhooks: written down without their bodies, but not as fast as an attacker can send."""

from __future__ import annotations

import asyncio
import hashlib
import time
from collections.abc import Callable
from dataclasses import dataclass

from deployments.gateway.notices import Notices, error_words
from incidents.store.database import Database
from incidents.store.inbox.inbox import record_rejection

ROWS_A_MINUTE = 60

_MINUTE = 60.0


@dataclass(slots=True)
class _Minute:
    since: float
    rows: int = 0


class Rejections:
    """The audit trail: for each connection at most so many rows a minute; the counters count them all."""

    def __init__(
        self,
        database: Database,
        notices: Notices,
        *,
        rows_a_minute: int = ROWS_A_MINUTE,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._database = database
        self._notices = notices
        self._rows_a_minute = rows_a_minute
        self._clock = clock
        self._minutes: dict[str, _Minute] = {}
        self._writing: set[asyncio.Task[None]] = set()

    def record(self, connection: str, reason: str, body: bytes) -> None:
        """Write a row in the background."""
        if not self._is_worth_a_row(connection):
            return
        digest = hashlib.sha256(body).hexdigest()
        task = asyncio.create_task(self._write(connection, reason, digest, len(body)))
        self._writing.add(task)
        task.add_done_callback(self._writing.discard)

    async def written(self) -> None:
        """Return when what was recorded so far is in the store, or was given up."""
        await asyncio.gather(*self._writing)

    def _is_worth_a_row(self, connection: str) -> bool:
        now = self._clock()
        minute = self._minutes.get(connection)
        if minute is None or now - minute.since >= _MINUTE:
            minute = self._minutes[connection] = _Minute(now)
        minute.rows += 1
        return minute.rows <= self._rows_a_minute

    async def _write(self, connection: str, reason: str, sha256: str, size: int) -> None:
        try:
            await record_rejection(
                self._database, connection=connection, reason=reason, sha256=sha256, size=size
            )
        except Exception as error:  # noqa: BLE001 - the audit must not harm the gateway, whatever ails the store
            self._notices.warn("could not write down a refused webhook: %s", error_words(error))
