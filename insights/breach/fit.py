"""Gradient-boosted trees and the calibration of their score: how they are grown, and how it becomes a probability."""

from __future__ import annotations

from dataclasses import dataclass

import lightgbm
import numpy as np
import pandas as pd
from numpy.typing import NDArray
from sklearn.linear_model import LogisticRegression

from insights.breach.columns import Columns
from insights.breach.roles import Roles

ROUNDS = 200
_SETTINGS = {
    "objective": "binary",
    "learning_rate": 0.04,
    "num_leaves": 15,
    "min_data_in_leaf": 40,
    "bagging_fraction": 0.8,
    "bagging_freq": 1,
    "feature_fraction": 0.4,
    "cat_smooth": 30.0,
    "lambda_l2": 5.0,
    "num_threads": 1,
    "deterministic": True,
    "force_row_wise": True,
    "verbosity": -1,
}
# A day's breach rate counts with its own cases against this many of the whole history's.
_DAY_PRIOR = 20.0
_SUREST = 0.98


@dataclass(frozen=True, kw_only=True, slots=True)
class Calibration:
    """The probability is the logistic of `slope` times the score plus `intercept` (Platt 1999)."""

    slope: float
    intercept: float

    @classmethod
    def learn(
        cls, score: NDArray[np.float64], label: NDArray[np.float64], weight: NDArray[np.float64]
    ) -> Calibration:
        """The line through the scores that makes them probabilities (Platt scaling), by cases that no tree has
        seen.
        """
        # C: no shrinking to speak of, two numbers are learnt from hundreds of cases.
        line = LogisticRegression(C=1e6).fit(score[:, None], label, sample_weight=weight)
        return cls(slope=float(line.coef_[0, 0]), intercept=float(line.intercept_[0]))

    def probability(self, score: NDArray[np.float64]) -> NDArray[np.float64]:
        """The probability of a breach for each score."""
        return 1 / (1 + np.exp(-np.clip(self.slope * score + self.intercept, -30, 30)))


def grow(history: pd.DataFrame, columns: Columns, *, seed: int) -> lightgbm.Booster:
    """Trees over every row; a case counts once, however many rows it has."""
    roles = columns.roles
    data = lightgbm.Dataset(
        columns.matrix(history),
        history[roles.label].to_numpy(float),
        weight=case_weights(history, roles),
        init_score=_day_offsets(history, roles),
        categorical_feature=list(range(len(roles.categorical))),
        params={"verbosity": -1},
    )
    return lightgbm.train({**_SETTINGS, "seed": seed}, data, num_boost_round=ROUNDS)


def case_weights(history: pd.DataFrame, roles: Roles) -> NDArray[np.float64]:
    """A weight for each row, one on average, so that a case counts once however often it was looked at."""
    rows = history.groupby(roles.case)[roles.case].transform("size").to_numpy(float)
    return len(rows) / rows / np.sum(1 / rows)


def _day_offsets(history: pd.DataFrame, roles: Roles) -> NDArray[np.float64]:
    """Log-odds of a breach on the day each case came in, from which the trees start.

    So they learn what sets cases of one time apart, not which time it was: in the ServiceNow log 95 % of
    the incidents of ten days breached, and trees without a start per day learnt the marks of those days.
    """
    first = history.groupby(roles.case)[roles.known_at].transform("min").dt.floor("D")
    cases = history.assign(_day=first).drop_duplicates(roles.case)
    label = cases[roles.label].astype(float)
    days = label.groupby(cases["_day"]).agg(["sum", "size"])
    rate = (days["sum"] + _DAY_PRIOR * label.mean()) / (days["size"] + _DAY_PRIOR)
    odds = first.map(rate.clip(1 - _SUREST, _SUREST)).to_numpy(float)
    return np.asarray(np.log(odds / (1 - odds)))
