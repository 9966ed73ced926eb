"""The one door to PostgreSQL: engine, transactions, and a refusal to run without durability."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine, create_async_engine
from sqlalchemy.pool import NullPool

from incidents.errors import LiaisonError
from incidents.store.storable import to_json


class NotDurable(LiaisonError):
    """The server would acknowledge commits it may lose; we would then acknowledge webhooks we may lose."""


class Database:
    """A pool of connections to Liaison's store. `url` is SQLAlchemy's, with the asyncpg driver."""

    def __init__(self, url: str, *, pool_size: int = 10) -> None:
        self.url = url
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
        """A transaction that commits at the end of the block and rolls back on any error."""
        async with self.engine.begin() as connection:
            yield connection

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
