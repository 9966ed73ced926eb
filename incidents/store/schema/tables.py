"""The tables. Alembic's migrations make them; a test proves that both say the same."""

from __future__ import annotations

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    Computed,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    SmallInteger,
    Table,
    text,
)
from sqlalchemy.dialects.postgresql import ARRAY, JSONB

from incidents.store.schema.alerts import alert_episodes
from incidents.store.schema.desk import desk_messages, desk_tickets, desks, listening
from incidents.store.schema.emergencies import emergencies
from incidents.store.schema.insights import insight_models, insight_predictions, insight_vectors
from incidents.store.schema.metadata import Time, metadata
from incidents.store.schema.pauses import action_pauses
from incidents.store.schema.public import (
    affected_customers,
    approvals,
    issues,
    public_incidents,
    public_updates,
)
from incidents.store.schema.reports import report_files, reports
from incidents.store.schema.roster import (
    roster_acts,
    roster_feeds,
    roster_notes,
    roster_notices,
    roster_pages,
    roster_replies,
)
from incidents.store.schema.sla import (
    sla_breaches,
    sla_clocks,
    sla_holders,
)
from incidents.store.schema.updates import customer_updates
from incidents.store.schema.written import written
from incidents.store.storable import StorableText as Text

__all__ = [
    "action_pauses",
    "affected_customers",
    "alert_episodes",
    "approvals",
    "bindings",
    "comments_heard",
    "connections",
    "cursors",
    "customer_updates",
    "deliveries",
    "desk_messages",
    "desk_tickets",
    "desks",
    "drains",
    "effects",
    "emergencies",
    "erasures",
    "incidents",
    "insight_models",
    "insight_predictions",
    "insight_vectors",
    "issues",
    "listening",
    "meta",
    "metadata",
    "public_incidents",
    "public_updates",
    "rejections",
    "report_files",
    "reports",
    "roster_acts",
    "roster_feeds",
    "roster_notes",
    "roster_notices",
    "roster_pages",
    "roster_replies",
    "sla_breaches",
    "sla_clocks",
    "sla_holders",
    "tickets",
    "timeline",
    "written",
]

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
    # Here, in `incidents` and in `effects`: the trace it belongs to, as W3C's `traceparent` (`incidents.telemetry`).
    Column("trace", Text),
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
    "ix_deliveries_set_aside",
    deliveries.c.connection,
    deliveries.c.state,
    postgresql_where=text("state in ('parked', 'ignored')"),
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
    Column("owner_seen_at", Time),
    Column("owner_asked_at", Time),
    # The incident that its first ticket was split off. No foreign key: it may be forgotten before.
    Column("split_from", BigInteger),
    # Until when its page waits, or waited.
    Column("held_until", Time),
    # The SLA section of the policy that its clocks were last fitted to.
    Column("sla_fit", Text, nullable=False, server_default=text("''")),
    Column("trace", Text),
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
    # As people, clocks and predictions name it: `zendesk/support#4711`.
    Column("ref", Text, Computed("connection || '#' || id", persisted=True), nullable=False),
    Column("version", BigInteger, nullable=False),
    Column("subject", Text, nullable=False),
    Column("body", Text, nullable=False),
    Column("status", Text, nullable=False),
    Column("source_status", Text, nullable=False),
    Column("requester_id", Text, nullable=False),
    Column("requester_name", Text, nullable=False),
    Column("requester_email", Text, nullable=False),
    # Where the helpdesk tells; "" where not.
    Column("requester_language", Text, nullable=False, server_default=text("''")),
    Column("requester_time_zone", Text, nullable=False, server_default=text("''")),
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
    Column("gone", Text),
    Column("merged_into", Text),
    Column("parent", Text),
    Column("kinship", Text),
    Column("is_reachable", Boolean, nullable=False, server_default=text("true")),
    # `TextsGone`: its texts and its customer's name are not here any more; null while they are.
    Column("texts_gone", Text),
    Column("sla_fit", Text, nullable=False, server_default=text("''")),
    Column("incident_id", BigInteger, ForeignKey("incidents.id")),
    # Who joined it (`JoinOrigin`); null for one that is not, or that a version before 0005 has joined.
    Column("link_origin", Text),
    Column("link_reason", Text, nullable=False, server_default=text("''")),
    Column("linked_at", Time),
    Column("first_seen_at", Time, nullable=False, server_default=text("now()")),
)
Index("ix_tickets_incident_id", tickets.c.incident_id)
Index("ix_tickets_sla_fit", tickets.c.sla_fit, postgresql_where=text("status not in ('solved', 'closed')"))

# Comments that were acted upon: each acts once, however often its webhook or its ticket's last comment comes.
comments_heard = Table(
    "comments_heard",
    metadata,
    Column("connection", Text, primary_key=True),
    Column("ticket_id", Text, primary_key=True),
    Column("comment_id", Text, primary_key=True),
    Column("heard_at", Time, nullable=False),
)

# Who was forgotten, told by a salted digest, and what was erased for it.
erasures = Table(
    "erasures",
    metadata,
    Column("id", BigInteger, primary_key=True),
    Column("at", Time, nullable=False),
    Column("salt", Text, nullable=False),
    Column("digest", Text, nullable=False),
    Column("receipt", JSONB, nullable=False),
)

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
    Column("trace", Text),
)
_OPEN = text("state in ('pending', 'sending', 'unknown')")
Index("ix_effects_due", effects.c.not_before, postgresql_where=_OPEN)
Index("ix_effects_lane_open", effects.c.lane, effects.c.id, postgresql_where=_OPEN)
# Pages by their id at the on-call tool; those it has not shown yet have none.
Index("ix_effects_pages", effects.c.result, effects.c.settled_at, postgresql_where=text("kind = 'page'"))
# What waits for a person is little, and asked for before each note to colleagues.
Index("ix_effects_held", effects.c.connection, postgresql_where=text("state = 'held'"))
# How often an action was started lately is asked before each start.
Index("ix_effects_actions", effects.c.target, effects.c.sent_at, postgresql_where=text("kind = 'action'"))
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

# How far each helpdesk was polled for what its webhooks did not tell, and how far a look came that is not through.
cursors = Table(
    "cursors",
    metadata,
    Column("connection", Text, primary_key=True),
    Column("since", Time, nullable=False),
    Column("reached", Time),
)
