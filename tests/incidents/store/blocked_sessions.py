"""Waiting, without sleeping, until a session of PostgreSQL stands at a lock that another one holds."""

from __future__ import annotations

import asyncio

from sqlalchemy import text

from incidents.store.database import Database

_BLOCKED = text(
    "select count(*) from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'"
)


async def until_blocked(database: Database, *, sessions: int = 1) -> None:
    """Return once that many sessions of this database wait for a lock; fails after ten seconds."""
    async with asyncio.timeout(10):
        # A transaction each: within one, pg_stat_activity is a snapshot.
        while True:
            async with database.transaction() as tx:
                if (await tx.execute(_BLOCKED)).scalar_one() >= sessions:
                    return
