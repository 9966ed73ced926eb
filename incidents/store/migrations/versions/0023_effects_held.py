"""What is held is found by its connection: whether a note there could be read by customers"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0023"
down_revision = "0022"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_index("ix_effects_held", "effects", ["connection"], postgresql_where=sa.text("state = 'held'"))


def downgrade() -> None:
    op.drop_index("ix_effects_held", table_name="effects")
