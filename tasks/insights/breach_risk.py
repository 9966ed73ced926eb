"""How likely each open promise is to be broken, as far as the team's own history tells."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from datetime import timedelta
from typing import TYPE_CHECKING

from incidents.basis import Basis
from incidents.errors import NotFound
from incidents.policy.insights import BREACH_LABEL, BREACHED, KEPT, InsightKind, InsightMode
from insights.learning import CannotLearn
from insights.store.predictions import (
    Prediction,
    record_predictions,
)
from tasks import resources
from tasks.insights.champions import champion_id, champion_of
from tasks.retries import STORE_CALL
from tasks.runs import task
from tasks.without_prefect import run_logger

if TYPE_CHECKING:
    from insights.breach.model import BreachModel
    from insights.breach.promises import Promise

LOOKS_BACK = timedelta(days=14)
"""Promises made in this time are judged; the queues' load is counted from them too."""


@task(name="judge open promises", **STORE_CALL)
async def judge_promises() -> int:
    """Write down each open promise's chance to be broken; returns how many were judged.

    Nothing is judged while nothing is learnt, or with a model that cannot be used: the sweep goes by due times alone.
    """
    basis = resources.basis()
    if basis.policy.insights.breach.mode is InsightMode.OFF:
        return 0
    number = await champion_id(InsightKind.BREACH, BREACH_LABEL)
    if number is None:
        return 0
    # Only where there is a model: see `tasks.insights.champions`.
    from insights.breach.model import BreachModel  # noqa: PLC0415
    from insights.store.breach_promises import read_promises  # noqa: PLC0415

    try:
        found = await champion_of(InsightKind.BREACH, BREACH_LABEL, number, BreachModel)
        async with resources.database().transaction() as tx:
            promises = await read_promises(tx, since=basis.now - LOOKS_BACK, until=basis.now)
        judged = await asyncio.to_thread(_judged, found.model, promises, basis, number)
    except (CannotLearn, NotFound) as error:
        run_logger().warning("due times alone decide: %s", error)
        return 0
    async with resources.database().transaction() as tx:
        await record_predictions(tx, judged)
    return len(judged)


def _judged(model: BreachModel, promises: Sequence[Promise], basis: Basis, number: int) -> list[Prediction]:
    """One prediction for each promise that is open now; the last row of each is how it stands."""
    from insights.breach.promises import promise_rows  # noqa: PLC0415

    rows = promise_rows(promises, basis.policy.sla.working_calendars(), now=basis.now, look_now=True)
    standing = rows[rows["at"] == basis.now].drop_duplicates("case", keep="last")
    is_shadow = basis.policy.insights.breach.mode is not InsightMode.ON
    return [
        Prediction(
            kind=InsightKind.BREACH,
            label=BREACH_LABEL,
            model_id=number,
            subject=key,
            at=basis.now,
            predicted=BREACHED if chance.probability >= 0.5 else KEPT,
            probability=max(chance.probability, 1 - chance.probability),
            reasons=chance.reasons,
            is_shadow=is_shadow,
        )
        for key, chance in zip(standing["case"], model.predict(standing), strict=True)
    ]
