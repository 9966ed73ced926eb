"""The tables of promises; part of `incidents.store.schema.tables`."""

from __future__ import annotations

from sqlalchemy import BigInteger, Boolean, Column, ForeignKey, Index, Integer, Interval, Table, text
from sqlalchemy.dialects.postgresql import JSONB

from incidents.store.schema.metadata import Time, metadata
from incidents.store.storable import StorableText as Text

# Promises to tickets and incidents, each a clock. A subject is `zendesk/support#1` (then with connection and
# ticket) or `INC-7` (then with incident). `due_at` and `next_moment_at` follow from the rest, to be searched by.
sla_clocks = Table(
    "sla_clocks",
    metadata,
    Column("key", Text, primary_key=True),
    Column("subject", Text, nullable=False),
    Column("connection", Text),
    Column("ticket_id", Text),
    Column("incident_id", BigInteger, ForeignKey("incidents.id")),
    Column("metric", Text, nullable=False),
    Column("generation", Integer, nullable=False),
    Column("round", Integer, nullable=False),
    Column("policy", Text, nullable=False),
    Column("calendar", Text, nullable=False),
    Column("target", Interval),
    Column("warnings", JSONB, nullable=False),
    Column("started_at", Time, nullable=False),
    Column("running_since", Time),
    Column("paused_because", Text),
    Column("stopped_at", Time),
    Column("is_withdrawn", Boolean, nullable=False),
    Column("stretches", JSONB, nullable=False),
    Column("told", JSONB, nullable=False),
    Column("worked", Interval, nullable=False),
    Column("due_at", Time),
    Column("next_moment_at", Time),
)
Index("ix_sla_clocks_subject", sla_clocks.c.subject)
Index(
    "ix_sla_clocks_next_moment_at",
    sla_clocks.c.next_moment_at,
    postgresql_where=text("next_moment_at is not null"),
)
Index(
    "ix_sla_clocks_due_at",
    sla_clocks.c.due_at,
    postgresql_where=text("stopped_at is null and due_at is not null"),
)
Index(
    "ix_sla_clocks_paused",
    sla_clocks.c.started_at,
    postgresql_where=text("paused_because is not null and target is not null"),
)
Index(
    "ix_sla_clocks_stopped_at",
    sla_clocks.c.stopped_at,
    postgresql_where=text("stopped_at is not null and target is not null"),
)

# Who had a ticket or incident, and in which state, from when on; written when one of the two changes.
sla_holders = Table(
    "sla_holders",
    metadata,
    Column("subject", Text, primary_key=True),
    Column("since", Time, primary_key=True),
    Column("holder", Text, nullable=False),
    # `HolderKind`; unknown where a version before 0006 wrote it.
    Column("holder_kind", Text, nullable=False, server_default=text("'unknown'")),
    Column("state", Text, nullable=False),
)

# Promises that were broken, with who had it when, as it was known then.
sla_breaches = Table(
    "sla_breaches",
    metadata,
    Column("clock_key", Text, primary_key=True),
    Column("subject", Text, nullable=False),
    Column("metric", Text, nullable=False),
    Column("policy", Text, nullable=False),
    Column("target", Interval, nullable=False),
    Column("breached_at", Time, nullable=False),
    Column("recorded_at", Time, nullable=False),
    Column("cause", Text, nullable=False),
    Column("held", JSONB, nullable=False),
)
Index("ix_sla_breaches_breached_at", sla_breaches.c.breached_at)
