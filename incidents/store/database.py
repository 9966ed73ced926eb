"""The one door to PostgreSQL: engine, transactions, and a refusal to run without durability."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine, create_async_engine
from sqlalchemy.pool import NullPool

from incidents.errors import LiaisonError
from incidents.store.faults import STORE_ERRORS, TransactionPhase, store_fault
from incidents.store.storable import to_json


class NotDurable(LiaisonError):
    """The server would acknowledge commits it may lose; we would then acknowledge webhooks we may lose."""


class Database:
    """A pool of connections to Liaison's store. `url` is SQLAlchemy's, with the asyncpg driver."""

    def __init__(self, url: str, *, pool_size: int = 10) -> None:
        # As people and hosters write it: `postgres://` and `postgresql://` mean asyncpg to us.
        self.url = url = re.sub(r"^postgres(ql)?://", "postgresql+asyncpg://", url)
        self.engine: AsyncEngine = create_async_engine(
            url,
            pool_size=pool_size,
            max_overflow=10,
            pool_pre_ping=False,
            pool_recycle=1800,
            json_serializer=to_json,
        )
        self._unpooled = create_async_engine(url, poolclass=NullPool)

    @asynccontextmanager
    async def transaction(self) -> AsyncIterator[AsyncConnection]:
        """A transaction that commits at the end of the block and rolls back on any error.

        Raises `StoreAway` and `StoreBusy`, after which nothing is written, and `StoreUnsure`, after which all of it
        may be: only somebody who would find his own work done may then simply try again.
        """
        phase = TransactionPhase.CONNECTING
        try:
            async with self.engine.begin() as connection:
                phase = TransactionPhase.WORKING
                yield connection
                # COMMIT is not sent on a connection that is known to be closed.
                phase = TransactionPhase.WORKING if _is_closed(connection) else TransactionPhase.COMMITTING
        except STORE_ERRORS as error:
            fault = store_fault(error, phase)
            if fault is None:
                raise
            # SQLAlchemy's own error would quote the statement's parameters: customers' words.
            raise fault from getattr(error, "orig", error)

    async def dedicated_connection(self) -> AsyncConnection:
        """A new connection outside the pool, for one holder's use for long; he closes it."""
        return await self._unpooled.connect()

    async def check_durability(self) -> None:
        """Raise `NotDurable` with the cure unless an acknowledged commit survives a power cut."""
        async with self.transaction() as connection:
            for setting in ("fsync", "synchronous_commit", "full_page_writes"):
                value = (await connection.execute(text(f"show {setting}"))).scalar_one()
                if value == "off":
                    raise NotDurable(
                        f"PostgreSQL has {setting}={value}: set it to 'on', or tickets can be lost"
                    )

    async def aclose(self) -> None:
        await self.engine.dispose()
        await self._unpooled.dispose()


def _is_closed(connection: AsyncConnection) -> bool:
    """Whether the driver has seen the end of it; no answer is waited for."""
    sync = connection.sync_connection
    if sync is None or sync.invalidated:
        return True
    driver: Any = sync.connection.driver_connection  # asyncpg has no types
    return bool(driver.is_closed())
