"""The table of what customers were told and promised; part of `incidents.store.schema.tables`."""

from __future__ import annotations

from sqlalchemy import BigInteger, Column, ForeignKey, Index, Integer, Table, text
from sqlalchemy.dialects.postgresql import JSONB

from incidents.store.schema.metadata import Time, metadata
from incidents.store.storable import StorableText as Text

# A message to all who waited, and when it promised the next one (`next_by`, none if it promised nothing).
# `next_look_at` follows from the rest, to be searched by.
customer_updates = Table(
    "customer_updates",
    metadata,
    Column("incident", BigInteger, ForeignKey("incidents.id"), primary_key=True),
    Column("number", Integer, primary_key=True),
    Column("generation", Integer, nullable=False),
    Column("kind", Text, nullable=False),
    Column("standing", Text, nullable=False),
    Column("once", Text, nullable=False),
    Column("said_at", Time, nullable=False),
    Column("owner", Text),
    Column("next_by", Time),
    Column("warn_at", Time),
    Column("warned_at", Time),
    Column("answered", JSONB, nullable=False),
    Column("state", Text),
    Column("settled_at", Time),
    Column("kept_by", Text),
    Column("next_look_at", Time),
)
Index(
    "ix_customer_updates_next_look_at",
    customer_updates.c.next_look_at,
    postgresql_where=text("next_look_at is not null"),
)
Index(
    "ix_customer_updates_settled_at",
    customer_updates.c.settled_at,
    postgresql_where=text("settled_at is not null"),
)
