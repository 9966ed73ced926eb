"""The door to PostgreSQL: all or nothing, and never without durability."""

from __future__ import annotations

import pytest
from sqlalchemy import text

from incidents.store.database import Database, NotDurable
from incidents.store.tickets import count_tickets, save_tickets
from tests.databases import Databases
from tests.incidents.store.examples import ticket


async def test_a_durable_server_is_accepted(database: Database):
    await database.check_durability()


async def test_a_server_that_may_lose_commits_is_refused_with_the_cure(
    empty_database: Database, databases: Databases
):
    """An operator who switched synchronous_commit off for speed would lose tickets we have acknowledged."""
    name = str(empty_database.engine.url.database)
    async with empty_database.transaction() as tx:
        await tx.execute(text(f"alter database {name} set synchronous_commit = off"))
    # Such a setting holds for sessions that begin later.
    later = Database(databases.url(name))
    with pytest.raises(NotDurable, match="synchronous_commit=off: set it to 'on'"):
        await later.check_durability()
    await later.aclose()


async def _save_half(database: Database) -> None:
    async with database.transaction() as tx:
        await save_tickets(tx, [ticket()])
        raise RuntimeError("half way")


async def test_an_error_in_the_block_undoes_all_of_it(database: Database):
    """State and effects are written together or not at all."""
    with pytest.raises(RuntimeError, match="half way"):
        await _save_half(database)
    async with database.transaction() as tx:
        assert await count_tickets(tx) == 0
