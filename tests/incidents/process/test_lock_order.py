"""Whoever needs several incidents locks them by their numbers, so that two never wait for each other."""

from __future__ import annotations

import asyncio

import pytest
from sqlalchemy import select

from incidents.decisions.merging.merge import Merging
from incidents.decisions.merging.split import Splitting
from incidents.process.splitting import split
from incidents.store.database import Database
from incidents.store.merging.handing import lock_in_order
from incidents.store.schema.tables import incidents
from tests.incidents.process.test_merging import merged, two
from tests.incidents.process.test_process import a_step
from tests.incidents.store.blocked_sessions import until_blocked
from tests.incidents.store.examples import new_incident


@pytest.mark.parametrize("work", ["news", "split"])
async def test_nothing_is_held_while_a_lower_number_is_waited_for(database: Database, work: str):
    """INC-3 was merged into INC-1 since it was looked up; or INC-1 hears of what fires about the one that is opened."""
    first, second = await two(database)
    async with database.transaction() as tx:
        third = (await new_incident(tx, service="search")).id
    if work == "news":
        await merged(database, third, first)

    async def at_work() -> None:
        async with database.transaction() as tx:
            if work == "news":
                assert await lock_in_order(tx, [second, third]) == {second: second, third: first}
            else:
                said = Splitting(ticket="2", said=Merging(by="Ada"), service="checkout")
                await split(a_step(tx), second, said)

    locked = select(incidents.c.id).with_for_update(nowait=True)
    async with database.transaction() as tx:
        await tx.execute(locked.where(incidents.c.id == first))
        working = asyncio.create_task(at_work())
        await until_blocked(database)
        await tx.execute(locked.where(incidents.c.id == second))
    await working
