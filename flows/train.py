"""Train: each week and by hand, learn from the grown history, and let a model take over only if it is better."""

from __future__ import annotations

from typing import Annotated

from prefect import flow
from pydantic import Field

from flows.names import rename_run
from flows.telling import telling
from incidents.errors import LiaisonError
from incidents.policy.insights import InsightMode
from insights.contract import TrainedInsight
from insights.registry import trained, trained_of
from tasks import resources
from tasks.insights.history import gather_history
from tasks.insights.train import (
    Trained,
    check_history,
    learn_and_judge,
)
from tasks.parameters import unsearched
from tasks.without_prefect import run_logger

ALL = "all"
TrainKind = Annotated[
    str,
    # A choice in the Prefect UI's form; the registry says whether there is such a kind.
    Field(json_schema_extra={"enum": [ALL, *(insight.kind for insight in trained())]}),
]


@telling("The models in use stay in use.")
@flow(name="train")
async def train(kind: TrainKind = ALL) -> str:
    """Check, learn, judge and promote; the run's name says what came of it.

    Too little history is said and is no failure. One that fails keeps the others from nothing, and fails the run at
    its end; models in use stay in use.

    Args:
        kind: What to train; surges are found without training.
    """
    chosen = trained() if kind == ALL else [trained_of(kind)]
    parts: list[str] = []
    failures: list[LiaisonError] = []
    for one in chosen:
        if one.mode(resources.policy()) is InsightMode.OFF:
            parts.append(f"{one.kind}: off in the policy")
            continue
        await _train_each(one, parts, failures)
    found = ", ".join(parts)
    await rename_run(f"train {found}")
    if failures:
        raise failures[0]
    return found


async def _train_each(insight: TrainedInsight, parts: list[str], failures: list[LiaisonError]) -> None:
    kind = insight.kind
    try:
        history = await gather_history(kind)
    except LiaisonError as error:
        parts.append(f"{kind}: no history")
        failures.append(error)
        return
    for subject in insight.subjects:
        try:
            checked = await check_history(kind, subject.label, unsearched(history))
            if checked.rows is None:
                parts.append(checked.short)
                run_logger().info("%s", checked.too_little)
                continue
            outcome: Trained = await learn_and_judge(kind, subject.label, unsearched(checked.rows))
        except LiaisonError as error:
            parts.append(f"{subject.title} failed")
            failures.append(error)
            continue
        parts.append(outcome.short)
        run_logger().info("%s: %s", outcome.title, outcome.why)
