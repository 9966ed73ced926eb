"""The table of alerts' episodes; part of `incidents.store.schema.tables`."""

from __future__ import annotations

from sqlalchemy import BigInteger, Boolean, Column, ForeignKey, Index, Integer, Table, text
from sqlalchemy.dialects.postgresql import JSONB

from incidents.store.schema.metadata import Time, metadata
from incidents.store.storable import StorableText as Text

# One row an episode: the same alert that fires again has a new one. `incident_id` is the newest incident it is told in.
alert_episodes = Table(
    "alert_episodes",
    metadata,
    Column("connection", Text, primary_key=True),
    Column("key", Text, primary_key=True),
    Column("started_at", Time, primary_key=True),
    Column("changed_at", Time, nullable=False),
    Column("ended_at", Time),
    # incidents.alerts.episodes.EpisodeEnd
    Column("end_kind", Text),
    Column("service", Text),
    Column("incident_id", BigInteger, ForeignKey("incidents.id")),
    Column("summary", Text, nullable=False, server_default=text("''")),
    # Names and values, in their order.
    Column("labels", JSONB, nullable=False),
    Column("url", Text),
    Column("is_silenced", Boolean, nullable=False, server_default=text("false")),
    Column("missed", Integer, nullable=False, server_default=text("0")),
)
Index(
    "ix_alert_episodes_firing",
    alert_episodes.c.connection,
    postgresql_where=text("end_kind is null"),
)
Index("ix_alert_episodes_incident_id", alert_episodes.c.incident_id)
