"""Routing's figures: from fields (a company's incident log, out of time) and from text (bank customers' questions).

    python -m bench only=insights

From fields: train on incidents whose first event is before the cut and whose group was known by then, test on those
opened from the cut on. Label: the group of the first event that has one. Features: the first event's fields but the
group, the assignee and whoever wrote that event; no state, no counter, nothing of later events.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from time import perf_counter

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from sklearn.model_selection import StratifiedKFold

from bench.insights.figure import Figure, interval
from bench.result import progress
from insights.routing.history import RoutingColumns
from insights.routing.model import Guess, RoutingModel

DATA = Path(__file__).parents[3] / "shared" / "data"
CUT = pd.Timestamp("2016-04-15")
SEED = 7
FOLDS = 5

REPORTED = (
    "category",
    "subcategory",
    "u_symptom",
    "location",
    "contact_type",
    "impact",
    "urgency",
    "priority",
    "caller_id",
    "cmdb_ci",
)
"""What the customer said and has."""

FIELDS = (*REPORTED[:4], "opened_by", "sys_created_by", *REPORTED[4:])
"""And who took the report down: known before anybody is assigned. The telling ones first."""


@dataclass(frozen=True, kw_only=True, eq=False)
class OutOfTime:
    """A row an incident: its first event's fields, `label`, `first_at` and `label_at` (when the group was set)."""

    train: pd.DataFrame
    test: pd.DataFrame


def uci_out_of_time() -> OutOfTime:
    events = pd.read_csv(DATA / "uci_incidents" / "events.csv.gz", dtype=str)
    events["at"] = pd.to_datetime(events["sys_updated_at"])
    events = events.sort_values(
        ["number", "event_no"], key=lambda c: c.astype(int) if c.name == "event_no" else c
    )
    grouped = events[events["assignment_group"].notna()].groupby("number").first()
    first = events.groupby("number").head(1).set_index("number")
    first = first.assign(
        first_at=first["at"],
        opened=pd.to_datetime(first["opened_at"]),
        label=grouped["assignment_group"],
        label_at=grouped["at"],
    )
    cases = first[first["label"].notna()][[*FIELDS, "first_at", "opened", "label", "label_at"]]
    return OutOfTime(
        train=cases[(cases["first_at"] < CUT) & (cases["label_at"] < CUT)], test=cases[cases["opened"] >= CUT]
    )


def routing_figures() -> Iterator[Figure]:
    progress("routing from fields: training")
    yield from _from_fields()
    progress("routing from text: five trainings")
    yield from _from_text()


def _from_fields() -> Iterator[Figure]:
    cases = uci_out_of_time()
    truth = cases.test["label"].to_numpy(str)
    guesses = _trained(cases.train, FIELDS).guess(cases.test)
    simple = _most_frequent(cases.train, cases.test, "subcategory", truth)
    said = (
        f"train: first event and its group before {CUT:%Y-%m-%d} ({len(cases.train)}); test: opened later; "
        "label: first group set"
    )
    goals = (
        ("accuracy", ">= 0.77", hits(guesses, truth, 1), 0),
        ("top3", ">= 0.90", hits(guesses, truth, 3), 1),
    )
    for name, goal, right, number in goals:
        yield _figure(
            f"routing_fields_{name}",
            right,
            goal=goal,
            simple=f"{simple[number]:.3f} (the subcategory's most frequent groups); 0.74 / 0.88 by the issue",
            protocol=said,
        )
    reported = _trained(cases.train, REPORTED).guess(cases.test)
    yield _figure(
        "routing_fields_reported_only_accuracy",
        hits(reported, truth, 1),
        goal="",
        simple=f"{simple[0]:.3f}",
        protocol=said + "; without opened_by and sys_created_by",
    )
    yield from _abstention("routing_fields", guesses, truth, protocol=said)


def _from_text() -> Iterator[Figure]:
    yield from text_figures("routing_text", bank_questions())


