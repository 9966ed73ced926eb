"""What was predicted, acted on or not, and what turned out to be true.

A routing prediction's subject is a ticket (`zendesk/support#4711`), its labels are `service`, `severity` and `group`. A
breach prediction's subject is a clock's key, its label `breached`, and it says `breached` or `kept`. A similarity
prediction of a ticket has the label `incident`, and says which.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from pydantic import TypeAdapter
from sqlalchemy import func, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncConnection

from incidents.store.schema.tables import insight_predictions
from insights.learning import Reason

_REASONS = TypeAdapter(tuple[Reason, ...])
_INSERT = insert(insight_predictions)
_REPLACED = ("model_id", "at", "predicted", "probability", "reasons", "is_shadow")
_RECORD = _INSERT.on_conflict_do_update(
    index_elements=["subject", "kind", "label"],
    set_={name: _INSERT.excluded[name] for name in _REPLACED},
    where=insight_predictions.c.truth.is_(None) & (insight_predictions.c.at <= _INSERT.excluded.at),
)
_CORRECT = _INSERT.on_conflict_do_update(
    index_elements=["subject", "kind", "label"],
    set_={"truth": _INSERT.excluded.truth, "truth_at": _INSERT.excluded.truth_at},
)


@dataclass(frozen=True, kw_only=True, slots=True)
class Prediction:
    """`probability` is that of what was `predicted`; with `is_shadow` nothing was done about it."""

    kind: str
    label: str
    model_id: int | None
    subject: str
    at: datetime
    predicted: str
    probability: float
    reasons: tuple[Reason, ...]
    is_shadow: bool


@dataclass(frozen=True, kw_only=True, slots=True)
class LiveAccuracy:
    """Of `settled` predictions whose truth is known, `right` were right; `expected` is how many their probabilities
    promised.
    """

    settled: int
    right: int
    expected: float


async def record_predictions(tx: AsyncConnection, predictions: Sequence[Prediction]) -> None:
    """Write each; one made again replaces the one before, until the truth is known."""
    rows = [
        {
            "kind": one.kind,
            "label": one.label,
            "model_id": one.model_id,
            "subject": one.subject,
            "at": one.at,
            "predicted": one.predicted,
            "probability": one.probability,
            "reasons": _REASONS.dump_python(one.reasons, mode="json"),
            "is_shadow": one.is_shadow,
        }
        # Always in one order: two transactions with the same subjects take turns.
        for one in sorted(predictions, key=lambda one: (one.subject, one.kind, one.label))
    ]
    if rows:
        await tx.execute(_RECORD, rows)


async def correct(
    tx: AsyncConnection, subject: str, *, kind: str, label: str, truth: str, now: datetime
) -> None:
    """An agent says what is right: the next training learns from it, whether anything had been predicted or not."""
    await tx.execute(
        _CORRECT,
        {
            "kind": kind,
            "label": label,
            "subject": subject,
            "at": now,
            "predicted": "",
            "probability": 0.0,
            "reasons": [],
            "is_shadow": True,
            "truth": truth,
            "truth_at": now,
        },
    )


async def live_accuracy(
    tx: AsyncConnection, kind: str, label: str, *, model_id: int, since: datetime
) -> LiveAccuracy:
    """How right this model was with what it predicted since then, as far as the truth is known."""
    columns = insight_predictions.c
    is_right = columns.predicted == columns.truth
    row = (
        await tx.execute(
            select(
                func.count(),
                func.count().filter(is_right),
                func.coalesce(func.sum(columns.probability), 0.0),
            ).where(
                columns.kind == kind,
                columns.label == label,
                columns.model_id == model_id,
                columns.at >= since,
                columns.truth.is_not(None),
            )
        )
    ).one()
    return LiveAccuracy(settled=row[0], right=row[1], expected=float(row[2]))
