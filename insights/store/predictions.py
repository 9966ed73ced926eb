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
from sqlalchemy import func, select, text
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncConnection

from incidents.policy.insights import BREACH_LABEL, BREACHED, KEPT, InsightKind
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
# A ticket's service and severity are true when its incident is over: people worked on it and left it there.
_SETTLE = (
    text(
        """
        update insight_predictions p set truth = found.truth, truth_at = :now
        from (
            select t.connection || '#' || t.id as subject, label.name as label, case label.name
                when 'service' then coalesce(whole.service, i.service)
                else cast(coalesce(whole.severity, i.severity) as text) end as truth
            from tickets t
            join incidents i on i.id = t.incident_id
            left join incidents whole on whole.id = i.merged_into
            cross join (values ('service'), ('severity')) as label(name)
            where coalesce(whole.state, i.state) = 'closed'
        ) found
        where p.kind = 'routing' and p.truth is null and p.subject = found.subject and p.label = found.label
        """
    ),
    text(
        """
        update insight_predictions p set truth = 'INC-' || i.id, truth_at = :now
        from tickets t join incidents own on own.id = t.incident_id
        join incidents i on i.id = coalesce(own.merged_into, own.id)
        where p.kind = 'similar' and p.label = 'incident' and p.truth is null and i.state = 'closed'
            and p.subject = t.connection || '#' || t.id
        """
    ),
    text(
        """
        update insight_predictions p set truth = t."group", truth_at = :now
        from tickets t
        where p.kind = 'routing' and p.label = 'group' and p.truth is null and t."group" is not null
            and p.subject = t.connection || '#' || t.id and t.status in ('solved', 'closed')
        """
    ),
    text(
        """
        update insight_predictions p
        set truth = case when c.due_at is null or c.due_at > :now then :kept else :breached end, truth_at = :now
        from sla_clocks c
        where p.kind = 'breach' and p.label = :label and p.truth is null and p.subject = c.key
            and c.target is not null and not c.is_withdrawn and (c.stopped_at is not null or c.due_at <= :now)
        """
    ).bindparams(kept=KEPT, breached=BREACHED, label=BREACH_LABEL),
)


@dataclass(frozen=True, kw_only=True, slots=True)
class Prediction:
    """`probability` is that of what was `predicted`; with `is_shadow` nothing was done about it."""

    kind: InsightKind
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
            "kind": one.kind.value,
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
    tx: AsyncConnection, subject: str, *, kind: InsightKind, label: str, truth: str, now: datetime
) -> None:
    """An agent says what is right: the next training learns from it, whether anything had been predicted or not."""
    await tx.execute(
        _CORRECT,
        {
            "kind": kind.value,
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


async def settle_truths(tx: AsyncConnection, *, now: datetime) -> int:
    """Write what became of it beside each prediction whose end has come; returns for how many.

    What an agent said stays. A ticket that was solved and belonged to no incident has no service to compare with.
    """
    return sum([(await tx.execute(statement, {"now": now})).rowcount for statement in _SETTLE])


async def live_accuracy(
    tx: AsyncConnection, kind: InsightKind, label: str, *, model_id: int, since: datetime
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
                columns.kind == kind.value,
                columns.label == label,
                columns.model_id == model_id,
                columns.at >= since,
                columns.truth.is_not(None),
            )
        )
    ).one()
    return LiveAccuracy(settled=row[0], right=row[1], expected=float(row[2]))
