"""Reads a database with SQLAlchemy: bound parameters only, in a transaction that cannot write, for a bounded time.

PostgreSQL is read through asyncpg, in a read-only transaction with a `statement_timeout`. SQLite's file is opened
read-only, in a thread. Any other database is read in a thread by the synchronous driver its address names, and
the transaction is rolled back: that it cannot write is up to the rights of its user.
"""

from __future__ import annotations

import asyncio
import sqlite3
import time
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from typing import Any, NoReturn
from urllib.parse import quote

import asyncpg
from sqlalchemy import Engine, create_engine, make_url, text
from sqlalchemy.exc import DBAPIError, SQLAlchemyError
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine

from connectors.customersql.mapping import contacts_in, keys_of, tier_in
from connectors.customersql.settings import DirectoryDatabase, parameters_of
from incidents.errors import NotAllowed, Refused, Unreachable
from incidents.models import Contact

NOBODY = Contact(id="0", email="nobody@liaison.invalid")
"""Whom `check` asks for: RFC 6761 keeps the domain from being anybody's."""
AT_ONCE = 4
_STEPS = 1_000  # of SQLite's virtual machine, between two looks at the clock

Row = Mapping[str, Any]


class DirectoryQueries:
    """What is answered by the configured queries. A query that asks for what is not known of somebody is not run: an
    empty address would find empty fields.
    """

    def __init__(self, name: str, settings: DirectoryDatabase, tiers: Mapping[str, str]) -> None:
        self._name = name
        self._settings = settings
        self._tiers = tiers
        self._reader = DirectoryReader(name, settings)

    async def tier(self, contact: Contact) -> str | None:
        """The first row counts. Raises as `DirectoryReader.rows`."""
        keys = keys_of(contact)
        asked = {name: keys[name] for name in parameters_of(self._settings.tier_query)}
        if not all(asked.values()):
            return None
        rows = await self._reader.rows(self._settings.tier_query, asked, most=1, cuts_off=True)
        return tier_in(rows, self._tiers)

    async def users_of(self, service: str) -> list[Contact]:
        """All of them, or `Refused`: half of them would look like all."""
        query = self._settings.users_query
        if query is None:
            raise Refused(f"{self._name} does not say who uses a service: add a users_query to its block")
        if not service.isprintable():
            return []  # no service's name, and some databases take none such
        return contacts_in(await self._reader.rows(query, {"service": service}, most=self._settings.max_rows))

    async def describe(self) -> str:
        """Run the queries for somebody who does not exist, and say so."""
        await self.tier(NOBODY)
        if self._settings.users_query is None:
            return f"{self._reader.backend}: the tier query works; there is no users_query"
        await self.users_of(NOBODY.email)
        return f"{self._reader.backend}: the tier and users queries work"

    async def aclose(self) -> None:
        """As the reader's."""
        await self._reader.aclose()


