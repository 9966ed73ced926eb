"""The tables of what the public is told, of who allowed it, and of issues for lasting fixes; part of
`incidents.store.schema.tables`."""

from __future__ import annotations

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    ForeignKey,
    Index,
    Integer,
    SmallInteger,
    Table,
    text,
)
from sqlalchemy.dialects.postgresql import ARRAY

from incidents.store.schema.metadata import Time, metadata
from incidents.store.storable import StorableText as Text

# What status pages without a server of their own say.
public_incidents = Table(
    "public_incidents",
    metadata,
    Column("id", BigInteger, primary_key=True),
    Column("connection", Text, nullable=False),
    Column("once", Text, nullable=False),
    Column("title", Text, nullable=False),
    Column("severity", SmallInteger, nullable=False),
    Column("services", ARRAY(Text), nullable=False),
    Column("opened_at", Time, nullable=False),
    Column("resolved_at", Time),
)
Index(
    "uq_public_incidents_connection_once",
    public_incidents.c.connection,
    public_incidents.c.once,
    unique=True,
)
Index(
    "ix_public_incidents_connection_resolved_at",
    public_incidents.c.connection,
    public_incidents.c.resolved_at,
)
public_updates = Table(
    "public_updates",
    metadata,
    Column("id", BigInteger, primary_key=True),
    Column(
        "public_incident", BigInteger, ForeignKey("public_incidents.id", ondelete="CASCADE"), nullable=False
    ),
    Column("once", Text, nullable=False),
    Column("state", Text, nullable=False),
    Column("text", Text, nullable=False),
    Column("at", Time, nullable=False),
)
Index(
    "uq_public_updates_public_incident_once",
    public_updates.c.public_incident,
    public_updates.c.once,
    unique=True,
)

# What a person must allow: once a generation of an incident and a subject.
affected_customers = Table(
    "affected_customers",
    metadata,
    Column("incident_id", BigInteger, ForeignKey("incidents.id"), primary_key=True),
    # In small letters; keys and lanes know them by a digest of it.
    Column("address", Text, primary_key=True),
    Column("name", Text, nullable=False),
    Column("reason", Text, nullable=False),
    Column("listed_at", Time, nullable=False),
)
Index("ix_affected_customers_address", affected_customers.c.address)

approvals = Table(
    "approvals",
    metadata,
    Column("incident_id", BigInteger, ForeignKey("incidents.id"), primary_key=True),
    Column("generation", Integer, primary_key=True),
    Column("subject", Text, primary_key=True),
    Column("state", Text, nullable=False),
    Column("asked_at", Time, nullable=False),
    Column("expires_at", Time, nullable=False),
    Column("decided_at", Time),
    Column("decided_by", Text, nullable=False, server_default=text("''")),
    # Where it was decided: in chat, by form, on the command line.
    Column("decided_in", Text, nullable=False, server_default=text("''")),
    Column("why", Text, nullable=False, server_default=text("''")),
)
Index("ix_approvals_expires_at", approvals.c.expires_at, postgresql_where=text("state = 'asked'"))

# Issues for lasting fixes, as their trackers last had them.
issues = Table(
    "issues",
    metadata,
    Column("connection", Text, primary_key=True),
    Column("key", Text, primary_key=True),
    Column("incident_id", BigInteger, ForeignKey("incidents.id"), nullable=False),
    Column("opened_at", Time, nullable=False),
    Column("status", Text, nullable=False, server_default=text("''")),
    Column("read_at", Time),
    Column("is_done", Boolean, nullable=False, server_default=text("false")),
)
Index("ix_issues_incident_id", issues.c.incident_id)
Index("ix_issues_read_at", issues.c.read_at, postgresql_where=text("not is_done"))
