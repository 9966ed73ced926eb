"""What routing would have done: a model of before the window is asked about each ticket in it, as it came."""

from __future__ import annotations

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from incidents.report_file import ReportFile
from insights.backtest import plots
from insights.backtest.history import History, ReplayWindow
from insights.backtest.sections import (
    BacktestSection,
    Figure,
    Table,
    share,
)
from insights.learning import NotEnoughHistory
from insights.quality.measures import blank
from insights.routing.history import RoutingColumns
from insights.routing.model import Guess, RoutingModel

MOST_LEARNT = 50_000
MOST_ASKED = 5_000
"""The figures are sure enough, and each ticket costs a millisecond."""

SHOWN = 8
FIELDS = ("product", "category", "channel", "tier")
TEXT = ("subject", "body")


def routing_section(
    history: History, window: ReplayWindow, label: str, *, accuracy: float, seed: int
) -> BacktestSection:
    """`label` is the column to be told: `service` or `group`. Raises `CannotLearn`."""
    columns = RoutingColumns(
        label=label,
        text=tuple(name for name in TEXT if history.has(name)),
        fields=tuple(name for name in (*FIELDS, *history.more) if history.has(name)),
        time="created_at",
    )
    frame = history.frame
    frame = frame[~blank(frame[label])] if label in frame else frame.iloc[:0]
    known = frame[_settled(history, frame, window)].tail(MOST_LEARNT)
    later = frame[window.of(frame["created_at"])]
    if later.empty:
        raise NotEnoughHistory(f"none of the tickets replayed has a {label}")
    model = RoutingModel.train(known, columns, seed=seed, accuracy=accuracy)
    asked = later
    if len(later) > MOST_ASKED:
        asked = later.iloc[np.linspace(0, len(later) - 1, MOST_ASKED).astype(int)]
    guesses = model.guess(asked)
    looks = _answers(asked, guesses, label)
    commonest = str(known[label].astype(str).value_counts().index[0])
    return BacktestSection(
        name=f"routing-{label}",
        title=f"Routing: the {label}",
        headline=_headline(looks, label),
        figures=tuple(_figures(looks, commonest, label)),
        plots=(_confusion(looks, label),),
        tables=(Table(name=f"routing-{label}", title="Each ticket and what was said of it", rows=looks),),
        limits=(
            (
                f"Learnt from {model.trained_on:,} tickets that were over before {window.start:%Y-%m-%d}, from "
                f"{', '.join(columns.inputs)}; {len(asked):,} of the {len(later):,} in the window were asked about."
            ),
            f"It answers where it expects to be right in {accuracy:.0%} of the cases; else the rules decide.",
            (
                f"Text and fields are as exported. If people correct {', '.join(columns.fields) or 'them'} while they "
                "work, the figures are better than they would have been."
            ),
            *_unlearnt(looks, model, label),
        ),
    )


def _settled(history: History, frame: pd.DataFrame, window: ReplayWindow) -> pd.Series:
    """What was known before the window: with end times only what was over, for till then a label may change."""
    before = frame["created_at"] < window.start
    return before & (frame["resolved_at"] < window.start) if history.has("resolved_at") else before


def _answers(asked: pd.DataFrame, guesses: list[Guess], label: str) -> pd.DataFrame:
    truth = asked[label].astype(str).str.strip().to_numpy()
    said = np.array([guess.label for guess in guesses], dtype=object)
    looks = pd.DataFrame(
        {
            "ticket": asked["ticket"].to_numpy(),
            "created_at": asked["created_at"].to_numpy(),
            "true": truth,
            "said": said,
            "probability": [guess.probability for guess in guesses],
            "answered": [not guess.abstains for guess in guesses],
            "right": truth == said,
        }
    )
    for name in ("first_group", "reassignments"):
        if label == "group" and name in asked:
            looks[name] = asked[name].to_numpy()
    return looks


def _headline(looks: pd.DataFrame, label: str) -> str:
    answers = looks[looks["answered"]]
    if answers.empty:
        return f"It would have said no {label}: never sure enough. The rules would have decided all."
    return (
        f"It would have said the {label} of {len(answers) / len(looks):.0%} of the tickets, "
        f"{answers['right'].mean():.0%} of them right."
    )


def _figures(looks: pd.DataFrame, commonest: str, label: str) -> list[Figure]:
    answers = looks[looks["answered"]]
    figures = [
        share("Tickets that would have been answered", len(answers), len(looks), "tickets"),
        share("Right among these answers", int(answers["right"].sum()), len(answers), "answers"),
        share("Right if it had to answer always", int(looks["right"].sum()), len(looks), "tickets"),
        share(
            f"Right with always the commonest {label}",
            int((looks["true"] == commonest).sum()),
            len(looks),
            "tickets",
        ),
    ]
    return figures + (_saved(looks) if label == "group" else [])


def _saved(looks: pd.DataFrame) -> list[Figure]:
    """What it would have spared people, and what it would have cost them."""
    answered = looks["answered"]
    if "first_group" in looks and looks["first_group"].notna().any():
        known = looks["first_group"].notna()
        was_right = looks["first_group"].astype(str).str.strip() == looks["true"]
        spared = known & ~was_right & answered & looks["right"]
        cost = known & was_right & answered & ~looks["right"]
        total = int(known.sum())
        return [
            share(
                "Reassignments spared: the first group was wrong, the answer right",
                int(spared.sum()),
                total,
                "tickets",
            ),
            share(
                "Reassignments caused: the first group was right, the answer wrong",
                int(cost.sum()),
                total,
                "tickets",
            ),
        ]
    if "reassignments" in looks and looks["reassignments"].notna().any():
        moved = pd.to_numeric(looks["reassignments"], errors="coerce") > 0
        at_most = int((moved & answered & looks["right"]).sum())
        words = "Changed hands, and the answer was the group it ended with: at most so many were spared that"
        return [share(words, at_most, int(moved.sum()), "tickets that changed hands")]
    return []


def _unlearnt(looks: pd.DataFrame, model: RoutingModel, label: str) -> list[str]:
    unknown = int((~looks["true"].isin(model.labels)).sum())
    return [f"{unknown:,} tickets have a {label} that was new or too rare to be learnt."] if unknown else []


def _confusion(looks: pd.DataFrame, label: str) -> ReportFile:
    """Of the commonest labels, the rest together."""
    other = "(others)"
    top = [*looks["true"].value_counts().index[:SHOWN]]
    true = looks["true"].where(looks["true"].isin(top), other)
    said = looks["said"].where(looks["said"].isin(top), other)
    names = [*top, other] if (true == other).any() or (said == other).any() else top
    counts = pd.crosstab(true, said).reindex(index=names, columns=names, fill_value=0).to_numpy(np.float64)
    shares: NDArray[np.float64] = counts / np.maximum(counts.sum(axis=1, keepdims=True), 1)
    title = f"The {label} said, for each true one; all tickets, answered or not"
    return plots.confusion(f"routing-{label}", title, names, shares)
