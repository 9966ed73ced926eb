"""Refused webhooks: written down, but not as fast as an attacker can send; and is it our own clock?"""

from __future__ import annotations

import asyncio
import logging
from collections import defaultdict, deque

from sqlalchemy.exc import SQLAlchemyError

from incidents.store.database import Database
from incidents.store.inbox import record_rejection

_WINDOW = 40
_ENOUGH = 10
_AT_ONCE = 20

logger = logging.getLogger("liaison.gateway")


class Rejections:
    """The last verdicts of each connection, and the audit trail of refusals."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._recent: dict[str, deque[bool]] = defaultdict(lambda: deque(maxlen=_WINDOW))
        self._writing: set[asyncio.Task[None]] = set()

    def accepted(self, connection: str) -> None:
        self._recent[connection].append(False)

    def is_our_clock(self, connection: str, reason: str) -> bool:
        """Whether most of what this source sends fails on time alone: then the fault is likely here.

        Such a webhook has a sound signature; an attacker without the secret cannot produce one.
        """
        recent = self._recent[connection]
        recent.append(reason == "timestamp")
        return reason == "timestamp" and len(recent) >= _ENOUGH and sum(recent) * 2 > len(recent)

    def record(self, connection: str, reason: str, sha256: str, size: int) -> None:
        """Write a row in the background; under a flood only some of it is worth the disk."""
        if len(self._writing) >= _AT_ONCE:
            return
        task = asyncio.create_task(self._write(connection, reason, sha256, size))
        self._writing.add(task)
        task.add_done_callback(self._writing.discard)

    async def _write(self, connection: str, reason: str, sha256: str, size: int) -> None:
        try:
            await record_rejection(
                self._database, connection=connection, reason=reason, sha256=sha256, size=size
            )
        except (SQLAlchemyError, OSError) as error:
            logger.warning("could not write down a refused webhook: %s", type(error).__name__)
