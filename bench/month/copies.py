"""Copies of rows, as real as the ones they are made of: new keys, other moments, everything else the same.

Rows of a run or of an incident refer to each other by keys; each copy's keys are made of the original's and the copy's
number, so that they refer to each other as before. Foreign keys are not checked meanwhile.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

_COLUMNS = text(
    "select column_name, data_type from information_schema.columns where table_schema = 'public'"
    " and table_name = :table and is_generated = 'NEVER' order by ordinal_position"
)
_NO_CHECKS = text("set session_replication_role = replica")


@dataclass(frozen=True, kw_only=True, slots=True)
class CopiedTable:
    """The rows of `table` that `where` chooses. `keys` are uuid columns that are made anew, `told` text columns that
    get the copy's number at their end, `numbers` whole numbers that are moved up by it."""

    table: str
    where: str
    keys: tuple[str, ...] = ()
    told: tuple[str, ...] = ()
    numbers: tuple[str, ...] = ()
    left_out: tuple[str, ...] = ()
    expressions: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True, slots=True)
class Copies:
    """`count` copies, the first numbered `first`, spread over `span` from `begins` on; `made_at` is when the original
    was made."""

    first: int
    count: int
    begins: datetime
    span: timedelta
    made_at: datetime


async def copy_rows(
    connection: AsyncConnection, tables: Sequence[CopiedTable], copies: Copies, given: Mapping[str, object]
) -> int:
    """Make the copies; returns how many rows that were. `given` are the parameters of the tables' `where`."""
    await connection.execute(_NO_CHECKS)
    rows = 0
    for one in tables:
        columns = (await connection.execute(_COLUMNS, {"table": one.table})).all()
        kept = [(name, kind) for name, kind in columns if name not in one.left_out]
        values = ", ".join(_value(name, kind, one) for name, kind in kept)
        names = ", ".join(f'"{name}"' for name, _ in kept)
        statement = text(
            f"insert into {one.table} ({names}) select {values} from {one.table} r, "  # noqa: S608 - our own words
            f"generate_series(cast(:first as bigint), cast(:last as bigint)) n where {one.where}"
        )
        done = await connection.execute(
            statement,
            {
                **given,
                "first": copies.first,
                "last": copies.first + copies.count - 1,
                "shift": copies.begins - copies.made_at,
                "step": copies.span / max(copies.count, 1),
            },
        )
        rows += done.rowcount
    return rows


def _value(name: str, kind: str, one: CopiedTable) -> str:
    column = f'r."{name}"'
    if name in one.expressions:
        return one.expressions[name]
    if name in one.keys:
        return f"cast(md5(cast({column} as text) || n) as uuid)"
    if name in one.told:
        return f"{column} || '-' || n"
    if name in one.numbers:
        return f"{column} + n"
    if kind == "timestamp with time zone":
        return f"{column} + cast(:shift as interval) + (n - :first) * cast(:step as interval)"
    return column
