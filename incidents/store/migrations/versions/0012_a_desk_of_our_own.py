"""Tickets that we keep ourselves, and how far connections were listened to"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

from incidents.store.migrations.losses import refuse_to_lose

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None

_NO_TEXTS = sa.text("'{}'")


def upgrade() -> None:
    op.create_table(
        "listening",
        sa.Column("connection", sa.Text(), nullable=False),
        sa.Column("cursor", sa.Text(), nullable=False),
        sa.Column("heard_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("connection", name=op.f("pk_listening")),
    )
    op.create_table(
        "desks",
        sa.Column("connection", sa.Text(), nullable=False),
        sa.Column("last_number", sa.Integer(), server_default=sa.text("0"), nullable=False),
        sa.PrimaryKeyConstraint("connection", name=op.f("pk_desks")),
    )
    op.create_table(
        "desk_tickets",
        sa.Column("connection", sa.Text(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("secret", sa.Text(), nullable=False),
        sa.Column("version", sa.BigInteger(), server_default=sa.text("1"), nullable=False),
        sa.Column("subject", sa.Text(), nullable=False),
        sa.Column("body", sa.Text(), nullable=False),
        sa.Column("status", sa.Text(), nullable=False),
        sa.Column("requester_name", sa.Text(), nullable=False),
        sa.Column("requester_email", sa.Text(), nullable=False),
        sa.Column("is_reachable", sa.Boolean(), server_default=sa.text("true"), nullable=False),
        sa.Column("tags", postgresql.ARRAY(sa.Text()), server_default=_NO_TEXTS, nullable=False),
        sa.Column("reopens", sa.Integer(), server_default=sa.text("0"), nullable=False),
        sa.Column("parent", sa.Integer()),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("deleted_at", sa.DateTime(timezone=True)),
        sa.PrimaryKeyConstraint("connection", "number", name=op.f("pk_desk_tickets")),
    )
    op.create_index(
        "ix_desk_tickets_connection_updated_at", "desk_tickets", ["connection", "updated_at", "number"]
    )
    op.create_table(
        "desk_messages",
        sa.Column("id", sa.BigInteger(), nullable=False),
        sa.Column("connection", sa.Text(), nullable=False),
        sa.Column("number", sa.Integer()),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("author", sa.Text(), nullable=False),
        sa.Column("author_name", sa.Text(), nullable=False),
        sa.Column("author_email", sa.Text(), nullable=False),
        sa.Column("is_public", sa.Boolean(), nullable=False),
        sa.Column("origin", sa.Text(), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("kept_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("message_id", sa.Text(), server_default=sa.text("''"), nullable=False),
        sa.Column("fingerprint", sa.Text()),
        sa.Column("once", sa.Text()),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("then_status", sa.Text()),
        sa.Column("then_tags", postgresql.ARRAY(sa.Text()), server_default=_NO_TEXTS, nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_desk_messages")),
        sa.ForeignKeyConstraint(
            ["connection", "number"],
            ["desk_tickets.connection", "desk_tickets.number"],
            name=op.f("fk_desk_messages_connection_number_desk_tickets"),
            ondelete="CASCADE",
        ),
    )
    op.create_index(
        "uq_desk_messages_connection_fingerprint", "desk_messages", ["connection", "fingerprint"], unique=True
    )
    op.create_index(
        "uq_desk_messages_connection_number_once",
        "desk_messages",
        ["connection", "number", "once"],
        unique=True,
    )
    op.create_index("ix_desk_messages_connection_message_id", "desk_messages", ["connection", "message_id"])
    op.create_index(
        "ix_desk_messages_connection_number_kept_at", "desk_messages", ["connection", "number", "kept_at"]
    )


def downgrade() -> None:
    refuse_to_lose(revision, ("desk_messages", "desk_tickets", "desks", "listening"))
    for name in ("desk_messages", "desk_tickets", "desks", "listening"):
        op.drop_table(name)
