"""The table of what effects wrote elsewhere; part of `incidents.store.schema.tables`."""

from __future__ import annotations

from sqlalchemy import BigInteger, Column, ForeignKey, Index, Table

from incidents.store.schema.metadata import Time, metadata
from incidents.store.storable import StorableText as Text

# One row an effect that has set out, so that its echo is known; whether it was done is the effect's to say.
written = Table(
    "written",
    metadata,
    Column("effect_id", BigInteger, ForeignKey("effects.id", ondelete="CASCADE"), primary_key=True),
    Column("connection", Text, nullable=False),
    Column("object", Text, nullable=False),
    Column("field", Text, nullable=False),
    Column("hash", Text, nullable=False),
    Column("actor", Text, nullable=False),
    # The object's own order at the vendor just after it, where the vendor tells.
    Column("version", BigInteger),
    Column("at", Time, nullable=False),
)
Index("ix_written_object", written.c.connection, written.c.object, written.c.field)
