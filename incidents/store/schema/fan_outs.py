"""The table of updates to many tickets that are under way; part of `incidents.store.schema.tables`."""

from __future__ import annotations

from sqlalchemy import BigInteger, Column, ForeignKey, Table

from incidents.store.schema.metadata import Time, metadata
from incidents.store.storable import StorableText as Text

# A row a helpdesk, until all are told: what was planned last. `shown_at` is when the incident's page was written.
fan_outs = Table(
    "fan_outs",
    metadata,
    Column("incident_id", BigInteger, ForeignKey("incidents.id", ondelete="CASCADE"), primary_key=True),
    Column("connection", Text, primary_key=True),
    Column("began_at", Time, nullable=False),
    Column("next_at", Time),
    Column("ends_at", Time, nullable=False),
    Column("shown_at", Time),
)
