"""Incidents know what they were split off"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0020"
down_revision = "0019"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("incidents", sa.Column("split_from", sa.BigInteger()))


def downgrade() -> None:
    op.drop_column("incidents", "split_from")
