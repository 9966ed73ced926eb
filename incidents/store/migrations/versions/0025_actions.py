"""Times in which no action is started; and how often one was, by an index"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from incidents.store.migrations.losses import refuse_to_lose

revision = "0025"
down_revision = "0026"
branch_labels = None
depends_on = None

_EMPTY = sa.text("''")


def upgrade() -> None:
    op.create_table(
        "action_pauses",
        sa.Column("id", sa.BigInteger(), nullable=False),
        sa.Column("since", sa.DateTime(timezone=True), nullable=False),
        sa.Column("paused_by", sa.Text(), nullable=False),
        sa.Column("why", sa.Text(), server_default=_EMPTY, nullable=False),
        sa.Column("ended_at", sa.DateTime(timezone=True)),
        sa.Column("ended_by", sa.Text(), server_default=_EMPTY, nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_action_pauses")),
    )
    op.create_index(
        "ix_action_pauses_open",
        "action_pauses",
        [sa.text("(ended_at is null)")],
        unique=True,
        postgresql_where=sa.text("ended_at is null"),
    )
    op.create_index(
        "ix_effects_actions", "effects", ["target", "sent_at"], postgresql_where=sa.text("kind = 'action'")
    )


def downgrade() -> None:
    refuse_to_lose(revision, ("action_pauses",))
    op.drop_index("ix_effects_actions", table_name="effects")
    op.drop_table("action_pauses")
