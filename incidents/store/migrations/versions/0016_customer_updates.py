"""What customers were told in public, and when each message promised the next one"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

from incidents.store.migrations.losses import refuse_to_lose

revision = "0016"
down_revision = "0012"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "customer_updates",
        sa.Column("incident", sa.BigInteger(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("generation", sa.Integer(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("standing", sa.Text(), nullable=False),
        sa.Column("once", sa.Text(), nullable=False),
        sa.Column("said_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("owner", sa.Text()),
        sa.Column("next_by", sa.DateTime(timezone=True)),
        sa.Column("warn_at", sa.DateTime(timezone=True)),
        sa.Column("warned_at", sa.DateTime(timezone=True)),
        sa.Column("answered", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("state", sa.Text()),
        sa.Column("settled_at", sa.DateTime(timezone=True)),
        sa.Column("kept_by", sa.Text()),
        sa.Column("next_look_at", sa.DateTime(timezone=True)),
        sa.PrimaryKeyConstraint("incident", "number", name=op.f("pk_customer_updates")),
        sa.ForeignKeyConstraint(
            ["incident"], ["incidents.id"], name=op.f("fk_customer_updates_incident_incidents")
        ),
    )
    for column in ("next_look_at", "settled_at"):
        op.create_index(
            f"ix_customer_updates_{column}",
            "customer_updates",
            [column],
            postgresql_where=sa.text(f"{column} is not null"),
        )


def downgrade() -> None:
    refuse_to_lose(revision, ("customer_updates",))
    op.drop_table("customer_updates")
