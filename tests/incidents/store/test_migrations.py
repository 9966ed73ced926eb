"""The migrations make exactly the tables that the code believes in."""

from __future__ import annotations

import asyncio

from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from sqlalchemy import Connection, text

from incidents.store.database import Database
from incidents.store.migrate import migrate
from incidents.store.schema.tables import metadata
from tests.databases import Databases

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


async def test_many_processes_migrate_at_once(empty_database: Database, databases: Databases):
    """Several gateways and workers start together: one migrates, the others wait and find it done."""
    others = [Database(databases.url(str(empty_database.engine.url.database))) for _ in range(3)]
    await asyncio.gather(*(migrate(each) for each in (empty_database, *others)))
    for other in others:
        await other.aclose()
    async with empty_database.transaction() as tx:
        versions = (await tx.execute(text("select version_num from alembic_version"))).scalars().all()
    assert len(versions) == 1
