"""Drift check: each day, is the world still as the models learnt it, and were they right? Says retrain, or fine."""

from __future__ import annotations

from prefect import flow

from flows.names import rename_run
from flows.telling import telling
from incidents.errors import LiaisonError
from insights.contract import TrainedInsight
from insights.registry import trained
from insights.training.drift import Moved
from tasks.insights.drift import (
    Looked,
    champion_of,
    look_for_drift,
    settle,
)
from tasks.insights.history import gather_history
from tasks.insights.surge_outcomes import look_at_surges
from tasks.parameters import unsearched


@telling("Whether the models are still right is not known.")
@flow(name="drift_check")
async def drift_check() -> str:
    """Settle what became of predictions and surges, then look at each model in use. It only tells; training is another
    flow's.

    A model that cannot be looked at keeps the others from nothing, and fails the run at its end.
    """
    settled = await settle()
    surges = await look_at_surges()
    looked: list[Looked] = []
    failures: list[LiaisonError] = []
    for insight in trained():
        await _look_at(insight, looked, failures)
    found = _found(looked) + (f", {surges}" if surges is not None else "")
    await rename_run(f"drift_check {found}")
    if failures:
        raise failures[0]
    return f"{found}; {settled} predictions settled"


async def _look_at(insight: TrainedInsight, looked: list[Looked], failures: list[LiaisonError]) -> None:
    kind = insight.kind
    in_use = [one for one in insight.subjects if await champion_of(kind, one.label) is not None]
    if not in_use:
        return
    try:
        history = await gather_history(kind)
        for subject in in_use:
            look = await look_for_drift(kind, subject.label, unsearched(history))
            if look is not None:
                looked.append(look)
    except LiaisonError as error:
        failures.append(error)


def _found(looked: list[Looked]) -> str:
    if not looked:
        return "no model in use"
    moved = [
        f"{look.title}: {look.drift.moved} ({look.drift.changes[0].what})"
        for look in looked
        if look.drift.moved is not Moved.FINE
    ]
    return ", ".join(moved) if moved else "fine"
