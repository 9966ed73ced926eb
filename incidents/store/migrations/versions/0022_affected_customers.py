"""Customers who are known to use what is broken and have not written"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from incidents.store.migrations.losses import refuse_to_lose

revision = "0022"
down_revision = "0021"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "affected_customers",
        sa.Column("incident_id", sa.BigInteger(), nullable=False),
        sa.Column("address", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("listed_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("incident_id", "address", name=op.f("pk_affected_customers")),
        sa.ForeignKeyConstraint(
            ["incident_id"], ["incidents.id"], name=op.f("fk_affected_customers_incident_id_incidents")
        ),
    )
    op.create_index("ix_affected_customers_address", "affected_customers", ["address"])


def downgrade() -> None:
    refuse_to_lose(revision, ("affected_customers",))
    op.drop_table("affected_customers")