def text_figures(name: str, queries: pd.DataFrame, *, encoder: str | None = None) -> Iterator[Figure]:
    """Bank customers' questions; with the column `vector` and its `encoder`, by what they mean, too."""
    truth = queries["category"].to_numpy(str)
    columns = RoutingColumns(label="category", text=("text",))
    guesses: dict[int, Guess] = {}
    for train, test in StratifiedKFold(FOLDS, shuffle=True, random_state=SEED).split(queries, truth):
        start = perf_counter()
        model = RoutingModel.train(queries.iloc[train], columns, seed=SEED, accuracy=0.95, encoder=encoder)
        progress(f"trained on {len(train):,} questions in {perf_counter() - start:.0f} s")
        guesses |= zip(test.tolist(), model.guess(queries.iloc[test], encoder=encoder), strict=True)
    in_order = [guesses[number] for number in range(len(truth))]
    said = f"{FOLDS}-fold, stratified, shuffled with seed {SEED}; each question guessed once, unseen"
    yield _figure(
        f"{name}_accuracy",
        hits(in_order, truth, 1),
        goal=">= 0.92",
        simple="~0.90 (by the issue)",
        protocol=said,
    )
    yield from _abstention(name, in_order, truth, protocol=said, asked=0.95)


def bank_questions() -> pd.DataFrame:
    """`text` and its `category`, one of 77."""
    return pd.read_csv(DATA / "banking77" / "queries.csv.gz", dtype=str)


def hits(guesses: list[Guess], truth: NDArray[np.str_], first: int) -> NDArray[np.bool_]:
    """Whether the true label is among the first so many."""
    return np.array(
        [
            label in [name for name, _ in guess.ranking[:first]]
            for guess, label in zip(guesses, truth, strict=True)
        ]
    )


def _trained(history: pd.DataFrame, fields: tuple[str, ...]) -> RoutingModel:
    columns = RoutingColumns(label="label", fields=fields, time="first_at")
    return RoutingModel.train(history, columns, seed=SEED)


def _abstention(
    name: str, guesses: list[Guess], truth: NDArray[np.str_], *, protocol: str, asked: float = 0.9
) -> Iterator[Figure]:
    """How right the answers are and how many are answered, and how far the probabilities are off (ECE, ten bins)."""
    right = hits(guesses, truth, 1)
    answered = np.array([not guess.abstains for guess in guesses])
    chances = np.array([guess.probability for guess in guesses])
    yield _figure(
        f"{name}_accuracy_of_answers", right[answered], goal=f">= {asked}", simple="", protocol=protocol
    )
    yield _figure(f"{name}_answered", answered, goal="", simple="1 (no abstention)", protocol=protocol)

    def error(cases: NDArray[np.int64]) -> float:
        return calibration_error(chances[cases], right[cases])

    low, high = interval(error, len(right))
    yield Figure(
        name=f"{name}_calibration_error",
        value=round(calibration_error(chances, right), 4),
        low=round(low, 4),
        high=round(high, 4),
        goal="",
        simple="",
        n=len(right),
        protocol=protocol,
    )


def calibration_error(chances: NDArray[np.float64], right: NDArray[np.bool_]) -> float:
    """Expected calibration error: |share right - mean probability| over ten equal bins, weighted by their cases."""
    bins = np.minimum((chances * 10).astype(int), 9)
    weights = np.bincount(bins, minlength=10)
    off = np.abs(np.bincount(bins, right, 10) - np.bincount(bins, chances, 10))
    return float(off.sum() / weights.sum())


def _most_frequent(
    train: pd.DataFrame, test: pd.DataFrame, field: str, truth: NDArray[np.str_]
) -> tuple[float, float]:
    """Accuracy and top-3 of a table: a field's value -> its most frequent groups, else the most frequent of all."""
    counts = train.fillna("").groupby([field, "label"]).size().sort_values(ascending=False, kind="stable")
    table: dict[str, list[str]] = {}
    for value, label in counts.index:
        table.setdefault(value, []).append(label)
    overall = train["label"].value_counts().index.tolist()
    ranked = [[*table.get(value, []), *overall] for value in test[field].fillna("")]
    found = [
        list(dict.fromkeys(labels))[:3].index(label) if label in list(dict.fromkeys(labels))[:3] else 9
        for labels, label in zip(ranked, truth, strict=True)
    ]
    return float(np.mean(np.array(found) < 1)), float(np.mean(np.array(found) < 3))


def _figure(name: str, right: NDArray[np.bool_], *, goal: str, simple: str, protocol: str) -> Figure:
    low, high = interval(lambda cases: float(right[cases].mean()), len(right))
    return Figure(
        name=name,
        value=round(float(right.mean()), 4),
        low=round(low, 4),
        high=round(high, 4),
        goal=goal,
        simple=simple,
        n=len(right),
        protocol=protocol,
    )
