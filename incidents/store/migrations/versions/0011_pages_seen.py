"""Pages are known by their id at the on-call tool, and looked for until they have one: an index for both"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_index(
        "ix_effects_pages", "effects", ["result", "settled_at"], postgresql_where=sa.text("kind = 'page'")
    )


def downgrade() -> None:
    op.drop_index("ix_effects_pages", table_name="effects")
