"""When an incident's owner was last heard of, and when the lead was last told that nobody was"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0017"
down_revision = "0014"
branch_labels = None
depends_on = None

_COLUMNS = ("owner_seen_at", "owner_asked_at")


def upgrade() -> None:
    for name in _COLUMNS:
        op.add_column("incidents", sa.Column(name, sa.DateTime(timezone=True)))


def downgrade() -> None:
    for name in _COLUMNS:
        op.drop_column("incidents", name)
