"""Breach prediction on two real logs, out of time: trained before a cut, asked about what came in after it.

`python -m bench only=insights` prints these among others.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from sklearn.metrics import average_precision_score, roc_auc_score

from bench.insights import boston311, uci_incidents
from bench.insights.figure import Figure, interval
from bench.result import progress
from insights.breach.model import BreachModel
from insights.breach.roles import Roles

DATA = Path(__file__).parents[3] / "shared" / "data"
SEED = 7
_ASKED = 500
Score = Callable[[NDArray[np.int64], NDArray[np.float64]], float]


@dataclass(frozen=True, slots=True)
class Aim:
    """What the figure is held against, in its own unit; `simple` was measured by others on the same protocol."""

    goal: str
    simple: str


NO_AIM = Aim("", "")


@dataclass(frozen=True, kw_only=True)
class Asked:
    """Rows a model was asked about: their cases, what became of them, and what it said."""

    cases: NDArray[np.int64]
    outcome: NDArray[np.int64]
    chance: NDArray[np.float64]

    def only(self, rows: NDArray[np.bool_]) -> Asked:
        return Asked(cases=self.cases[rows], outcome=self.outcome[rows], chance=self.chance[rows])


def breach_figures() -> Iterator[Figure]:
    yield from _after_events()
    yield from _at_opening()


def _after_events() -> Iterator[Figure]:
    progress("breach prediction on uci_incidents")
    history = uci_incidents.history(DATA / "uci_incidents")
    # The first event is asked about whatever its state; of the others those that find the incident open.
    train, test = uci_incidents.split(history[history["is_open"] | (history["event_no"] == 1)])
    asked, _ = _ask(train, test, uci_incidents.ROLES, uci_incidents.CUT)
    opening = asked.only((test["event_no"] == 1).to_numpy())
    rule = "uci_incidents, trained on opened and closed before 2016-04-15, tested on opened later: "
    first = rule + "first event"
    yield _figure("breach_first_event_auc", roc_auc_score, opening, first, Aim(">= 0.80", "0.768"))
    yield _figure("breach_first_event_ap", average_precision_score, opening, first, Aim("", "0.497"))
    yield _figure("breach_first_event_ece", calibration_error, opening, first)
    found_open = rule + "first events, and later ones that find the incident open"
    yield _figure("breach_while_open_auc", roc_auc_score, asked, found_open)
    # The closing event is as late as the verdict; it counts here because it does in the figure to compare with.
    history["settled_at"] = history["closed_at"] + pd.Timedelta(minutes=1)
    roles = replace(uci_incidents.ROLES, settled_at="settled_at")
    every, _ = _ask(*uci_incidents.split(history), roles, uci_incidents.CUT)
    prefixes = rule + "all prefixes, resolved and closed ones too"
    yield _figure("breach_each_event_auc", roc_auc_score, every, prefixes, Aim(">= 0.89", "0.866"))


def _at_opening() -> Iterator[Figure]:
    progress("breach prediction on boston311")
    train, test = boston311.split(boston311.history(DATA / "boston311"))
    asked, model = _ask(train, test, boston311.ROLES, boston311.CUT)
    rule = "boston311, trained where the target had passed by 2011-10-01, tested on October"
    yield _figure("breach_opening_auc", roc_auc_score, asked, rule, Aim(">= 0.85", "0.833"))
    yield _figure("breach_opening_ap", average_precision_score, asked, rule, Aim("", "0.636"))
    yield _figure("breach_opening_ece", calibration_error, asked, rule)
    strict, _ = _ask(train, test, boston311.STRICT, boston311.CUT)
    without = rule + ", without department, which may be the final one"
    yield _figure("breach_opening_strict_auc", roc_auc_score, strict, without)
    yield _one_row(model, test)


def calibration_error(outcome: NDArray[np.int64], chance: NDArray[np.float64]) -> float:
    """Mean distance between promised and seen rate over tenths of the cases (expected calibration error)."""
    order = np.argsort(chance, kind="stable")
    tenths = np.array_split(order, 10)
    return float(
        sum(abs(outcome[one].mean() - chance[one].mean()) * len(one) for one in tenths) / len(outcome)
    )


def _ask(
    train: pd.DataFrame, test: pd.DataFrame, roles: Roles, cut: pd.Timestamp
) -> tuple[Asked, BreachModel]:
    model = BreachModel.train(train, roles, now=cut.to_pydatetime(), seed=SEED)
    return Asked(
        cases=np.asarray(pd.factorize(test[roles.case])[0], dtype=np.int64),
        outcome=test[roles.label].to_numpy(np.int64),
        chance=model.probabilities(test),
    ), model


def _figure(name: str, score: Score, asked: Asked, protocol: str, aim: Aim = NO_AIM) -> Figure:
    """The interval is over whole cases: rows of one case are not independent."""
    codes = np.unique(asked.cases, return_inverse=True)[1]
    rows = np.split(np.argsort(codes, kind="stable"), np.cumsum(np.bincount(codes))[:-1])

    def resampled(cases: NDArray[np.int64]) -> float:
        drawn = np.concatenate([rows[case] for case in cases])
        return float(score(asked.outcome[drawn], asked.chance[drawn]))

    low, high = interval(resampled, len(rows))
    return Figure(
        name=name,
        value=round(float(score(asked.outcome, asked.chance)), 4),
        low=round(low, 4),
        high=round(high, 4),
        goal=aim.goal,
        simple=aim.simple,
        n=len(asked.outcome),
        protocol=protocol,
    )


def _one_row(model: BreachModel, test: pd.DataFrame) -> Figure:
    """What one ticket's chance with its reasons costs."""
    rows = test[list(model.columns)].head(_ASKED).to_dict("records")
    took = []
    for row in rows:
        began = time.perf_counter()
        model.predict_one({str(column): value for column, value in row.items()})
        took.append((time.perf_counter() - began) * 1e3)
    low, high = interval(lambda drawn: float(np.median(np.array(took)[drawn])), len(took))
    return Figure(
        name="breach_one_row_ms",
        value=round(float(np.median(took)), 3),
        low=round(low, 3),
        high=round(high, 3),
        goal="< 2 ms",
        simple="",
        n=len(took),
        protocol="median of one row at a time, with its reasons, one thread",
    )
