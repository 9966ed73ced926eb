"""Deliveries coming in: on disk before they are answered, once each, many to a commit."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence

import pytest
from sqlalchemy import select, text

from incidents.events import Lane, Verified
from incidents.store.database import Database
from incidents.store.inbox.inbox import lease_deliveries, settle_deliveries
from incidents.store.inbox.writer import (
    InboxWriter,
    NotStored,
    Receipt,
)
from incidents.store.migrate import migrate
from incidents.store.schema.tables import deliveries
from tests.incidents.store.blocked_sessions import until_blocked
from tests.incidents.store.examples import HELPDESK, delivery

NEW, DUPLICATE = Receipt.NEW, Receipt.DUPLICATE


@pytest.fixture
async def inbox(database: Database) -> AsyncIterator[InboxWriter]:
    writer = InboxWriter(database)
    writer.start()
    yield writer
    await writer.aclose()


async def _accept(
    inbox: InboxWriter, *all_verified: Verified, connection: str = HELPDESK
) -> Sequence[Receipt]:
    return await asyncio.gather(
        *(inbox.accept(connection, Lane.INTAKE, verified) for verified in all_verified)
    )


async def _count(database: Database) -> int:
    async with database.transaction() as tx:
        return len((await tx.execute(select(deliveries.c.id))).all())


async def test_a_delivery_is_kept_as_it_came(inbox: InboxWriter, database: Database):
    """Raw bytes and headers, in order and repeated ones too: whoever reads it later can verify it again."""
    verified = Verified(
        headers=(("x-a", "1"), ("X-B", "ü"), ("x-a", "2")), body=b"\x00\xff{not json", identity="id-1"
    )
    await _accept(inbox, verified)
    async with database.transaction() as tx:
        (found,) = await lease_deliveries(tx, Lane.INTAKE, fence=1)
    assert (found.connection, found.verified) == (HELPDESK, verified)


async def test_a_storm_goes_into_few_commits(inbox: InboxWriter, database: Database):
    """Each commit is a flush to disk; 600 at once must not be 600 of them."""
    receipts = await _accept(inbox, *(delivery(identity=str(number)) for number in range(600)))
    assert set(receipts) == {NEW}
    async with database.transaction() as tx:
        (commits, rows) = (
            await tx.execute(text("select count(distinct xmin::text), count(*) from deliveries"))
        ).one()
    assert rows == 600
    assert commits <= 4


async def test_the_order_of_arrival_is_the_order_of_reading(inbox: InboxWriter, database: Database):
    """Within one batch too."""
    names = [f"{(number * 37) % 100:02}" for number in range(100)]
    await _accept(inbox, *(delivery(identity=name) for name in names))
    async with database.transaction() as tx:
        leased = await lease_deliveries(tx, Lane.INTAKE, fence=1)
    assert [item.verified.identity for item in leased] == names


async def test_nobody_is_answered_before_the_commit(inbox: InboxWriter, database: Database):
    """An insert that waits for a lock has not happened yet; its caller waits as well."""
    async with database.transaction() as tx:
        await tx.execute(text("lock table deliveries in exclusive mode"))
        waiting = asyncio.create_task(inbox.accept(HELPDESK, Lane.INTAKE, delivery()))
        await until_blocked(database)
        assert not waiting.done()
    assert await waiting is NEW


async def test_of_equal_deliveries_in_one_batch_one_is_new(inbox: InboxWriter, database: Database):
    """A sender that repeats itself at once."""
    same = delivery(identity="7")
    assert sorted(await _accept(inbox, same, delivery(identity="8"), same, same)) == [
        *[DUPLICATE] * 2,
        *[NEW] * 2,
    ]
    assert await _count(database) == 2


async def test_a_later_equal_delivery_is_a_duplicate_even_when_the_first_is_handled(
    inbox: InboxWriter, database: Database
):
    """A sender may retry for days."""
    same = delivery(identity="7")
    assert await _accept(inbox, same) == [NEW]
    async with database.transaction() as tx:
        (leased,) = await lease_deliveries(tx, Lane.INTAKE, fence=1)
        await settle_deliveries(tx, fence=1, done=[leased.id])
    assert await _accept(inbox, same) == [DUPLICATE]


async def test_two_connections_may_use_the_same_identity(inbox: InboxWriter):
    """Ids are only unique within one sender."""
    await _accept(inbox, delivery(identity="7"))
    assert await _accept(inbox, delivery(identity="7"), connection="slack/ops") == [NEW]


async def test_of_equal_repeatable_deliveries_only_a_waiting_one_makes_a_duplicate(
    inbox: InboxWriter, database: Database
):
    """Its sender sends equal bytes for two events. While one waits, the other says nothing more; once it is
    being read, what happens afterwards would be lost without the other."""
    same = delivery(identity="7", is_repeatable=True)
    assert await _accept(inbox, same) == [NEW]
    assert await _accept(inbox, same) == [DUPLICATE]
    async with database.transaction() as tx:
        (leased,) = await lease_deliveries(tx, Lane.INTAKE, fence=1)
    assert await _accept(inbox, same) == [NEW]
    assert await _accept(inbox, same) == [DUPLICATE]
    async with database.transaction() as tx:
        await settle_deliveries(tx, fence=1, done=[leased.id])
    assert await _accept(inbox, same) == [DUPLICATE]
    assert await _count(database) == 2


async def test_an_identity_no_database_would_keep_is_still_an_identity(inbox: InboxWriter):
    """Else one such delivery would be refused for ever, and be new each time."""
    hostile = delivery(identity="\x00\ud800", headers=(("x-a", "\x00"), ("x-b", "\udfff")))
    assert await _accept(inbox, hostile, delivery(identity="8")) == [NEW, NEW]
    assert await _accept(inbox, hostile) == [DUPLICATE]


async def test_a_failing_database_fails_each_caller_and_later_ones_recover(empty_database: Database):
    """No table is one way to fail; whatever it is, nobody is told that his delivery was stored."""
    inbox = InboxWriter(empty_database)
    inbox.start()
    answers = await asyncio.gather(
        *(inbox.accept(HELPDESK, Lane.INTAKE, delivery(identity=str(number))) for number in range(3)),
        return_exceptions=True,
    )
    assert [type(answer) for answer in answers] == [NotStored] * 3
    await migrate(empty_database)
    assert await _accept(inbox, delivery(identity="0")) == [NEW]
    await inbox.aclose()


async def test_a_lost_connection_is_made_again(inbox: InboxWriter, database: Database):
    """The database was restarted between two deliveries: the second is stored all the same."""
    await _accept(inbox, delivery(identity="1"))
    async with database.transaction() as tx:
        await tx.execute(
            text(
                "select pg_terminate_backend(pid, 5000) from pg_stat_activity"
                " where datname = current_database() and pid <> pg_backend_pid()"
            )
        )
    assert await _accept(inbox, delivery(identity="2")) == [NEW]
    assert await _count(database) == 2


async def test_closing_leaves_nobody_waiting(inbox: InboxWriter, database: Database):
    """Whoever was not answered gets an error, so that his sender comes again."""
    async with database.transaction() as tx:
        await tx.execute(text("lock table deliveries in exclusive mode"))
        first = asyncio.create_task(inbox.accept(HELPDESK, Lane.INTAKE, delivery(identity="1")))
        await until_blocked(database)
        second = asyncio.create_task(inbox.accept(HELPDESK, Lane.INTAKE, delivery(identity="2")))
        await asyncio.sleep(0)  # lets the second one get in line
        await inbox.aclose()
        answers = await asyncio.gather(first, second, return_exceptions=True)
    assert [type(answer) for answer in answers] == [NotStored] * 2
    with pytest.raises(NotStored):
        await inbox.accept(HELPDESK, Lane.INTAKE, delivery(identity="3"))


async def test_a_caller_who_gave_up_disturbs_nobody(inbox: InboxWriter, database: Database):
    """A sender that hung up: its delivery is stored or not, the others' are."""
    async with database.transaction() as tx:
        await tx.execute(text("lock table deliveries in exclusive mode"))
        impatient = asyncio.create_task(inbox.accept(HELPDESK, Lane.INTAKE, delivery(identity="1")))
        await until_blocked(database)
        patient = asyncio.create_task(inbox.accept(HELPDESK, Lane.INTAKE, delivery(identity="2")))
        impatient.cancel()
    assert await patient is NEW
    with pytest.raises(asyncio.CancelledError):
        await impatient
