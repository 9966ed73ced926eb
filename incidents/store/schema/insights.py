"""The tables of what is learnt; part of `incidents.store.schema.tables`."""

from __future__ import annotations

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    Double,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    Table,
    text,
)
from sqlalchemy.dialects.postgresql import JSONB

from incidents.store.schema.metadata import Time, metadata
from incidents.store.storable import StorableText as Text

# Models, learnt from this store's own history: at most one champion of a kind and label predicts.
insight_models = Table(
    "insight_models",
    metadata,
    Column("id", BigInteger, primary_key=True),
    Column("kind", Text, nullable=False),
    Column("label", Text, nullable=False),
    Column("format", Integer, nullable=False),
    Column("state", Text, nullable=False),
    Column("trained_at", Time, nullable=False),
    Column("history_from", Time, nullable=False),
    Column("history_until", Time, nullable=False),
    Column("examples", Integer, nullable=False),
    Column("metric", Text, nullable=False),
    Column("value", Double, nullable=False),
    Column("calibration", Double, nullable=False),
    Column("card", JSONB, nullable=False),
    # Its name is older than the signature.
    Column("sha256", Text, key="signature", nullable=False),
    Column("content", LargeBinary, nullable=False),
)
Index(
    "uq_insight_models_champion",
    insight_models.c.kind,
    insight_models.c.label,
    unique=True,
    postgresql_where=text("state = 'champion'"),
)

# Sentence embeddings: the newest vector of each ticket's text, so that each text is encoded once.
insight_vectors = Table(
    "insight_vectors",
    metadata,
    Column("ref", Text, primary_key=True),
    Column("encoder", Text, nullable=False),
    Column("digest", Text, nullable=False),
    Column("vector", LargeBinary, nullable=False),
    Column("written_at", Time, nullable=False),
)
Index("ix_insight_vectors_written_at", insight_vectors.c.written_at)

# What was predicted, by which model, and what turned out to be true: agents' corrections become labels.
insight_predictions = Table(
    "insight_predictions",
    metadata,
    Column("id", BigInteger, primary_key=True),
    Column("kind", Text, nullable=False),
    Column("label", Text, nullable=False),
    Column("model_id", BigInteger, ForeignKey("insight_models.id", ondelete="SET NULL")),
    Column("subject", Text, nullable=False),
    Column("at", Time, nullable=False),
    Column("predicted", Text, nullable=False),
    Column("probability", Double, nullable=False),
    Column("reasons", JSONB, nullable=False),
    Column("is_shadow", Boolean, nullable=False),
    Column("truth", Text),
    Column("truth_at", Time),
)
Index(
    "uq_insight_predictions_subject",
    insight_predictions.c.subject,
    insight_predictions.c.kind,
    insight_predictions.c.label,
    unique=True,
)
Index(
    "ix_insight_predictions_kind_at",
    insight_predictions.c.kind,
    insight_predictions.c.label,
    insight_predictions.c.at,
)
