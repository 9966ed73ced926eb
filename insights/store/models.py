"""Learnt models, kept with their versions: at most one champion of a kind and label predicts.

`insights.training.packed` says what their content is. Who moves champions takes turns with others who do.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any

from pydantic import TypeAdapter
from sqlalchemy import Row, delete, insert, select, text, update
from sqlalchemy.ext.asyncio import AsyncConnection

from incidents.errors import NotFound, Stale
from incidents.store.schema.tables import insight_models
from insights.learning import CannotLearn
from insights.training.card import ModelCard
from insights.training.packed import Packed

KEPT = 5
"""Retired and rejected models that are kept, of each kind and label."""

LARGEST = 500 * 2**20
"""Bytes; PostgreSQL refuses twice as many."""

_CARD = TypeAdapter(ModelCard)
_LISTED = [column for column in insight_models.c if column.name not in ("content", "sha256")]
_TAKE_TURNS = text("select pg_advisory_xact_lock(hashtextextended(:name, 0))")


class ModelState(StrEnum):
    """REJECTED was not good enough, or was the champion and taken back by a person."""

    CHALLENGER = "challenger"
    CHAMPION = "champion"
    RETIRED = "retired"
    REJECTED = "rejected"


@dataclass(frozen=True, kw_only=True, slots=True)
class NewModel:
    """A model that was learnt just now."""

    kind: str
    label: str
    card: ModelCard
    content: Packed


@dataclass(frozen=True, kw_only=True, slots=True)
class StoredModel:
    """A model of the store, without its content."""

    id: int
    kind: str
    label: str
    format: int
    state: ModelState
    trained_at: datetime
    history_from: datetime
    history_until: datetime
    examples: int
    metric: str
    value: float
    calibration: float
    card: ModelCard


async def save_model(tx: AsyncConnection, new: NewModel) -> int:
    """Keep it as a challenger. Returns its number. Raises `CannotLearn` if it is too big to be kept."""
    if len(new.content.data) > LARGEST:
        raise CannotLearn(
            f"the model has {len(new.content.data) / 2**20:,.0f} MiB, at most {LARGEST / 2**20:,.0f} can be kept: "
            "shorten insights.history"
        )
    card = new.card
    row = await tx.execute(
        insert(insight_models)
        .values(
            kind=new.kind,
            label=new.label,
            format=new.content.format,
            state=ModelState.CHALLENGER.value,
            trained_at=card.trained_at,
            history_from=card.history_from,
            history_until=card.history_until,
            examples=card.examples,
            metric=card.metric,
            value=card.challenger.value,
            calibration=card.calibration,
            card=_CARD.dump_python(card, mode="json"),
            signature=new.content.signature,
            content=new.content.data,
        )
        .returning(insight_models.c.id)
    )
    return int(row.scalar_one())


async def champion(tx: AsyncConnection, kind: str, label: str) -> StoredModel | None:
    """The model that predicts now, if there is one."""
    row = await tx.execute(
        select(*_LISTED).where(*_same(kind, label), insight_models.c.state == ModelState.CHAMPION.value)
    )
    found = row.one_or_none()
    return _stored(found) if found is not None else None


async def models_of(
    tx: AsyncConnection, kind: str | None = None, label: str | None = None
) -> Sequence[StoredModel]:
    """All that are kept, by kind and label, the newest first."""
    statement = select(*_LISTED).order_by(
        insight_models.c.kind, insight_models.c.label, insight_models.c.id.desc()
    )
    if kind is not None:
        statement = statement.where(insight_models.c.kind == kind)
    if label is not None:
        statement = statement.where(insight_models.c.label == label)
    return [_stored(row) for row in await tx.execute(statement)]


async def read_content(tx: AsyncConnection, model_id: int) -> Packed:
    """Raises `NotFound`."""
    columns = insight_models.c
    row = (
        await tx.execute(
            select(columns.format, columns.signature.label("signature"), columns.content).where(
                columns.id == model_id
            )
        )
    ).one_or_none()
    if row is None:
        raise NotFound(f"there is no model {model_id} any more")
    return Packed(format=row.format, signature=row.signature, data=row.content)


async def promote(tx: AsyncConnection, model_id: int, *, over: int | None) -> None:
    """Make it the champion; the one before is retired.

    `over` is the champion it was judged against, None if there was none. Raises `NotFound`, and `Stale` if the
    champion is another one by now.
    """
    kind, label = await _locked(tx, model_id)
    present = await champion(tx, kind, label)
    if (present.id if present is not None else None) != over:
        raise Stale(
            f"the champion of {kind} {label} has changed while another was judged against it: train again"
        )
    await _set_state(tx, kind, label, ModelState.CHAMPION, ModelState.RETIRED)
    await tx.execute(_becomes(model_id, ModelState.CHAMPION))
    await _forget_old(tx, kind, label)


async def reject(tx: AsyncConnection, model_id: int) -> None:
    """It was not good enough; it is kept for a while to be looked at. Raises `NotFound`."""
    kind, label = await _locked(tx, model_id)
    await tx.execute(_becomes(model_id, ModelState.REJECTED))
    await _forget_old(tx, kind, label)


async def roll_back(tx: AsyncConnection, kind: str, label: str) -> StoredModel:
    """The champion before predicts again, the present one is rejected. Returns who predicts now.

    Raises `NotFound` if there is none to go back to.
    """
    await _take_turns(tx, kind, label)
    rows = await tx.execute(
        select(insight_models.c.id)
        .where(*_same(kind, label), insight_models.c.state == ModelState.RETIRED.value)
        .order_by(insight_models.c.id.desc())
        .limit(1)
        .with_for_update()
    )
    before = rows.scalar_one_or_none()
    if before is None:
        raise NotFound(
            f"there is no earlier model of {kind} {label} to go back to; set insights.{kind}.mode to off or shadow"
        )
    await _set_state(tx, kind, label, ModelState.CHAMPION, ModelState.REJECTED)
    await tx.execute(_becomes(before, ModelState.CHAMPION))
    found = await champion(tx, kind, label)
    assert found is not None  # noqa: S101 - just made
    return found


async def _take_turns(tx: AsyncConnection, kind: str, label: str) -> None:
    # Rows alone cannot be locked where none is there yet.
    await tx.execute(_TAKE_TURNS, {"name": f"insight_models {kind} {label}"})


async def _locked(tx: AsyncConnection, model_id: int) -> tuple[str, str]:
    found = await tx.execute(
        select(insight_models.c.kind, insight_models.c.label).where(insight_models.c.id == model_id)
    )
    row = found.one_or_none()
    if row is None:
        raise NotFound(f"there is no model {model_id} any more")
    await _take_turns(tx, row.kind, row.label)
    return row.kind, row.label


async def _set_state(tx: AsyncConnection, kind: str, label: str, old: ModelState, new: ModelState) -> None:
    await tx.execute(
        update(insight_models)
        .where(*_same(kind, label), insight_models.c.state == old.value)
        .values(state=new.value)
    )


async def _forget_old(tx: AsyncConnection, kind: str, label: str) -> None:
    """Models are big. Those that may still be gone back to, or looked at, stay."""
    for state in (ModelState.RETIRED, ModelState.REJECTED):
        of_state = (*_same(kind, label), insight_models.c.state == state.value)
        newest = select(insight_models.c.id).where(*of_state).order_by(insight_models.c.id.desc()).limit(KEPT)
        await tx.execute(delete(insight_models).where(*of_state, insight_models.c.id.not_in(newest)))


def _same(kind: str, label: str) -> tuple[Any, Any]:
    return insight_models.c.kind == kind, insight_models.c.label == label


def _becomes(model_id: int, state: ModelState) -> Any:
    return update(insight_models).where(insight_models.c.id == model_id).values(state=state.value)


def _stored(row: Row[Any]) -> StoredModel:
    return StoredModel(
        id=row.id,
        kind=row.kind,
        label=row.label,
        format=row.format,
        state=ModelState(row.state),
        trained_at=row.trained_at,
        history_from=row.history_from,
        history_until=row.history_until,
        examples=row.examples,
        metric=row.metric,
        value=row.value,
        calibration=row.calibration,
        card=_CARD.validate_python(row.card),
    )
