"""The tables. Alembic's migrations make them; a test proves that both say the same."""

from __future__ import annotations

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    DateTime,
    Double,
    ForeignKey,
    Index,
    Integer,
    Interval,
    LargeBinary,
    MetaData,
    SmallInteger,
    Table,
    text,
)
from sqlalchemy.dialects.postgresql import ARRAY, JSONB

from incidents.store.storable import StorableText as Text

metadata = MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "fk": "fk_%(table_name)s_%(column_0_N_name)s_%(referred_table_name)s",
        "pk": "pk_%(table_name)s",
    }
)
Time = DateTime(timezone=True)

meta = Table(
    "meta",
    metadata,
    Column("key", Text, primary_key=True),
    Column("value", Text, nullable=False),
)

# One row a webhook, its raw bytes kept. `lane` says which drain reads it.
deliveries = Table(
    "deliveries",
    metadata,
    Column("id", BigInteger, primary_key=True),
    Column("connection", Text, nullable=False),
    Column("lane", Text, nullable=False),
    Column("identity", Text, nullable=False),
    Column("is_repeatable", Boolean, nullable=False, server_default=text("false")),
    Column("headers", JSONB, nullable=False),
    Column("body", LargeBinary, nullable=False),
    Column("received_at", Time, nullable=False, server_default=text("now()")),
    Column("state", Text, nullable=False, server_default=text("'pending'")),
    Column("fence", BigInteger, nullable=False, server_default=text("0")),
    Column("attempts", Integer, nullable=False, server_default=text("0")),
    Column("handled_at", Time),
    Column("detail", Text, nullable=False, server_default=text("''")),
)
Index(
    "uq_deliveries_connection_identity",
    deliveries.c.connection,
    deliveries.c.identity,
    unique=True,
    postgresql_where=text("not is_repeatable"),
)
Index(
    "uq_deliveries_connection_identity_waiting",
    deliveries.c.connection,
    deliveries.c.identity,
    unique=True,
    # A leased one is being read: an equal one that comes now may tell of something newer.
    postgresql_where=text("is_repeatable and state = 'pending' and attempts = 0"),
)
Index(
    "ix_deliveries_lane_pending",
    deliveries.c.lane,
    deliveries.c.id,
    postgresql_where=text("state = 'pending'"),
)

# Webhooks that were refused: an audit trail of attempts, without their bodies.
rejections = Table(
    "rejections",
    metadata,
    Column("id", BigInteger, primary_key=True),
    Column("connection", Text, nullable=False),
    Column("reason", Text, nullable=False),
    Column("sha256", Text, nullable=False),
    Column("size", Integer, nullable=False),
    Column("at", Time, nullable=False, server_default=text("now()")),
)

drains = Table(
    "drains",
    metadata,
    Column("lane", Text, primary_key=True),
    Column("fence", BigInteger, nullable=False),
    Column("until", Time, nullable=False),
)

incidents = Table(
    "incidents",
    metadata,
    Column("id", BigInteger, primary_key=True),
    Column("version", BigInteger, nullable=False),
    Column("service", Text, nullable=False),
    Column("title", Text, nullable=False),
    Column("state", Text, nullable=False),
    Column("severity", SmallInteger, nullable=False),
    Column("opened_at", Time, nullable=False),
    Column("clock_from", Time, nullable=False),
    Column("state_since", Time, nullable=False),
    Column("generation", Integer, nullable=False),
    Column("owner", Text),
    Column("responder", Text),
    Column("verdict", Text),
    Column("evidence", JSONB, nullable=False),
    Column("next_stage", Text),
    Column("next_stage_at", Time),
    Column("next_update_at", Time),
    Column("updates_sent", Integer, nullable=False),
    Column("checks", Integer, nullable=False),
    Column("page_level", Integer, nullable=False),
    Column("acknowledged_at", Time),
    Column("resolved_at", Time),
    Column("merged_into", BigInteger, ForeignKey("incidents.id")),
    # The SLA section of the policy that its clocks were last fitted to.
    Column("sla_fit", Text, nullable=False, server_default=text("''")),
)
Index("ix_incidents_service_state", incidents.c.service, incidents.c.state)
Index(
    "ix_incidents_next_stage_at",
    incidents.c.next_stage_at,
    postgresql_where=text("next_stage is not null"),
)
Index(
    "ix_incidents_next_update_at",
    incidents.c.next_update_at,
    postgresql_where=text("next_update_at is not null"),
)
_OPEN_INCIDENT = text("state not in ('closed', 'not_an_incident', 'merged')")
Index("ix_incidents_sla_fit", incidents.c.sla_fit, postgresql_where=_OPEN_INCIDENT)

tickets = Table(
    "tickets",
    metadata,
    Column("connection", Text, primary_key=True),
    Column("id", Text, primary_key=True),
    Column("version", BigInteger, nullable=False),
    Column("subject", Text, nullable=False),
    Column("body", Text, nullable=False),
    Column("status", Text, nullable=False),
    Column("source_status", Text, nullable=False),
    Column("requester_id", Text, nullable=False),
    Column("requester_name", Text, nullable=False),
    Column("requester_email", Text, nullable=False),
    Column("created_at", Time, nullable=False),
    Column("updated_at", Time, nullable=False),
    Column("assignee", Text),
    Column("group", Text),
    Column("priority", Text),
    Column("product", Text),
    Column("channel", Text),
    Column("tier", Text),
    Column("tags", ARRAY(Text), nullable=False),
    Column("url", Text),
    Column("reassignments", Integer, nullable=False),
    Column("reopens", Integer, nullable=False),
    Column("due_at", Time),
    Column("sla_fit", Text, nullable=False, server_default=text("''")),
    Column("incident_id", BigInteger, ForeignKey("incidents.id")),
    Column("link_reason", Text, nullable=False, server_default=text("''")),
    Column("linked_at", Time),
    Column("first_seen_at", Time, nullable=False, server_default=text("now()")),
)
Index("ix_tickets_incident_id", tickets.c.incident_id)
Index("ix_tickets_sla_fit", tickets.c.sla_fit, postgresql_where=text("status not in ('solved', 'closed')"))

