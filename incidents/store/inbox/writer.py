"""Webhooks into the inbox: on disk before they are answered, many to a commit.

Group commit: while one batch is being written the next gathers, and each caller waits for the commit that holds
its own delivery, never for less. One statement on a connection of its own is the whole transaction, so a batch
costs one round trip and one flush.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from sqlalchemy.ext.asyncio import AsyncConnection

from incidents.errors import LiaisonError
from incidents.events import Lane, Verified
from incidents.store.database import Database
from incidents.store.storable import to_json
from incidents.telemetry.spans import current_trace, span
from incidents.texts.plain_text import storable

MAX_BATCH = 256
MAX_BATCH_BYTES = 8 * 1024 * 1024
WRITE_SECONDS = 5.0

# Equal deliveries inside one batch conflict like any others.
INSERT = """
    insert into deliveries (connection, lane, identity, is_repeatable, headers, body, trace)
    select c, l, i, r, h::jsonb, b, t
    from unnest($1::text[], $2::text[], $3::text[], $4::boolean[], $5::text[], $6::bytea[], $7::text[])
         as given(c, l, i, r, h, b, t)
    on conflict do nothing
    returning connection, identity
"""
# SQLSTATE classes of a row's own fault, and of a deadlock with another gateway's batch.
_ROWS_OWN = frozenset({"22", "23", "40", "54"})

_CLOSED = "the inbox is closed"

logger = logging.getLogger("liaison.inbox")


class Receipt(StrEnum):
    """What is known once a delivery is on disk: whether it was there before."""

    NEW = "new"
    DUPLICATE = "duplicate"


class NotStored(LiaisonError):
    """The delivery is not known to be on disk: do not acknowledge it. The same one may be sent again."""


@dataclass(slots=True)
class _Item:
    key: tuple[str, str]
    """Connection and identity."""
    lane: Lane
    verified: Verified
    receipt: asyncio.Future[Receipt]
    trace: str | None


class InboxWriter:
    """Accepts deliveries durably. Start it, `accept`, and `aclose` it at the end.

    It lives through a restart of the database: what cannot be written within `seconds` raises `NotStored`, and
    the next delivery tries on a new connection.
    """

    def __init__(self, database: Database, *, seconds: float = WRITE_SECONDS) -> None:
        self._pipe = _Pipe(database)
        self._seconds = seconds
        self._waiting: list[_Item] = []
        self._arrived = asyncio.Event()
        self._task: asyncio.Task[None] | None = None
        self._is_closed = False

    def start(self) -> None:
        """Begin to write; needs a running event loop. Until then `accept` waits."""
        self._task = asyncio.create_task(self._run(), name="inbox-writer")

    async def accept(self, connection: str, lane: Lane, verified: Verified) -> Receipt:
        """Return when the delivery is on disk, or was there already; else raise `NotStored`."""
        if self._is_closed:
            raise NotStored(_CLOSED)
        receipt: asyncio.Future[Receipt] = asyncio.get_running_loop().create_future()
        key = (connection, storable(verified.identity))
        with span("store delivery"):
            self._waiting.append(_Item(key, lane, verified, receipt, current_trace()))
            self._arrived.set()
            return await receipt

    async def aclose(self) -> None:
        """Stop at once; whoever still waits hears `NotStored`."""
        self._is_closed = True
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)
        _fail(self._take_all(), _CLOSED)
        await self._pipe.disconnect()

    async def _run(self) -> None:
        while True:
            await self._arrived.wait()
            self._arrived.clear()
            while self._waiting:
                await self._write(self._take_batch())

    def _take_batch(self) -> Sequence[_Item]:
        size = count = 0
        for item in self._waiting[:MAX_BATCH]:
            size += len(item.verified.body)
            if count and size > MAX_BATCH_BYTES:
                break
            count += 1
        batch, self._waiting = self._waiting[:count], self._waiting[count:]
        return batch

    def _take_all(self) -> Sequence[_Item]:
        batch, self._waiting = self._waiting, []
        return batch

    async def _write(self, batch: Sequence[_Item]) -> None:
        try:
            async with asyncio.timeout(self._seconds):
                new = await self._pipe.insert(batch)
        except asyncio.CancelledError:
            _fail(batch, _CLOSED)
            raise
        except Exception as error:  # noqa: BLE001 - whatever the driver said, the answer is: not stored
            await self._pipe.disconnect()
            if not _is_rows_own(error):
                # Those who came meanwhile would only wait for the same again.
                _fail([*batch, *self._take_all()], type(error).__name__)
            elif len(batch) == 1:
                logger.error("a webhook of %s cannot be stored: %s", batch[0].key[0], type(error).__name__)
                _fail(batch, type(error).__name__)
            else:
                for item in batch:
                    await self._write([item])
            return
        for item in batch:
            if not item.receipt.done():
                item.receipt.set_result(Receipt.NEW if item.key in new else Receipt.DUPLICATE)
            new.discard(item.key)


class _Pipe:
    """A connection of our own with the statement prepared on it."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._connection: AsyncConnection | None = None
        self._statement: Any = None  # asyncpg has no types

    async def insert(self, batch: Sequence[_Item]) -> set[tuple[str, str]]:
        """Connection and identity of what was new. Raises the driver's own errors."""
        columns = _columns(batch)
        if self._statement is not None:
            try:
                return await self._fetch(columns)
            # Whatever says that the connection is not what it was; what is wrong with a row is passed on.
            except Exception as error:
                if _is_rows_own(error):
                    raise
                # The server was restarted since: on a new connection the same batch may do well. If it was
                # written after all, its deliveries are duplicates now.
                await self.disconnect()
        await self._connect()
        return await self._fetch(columns)

    async def _fetch(self, columns: Sequence[Sequence[object]]) -> set[tuple[str, str]]:
        return {(row[0], row[1]) for row in await self._statement.fetch(*columns)}

    async def _connect(self) -> None:
        self._connection = await self._database.dedicated_connection()
        raw = await self._connection.get_raw_connection()
        driver: Any = raw.driver_connection
        self._statement = await driver.prepare(INSERT)

    async def disconnect(self) -> None:
        connection, self._connection, self._statement = self._connection, None, None
        if connection is None:
            return
        with contextlib.suppress(Exception):  # whatever state it is in, we only want to be rid of it
            raw = await connection.get_raw_connection()
            driver: Any = raw.driver_connection
            # Terminated, not closed: a server that does not answer would not answer a farewell either.
            driver.terminate()
            await connection.invalidate()
            await connection.close()


def _fail(batch: Sequence[_Item], reason: str) -> None:
    for item in batch:
        if not item.receipt.done():
            item.receipt.set_exception(NotStored(reason))


def _is_rows_own(error: Exception) -> bool:
    """Whether a row of the batch is at fault, and the others may pass without it."""
    state = getattr(error, "sqlstate", None)
    # ValueError is the driver's, of a value that it cannot write at all.
    return isinstance(error, ValueError) if state is None else str(state)[:2] in _ROWS_OWN


def _columns(batch: Sequence[_Item]) -> Sequence[Sequence[object]]:
    return (
        [item.key[0] for item in batch],
        [item.lane.value for item in batch],
        [item.key[1] for item in batch],
        [item.verified.is_repeatable for item in batch],
        [to_json(item.verified.headers) for item in batch],
        [item.verified.body for item in batch],
        [item.trace for item in batch],
    )
