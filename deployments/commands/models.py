"""`liaison models`: what was learnt, which of it predicts, how good it is; and back to the model before."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from rich.console import Console
from rich.table import Table

from incidents.errors import NotFound
from incidents.store.database import Database
from insights.registry import subject_of, subjects
from insights.store.models import (
    StoredModel,
    models_of,
    roll_back,
)

_STATES = {"champion": "predicts"}


@dataclass(frozen=True, kw_only=True)
class ModelRow:
    """A model as it is listed."""

    id: int
    model: str
    state: str
    trained_at: datetime
    history_from: datetime
    history_until: datetime
    examples: int
    metric: str
    value: float
    low: float
    high: float
    calibration: float
    verdict: str


async def model_rows(database: Database) -> list[ModelRow]:
    """By kind and label, the newest first."""
    async with database.transaction() as tx:
        return [_row(model) for model in await models_of(tx)]


async def go_back(database: Database, name: str) -> list[ModelRow]:
    """Let the champion before predict again; `routing` is all labels of it that have one, `routing service` one.

    Returns who predicts now. Raises `NotFound` for a name that is none, and if there is nothing to go back to.
    """
    chosen = [subject for subject in subjects() if name.strip().lower() in (subject.title, subject.kind)]
    if not chosen:
        names = sorted({name for subject in subjects() for name in (subject.kind, subject.title)})
        raise NotFound(f"there are no models {name[:40]!r}; there are: {', '.join(names)}")
    async with database.transaction() as tx:
        rows, refusals = [], []
        for subject in chosen:
            try:
                rows.append(_row(await roll_back(tx, subject.kind, subject.label)))
            except NotFound as error:
                refusals.append(error)
    if not rows:
        raise refusals[0]
    return rows


def print_models(console: Console, rows: list[ModelRow]) -> None:
    """A table with a line a model, or why there is none."""
    if not rows:
        console.print("No models yet: the flow `train` makes them. Until then the policy's rules decide.")
        return
    table = Table(box=None, header_style="bold")
    for heading in ("number", "model", "state", "trained", "learnt from", "examples", "metric", "off"):
        table.add_column(heading)
    for row in rows:
        table.add_row(
            str(row.id),
            row.model,
            _STATES.get(row.state, row.state),
            f"{row.trained_at:%Y-%m-%d %H:%M}",
            f"{row.history_from:%Y-%m-%d} to {row.history_until:%Y-%m-%d}",
            f"{row.examples:,}",
            f"{row.metric} {row.value:.3f} ({row.low:.3f} to {row.high:.3f})",
            f"{row.calibration:.3f}",
        )
    console.print(table)


def _title(model: StoredModel) -> str:
    try:
        return subject_of(model.kind, model.label).title
    except NotFound:
        # Of an insight that is not here any more; its models are kept all the same.
        return f"{model.kind} {model.label}"


def _row(model: StoredModel) -> ModelRow:
    return ModelRow(
        id=model.id,
        model=_title(model),
        state=model.state.value,
        trained_at=model.trained_at,
        history_from=model.history_from,
        history_until=model.history_until,
        examples=model.examples,
        metric=model.metric,
        value=model.value,
        low=model.card.challenger.low,
        high=model.card.challenger.high,
        calibration=model.calibration,
        verdict=model.card.verdict,
    )
