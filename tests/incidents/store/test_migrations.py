"""The migrations make exactly the tables that the code believes in."""

from __future__ import annotations

import asyncio

import pytest
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from sqlalchemy import Connection, text

from incidents.store.database import Database
from incidents.store.ledger.effects import plan_effects
from incidents.store.migrate import WrongSchema, alembic_config, check_schema, migrate
from incidents.store.schema.tables import metadata
from tests.databases import Databases
from tests.incidents.store.examples import effect

_COLUMNS = text(
    """
    select table_name, column_name, data_type, is_nullable, column_default
    from information_schema.columns where table_schema = 'public' and table_name <> 'alembic_version'
    """
)
_INDEXES = text(
    "select indexdef from pg_indexes where schemaname = 'public' and tablename <> 'alembic_version'"
)


async def _catalogue(database: Database) -> set[tuple[object, ...]]:
    async with database.transaction() as tx:
        columns = {tuple(row) for row in await tx.execute(_COLUMNS)}
        indexes = {tuple(row) for row in await tx.execute(_INDEXES)}
    return columns | indexes


def _differences(connection: Connection) -> list[object]:
    context = MigrationContext.configure(
        connection, opts={"compare_type": True, "compare_server_default": True}
    )
    return list(compare_metadata(context, metadata))


async def test_alembic_finds_nothing_left_to_migrate(database: Database):
    """A column added to the schema without a migration fails here."""
    async with database.transaction() as tx:
        assert await tx.run_sync(_differences) == []


async def test_alembic_would_find_what_is_missing(database: Database):
    """The comparison above can fail."""
    async with database.engine.connect() as tx:
        await tx.execute(text("alter table effects drop column detail"))
        assert len(await tx.run_sync(_differences)) == 1
        await tx.rollback()


async def test_migrated_and_declared_tables_are_the_same(database: Database, empty_database: Database):
    """What alembic does not compare, the conditions of partial indexes above all, is the same too."""
    async with empty_database.transaction() as tx:
        await tx.run_sync(metadata.create_all)
    assert await _catalogue(database) == await _catalogue(empty_database)


async def test_migrating_again_changes_nothing(database: Database):
    """Every start of Liaison migrates."""
    before = await _catalogue(database)
    await migrate(database)
    assert await _catalogue(database) == before


async def _set_revision(database: Database, revision: str) -> None:
    """As a version that took something away would have left it."""
    async with database.transaction() as tx:
        await tx.execute(text("update alembic_version set version_num = :to"), {"to": revision})
        await tx.execute(text("update meta set value = :to where key = 'readable_from'"), {"to": revision})


async def test_a_store_of_a_newer_version_is_refused_with_the_cure_and_left_as_it_is(
    empty_database: Database,
):
    """An upgrade was rolled back, or one machine of two was forgotten."""
    await migrate(empty_database)
    await check_schema(empty_database)
    await _set_revision(empty_database, "9999")
    before = await _catalogue(empty_database)
    for refused in (migrate, check_schema):
        with pytest.raises(WrongSchema, match=r"schema 9999.*newer version.*Install that version"):
            await refused(empty_database)
    assert await _catalogue(empty_database) == before


async def test_whoever_does_not_migrate_refuses_a_store_of_before(empty_database: Database):
    """A worker on an older schema, or on none, would fail in the midst of its first run."""
    with pytest.raises(WrongSchema, match=r"empty database.*`liaison up`"):
        await check_schema(empty_database)
    await migrate(empty_database)
    async with empty_database.transaction() as tx:
        await tx.run_sync(lambda connection: command.downgrade(alembic_config(connection), "0002"))
    with pytest.raises(WrongSchema, match="schema 0002"):
        await check_schema(empty_database)
    await migrate(empty_database)
    await check_schema(empty_database)


async def test_a_downgrade_refuses_to_lose_effects(empty_database: Database):
    """What is about tickets without an incident has no place in the first schema."""
    await migrate(empty_database)
    async with empty_database.transaction() as tx:
        await plan_effects(tx, [effect("unlinked", incident_id=None)])

    async def downgrade() -> None:
        async with empty_database.transaction() as tx:
            await tx.run_sync(lambda connection: command.downgrade(alembic_config(connection), "0001"))

    with pytest.raises(RuntimeError, match="1 effects are about tickets without an incident"):
        await downgrade()
    async with empty_database.transaction() as tx:
        assert (await tx.execute(text("select count(*) from effects"))).scalar_one() == 1
        await tx.execute(text("delete from effects"))
    await downgrade()


async def test_many_processes_migrate_at_once(empty_database: Database, databases: Databases):
    """Several gateways and workers start together: one migrates, the others wait and find it done."""
    others = [Database(databases.url(str(empty_database.engine.url.database))) for _ in range(3)]
    await asyncio.gather(*(migrate(each) for each in (empty_database, *others)))
    for other in others:
        await other.aclose()
    async with empty_database.transaction() as tx:
        versions = (await tx.execute(text("select version_num from alembic_version"))).scalars().all()
    assert len(versions) == 1
