"""The table of times in which no action is started; part of `incidents.store.schema.tables`."""

from __future__ import annotations

from sqlalchemy import BigInteger, Column, Index, Table, text

from incidents.store.schema.metadata import Time, metadata
from incidents.store.storable import StorableText as Text

action_pauses = Table(
    "action_pauses",
    metadata,
    Column("id", BigInteger, primary_key=True),
    Column("since", Time, nullable=False),
    Column("paused_by", Text, nullable=False),
    Column("why", Text, nullable=False, server_default=text("''")),
    Column("ended_at", Time),
    Column("ended_by", Text, nullable=False, server_default=text("''")),
)
# There is one at most.
Index(
    "ix_action_pauses_open",
    text("(ended_at is null)"),
    unique=True,
    postgresql_where=text("ended_at is null"),
    _table=action_pauses,
)
