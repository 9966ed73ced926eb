"""What breach prediction would have said: at opening and later on, of promises whose end is known by now."""

from __future__ import annotations

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from incidents.report_file import ReportFile
from insights.backtest import plots
from insights.backtest.history import ReplayWindow
from insights.backtest.sections import (
    BacktestSection,
    Figure,
    Table,
    score,
    share,
)
from insights.breach.model import BreachModel
from insights.breach.roles import Roles
from insights.learning import NotEnoughHistory
from insights.training.gate import (
    AUC,
    Answers,
    Metric,
    calibration_error,
    scored,
)

LIKELY = 0.5
FEWEST_TESTED = 30

_CALIBRATION = Metric(
    name="calibration",
    words="mean distance between probability and what came true",
    of=lambda chance, came, weight: calibration_error(_repeated(chance, came, weight)),
)


def breach_section(
    rows: pd.DataFrame,
    roles: Roles,
    window: ReplayWindow,
    *,
    has_due: bool,
    limits: tuple[str, ...],
    seed: int,
) -> BacktestSection:
    """`rows` as `roles` says; with `has_due` the column `settled_at` of what breached is when it did.

    Raises `CannotLearn`.
    """
    came_in = rows.groupby(roles.case)[roles.known_at].transform("min")
    asked = rows[
        window.of(came_in)
        & rows[roles.label].notna()
        & (rows[roles.settled_at] <= window.known_until)
        & (rows[roles.known_at] < rows[roles.settled_at])
    ]
    model = BreachModel.train(rows[rows[roles.known_at] < window.start], roles, now=window.start, seed=seed)
    looks = pd.DataFrame(
        {
            "case": asked[roles.case].to_numpy(),
            "at": asked[roles.known_at].to_numpy(),
            "probability": model.probabilities(asked),
            "breached": asked[roles.label].astype(bool).to_numpy(),
            "breach_at": asked[roles.settled_at].where(asked[roles.label].astype(bool)).to_numpy(),
        }
    ).sort_values(["case", "at"], kind="stable", ignore_index=True)
    opening = looks.drop_duplicates("case")
    if len(opening) < FEWEST_TESTED or opening["breached"].nunique() < 2:
        raise NotEnoughHistory(
            f"not enough history: {len(opening)} of {FEWEST_TESTED} promises made in the window and settled since, "
            f"{int(opening['breached'].sum())} of them broken; both kinds are needed"
        )
    answers = _answers(opening)
    order = scored(answers, AUC, seed=seed)
    lead = _first_likely(looks) if has_due else None
    n = f"{len(opening):,} promises, {int(opening['breached'].sum()):,} broken"
    return BacktestSection(
        name="breach",
        title="Breach: promises at risk",
        headline=f"Asked at opening, it would have put a promise that was broken before one that was kept in "
        f"{order.value:.0%} of such pairs (AUC; 50% is chance).",
        figures=(
            score("AUC at opening", order, n),
            score("Distance between probability and truth, at opening", scored(answers, _CALIBRATION, seed=seed), n),
            *(_lead_figures(opening, lead) if lead is not None else ()),
        ),
        plots=(
            plots.reliability("breach", "Probabilities at opening", answers.chance, answers.came, ("broken", "kept")),
            *(_lead_plot(lead) if lead is not None else ()),
        ),
        tables=(Table(name="breach", title="Each look at each promise", rows=looks),),
        limits=(
            (f"Learnt from {model.cases:,} promises whose end was known before {window.start:%Y-%m-%d}, "
            f"{model.breached:,} of them broken."),
            *limits,
        ),
    )  # fmt: skip


def _answers(opening: pd.DataFrame) -> Answers:
    chance = opening["probability"].to_numpy(np.float64)
    return Answers(
        chance=chance,
        came=opening["breached"].to_numpy(np.bool_),
        spoke=np.ones(len(chance), np.bool_),
        case=np.arange(len(chance), dtype=np.int64),
    )


def _repeated(chance: NDArray[np.float64], came: NDArray[np.bool_], weight: NDArray[np.float64]) -> Answers:
    times = weight.astype(int)
    return Answers(
        chance=np.repeat(chance, times),
        came=np.repeat(came, times),
        spoke=np.ones(int(times.sum()), np.bool_),
        case=np.arange(int(times.sum()), dtype=np.int64),
    )


def _first_likely(looks: pd.DataFrame) -> pd.DataFrame:
    """Each promise's first look at which a breach was likely."""
    return looks[looks["probability"] >= LIKELY].drop_duplicates("case")


def _lead_figures(opening: pd.DataFrame, lead: pd.DataFrame) -> list[Figure]:
    broken, kept = int(opening["breached"].sum()), int((~opening["breached"]).sum())
    warned = lead[lead["breached"]]
    figures = [
        share(f"Broken promises that had passed {LIKELY:g} before", len(warned), broken, "broken promises"),
        share(
            f"Kept promises that had passed {LIKELY:g} all the same",
            int((~lead["breached"]).sum()),
            kept,
            "kept promises",
        ),
    ]
    if not warned.empty:
        hours = _hours(warned)
        low, half, high = (_span(float(np.quantile(hours, part))) for part in (0.25, 0.5, 0.75))
        figures.append(
            Figure(
                words="Time from then to the breach: median (in brackets: the middle half)",
                value=half,
                interval=f"({low} to {high})",
                n=f"{len(warned):,} broken promises",
            )
        )
    return figures


def _lead_plot(lead: pd.DataFrame) -> tuple[ReportFile, ...]:
    warned = lead[lead["breached"]]
    if warned.empty:
        return ()
    title = f"How long before the breach the probability passed {LIKELY:g}"
    return (plots.leads("breach-lead", title, _hours(warned)),)


def _hours(warned: pd.DataFrame) -> NDArray[np.float64]:
    return np.asarray((warned["breach_at"] - warned["at"]).dt.total_seconds() / 3600, dtype=np.float64)


def _span(hours: float) -> str:
    if hours < 1:
        return f"{hours * 60:.0f} min"
    return f"{hours:.1f} h" if hours < 48 else f"{hours / 24:.1f} days"
