"""What the store's own faults are called, and so what may be tried again."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import asyncpg
import pytest
from sqlalchemy import insert, select, text
from sqlalchemy.exc import DBAPIError, IntegrityError
from sqlalchemy.exc import TimeoutError as PoolTimeout
from sqlalchemy.ext.asyncio import AsyncConnection

from incidents.errors import LiaisonError, StoreAway, StoreBusy, StoreFault, StoreUnsure
from incidents.store.database import Database
from incidents.store.faults import TransactionPhase, store_fault
from incidents.store.schema.tables import cursors
from tests.databases import Databases
from tests.incidents.store.blocked_sessions import until_blocked
from tests.incidents.store.cut_wire import cut_wire
from tests.incidents.store.examples import NOW


async def _write(tx: AsyncConnection, name: str) -> None:
    await tx.execute(insert(cursors).values(connection=name, since=NOW))


async def _written(database: Database) -> set[str]:
    async with database.transaction() as tx:
        return set((await tx.execute(select(cursors.c.connection))).scalars())


async def _pid(tx: AsyncConnection) -> int:
    return int((await tx.execute(text("select pg_backend_pid()"))).scalar_one())


async def _kill(database: Database, pid: int) -> None:
    """End that session; returns when it has gone."""
    async with database.transaction() as tx:
        assert (await tx.execute(text("select pg_terminate_backend(:pid, 5000)"), {"pid": pid})).scalar_one()


@pytest.fixture
async def other(database: Database) -> AsyncIterator[Database]:
    """The same store, through a pool of its own: a pool that loses one connection gives up all it had."""
    other = Database(database.url)
    yield other
    await other.aclose()


async def _write_and_lose_it(database: Database, killer: Database) -> None:
    async with database.transaction() as tx:
        await _write(tx, "zendesk/first")
        await _kill(killer, await _pid(tx))
        await _write(tx, "zendesk/second")


async def test_a_connection_lost_in_the_midst_of_a_transaction_wrote_nothing_and_the_next_one_works(
    database: Database, other: Database
):
    with pytest.raises(StoreAway, match="does not answer"):
        await _write_and_lose_it(database, other)
    async with database.transaction() as tx:
        await _write(tx, "zendesk/again")
    assert await _written(database) == {"zendesk/again"}


async def test_a_connection_that_was_lost_while_the_block_did_something_else_is_not_unsure(
    database: Database, other: Database
):
    """COMMIT was never sent: the caller may try again without asking what became of it."""

    async def lose_it_at_the_end() -> None:
        async with database.transaction() as tx:
            await _write(tx, "zendesk/first")
            await _kill(other, await _pid(tx))
            async with asyncio.timeout(5):
                raw = await tx.get_raw_connection()
                while not raw.driver_connection.is_closed():  # type: ignore[union-attr]
                    await _written(other)

    with pytest.raises(StoreAway):
        await lose_it_at_the_end()
    assert await _written(database) == set()


async def test_an_idle_connection_whose_server_was_restarted_costs_one_transaction(
    database: Database, other: Database
):
    async with database.transaction() as tx:
        pid = await _pid(tx)
    await _kill(other, pid)
    with pytest.raises(StoreAway):
        await _written(database)
    assert await _written(database) == set()


async def test_no_server_at_all(tmp_path_factory: pytest.TempPathFactory):
    nowhere = Database(f"postgresql+asyncpg://postgres@/liaison?host={tmp_path_factory.mktemp('no')}")
    with pytest.raises(StoreAway, match="FileNotFoundError"):
        await nowhere.check_durability()


async def test_of_two_that_wait_for_each_other_one_is_told_to_come_again(database: Database):
    """A deadlock: PostgreSQL undoes one of them, and the other one commits."""
    async with database.transaction() as tx:
        await _write(tx, "a")
        await _write(tx, "b")
    both_hold_one = asyncio.Barrier(2)

    async def lock(first: str, second: str) -> None:
        async with database.transaction() as tx:
            for name in (first, second):
                await tx.execute(
                    select(cursors.c.since).where(cursors.c.connection == name).with_for_update()
                )
                if name == first:
                    await both_hold_one.wait()

    outcomes = await asyncio.gather(lock("a", "b"), lock("b", "a"), return_exceptions=True)
    (busy,) = [outcome for outcome in outcomes if outcome is not None]
    assert isinstance(busy, StoreBusy)
    assert "40P01" in str(busy)


async def test_a_serialization_failure_is_told_to_come_again(database: Database, other: Database):
    async with database.transaction() as tx:
        await _write(tx, "a")
    touch = text("update cursors set since = now()")

    async def come_second() -> None:
        async with database.transaction() as tx:
            await tx.execute(text("set transaction isolation level repeatable read"))
            await tx.execute(select(cursors))
            async with other.transaction() as quicker:
                await quicker.execute(touch)
            await tx.execute(touch)

    with pytest.raises(StoreBusy, match="40001"):
        await come_second()


async def test_a_commit_whose_answer_is_lost_is_unsure_although_it_is_written(database: Database):
    """Had it been called 'surely not done', a chunk of tickets could be decided twice."""

    async def write(through: Database) -> None:
        async with through.transaction() as tx:
            await _write(tx, "zendesk/first")

    async with cut_wire(database.url) as (wire, url):
        through = Database(url)
        wire.cuts_commit_after = b"INSERT INTO cursors"
        with pytest.raises(StoreUnsure, match="during a commit"):
            await write(through)
        await through.aclose()
    assert await _written(database) == {"zendesk/first"}


async def test_a_session_killed_in_its_commit_is_unsure_although_nothing_is_written(
    empty_database: Database, databases: Databases
):
    """The server ends it while a deferred trigger waits; from outside it looks like the case above."""
    other = Database(empty_database.url)
    async with empty_database.transaction() as tx:
        await tx.execute(text("create table slow (id int)"))
        await tx.execute(
            text(
                "create function wait() returns trigger language plpgsql as"
                " 'begin perform pg_advisory_xact_lock(1); return null; end'"
            )
        )
        await tx.execute(
            text(
                "create constraint trigger waits after insert on slow"
                " deferrable initially deferred for each row execute function wait()"
            )
        )
    pids: list[int] = []

    async def write() -> None:
        async with empty_database.transaction() as tx:
            pids.append(await _pid(tx))
            await tx.execute(text("insert into slow values (1)"))

    async with other.transaction() as holder:
        await holder.execute(text("select pg_advisory_xact_lock(1)"))
        writing = asyncio.create_task(write())
        await until_blocked(other)
        await _kill(other, pids[0])
        with pytest.raises(StoreUnsure):
            await writing
    async with other.transaction() as tx:
        assert (await tx.execute(text("select count(*) from slow"))).scalar_one() == 0
    await other.aclose()


async def test_what_the_server_refuses_for_good_keeps_its_own_name(database: Database):
    """A defect must not hide as something that may pass."""

    async def write_twice() -> None:
        async with database.transaction() as tx:
            await _write(tx, "a")
            await _write(tx, "a")

    with pytest.raises(IntegrityError):
        await write_twice()


async def test_the_blocks_own_errors_pass_untouched(database: Database):
    async def read_a_file() -> None:
        async with database.transaction():
            raise FileNotFoundError("liaison.yaml")

    with pytest.raises(FileNotFoundError):
        await read_a_file()


def _said_by(driver: Exception, *, is_disconnect: bool = False) -> DBAPIError:
    return DBAPIError(
        "select :words", {"words": "a customer's"}, driver, connection_invalidated=is_disconnect
    )


@pytest.mark.parametrize(
    ("error", "phase", "fault"),
    [
        (ConnectionRefusedError(), TransactionPhase.CONNECTING, StoreAway),
        (TimeoutError(), TransactionPhase.CONNECTING, StoreAway),
        (asyncpg.CannotConnectNowError("starting up"), TransactionPhase.CONNECTING, StoreAway),
        (asyncpg.TooManyConnectionsError("too many"), TransactionPhase.CONNECTING, StoreBusy),
        (PoolTimeout(), TransactionPhase.CONNECTING, StoreBusy),
        (asyncpg.InvalidCatalogNameError("no such database"), TransactionPhase.CONNECTING, None),
        (asyncpg.InvalidPasswordError("no"), TransactionPhase.CONNECTING, None),
        (_said_by(asyncpg.ReadOnlySQLTransactionError("a standby")), TransactionPhase.WORKING, StoreAway),
        (_said_by(asyncpg.AdminShutdownError("bye")), TransactionPhase.WORKING, StoreAway),
        (_said_by(asyncpg.ConnectionDoesNotExistError("gone")), TransactionPhase.WORKING, StoreAway),
        (_said_by(asyncpg.InterfaceError("closed"), is_disconnect=True), TransactionPhase.WORKING, StoreAway),
        (_said_by(asyncpg.LockNotAvailableError("nowait")), TransactionPhase.WORKING, StoreBusy),
        (_said_by(asyncpg.OutOfMemoryError("no")), TransactionPhase.WORKING, StoreBusy),
        (_said_by(asyncpg.DiskFullError("no")), TransactionPhase.WORKING, StoreAway),
        (_said_by(asyncpg.UndefinedColumnError("no")), TransactionPhase.WORKING, None),
        (_said_by(asyncpg.AdminShutdownError("bye")), TransactionPhase.COMMITTING, StoreUnsure),
        (_said_by(asyncpg.SerializationError("no")), TransactionPhase.COMMITTING, StoreBusy),
        (
            _said_by(asyncpg.InterfaceError("closed"), is_disconnect=True),
            TransactionPhase.COMMITTING,
            StoreUnsure,
        ),
        (ConnectionResetError(), TransactionPhase.COMMITTING, StoreUnsure),
        (_said_by(asyncpg.UniqueViolationError("deferred")), TransactionPhase.COMMITTING, None),
    ],
    ids=lambda value: value.name if isinstance(value, TransactionPhase) else None,
)
def test_faults(error: Exception, phase: TransactionPhase, fault: type[StoreFault] | None):
    found = store_fault(error, phase)
    assert type(found) is (fault or type(None))


def test_a_fault_quotes_nobody():
    found = store_fault(_said_by(asyncpg.AdminShutdownError("row: secret")), TransactionPhase.WORKING)
    assert isinstance(found, LiaisonError)
    assert "secret" not in str(found)
    assert "customer" not in str(found)