# The transactional outbox, and the record of everything we ever changed elsewhere.
effects = Table(
    "effects",
    metadata,
    Column("id", BigInteger, primary_key=True),
    Column("key", Text, nullable=False, unique=True),
    Column("once", Text, nullable=False),
    Column("kind", Text, nullable=False),
    # None for what is about a ticket that belongs to no incident.
    Column("incident_id", BigInteger, ForeignKey("incidents.id")),
    Column("connection", Text, nullable=False),
    Column("target", Text, nullable=False),
    Column("lane", Text, nullable=False),
    Column("about_ticket", Boolean, nullable=False),
    Column("payload", JSONB, nullable=False),
    Column("state", Text, nullable=False, server_default=text("'pending'")),
    Column("not_before", Time, nullable=False, server_default=text("now()")),
    Column("fence", BigInteger, nullable=False, server_default=text("0")),
    Column("lease_until", Time),
    Column("sent_at", Time),
    Column("attempts", Integer, nullable=False, server_default=text("0")),
    Column("result", Text, nullable=False, server_default=text("''")),
    Column("detail", Text, nullable=False, server_default=text("''")),
    Column("planned_at", Time, nullable=False, server_default=text("now()")),
    Column("settled_at", Time),
)
_OPEN = text("state in ('pending', 'sending', 'unknown')")
Index("ix_effects_due", effects.c.not_before, postgresql_where=_OPEN)
Index("ix_effects_lane_open", effects.c.lane, effects.c.id, postgresql_where=_OPEN)
Index("ix_effects_incident_id", effects.c.incident_id, effects.c.about_ticket)

# Which object elsewhere belongs to which incident: pages by key, rooms by id.
bindings = Table(
    "bindings",
    metadata,
    Column("connection", Text, primary_key=True),
    Column("kind", Text, primary_key=True),
    Column("external_id", Text, primary_key=True),
    Column("incident_id", BigInteger, ForeignKey("incidents.id"), nullable=False),
    Column("url", Text),
)
Index("ix_bindings_incident_id", bindings.c.incident_id, bindings.c.kind)

timeline = Table(
    "timeline",
    metadata,
    Column("id", BigInteger, primary_key=True),
    Column("incident_id", BigInteger, ForeignKey("incidents.id"), nullable=False),
    Column("at", Time, nullable=False),
    Column("kind", Text, nullable=False),
    Column("actor", Text, nullable=False),
    Column("text", Text, nullable=False),
    Column("run_id", Text),
)
Index("ix_timeline_incident_id", timeline.c.incident_id, timeline.c.id)

# Connections' settings as last read from Prefect, encrypted with the operator's key.
connections = Table(
    "connections",
    metadata,
    Column("name", Text, primary_key=True),
    Column("settings", LargeBinary, nullable=False),
    Column("read_at", Time, nullable=False),
)

# How far each helpdesk was polled for what its webhooks did not tell.
cursors = Table(
    "cursors",
    metadata,
    Column("connection", Text, primary_key=True),
    Column("since", Time, nullable=False),
)

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

# Models, learnt from this store's own history: at most one champion of a kind and label predicts.
insight_models = Table(
    "insight_models",
    metadata,
    Column("id", BigInteger, primary_key=True),
    Column("kind", Text, nullable=False),
    Column("label", Text, nullable=False),
    Column("format", Integer, nullable=False),
    Column("state", Text, nullable=False),
    Column("trained_at", Time, nullable=False),
    Column("history_from", Time, nullable=False),
    Column("history_until", Time, nullable=False),
    Column("examples", Integer, nullable=False),
    Column("metric", Text, nullable=False),
    Column("value", Double, nullable=False),
    Column("calibration", Double, nullable=False),
    Column("card", JSONB, nullable=False),
    Column("sha256", Text, nullable=False),
    Column("content", LargeBinary, nullable=False),
)
Index(
    "uq_insight_models_champion",
    insight_models.c.kind,
    insight_models.c.label,
    unique=True,
    postgresql_where=text("state = 'champion'"),
)

# What was predicted, by which model, and what turned out to be true: agents' corrections become labels.
insight_predictions = Table(
    "insight_predictions",
    metadata,
    Column("id", BigInteger, primary_key=True),
    Column("kind", Text, nullable=False),
    Column("label", Text, nullable=False),
    Column("model_id", BigInteger, ForeignKey("insight_models.id", ondelete="SET NULL")),
    Column("subject", Text, nullable=False),
    Column("at", Time, nullable=False),
    Column("predicted", Text, nullable=False),
    Column("probability", Double, nullable=False),
    Column("reasons", JSONB, nullable=False),
    Column("is_shadow", Boolean, nullable=False),
    Column("truth", Text),
    Column("truth_at", Time),
)
Index(
    "uq_insight_predictions_subject",
    insight_predictions.c.subject,
    insight_predictions.c.kind,
    insight_predictions.c.label,
    unique=True,
)
Index(
    "ix_insight_predictions_kind_at",
    insight_predictions.c.kind,
    insight_predictions.c.label,
    insight_predictions.c.at,
)
