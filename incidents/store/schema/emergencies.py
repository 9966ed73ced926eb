"""The table of emergencies; part of `incidents.store.schema.tables`."""

from __future__ import annotations

from sqlalchemy import BigInteger, Column, Index, Table, text

from incidents.store.schema.metadata import Time, metadata
from incidents.store.storable import StorableText as Text

# Times in which a worker went on without Prefect. `until` is its lease; `told_at`, when Prefect heard of it.
emergencies = Table(
    "emergencies",
    metadata,
    Column("id", BigInteger, primary_key=True),
    Column("holder", Text, nullable=False),
    Column("began_at", Time, nullable=False),
    Column("until", Time, nullable=False),
    Column("ended_at", Time),
    Column("told_at", Time),
)
# There is one at most.
Index(
    "ix_emergencies_open",
    text("(ended_at is null)"),
    unique=True,
    postgresql_where=text("ended_at is null"),
    _table=emergencies,
)
