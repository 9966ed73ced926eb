"""Alerts as monitors tell of them, a row an episode"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

from incidents.store.migrations.losses import refuse_to_lose

revision = "0013"
# The number was set aside before 0016 was made, which was finished first.
down_revision = "0016"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "alert_episodes",
        sa.Column("connection", sa.Text(), nullable=False),
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("started_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("changed_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ended_at", sa.DateTime(timezone=True)),
        sa.Column("end_kind", sa.Text()),
        sa.Column("service", sa.Text()),
        sa.Column("incident_id", sa.BigInteger()),
        sa.Column("summary", sa.Text(), server_default=sa.text("''"), nullable=False),
        sa.Column("labels", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("url", sa.Text()),
        sa.Column("is_silenced", sa.Boolean(), server_default=sa.text("false"), nullable=False),
        sa.Column("missed", sa.Integer(), server_default=sa.text("0"), nullable=False),
        sa.PrimaryKeyConstraint("connection", "key", "started_at", name=op.f("pk_alert_episodes")),
        sa.ForeignKeyConstraint(
            ["incident_id"], ["incidents.id"], name=op.f("fk_alert_episodes_incident_id_incidents")
        ),
    )
    op.create_index(
        "ix_alert_episodes_firing",
        "alert_episodes",
        ["connection"],
        postgresql_where=sa.text("end_kind is null"),
    )
    op.create_index("ix_alert_episodes_incident_id", "alert_episodes", ["incident_id"])


def downgrade() -> None:
    refuse_to_lose(revision, ("alert_episodes",))
    op.drop_table("alert_episodes")
