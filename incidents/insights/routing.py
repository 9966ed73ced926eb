"""Which service, team or severity a ticket is for, learnt from the tickets of the past.

One model a label, all of one kind: a linear one over text and fields, its probabilities calibrated on later tickets
than it was trained on. It keeps silent where it would be right less often than was asked; then, and whenever there
is no model (`CannotLearn`), the policy's rules decide as they always did.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from sklearn.svm import LinearSVC

from incidents.insights.learning import Reason, UnusableHistory
from incidents.insights.routing_confidence import (
    Floats,
    choose_threshold,
    fit_temperature,
    probabilities,
)
from incidents.insights.routing_features import Features
from incidents.insights.routing_history import RoutingColumns, usable_history

ROUTING_FORMAT = 1
"""Goes up when a stored model of before can no longer be used; whoever loads one compares it with `format`."""

HELD_BACK = 0.15
"""The share of the history, its latest part, that calibrates."""

RANKED = 3
REASONS = 4


@dataclass(frozen=True, kw_only=True, slots=True)
class Guess:
    """`abstains`: the label is the likeliest, but not likely enough to go by. `ranking` has the likeliest three."""

    label: str
    probability: float
    ranking: tuple[tuple[str, float], ...]
    reasons: tuple[Reason, ...]
    abstains: bool


@dataclass(frozen=True, kw_only=True, eq=False)
class RoutingModel:
    """`not_learnt` are labels with too few tickets, `held_back_accuracy` and `answered` what the calibrating part
    showed: the share of right ones among its answers, and the share of its tickets that were answered.
    """

    columns: RoutingColumns
    labels: tuple[str, ...]
    features: Features
    weights: NDArray[np.float32]
    intercept: NDArray[np.float32]
    temperature: float
    threshold: float
    trained_on: int
    held_back_accuracy: float
    answered: float
    not_learnt: tuple[str, ...] = ()
    format: int = ROUTING_FORMAT

    @classmethod
    def train(
        cls, history: pd.DataFrame, columns: RoutingColumns, *, seed: int, accuracy: float = 0.9
    ) -> RoutingModel:
        """Learn from past tickets, a row each. Raises `NotEnoughHistory` and `UnusableHistory`.

        It is trained twice: on the earlier part, to calibrate on the later; then on all.
        """
        usable = usable_history(history, columns, seed=seed)
        labels = usable.labels
        truth = usable.truth
        cut = round(len(truth) * (1 - HELD_BACK))
        early, late = usable.tickets.iloc[:cut], usable.tickets.iloc[cut:]
        first = _Linear.fit(early, truth[:cut], len(labels), columns, seed=seed)
        scores = first.scores(late)
        temperature = fit_temperature(scores, truth[cut:])
        chances = probabilities(scores, temperature)
        right = chances.argmax(axis=1) == truth[cut:]
        confidence = chances.max(axis=1)
        threshold = choose_threshold(confidence, right, accuracy)
        answered = confidence >= threshold
        final = _Linear.fit(usable.tickets, truth, len(labels), columns, seed=seed)
        return cls(
            columns=columns,
            labels=labels,
            features=final.features,
            weights=final.weights,
            intercept=final.intercept,
            temperature=temperature,
            threshold=threshold,
            trained_on=len(truth),
            held_back_accuracy=float(right[answered].mean()) if answered.any() else 0.0,
            answered=float(answered.mean()),
            not_learnt=usable.not_learnt,
        )

    def guess(self, tickets: pd.DataFrame) -> list[Guess]:
        """One guess a row. Never fails on a ticket's content; raises `UnusableHistory` where a column is missing."""
        missing = [name for name in self.columns.inputs if name not in tickets.columns]
        if missing:
            raise UnusableHistory(f"the tickets lack {', '.join(missing)}, which this model was trained with")
        linear = _Linear(features=self.features, weights=self.weights, intercept=self.intercept)
        rows = self.features.matrix(tickets)
        chances = probabilities(linear.scores_of(rows), self.temperature)
        return [
            self._guess(chances[number], rows.indices[start:end], rows.data[start:end])
            for number, (start, end) in enumerate(zip(rows.indptr, rows.indptr[1:], strict=False))
        ]

    def _guess(self, chances: Floats, known: NDArray[np.int32], values: NDArray[np.float32]) -> Guess:
        order = np.argsort(-chances, kind="stable")[:RANKED]
        best = int(order[0])
        probability = float(chances[best])
        return Guess(
            label=self.labels[best],
            probability=probability,
            ranking=tuple((self.labels[one], float(chances[one])) for one in order),
            reasons=self._reasons(best, known, values),
            # Of a ticket of which no word and no field is known, only the labels' frequency speaks.
            abstains=probability < self.threshold or not len(known),
        )

    def _reasons(
        self, best: int, known: NDArray[np.int32], values: NDArray[np.float32]
    ) -> tuple[Reason, ...]:
        """What spoke for the label more than for the others on average, in log-odds, whole words first."""
        weights = self.weights[known]
        shares = values * (weights[:, best] - weights.mean(axis=1)) * self.temperature
        order = np.argsort(-shares, kind="stable")[: 10 * REASONS]
        named = [
            Reason(text=self.features.name(int(known[one])), weight=float(shares[one]))
            for one in order
            if shares[one] > 0
        ]
        named.sort(key=lambda reason: reason.text.startswith("letters "))
        return tuple(named[:REASONS])


@dataclass(frozen=True, kw_only=True, eq=False)
class _Linear:
    """One-against-the-rest support vector machines over the features; a row of weights a feature."""

    features: Features
    weights: NDArray[np.float32]
    intercept: NDArray[np.float32]

    @classmethod
    def fit(
        cls,
        tickets: pd.DataFrame,
        truth: NDArray[np.int64],
        labels: int,
        columns: RoutingColumns,
        *,
        seed: int,
    ) -> _Linear:
        features = Features.learn(tickets, text=columns.text, fields=columns.fields)
        if not features.columns:
            raise UnusableHistory(
                f"no word and no value in {', '.join(columns.inputs)} was seen twice: nothing to learn from"
            )
        machine = LinearSVC(C=1.0, random_state=seed).fit(features.matrix(tickets), truth)
        weights = np.zeros((features.columns, labels), np.float32)
        # A label without tickets in the earlier part never wins there.
        intercept = np.full(labels, -2.0, np.float32)
        seen = machine.classes_
        if len(seen) == 2:  # scikit-learn keeps one row for two labels
            weights[:, seen] = np.stack([-machine.coef_[0], machine.coef_[0]], axis=1)
            intercept[seen] = (-machine.intercept_[0], machine.intercept_[0])
        else:
            weights[:, seen] = machine.coef_.T
            intercept[seen] = machine.intercept_
        return cls(features=features, weights=weights, intercept=intercept)

    def scores(self, tickets: pd.DataFrame) -> Floats:
        return self.scores_of(self.features.matrix(tickets))

    def scores_of(self, rows: object) -> Floats:
        return np.asarray(rows @ self.weights + self.intercept, dtype=np.float64)  # type: ignore[operator]
