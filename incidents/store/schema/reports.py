"""The tables of reports; part of `incidents.store.schema.tables`."""

from __future__ import annotations

from sqlalchemy import Column, ForeignKey, LargeBinary, Table

from incidents.store.schema.metadata import Time, metadata
from incidents.store.storable import StorableText as Text

# The weekly reports, and the pictures and tables that belong to them. `token` is what their addresses are guarded by.
reports = Table(
    "reports",
    metadata,
    Column("name", Text, primary_key=True),
    Column("token", Text, nullable=False, unique=True),
    Column("made_at", Time, nullable=False),
)
report_files = Table(
    "report_files",
    metadata,
    Column("report", Text, ForeignKey("reports.name", ondelete="CASCADE"), primary_key=True),
    Column("name", Text, primary_key=True),
    Column("media_type", Text, nullable=False),
    Column("content", LargeBinary, nullable=False),
)
