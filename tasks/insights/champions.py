"""The models that predict now, each unpacked once by each process.

What models are made of is imported only where there is one: it takes a second and a hundred megabytes, which a
process without any model need not pay.
"""

from __future__ import annotations

import asyncio
import os
from dataclasses import dataclass, field
from typing import Generic, TypeVar

from sqlalchemy import select

from incidents.store.schema.tables import insight_models
from insights.training.packed import Packed, older_keys, signing_key, unpacked
from tasks import resources

LearntModel = TypeVar("LearntModel")


@dataclass(frozen=True, kw_only=True, slots=True)
class Champion(Generic[LearntModel]):
    """A model and its number in the registry."""

    id: int
    model: LearntModel


@dataclass
class _Unpacked:
    models: dict[tuple[str, str], Champion[object]] = field(default_factory=dict)


async def champion_id(kind: str, label: str) -> int | None:
    """The number of the model that predicts now; None while nothing has been learnt."""
    columns = insight_models.c
    async with resources.database().transaction() as tx:
        row = await tx.execute(
            select(columns.id).where(
                columns.kind == kind, columns.label == label, columns.state == "champion"
            )
        )
    found: int | None = row.scalar_one_or_none()
    return found


def models_key() -> bytes:
    """What models are signed with. Raises `CannotLearn` where this process was not given the installation's key."""
    return signing_key(os.environ.get("LIAISON_KEY"))


async def champion_of(
    kind: str, label: str, number: int, model_class: type[LearntModel]
) -> Champion[LearntModel]:
    """The model of that number. Raises `CannotLearn` for one that cannot be used, `NotFound` if it is gone."""
    cache = resources.kept(_Unpacked).models
    known = cache.get((kind, label))
    if known is not None and known.id == number and isinstance(known.model, model_class):
        return Champion(id=number, model=known.model)
    # It takes as long as the model is big; others run in this loop meanwhile.
    older = older_keys(os.environ.get("LIAISON_KEY"))
    content = await _content(number)
    model = await asyncio.to_thread(unpacked, content, model_class, key=models_key(), older=older)
    cache[kind, label] = Champion(id=number, model=model)
    return Champion(id=number, model=model)


async def _content(number: int) -> Packed:
    from insights.store.models import read_content  # noqa: PLC0415 - see above

    async with resources.database().transaction() as tx:
        return await read_content(tx, number)
