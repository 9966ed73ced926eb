"""Train: each week and by hand, learn from the grown history, and let a model take over only if it is better."""

from __future__ import annotations

from enum import StrEnum

from prefect import flow, get_run_logger

from flows.names import rename_run
from incidents.errors import LiaisonError
from incidents.policy.insights import InsightKind, InsightMode
from insights.subjects import (
    SUBJECTS,
    mode_of,
    subjects_of,
)
from tasks import resources
from tasks.insights.history import gather_history
from tasks.insights.train import (
    Trained,
    check_history,
    in_short,
    learn_and_judge,
)
from tasks.parameters import unsearched


class TrainKind(StrEnum):
    """What to train. Surges are found without training."""

    ALL = "all"
    ROUTING = "routing"
    BREACH = "breach"
    SIMILAR = "similar"


@flow(name="train")
async def train(kind: TrainKind = TrainKind.ALL) -> str:
    """Check, learn, judge and promote; the run's name says what came of it.

    Too little history is said and is no failure. One that fails keeps the others from nothing, and fails the run at
    its end; models in use stay in use.

    Args:
        kind: What to train; surges are found without training.
    """
    every = dict.fromkeys(subject.kind for subject in SUBJECTS)
    chosen = every if kind is TrainKind.ALL else [InsightKind(kind.value)]
    parts: list[str] = []
    failures: list[LiaisonError] = []
    for one in chosen:
        if mode_of(one, resources.policy()) is InsightMode.OFF:
            parts.append(f"{one}: off in the policy")
            continue
        await _train_kind(one, parts, failures)
    found = ", ".join(parts)
    await rename_run(f"train {found}")
    if failures:
        raise failures[0]
    return found


async def _train_kind(kind: InsightKind, parts: list[str], failures: list[LiaisonError]) -> None:
    try:
        history = await gather_history(kind.value)
    except LiaisonError as error:
        parts.append(f"{kind}: no history")
        failures.append(error)
        return
    for subject in subjects_of(kind):
        try:
            checked = await check_history(kind.value, subject.label, unsearched(history))
            if checked.rows is None:
                parts.append(in_short(subject, checked.too_little))
                get_run_logger().info("%s", checked.too_little)
                continue
            trained: Trained = await learn_and_judge(kind.value, subject.label, unsearched(checked.rows))
        except LiaisonError as error:
            parts.append(f"{subject.title} failed")
            failures.append(error)
            continue
        parts.append(trained.short)
        get_run_logger().info("%s: %s", trained.title, trained.why)
