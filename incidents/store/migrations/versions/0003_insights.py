"""Learnt models and their predictions"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

from incidents.store.migrations.losses import refuse_to_lose

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

_TIME = sa.DateTime(timezone=True)
_JSON = postgresql.JSONB(astext_type=sa.Text())


def upgrade() -> None:
    op.create_table(
        "insight_models",
        sa.Column("id", sa.BigInteger(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("label", sa.Text(), nullable=False),
        sa.Column("format", sa.Integer(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("trained_at", _TIME, nullable=False),
        sa.Column("history_from", _TIME, nullable=False),
        sa.Column("history_until", _TIME, nullable=False),
        sa.Column("examples", sa.Integer(), nullable=False),
        sa.Column("metric", sa.Text(), nullable=False),
        sa.Column("value", sa.Double(), nullable=False),
        sa.Column("calibration", sa.Double(), nullable=False),
        sa.Column("card", _JSON, nullable=False),
        sa.Column("sha256", sa.Text(), nullable=False),
        sa.Column("content", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_insight_models")),
    )
    op.create_index(
        "uq_insight_models_champion",
        "insight_models",
        ["kind", "label"],
        unique=True,
        postgresql_where=sa.text("state = 'champion'"),
    )
    op.create_table(
        "insight_predictions",
        sa.Column("id", sa.BigInteger(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("label", sa.Text(), nullable=False),
        sa.Column("model_id", sa.BigInteger()),
        sa.Column("subject", sa.Text(), nullable=False),
        sa.Column("at", _TIME, nullable=False),
        sa.Column("predicted", sa.Text(), nullable=False),
        sa.Column("probability", sa.Double(), nullable=False),
        sa.Column("reasons", _JSON, nullable=False),
        sa.Column("is_shadow", sa.Boolean(), nullable=False),
        sa.Column("truth", sa.Text()),
        sa.Column("truth_at", _TIME),
        sa.ForeignKeyConstraint(
            ["model_id"],
            ["insight_models.id"],
            name=op.f("fk_insight_predictions_model_id_insight_models"),
            ondelete="SET NULL",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_insight_predictions")),
    )
    op.create_index(
        "uq_insight_predictions_subject", "insight_predictions", ["subject", "kind", "label"], unique=True
    )
    op.create_index("ix_insight_predictions_kind_at", "insight_predictions", ["kind", "label", "at"])


def downgrade() -> None:
    refuse_to_lose(revision, ("insight_predictions", "insight_models"))
    op.drop_table("insight_predictions")
    op.drop_table("insight_models")
