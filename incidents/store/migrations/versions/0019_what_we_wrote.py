"""What effects wrote elsewhere, by a hash, so that its echo is known when it comes back"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from incidents.store.migrations.losses import refuse_to_lose

revision = "0019"
down_revision = "0018"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "written",
        sa.Column("effect_id", sa.BigInteger(), nullable=False),
        sa.Column("connection", sa.Text(), nullable=False),
        sa.Column("object", sa.Text(), nullable=False),
        sa.Column("field", sa.Text(), nullable=False),
        sa.Column("hash", sa.Text(), nullable=False),
        sa.Column("actor", sa.Text(), nullable=False),
        sa.Column("version", sa.BigInteger()),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("effect_id", name=op.f("pk_written")),
        sa.ForeignKeyConstraint(
            ["effect_id"], ["effects.id"], name=op.f("fk_written_effect_id_effects"), ondelete="CASCADE"
        ),
    )
    op.create_index("ix_written_object", "written", ["connection", "object", "field"])


def downgrade() -> None:
    refuse_to_lose(revision, ("written",))
    op.drop_table("written")
