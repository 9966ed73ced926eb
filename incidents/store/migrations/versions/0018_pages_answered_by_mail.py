"""Answers to pages that came by mail, and what is told back"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from incidents.store.migrations.losses import refuse_to_lose

revision = "0018"
down_revision = "0017"
branch_labels = None
depends_on = None

_EMPTY = sa.text("''")


def upgrade() -> None:
    op.create_table(
        "roster_replies",
        sa.Column("connection", sa.Text(), nullable=False),
        sa.Column("fingerprint", sa.Text(), nullable=False),
        sa.Column("page_id", sa.BigInteger(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("connection", "fingerprint", name=op.f("pk_roster_replies")),
        sa.ForeignKeyConstraint(
            ["page_id"],
            ["roster_pages.id"],
            name=op.f("fk_roster_replies_page_id_roster_pages"),
            ondelete="CASCADE",
        ),
    )
    op.add_column("roster_notices", sa.Column("said", sa.Text(), server_default=_EMPTY, nullable=False))
    op.add_column("roster_acts", sa.Column("text", sa.Text(), server_default=_EMPTY, nullable=False))


def downgrade() -> None:
    refuse_to_lose(revision, ("roster_replies",))
    op.drop_column("roster_acts", "text")
    # The version before knows no such kind, and would wake somebody with it.
    op.execute("delete from roster_notices where kind = 'answer'")
    op.drop_column("roster_notices", "said")
    op.drop_table("roster_replies")
