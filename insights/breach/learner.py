"""Breach prediction's learner (train, ask, baseline, metric): promises, looked at when they were made and whenever
their ticket or incident changed hands or state, judged by whether the broken ones were given the higher risk.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

import numpy as np
import pandas as pd

from insights.breach.history import settled_rows
from insights.breach.model import BreachModel
from insights.breach.roles import Roles
from insights.training.card import Feature
from insights.training.contest import Described
from insights.training.gate import (
    AUC,
    Answers,
    Floats,
    Metric,
)

_CAME_IN = "came_in"
_FEATURES = 15


@dataclass(frozen=True, kw_only=True, slots=True)
class BreachLearner:
    """`roles` describe the rows."""

    roles: Roles
    seed: int

    @property
    def title(self) -> str:
        return "breach"

    @property
    def metric(self) -> Metric:
        return AUC

    def usable(self, history: pd.DataFrame, *, now: datetime) -> pd.DataFrame:
        """The rows of promises whose due time has passed, known before that."""
        rows = settled_rows(history, self.roles, now=now)
        came_in = rows.groupby(self.roles.case)[self.roles.known_at].transform("min")
        return rows.assign(**{_CAME_IN: came_in})

    def came_in(self, rows: pd.DataFrame) -> pd.Series:
        return rows[_CAME_IN]

    def cases(self, rows: pd.DataFrame) -> pd.Series:
        return rows[self.roles.case]

    def groups(self, rows: pd.DataFrame) -> pd.Series:
        return self.cases(rows)

    def learn(self, rows: pd.DataFrame, *, now: datetime) -> BreachModel:
        return BreachModel.train(rows, self.roles, now=now, seed=self.seed)

    def ask(self, model: BreachModel, rows: pd.DataFrame) -> Answers:
        return self._answers(rows, model.probabilities(rows))

    def baseline(self, known: pd.DataFrame, rows: pd.DataFrame) -> Answers:
        """The rate of breaches before, for all."""
        rate = float(known.drop_duplicates(self.roles.case)[self.roles.label].mean())
        return self._answers(rows, np.full(len(rows), rate))

    def right(self, answers: Answers) -> Floats:
        return np.asarray((answers.chance >= 0.5) == answers.came, dtype=np.float64)

    def describe(self, model: BreachModel) -> Described:
        gain = model.trees.feature_importance("gain")
        total = float(gain.sum()) or 1.0
        order = [number for number in np.argsort(-gain, kind="stable")[:_FEATURES] if gain[number] > 0]
        return Described(
            features=tuple(
                Feature(name=self.roles.title(model.columns[number]), share=float(gain[number]) / total)
                for number in order
            ),
            limits=(
                "A promise counts only when its time is over, kept or not: the newest ones are not learnt from yet.",
                "Tier, product and channel are those of the ticket's newest version.",
                "Severity is left out: only the newest one is kept, and it is raised when things go wrong.",
                "Targets are those of today's clock: of a promise that was changed, only the last form is known.",
                "It orders what the sweep looks at and warns of; it moves no due time.",
            ),
        )

    def _answers(self, rows: pd.DataFrame, chance: Floats) -> Answers:
        return Answers(
            chance=chance,
            came=rows[self.roles.label].to_numpy(int) == 1,
            spoke=np.ones(len(rows), dtype=np.bool_),
            case=np.asarray(pd.factorize(self.groups(rows))[0], dtype=np.int64),
        )
