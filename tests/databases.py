"""A clean store for every test.

A database copied from a template takes 0.15 s to 0.4 s to make and drop (both force a checkpoint); emptying
one takes 3 ms. So `database` is one migrated database a session, emptied after each test. A test that changes
more than rows takes `empty_database`, which is made for it and dropped.

The door to it is one for the session, too, with a single connection left open from test to test: a new engine would
compile each statement anew and ask the server about itself, which takes longer than most tests.

They are on the session's own server, or on the one that `LIAISON_TEST_POSTGRES_URL` names: an address of
SQLAlchemy's with a role that may create databases, `postgresql+asyncpg://postgres@127.0.0.1:5432/postgres`.
"""

from __future__ import annotations

import os
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from itertools import count
from typing import Any

import pytest
from sqlalchemy import QueuePool, make_url, text
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine, create_async_engine
from sqlalchemy.pool import NullPool

from incidents.store.database import Database
from incidents.store.instance import instance_id
from incidents.store.migrate import migrate
from incidents.store.schema.tables import metadata

FOREIGN_SERVER = "LIAISON_TEST_POSTGRES_URL"

# A session that a test left open would hold locks for ever.
_END_OTHER_SESSIONS = (
    "select pg_terminate_backend(pid, 5000) from pg_stat_activity"
    " where datname = current_database() and pid <> pg_backend_pid()"
)
_RESTART_NUMBERS = (
    "select setval(format('%I.%I', schemaname, sequencename)::regclass, 1, false) from pg_sequences"
    " where last_value is not null"
)
_DELETIONS = tuple(str(table.delete()) for table in reversed(metadata.sorted_tables))
_EMPTY = ";".join((_END_OTHER_SESSIONS, "select pg_advisory_unlock_all()", *_DELETIONS, _RESTART_NUMBERS))


class Databases:
    """Makes, empties and drops databases of one server. `url` is the address of a database of this name."""

    def __init__(self, url: Callable[[str], str], admin: AsyncEngine) -> None:
        self.url = url
        self._admin = admin
        self._numbers = count(1)

    async def create(self) -> str:
        """The name of a new database without any table."""
        # Other processes of the same test run may have the same server.
        name = f"test_{os.getpid()}_{next(self._numbers)}"
        await self._run(f"create database {name} template template0")
        return name

    async def drop(self, name: str) -> None:
        await self._run(f"drop database {name} with (force)")

    async def _run(self, statement: str) -> None:
        async with self._admin.connect() as connection:
            await connection.execute(text(statement))


async def empty(database: Database) -> None:
    """Make it as it was after its migration; whoever is still connected is thrown out."""
    async with _only_connection(database) as connection:
        # All statements in one message, which is one transaction.
        await (await _driver(connection)).execute(_EMPTY)
        await instance_id(connection)
        await connection.commit()


@asynccontextmanager
async def _only_connection(database: Database) -> AsyncIterator[AsyncConnection]:
    """A living one of the pool, which has no other."""
    if _pool(database).checkedout() or _pool(database).checkedin() > 1:
        await database.aclose()
    connection = await database.engine.connect()
    if (await _driver(connection)).is_closed():
        await connection.invalidate()
        await connection.close()
        await database.aclose()
        connection = await database.engine.connect()
    try:
        yield connection
    finally:
        await connection.close()


def _pool(database: Database) -> QueuePool:
    pool = database.engine.pool
    assert isinstance(pool, QueuePool)
    return pool


async def _driver(connection: AsyncConnection) -> Any:
    """asyncpg's connection; it has no types."""
    return (await connection.get_raw_connection()).driver_connection


@pytest.fixture(scope="session")
async def databases(request: pytest.FixtureRequest) -> AsyncIterator[Databases]:
    foreign = os.environ.get(FOREIGN_SERVER)
    # Only asked for when it is needed: it starts a server.
    url = _on(foreign) if foreign else request.getfixturevalue("postgres").server.url
    admin = create_async_engine(url("postgres"), isolation_level="AUTOCOMMIT", poolclass=NullPool)
    yield Databases(url, admin)
    await admin.dispose()


def _on(server: str) -> Callable[[str], str]:
    return lambda name: make_url(server).set(database=name).render_as_string(hide_password=False)


@pytest.fixture(scope="session")
async def migrated_url(databases: Databases) -> AsyncIterator[str]:
    """The address of the session's migrated database. Use `database`, which is empty at the start."""
    name = await databases.create()
    database = Database(databases.url(name))
    await migrate(database)
    await database.aclose()
    yield database.url
    await databases.drop(name)


@pytest.fixture(scope="session")
async def migrated_store(migrated_url: str) -> AsyncIterator[Database]:
    database = Database(migrated_url)
    yield database
    await database.aclose()


@pytest.fixture
async def database(migrated_store: Database) -> AsyncIterator[Database]:
    """Liaison's store: today's schema, and no rows. `database.url` is its address for other processes."""
    yield migrated_store
    await empty(migrated_store)


@pytest.fixture
async def empty_database(databases: Databases) -> AsyncIterator[Database]:
    """A database without a schema, for this test alone."""
    name = await databases.create()
    database = Database(databases.url(name))
    yield database
    await database.aclose()
    await databases.drop(name)
