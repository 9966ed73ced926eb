"""Which service, team or severity a ticket is for, learnt from the tickets of the past.

One model a label, all of one kind: a linear one over text and fields, its probabilities calibrated on later tickets
than it was trained on. It keeps silent where it would be right less often than was asked; then, and whenever there
is no model (`CannotLearn`), the policy's rules decide as they always did.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from insights.learning import Reason, UnusableHistory
from insights.routing.committee import Committee
from insights.routing.confidence import (
    Floats,
    choose_threshold,
    fit_temperature,
    probabilities,
)
from insights.routing.features import (
    Features,
    SparseRow,
    texts_of,
)
from insights.routing.history import RoutingColumns, usable_history
from insights.routing.linear import Linear

ROUTING_FORMAT = 3
"""Goes up when a stored model of before can no longer be used; whoever loads one compares it with `format`."""

HELD_BACK = 0.15
"""The share of the history, its latest part, that calibrates."""

CALIBRATED_FROM = 40_000
"""At most so many tickets, those just before, train the weights that are calibrated: enough to know how sure they are,
and a bit less sure than the final ones."""

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
    linear: Linear
    readers: Committee
    temperature: float
    threshold: float
    trained_on: int
    held_back_accuracy: float
    answered: float
    not_learnt: tuple[str, ...] = ()
    format: int = ROUTING_FORMAT

    @classmethod
    def train(
        cls,
        history: pd.DataFrame,
        columns: RoutingColumns,
        *,
        seed: int,
        accuracy: float = 0.9,
        is_thorough: bool = False,
    ) -> RoutingModel:
        """Learn from past tickets, a row each. Raises `NotEnoughHistory` and `UnusableHistory`.

        Its weights are found twice: from the earlier part, to calibrate on the later; then from all. `is_thorough` has
        the texts read by a committee, too, which takes minutes.
        """
        usable = usable_history(history, columns, seed=seed)
        truth, labels = usable.truth, len(usable.labels)
        features = Features.learn(usable.tickets, text=columns.text, fields=columns.fields)
        if not features.columns:
            raise UnusableHistory(
                f"no word and no value in {', '.join(columns.inputs)} was seen twice: nothing to learn from"
            )
        rows = features.matrix(usable.tickets)
        texts = texts_of(usable.tickets, columns.text) if is_thorough else []
        cut = round(len(truth) * (1 - HELD_BACK))
        since = max(0, cut - CALIBRATED_FROM)
        first = Linear.fit(rows[since:cut], truth[since:cut], labels, seed=seed)
        # One is enough to know how sure they are, as with the weights: a bit less sure than both.
        readers = Committee.fit(texts[:cut], truth[:cut], labels, seed=seed, readers=1)
        scores = readers.joined(first.scores(rows[cut:]), texts[cut:])
        temperature = fit_temperature(scores, truth[cut:])
        chances = probabilities(scores, temperature)
        right = chances.argmax(axis=1) == truth[cut:]
        confidence = chances.max(axis=1)
        threshold = choose_threshold(confidence, right, accuracy)
        answered = confidence >= threshold
        return cls(
            columns=columns,
            labels=usable.labels,
            features=features,
            linear=Linear.fit(rows, truth, labels, seed=seed),
            readers=Committee.fit(texts, truth, labels, seed=seed),
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
        rows = self.features.rows(tickets)
        if not rows:
            return []
        scores = np.vstack([self.linear.score(row) for row in rows])
        if self.readers.readers:
            scores = self.readers.joined(scores, texts_of(tickets, self.columns.text))
        chances = probabilities(scores, self.temperature)
        return [self._guess(row, chance) for row, chance in zip(rows, chances, strict=True)]

    def _guess(self, row: SparseRow, chances: Floats) -> Guess:
        order = np.argsort(-chances, kind="stable")[:RANKED]
        best = int(order[0])
        probability = float(chances[best])
        return Guess(
            label=self.labels[best],
            probability=probability,
            ranking=tuple((self.labels[one], float(chances[one])) for one in order),
            reasons=self._reasons(best, row),
            # Of a ticket of which no word and no field is known, only the labels' frequency speaks.
            abstains=probability < self.threshold or not len(row.columns),
        )

    def _reasons(self, best: int, row: SparseRow) -> tuple[Reason, ...]:
        """What spoke for the label more than for the others on average, whole words first: in log-odds of the linear
        model, whose words people can check; readers give no reasons."""
        weights = self.linear.weights[row.columns]
        shares = row.values * (weights[:, best] - weights.mean(axis=1)) * self.temperature
        order = np.argsort(-shares, kind="stable")[: 10 * REASONS]
        named: dict[str, float] = {}
        for one in order[shares[order] > 0].tolist():
            name = self.features.name(int(row.columns[one]))
            named[name] = named.get(name, 0.0) + float(shares[one])
        ranked = sorted(named.items(), key=lambda one: (one[0].startswith("letters "), -one[1]))
        return tuple(Reason(text=text, weight=weight) for text, weight in ranked[:REASONS])
