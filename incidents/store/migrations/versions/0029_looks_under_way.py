"""How far a look at a helpdesk has come, so that a worker that dies in it loses a chunk and not the whole"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0029"
down_revision = "0028"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("cursors", sa.Column("reached", sa.TIMESTAMP(timezone=True), nullable=True))


def downgrade() -> None:
    """A look that is under way is begun anew."""
    op.drop_column("cursors", "reached")
