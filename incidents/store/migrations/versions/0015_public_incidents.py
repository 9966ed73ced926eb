"""What the public is told, who allowed it, and issues for lasting fixes"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

from incidents.store.migrations.losses import refuse_to_lose

revision = "0015"
down_revision = "0013"
branch_labels = None
depends_on = None

_EMPTY = sa.text("''")


def upgrade() -> None:
    op.create_table(
        "public_incidents",
        sa.Column("id", sa.BigInteger(), nullable=False),
        sa.Column("connection", sa.Text(), nullable=False),
        sa.Column("once", sa.Text(), nullable=False),
        sa.Column("title", sa.Text(), nullable=False),
        sa.Column("severity", sa.SmallInteger(), nullable=False),
        sa.Column("services", postgresql.ARRAY(sa.Text()), nullable=False),
        sa.Column("opened_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("resolved_at", sa.DateTime(timezone=True)),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_public_incidents")),
    )
    op.create_index(
        "uq_public_incidents_connection_once", "public_incidents", ["connection", "once"], unique=True
    )
    op.create_index(
        "ix_public_incidents_connection_resolved_at", "public_incidents", ["connection", "resolved_at"]
    )
    op.create_table(
        "public_updates",
        sa.Column("id", sa.BigInteger(), nullable=False),
        sa.Column("public_incident", sa.BigInteger(), nullable=False),
        sa.Column("once", sa.Text(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_public_updates")),
        sa.ForeignKeyConstraint(
            ["public_incident"],
            ["public_incidents.id"],
            name=op.f("fk_public_updates_public_incident_public_incidents"),
            ondelete="CASCADE",
        ),
    )
    op.create_index(
        "uq_public_updates_public_incident_once", "public_updates", ["public_incident", "once"], unique=True
    )
    op.create_table(
        "approvals",
        sa.Column("incident_id", sa.BigInteger(), nullable=False),
        sa.Column("generation", sa.Integer(), nullable=False),
        sa.Column("subject", sa.Text(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("asked_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("decided_at", sa.DateTime(timezone=True)),
        sa.Column("decided_by", sa.Text(), server_default=_EMPTY, nullable=False),
        sa.Column("decided_in", sa.Text(), server_default=_EMPTY, nullable=False),
        sa.Column("why", sa.Text(), server_default=_EMPTY, nullable=False),
        sa.PrimaryKeyConstraint("incident_id", "generation", "subject", name=op.f("pk_approvals")),
        sa.ForeignKeyConstraint(
            ["incident_id"], ["incidents.id"], name=op.f("fk_approvals_incident_id_incidents")
        ),
    )
    op.create_index(
        "ix_approvals_expires_at", "approvals", ["expires_at"], postgresql_where=sa.text("state = 'asked'")
    )
    op.create_table(
        "issues",
        sa.Column("connection", sa.Text(), nullable=False),
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("incident_id", sa.BigInteger(), nullable=False),
        sa.Column("opened_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("status", sa.Text(), server_default=_EMPTY, nullable=False),
        sa.Column("read_at", sa.DateTime(timezone=True)),
        sa.Column("is_done", sa.Boolean(), server_default=sa.text("false"), nullable=False),
        sa.PrimaryKeyConstraint("connection", "key", name=op.f("pk_issues")),
        sa.ForeignKeyConstraint(
            ["incident_id"], ["incidents.id"], name=op.f("fk_issues_incident_id_incidents")
        ),
    )
    op.create_index("ix_issues_incident_id", "issues", ["incident_id"])
    op.create_index("ix_issues_read_at", "issues", ["read_at"], postgresql_where=sa.text("not is_done"))


def downgrade() -> None:
    refuse_to_lose(revision, ("issues", "approvals", "public_incidents"))
    for name in ("issues", "approvals", "public_updates", "public_incidents"):
        op.drop_table(name)
