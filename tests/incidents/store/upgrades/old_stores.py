"""Stores of every schema there was, with rows in each of their tables.

The rows up to 0003 are those of `tests.insights.store`, which the version of then wrote itself; those of later tables
stand in `rows.json`. A column that a schema does not have yet is left out, as the version of then left it out.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from alembic import command
from alembic.config import Config
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.ext.asyncio import AsyncConnection
from sqlalchemy.sql import bindparam

import incidents.store.migrations
from incidents.store.database import Database
from incidents.store.migrate import alembic_config
from tests.insights.store.test_old_stores import ROWS as WRITTEN_BY_0003

Row = Mapping[str, Any]
Rows = Mapping[str, Sequence[Row]]

_LATER: Rows = json.loads(Path(__file__).with_name("rows.json").read_text())
_COLUMNS = text(
    "select table_name, column_name from information_schema.columns where table_schema = 'public'"
)
# Of before 0002; later schemas have no such column.
_TOLD = {"sla_told": []}


def chain() -> Sequence[str]:
    """Every revision, in the order in which they are applied."""
    config = Config()
    config.set_main_option("script_location", str(Path(incidents.store.migrations.__file__).parent))
    script = ScriptDirectory.from_config(config)
    return [revision.revision for revision in script.walk_revisions()][::-1]


async def move(database: Database, revision: str, *, back: bool = False) -> None:
    """Bring the store to a revision, up or `back`."""
    to = command.downgrade if back else command.upgrade

    def moved(connection: Connection) -> None:
        to(alembic_config(connection), revision)

    async with database.transaction() as tx:
        await tx.run_sync(moved)


async def fill(database: Database) -> None:
    """Rows in every table that the store has, as the version of its schema would have written them."""
    async with database.transaction() as tx:
        await write_rows(tx, _all_rows())


async def write_rows(tx: AsyncConnection, wanted: Rows) -> None:
    """Those of the rows whose table there is, with those of their columns that there are; all others by their
    defaults."""
    columns = await _columns(tx)
    for table, rows in wanted.items():
        known = columns.get(table, set())
        named = sorted(known & {name for row in rows for name in row})
        if not named:
            continue
        names = ", ".join(f'"{name}"' for name in named)
        load = text(
            f"insert into {table} ({names})"  # noqa: S608  # our own names
            f" select {names} from jsonb_populate_recordset(null::{table}, :rows) on conflict do nothing"
        )
        await tx.execute(load.bindparams(bindparam("rows", type_=JSONB)), {"rows": list(rows)})


async def contents(database: Database) -> dict[str, list[Row]]:
    """All rows of all tables, as PostgreSQL shows them."""
    async with database.transaction() as tx:
        return {
            table: list((await tx.execute(text(f"select to_jsonb(t) from {table} t"))).scalars())  # noqa: S608
            for table in sorted(await _columns(tx))
            if table != "alembic_version"
        }


def missing(before: Rows, after: Rows, *, changed: frozenset[tuple[str, str]] = frozenset()) -> list[str]:
    """What of `before` is not in `after`: tables, and rows by what they were. Columns that `after` has no longer, and
    those `changed`, are not compared."""
    gone = [table for table in before if table not in after]
    for table in before.keys() & after.keys():
        gone += [
            f"{table}: {row}"
            for row in before[table]
            if not any(_says(other, row, table, changed) for other in after[table])
        ]
    return gone


def _says(other: Row, row: Row, table: str, changed: frozenset[tuple[str, str]]) -> bool:
    return all(
        other[name] == value for name, value in row.items() if name in other and (table, name) not in changed
    )


def _all_rows() -> dict[str, list[Row]]:
    old = {table: [{**_TOLD, **row} for row in rows] for table, rows in WRITTEN_BY_0003.items()}
    return {table: [*old.get(table, ()), *_LATER.get(table, ())] for table in (*old, *_LATER)}


async def _columns(tx: AsyncConnection) -> dict[str, set[str]]:
    found: dict[str, set[str]] = {}
    for table, column in await tx.execute(_COLUMNS):
        found.setdefault(table, set()).add(column)
    return found
