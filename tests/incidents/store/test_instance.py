"""The installation's id: made once, the same for ever and for everybody."""

from __future__ import annotations

import asyncio

import pytest

from incidents.store.database import Database
from incidents.store.instance import instance_id
from incidents.store.schema.tables import meta


@pytest.fixture(autouse=True)
async def _no_id_yet(database: Database) -> None:
    """As it was before the migration had made one."""
    async with database.transaction() as tx:
        await tx.execute(meta.delete())


async def _instance_id(database: Database) -> str:
    async with database.transaction() as tx:
        return await instance_id(tx)


async def test_all_who_ask_first_at_the_same_time_get_the_same_id(database: Database):
    """Several workers start on a new store; vendors must see one name."""
    answers = await asyncio.gather(*(_instance_id(database) for _ in range(8)))
    assert len(set(answers)) == 1
    assert await _instance_id(database) == answers[0]


async def test_the_id_is_short_and_plain(database: Database):
    """It stands in every key that a vendor sees."""
    made = await _instance_id(database)
    assert len(made) == 6
    assert set(made) <= set("0123456789abcdef")
