"""Pages that we keep ourselves, whom they wake, and the calendars of rotas"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from incidents.store.migrations.losses import refuse_to_lose

revision = "0014"
down_revision = "0015"
branch_labels = None
depends_on = None

_EMPTY = sa.text("''")


def upgrade() -> None:
    op.create_table(
        "roster_pages",
        sa.Column("id", sa.BigInteger(), nullable=False),
        sa.Column("connection", sa.Text(), nullable=False),
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("target", sa.Text(), nullable=False),
        sa.Column("summary", sa.Text(), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("links", sa.Text(), nullable=False),
        sa.Column("status", sa.Text(), nullable=False),
        sa.Column("changed_by", sa.Text(), server_default=_EMPTY, nullable=False),
        sa.Column("made_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("changed_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_roster_pages")),
        sa.UniqueConstraint("connection", "key", name=op.f("uq_roster_pages_connection_key")),
    )
    op.create_table(
        "roster_notices",
        sa.Column("id", sa.BigInteger(), nullable=False),
        sa.Column("page_id", sa.BigInteger(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("person", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("way", sa.Text(), nullable=False),
        sa.Column("wait_seconds", sa.Integer(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("due_at", sa.DateTime(timezone=True)),
        sa.Column("lease_until", sa.DateTime(timezone=True)),
        sa.Column("attempts", sa.Integer(), server_default=sa.text("0"), nullable=False),
        sa.Column("settled_at", sa.DateTime(timezone=True)),
        sa.Column("detail", sa.Text(), server_default=_EMPTY, nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_roster_notices")),
        sa.UniqueConstraint("page_id", "position", name=op.f("uq_roster_notices_page_id_position")),
        sa.ForeignKeyConstraint(
            ["page_id"],
            ["roster_pages.id"],
            name=op.f("fk_roster_notices_page_id_roster_pages"),
            ondelete="CASCADE",
        ),
    )
    op.create_index(
        "ix_roster_notices_due_at",
        "roster_notices",
        ["due_at"],
        postgresql_where=sa.text("state in ('waiting', 'sending')"),
    )
    op.create_table(
        "roster_notes",
        sa.Column("page_id", sa.BigInteger(), nullable=False),
        sa.Column("once", sa.Text(), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("page_id", "once", name=op.f("pk_roster_notes")),
        sa.ForeignKeyConstraint(
            ["page_id"],
            ["roster_pages.id"],
            name=op.f("fk_roster_notes_page_id_roster_pages"),
            ondelete="CASCADE",
        ),
    )
    op.create_table(
        "roster_acts",
        sa.Column("id", sa.BigInteger(), nullable=False),
        sa.Column("connection", sa.Text(), nullable=False),
        sa.Column("page_id", sa.BigInteger(), nullable=False),
        sa.Column("change", sa.Text(), nullable=False),
        sa.Column("actor", sa.Text(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_roster_acts")),
        sa.ForeignKeyConstraint(
            ["page_id"],
            ["roster_pages.id"],
            name=op.f("fk_roster_acts_page_id_roster_pages"),
            ondelete="CASCADE",
        ),
    )
    op.create_index("ix_roster_acts_connection_id", "roster_acts", ["connection", "id"])
    op.create_table(
        "roster_feeds",
        sa.Column("connection", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("content", sa.Text(), nullable=False),
        sa.Column("fetched_at", sa.DateTime(timezone=True)),
        sa.Column("tried_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("trouble", sa.Text(), server_default=_EMPTY, nullable=False),
        sa.PrimaryKeyConstraint("connection", "name", name=op.f("pk_roster_feeds")),
    )


def downgrade() -> None:
    refuse_to_lose(revision, ("roster_pages",))
    for name in ("roster_feeds", "roster_acts", "roster_notes", "roster_notices", "roster_pages"):
        op.drop_table(name)
