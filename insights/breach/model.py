"""Binary classification with reasons, will it breach? The probability, at opening and after each event, and what
speaks for it.

Learnt from cases whose verdict had fallen, calibrated on later cases than the trees were grown from. It says that it
cannot (`CannotLearn`) rather than guess: then the policy's rules go on alone.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import ClassVar

import lightgbm
import numpy as np
import pandas as pd
from numpy.typing import NDArray

from incidents.redaction.redaction import safe_excerpt
from insights.breach.columns import Columns
from insights.breach.fit import (
    Calibration,
    case_weights,
    grow,
)
from insights.breach.history import later_slice, settled_rows
from insights.breach.roles import Roles
from insights.learning import Reason, UnusableHistory

_REASONS = 3
_LONGEST_VALUE = 40


@dataclass(frozen=True, kw_only=True, slots=True)
class BreachChance:
    """`probability` is calibrated; the reasons' weights are log-odds, the strongest first."""

    probability: float
    reasons: tuple[Reason, ...]


@dataclass(frozen=True, kw_only=True)
class BreachModel:
    """`cases` and `breached` say what it was learnt from, up to `trained_at`."""

    format: ClassVar[int] = 2

    encoding: Columns
    trees: lightgbm.Booster
    calibration: Calibration
    trained_at: datetime
    cases: int
    breached: int

    @classmethod
    def train(cls, history: pd.DataFrame, roles: Roles, *, now: datetime, seed: int) -> BreachModel:
        """Learn from what was settled before `now`; later rows may be in the history, they are not looked at.

        The score's way to a probability is learnt from the newest fifth of the cases with trees grown from cases
        settled before those came in; then trees are grown from all. Raises `NotEnoughHistory` and
        `UnusableHistory`.
        """
        settled = settled_rows(history, roles, now=now)
        older, later = later_slice(settled, roles, now=now)
        columns = Columns.learn(older, roles)
        score = _scores(grow(older, columns, seed=seed), columns.matrix(later))
        calibration = Calibration.learn(score, later[roles.label].to_numpy(float), case_weights(later, roles))
        if calibration.slope <= 0:
            raise UnusableHistory(
                "what the columns say of older cases told nothing about later ones; the history may span a change "
                "of rules: begin it after that, or add columns"
            )
        columns = Columns.learn(settled, roles)
        verdicts = settled.drop_duplicates(roles.case)[roles.label]
        return cls(
            encoding=columns,
            trees=grow(settled, columns, seed=seed),
            calibration=calibration,
            trained_at=now,
            cases=len(verdicts),
            breached=int(verdicts.sum()),
        )

    @property
    def columns(self) -> tuple[str, ...]:
        """The columns that a row must have."""
        return self.encoding.roles.columns

    def probabilities(self, rows: pd.DataFrame) -> NDArray[np.float64]:
        """Without reasons, for many rows. Raises `UnusableHistory` that names a missing or unusable column."""
        matrix = self.encoding.matrix(rows)
        return self.calibration.probability(_scores(self.trees, matrix)) if len(matrix) else np.empty(0)

    def predict(self, rows: pd.DataFrame) -> list[BreachChance]:
        """In the order of the rows. Raises as `probabilities` does."""
        matrix = self.encoding.matrix(rows)
        values = rows[list(self.columns)].itertuples(index=False, name=None)
        return self._chances(matrix, [tuple(row) for row in values]) if len(matrix) else []

    def predict_one(self, row: Mapping[str, object]) -> BreachChance:
        """The same for one row, without a frame. Raises as `probabilities` does."""
        return self._chances(self.encoding.vector(row), [tuple(row[column] for column in self.columns)])[0]

    def _chances(self, matrix: NDArray[np.float64], values: list[tuple[object, ...]]) -> list[BreachChance]:
        # SHAP values of each column, and the base score last: together they are the score.
        parts = np.asarray(self.trees.predict(matrix, pred_contrib=True, num_threads=1))
        probabilities = self.calibration.probability(parts.sum(axis=1))
        return [
            BreachChance(probability=float(probability), reasons=self._reasons(part[:-1], row))
            for probability, part, row in zip(probabilities, parts, values, strict=True)
        ]

    def _reasons(self, part: NDArray[np.float64], row: tuple[object, ...]) -> tuple[Reason, ...]:
        strongest = sorted(range(len(part)), key=lambda number: -abs(part[number]))[:_REASONS]
        return tuple(
            Reason(
                text=f"{self.encoding.roles.title(self.columns[number])} is {_shown(row[number])}",
                weight=self.calibration.slope * float(part[number]),
            )
            for number in strongest
            if part[number]
        )


def _scores(trees: lightgbm.Booster, matrix: NDArray[np.float64]) -> NDArray[np.float64]:
    return np.asarray(trees.predict(matrix, raw_score=True, num_threads=1), dtype=float)


def _shown(value: object) -> str:
    if value is None or value is pd.NA or (isinstance(value, float) and math.isnan(value)):
        return "unknown"
    if isinstance(value, float):
        return f"{value:.3g}"
    return safe_excerpt(" ".join(str(value).split()), _LONGEST_VALUE) or "withheld"