class DirectoryReader:
    """Runs queries; `name` is the connection's, for errors, which quote neither data nor address."""

    def __init__(self, name: str, settings: DirectoryDatabase) -> None:
        self._name = name
        self._seconds = settings.timeout_seconds
        self._turns = asyncio.Semaphore(AT_ONCE)
        self._threads: ThreadPoolExecutor | None = None
        url = make_url(settings.url.get_secret_value())
        self._backend = url.get_backend_name()
        self._engine: AsyncEngine | Engine
        try:
            if self._backend == "postgresql":
                # asyncpg takes libpq's modes, as `ssl`.
                words = {"ssl" if word == "sslmode" else word: said for word, said in url.query.items()}
                self._engine = create_async_engine(
                    url.set(drivername="postgresql+asyncpg", query=words),
                    pool_size=AT_ONCE,
                    max_overflow=0,
                    pool_pre_ping=True,
                    hide_parameters=True,
                    connect_args={"timeout": self._seconds},
                )
                return
            self._threads = ThreadPoolExecutor(AT_ONCE, thread_name_prefix="customersql")
            if self._backend == "sqlite":
                path = quote(url.database or "")
                self._engine = create_engine(
                    "sqlite://", creator=lambda: _read_only(path), hide_parameters=True
                )
                return
            self._engine = create_engine(url, pool_pre_ping=True, hide_parameters=True)
        except (SQLAlchemyError, ImportError) as error:
            raise Refused(
                f"{name}: no driver for {self._backend} is installed ({type(error).__name__}); install a synchronous"
                " one beside Liaison and name it in the address, such as mysql+pymysql"
            ) from error

    @property
    def backend(self) -> str:
        """The kind of database, in SQLAlchemy's word."""
        return self._backend

    async def rows(
        self, query: str, parameters: Mapping[str, str], *, most: int, cuts_off: bool = False
    ) -> list[Row]:
        """At most `most` rows; one more raises `Refused`, unless what is over may be cut off.

        Raises `Unreachable` when it takes too long or the database does not answer, `NotAllowed` for its login and
        rights, and `Refused` for a query it does not take.
        """
        try:
            # A little more than the database itself is given, which says best what took so long.
            async with asyncio.timeout(2 * self._seconds + 1), self._turns:
                if isinstance(self._engine, AsyncEngine):
                    found = await _read(self._engine, query, parameters, most + 1, self._seconds)
                else:
                    found = await asyncio.get_running_loop().run_in_executor(
                        self._threads,
                        _read_in_thread,
                        self._engine,
                        query,
                        dict(parameters),
                        most + 1,
                        self._seconds,
                    )
        except (
            SQLAlchemyError,
            OSError,
            asyncpg.PostgresError,
            asyncpg.InterfaceError,
            sqlite3.Error,
        ) as error:
            self._raise(error)
        if len(found) > most and not cuts_off:
            raise Refused(
                f"{self._name}: the query gives more than {most} rows; narrow it, or raise max_rows"
            )
        return found[:most]

    async def aclose(self) -> None:
        """Close the pool; a query under way in a thread ends by itself."""
        if isinstance(self._engine, AsyncEngine):
            await self._engine.dispose()
        else:
            self._engine.dispose()
        if self._threads is not None:
            self._threads.shutdown(wait=False, cancel_futures=True)

    def _raise(self, error: Exception) -> NoReturn:
        """What an error means for whoever asked. Its words are left out: they quote the query's data."""
        cause = error.orig if isinstance(error, DBAPIError) else error
        state = str(getattr(cause, "sqlstate", None) or "")
        lite = getattr(cause, "sqlite_errorcode", None)
        kind = type(error if cause is None else cause.__cause__ or cause).__name__
        if isinstance(error, TimeoutError) or state == "57014" or lite == sqlite3.SQLITE_INTERRUPT:
            raise Unreachable(
                f"{self._name}: the query took longer than {self._seconds:g} s; give it an index, or raise"
                " timeout_seconds"
            ) from None
        if state.startswith("28") or state == "42501":
            raise NotAllowed(
                f"{self._name}: {kind}: check the user, its password and its right to read"
            ) from None
        if state == "25006" or lite == sqlite3.SQLITE_READONLY:
            raise Refused(f"{self._name}: the query writes ({kind}); it may only read") from None
        if state[:2] in ("22", "3D", "42"):
            raise Refused(
                f"{self._name}: {kind} ({state}): check database and query; compare columns that are no text as text,"
                " such as id::text = :id"
            ) from None
        if lite == sqlite3.SQLITE_ERROR:
            raise Refused(
                f"{self._name}: {kind}: check the query: its tables and columns must be there"
            ) from None
        raise Unreachable(f"{self._name}: the database did not answer ({kind})") from None


async def _read(
    engine: AsyncEngine, query: str, parameters: Mapping[str, str], most: int, seconds: float
) -> list[Row]:
    async with engine.connect() as connection:
        await connection.execution_options(postgresql_readonly=True)
        await connection.execute(text(f"set local statement_timeout = {max(1, round(seconds * 1000))}"))
        # By a cursor: a query of millions of rows sends no more than are taken.
        result = await connection.stream(text(query), dict(parameters))
        try:
            return [dict(row) for row in await result.mappings().fetchmany(most)]
        finally:
            await result.close()
            await connection.rollback()


def _read_in_thread(
    engine: Engine, query: str, parameters: Mapping[str, str], most: int, seconds: float
) -> list[Row]:
    with engine.connect() as connection:
        raw = connection.connection.dbapi_connection
        ends_at = time.monotonic() + seconds
        if isinstance(raw, sqlite3.Connection):
            raw.set_progress_handler(lambda: time.monotonic() > ends_at, _STEPS)
        result = connection.execution_options(stream_results=True).execute(text(query), parameters)
        try:
            return [dict(row) for row in result.mappings().fetchmany(most)]
        finally:
            result.close()
            connection.rollback()


def _read_only(path: str) -> sqlite3.Connection:
    connection = sqlite3.connect(f"file:{path}?mode=ro", uri=True, check_same_thread=False, timeout=1.0)
    connection.execute("pragma query_only = on")
    return connection
