"""Deliveries that were set aside are counted on every look at /metrics: an index for them"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_index(
        "ix_deliveries_set_aside",
        "deliveries",
        ["connection", "state"],
        postgresql_where=sa.text("state in ('parked', 'ignored')"),
    )


def downgrade() -> None:
    op.drop_index("ix_deliveries_set_aside", table_name="deliveries")
