"""Sentence embeddings of tickets"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "insight_vectors",
        sa.Column("ref", sa.Text(), nullable=False),
        sa.Column("encoder", sa.Text(), nullable=False),
        sa.Column("digest", sa.Text(), nullable=False),
        sa.Column("vector", sa.LargeBinary(), nullable=False),
        sa.Column("written_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("ref", name=op.f("pk_insight_vectors")),
    )
    op.create_index("ix_insight_vectors_written_at", "insight_vectors", ["written_at"])


def downgrade() -> None:
    op.drop_table("insight_vectors")
