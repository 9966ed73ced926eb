"""Text classification: which service, team or severity a ticket is for, learnt from the tickets of the past.

One model a label, all of one kind: a linear one over text and fields, its probabilities calibrated on later tickets
than it was trained on. It keeps silent where it would be right less often than was asked; then, and whenever there
is no model (`CannotLearn`), the policy's rules decide as they always did.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from insights.embeddings import as_rows
from insights.learning import Reason, UnusableHistory
from insights.routing.confidence import NEVER, Confidence, Floats, probabilities
from insights.routing.features import Features, SparseRow
from insights.routing.history import VECTOR, RoutingColumns, usable_history
from insights.routing.linear import Linear
from insights.routing.meaning import Meaning, MeaningLesson, learn_meaning

ROUTING_FORMAT = 4
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
    """`not_learnt` are labels with too few tickets. `confidence` is that of the words and fields alone; `meaning` is
    what sentence embeddings add, where they were learnt from.
    """

    columns: RoutingColumns
    labels: tuple[str, ...]
    features: Features
    linear: Linear
    confidence: Confidence
    meaning: Meaning | None
    trained_on: int
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
        encoder: str | None = None,
    ) -> RoutingModel:
        """Learn from past tickets, a row each. Raises `NotEnoughHistory` and `UnusableHistory`.

        Its weights are found twice: from the earlier part, to calibrate on the later; then from all. `encoder` is what
        made the vectors in the column `vector`; without it, or without that column, there are the words alone.
        """
        usable = usable_history(history, columns, seed=seed)
        truth, labels = usable.truth, len(usable.labels)
        features = Features.learn(usable.tickets, text=columns.text, fields=columns.fields)
        if not features.columns:
            raise UnusableHistory(
                f"no word and no value in {', '.join(columns.inputs)} was seen twice: nothing to learn from"
            )
        rows = features.matrix(usable.tickets)
        cut = round(len(truth) * (1 - HELD_BACK))
        since = max(0, cut - CALIBRATED_FROM)
        scores = Linear.fit(rows[since:cut], truth[since:cut], labels, seed=seed).scores(rows[cut:])
        meaning = None
        if encoder is not None and VECTOR in usable.tickets:
            vectors = as_rows(usable.tickets[VECTOR].tolist())
            lesson = MeaningLesson(vectors=vectors, truth=truth, labels=labels, cut=cut, scores=scores)
            meaning = learn_meaning(lesson, encoder=encoder, accuracy=accuracy, seed=seed)
        return cls(
            columns=columns,
            labels=usable.labels,
            features=features,
            linear=Linear.fit(rows, truth, labels, seed=seed),
            confidence=Confidence.fit(scores, truth[cut:], accuracy=accuracy),
            meaning=meaning,
            trained_on=len(truth),
            not_learnt=usable.not_learnt,
        )

    def guess(self, tickets: pd.DataFrame, *, encoder: str | None = None) -> list[Guess]:
        """One guess a row. Never fails on a ticket's content; raises `UnusableHistory` where a column is missing.

        `encoder` made the vectors in the column `vector`. Where a ticket has none, or one of another encoder than the
        model's, its words and fields decide alone, by their own calibration.
        """
        missing = [name for name in self.columns.inputs if name not in tickets.columns]
        if missing:
            raise UnusableHistory(f"the tickets lack {', '.join(missing)}, which this model was trained with")
        rows = self.features.rows(tickets)
        if not rows:
            return []
        scores = np.vstack([self.linear.score(row) for row in rows])
        chances = probabilities(scores, self.confidence.temperature)
        thresholds = np.where([len(row.columns) > 0 for row in rows], self.confidence.threshold, NEVER)
        if self.meaning is not None and self.meaning.encoder == encoder and VECTOR in tickets:
            vectors = as_rows(tickets[VECTOR].tolist())
            known = vectors.any(axis=1)
            chances[known] = self.meaning.chances(scores[known], vectors[known])
            thresholds[known] = self.meaning.confidence.threshold
        return [
            self._guess(row, chance, threshold=threshold)
            for row, chance, threshold in zip(rows, chances, thresholds.tolist(), strict=True)
        ]

    def _guess(self, row: SparseRow, chances: Floats, *, threshold: float) -> Guess:
        """Of a ticket of which no word, no field and no vector is known, only the labels' frequency speaks: its
        `threshold` is `NEVER`."""
        order = np.argsort(-chances, kind="stable")[:RANKED]
        best = int(order[0])
        probability = float(chances[best])
        return Guess(
            label=self.labels[best],
            probability=probability,
            ranking=tuple((self.labels[one], float(chances[one])) for one in order),
            reasons=self._reasons(best, row),
            abstains=probability < threshold,
        )

    def _reasons(self, best: int, row: SparseRow) -> tuple[Reason, ...]:
        """What spoke for the label more than for the others on average, whole words first: in log-odds of the linear
        model, whose words people can check; embeddings give no reasons."""
        weights = self.linear.weights[row.columns]
        shares = row.values * (weights[:, best] - weights.mean(axis=1)) * self.confidence.temperature
        order = np.argsort(-shares, kind="stable")[: 10 * REASONS]
        words: dict[str, float] = {}
        letters: dict[str, float] = {}
        for one in order[shares[order] > 0].tolist():
            column = int(row.columns[one])
            named = letters if self.features.is_part_of_words(column) else words
            name = self.features.name(column)
            named[name] = named.get(name, 0.0) + float(shares[one])
        ranked = [
            pair for named in (words, letters) for pair in sorted(named.items(), key=lambda one: -one[1])
        ]
        return tuple(Reason(text=text, weight=weight) for text, weight in ranked[:REASONS])
