"""Comments that were heard; tickets that are gone, merged, or came of another one"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from incidents.store.migrations.losses import refuse_to_lose

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None


def upgrade() -> None:
    for name in ("gone", "merged_into", "parent", "kinship"):
        op.add_column("tickets", sa.Column(name, sa.Text()))
    op.add_column(
        "tickets", sa.Column("is_reachable", sa.Boolean(), server_default=sa.text("true"), nullable=False)
    )
    op.create_table(
        "comments_heard",
        sa.Column("connection", sa.Text(), nullable=False),
        sa.Column("ticket_id", sa.Text(), nullable=False),
        sa.Column("comment_id", sa.Text(), nullable=False),
        sa.Column("heard_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("connection", "ticket_id", "comment_id", name=op.f("pk_comments_heard")),
    )


def downgrade() -> None:
    refuse_to_lose(revision, ("comments_heard",))
    op.drop_table("comments_heard")
    for name in ("is_reachable", "kinship", "parent", "merged_into", "gone"):
        op.drop_column("tickets", name)
