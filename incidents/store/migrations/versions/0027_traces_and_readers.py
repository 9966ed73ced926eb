"""The trace that each delivery, incident and effect belongs to; and which versions may read this store"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0027"
down_revision = "0025"
branch_labels = None
depends_on = None

_TRACED = ("deliveries", "incidents", "effects")


def upgrade() -> None:
    for table in _TRACED:
        op.add_column(table, sa.Column("trace", sa.Text()))
    # A later migration that takes something away, or lets words be written that this version cannot leave alone, names
    # itself here; all others leave it as it is (docs/upgrade.md).
    op.execute("insert into meta (key, value) values ('readable_from', '0027')")


def downgrade() -> None:
    op.execute("delete from meta where key = 'readable_from'")
    for table in _TRACED:
        op.drop_column(table, "trace")
