"""Of several workers one goes on without Prefect; when it dies, the next one does."""

from __future__ import annotations

import asyncio

from sqlalchemy import text

from incidents.store.database import Database
from incidents.store.emergencies import (
    begin_emergency,
    emergency_since,
    end_emergency,
    keep_emergency,
    mark_emergency_told,
    untold_emergencies,
)


async def begun(database: Database, holder: str) -> int | None:
    async with database.transaction() as tx:
        return await begin_emergency(tx, holder)


async def lease_over(database: Database) -> None:
    async with database.transaction() as tx:
        await tx.execute(text("update emergencies set until = now() - interval '1 second'"))


async def test_of_many_who_begin_at_once_one_is_the_worker(database: Database):
    found = await asyncio.gather(*(begun(database, f"worker {number}") for number in range(8)))
    assert sum(number is not None for number in found) == 1
    async with database.transaction() as tx:
        assert await emergency_since(tx) is not None


async def test_a_dead_one_is_followed_and_cannot_come_back(database: Database):
    first = await begun(database, "one")
    assert first is not None
    await lease_over(database)
    second = await begun(database, "two")
    assert second not in {None, first}
    async with database.transaction() as tx:
        assert not await keep_emergency(tx, first)
        assert second is not None
        assert await keep_emergency(tx, second)
        assert [one.holder for one in await untold_emergencies(tx)] == ["one"]


async def test_it_is_told_once_when_it_is_over(database: Database):
    number = await begun(database, "one")
    assert number is not None
    async with database.transaction() as tx:
        assert await untold_emergencies(tx) == []
        await end_emergency(tx, number)
        assert await emergency_since(tx) is None
    async with database.transaction() as tx:
        (told,) = await untold_emergencies(tx)
        assert told.began_at < told.ended_at
        await mark_emergency_told(tx, told.id)
        assert await untold_emergencies(tx) == []


async def test_one_whose_worker_died_is_told_when_its_lease_is_over(database: Database):
    await begun(database, "one")
    await lease_over(database)
    async with database.transaction() as tx:
        assert [one.holder for one in await untold_emergencies(tx)] == ["one"]
