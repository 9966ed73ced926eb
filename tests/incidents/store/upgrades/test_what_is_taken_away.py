"""A migration that takes something away from the version before says so, by `readable_from` (docs/upgrade.md)."""

from __future__ import annotations

from collections.abc import Mapping, Set
from dataclasses import dataclass

import pytest
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from incidents.store.database import Database
from tests.incidents.store.upgrades.old_stores import chain, move

FIRST = "0027"
"""The first version that can go on beside a newer one."""
_COLUMNS = text(
    """
    select table_name, column_name, data_type, is_nullable, column_default
    from information_schema.columns where table_schema = 'public'
    """
)
# What a row of the version before may run into.
_RULES = text(
    """
    select c.relname, pg_get_constraintdef(r.oid) from pg_constraint r join pg_class c on c.oid = r.conrelid
        where r.contype <> 'n' -- which the columns tell
    union select tablename, indexdef from pg_indexes where schemaname = 'public' and indexdef like 'CREATE UNIQUE%'
    """
)


@dataclass(frozen=True, kw_only=True)
class Shape:
    """Tables, columns and rules of a store at one moment; `wanted` are columns that every row must name."""

    types: Mapping[tuple[str, str], str]
    wanted: Set[tuple[str, str]]
    rules: Set[tuple[str, str]]

    @property
    def tables(self) -> Set[str]:
        return {table for table, _ in self.types}


async def shape(tx: AsyncConnection) -> Shape:
    columns = [tuple(row) for row in await tx.execute(_COLUMNS)]
    return Shape(
        types={(table, name): kind for table, name, kind, _, _ in columns},
        wanted={
            (table, name) for table, name, _, nullable, default in columns if nullable == "NO" and not default
        },
        rules={(table, rule) for table, rule in await tx.execute(_RULES)},
    )


async def shape_of(database: Database) -> Shape:
    async with database.transaction() as tx:
        return await shape(tx)


def taken_away(before: Shape, after: Shape) -> set[str]:
    """What code for `before` would miss in `after`, or could not write."""
    gone = {f"{table}.{name}" for table, name in before.types.keys() - after.types.keys()}
    gone |= {
        f"{table}.{name} is {after.types[table, name]}"
        for table, name in before.types.keys() & after.types.keys()
        if before.types[table, name] != after.types[table, name]
    }
    gone |= {
        f"{table}.{name} is wanted" for table, name in after.wanted - before.wanted if table in before.tables
    }
    return gone | {f"{table}: {rule}" for table, rule in after.rules - before.rules if table in before.tables}


async def readable_from(database: Database) -> str:
    async with database.transaction() as tx:
        found: str = (
            await tx.execute(text("select value from meta where key = 'readable_from'"))
        ).scalar_one()
    return found


async def test_each_migration_since_then_adds_only_or_says_so(empty_database: Database):
    revisions = list(chain())
    since = revisions[revisions.index(FIRST) :]
    await move(empty_database, FIRST)
    before = await shape_of(empty_database)
    for revision in since[1:]:
        await move(empty_database, revision)
        after = await shape_of(empty_database)
        if taken_away(before, after):
            assert await readable_from(empty_database) == revision, taken_away(before, after)
        before = after
    assert await readable_from(empty_database) in since


async def test_one_that_once_took_something_away_would_have_been_found(empty_database: Database):
    """0002 dropped the column `sla_told`."""
    await move(empty_database, "0001")
    before = await shape_of(empty_database)
    await move(empty_database, "0002")
    assert taken_away(before, await shape_of(empty_database)) == {"incidents.sla_told"}


@pytest.mark.parametrize(
    ("statement", "found"),
    [
        ("alter table incidents drop column title", {"incidents.title"}),
        (
            "alter table incidents rename column title to name",
            {"incidents.title", "incidents.name is wanted"},
        ),
        ("alter table incidents alter column title type jsonb using '{}'", {"incidents.title is jsonb"}),
        ("alter table incidents add column mood text not null", {"incidents.mood is wanted"}),
        ("alter table incidents alter column owner set not null", {"incidents.owner is wanted"}),
        ("alter table cursors add constraint c check (since > '2000-01-01')", None),
        ("create unique index u on cursors (since)", None),
        ("alter table incidents add column mood text", set()),
        ("alter table incidents add column mood text not null default ''", set()),
        ("create table moods (id bigint primary key)", set()),
        ("create index i on cursors (since)", set()),
    ],
)
async def test_what_is_taken_away_is_found(database: Database, statement: str, found: set[str] | None):
    """None: one rule, in PostgreSQL's words."""
    async with database.engine.connect() as tx:
        before = await shape(tx)
        await tx.execute(text(statement))
        told = taken_away(before, await shape(tx))
        await tx.rollback()
    assert (told == found) if found is not None else len(told) == 1
