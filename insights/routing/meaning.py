"""What sentence embeddings say of the label: a linear model of its own, whose scores are added to the words'.

Added (late fusion), and not one model over both: on banking77 it is right nearly as often (docs/insights.md), the words
decide alone where a ticket has no vector, and 512 numbers more a label are a thousandth of the words' weights.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from insights.routing.confidence import Confidence, Floats, probabilities
from insights.routing.history import FEWEST_TICKETS
from insights.routing.linear import Linear

MOST_LEARNT = 20_000
"""The latest so many vectors are learnt from: of more, 512 numbers learn nothing new."""

SCALE = 2.0
"""Vectors of length one are drawn out, so that the support vector machine may give them larger weights."""

SHARE = 0.5
"""What their score counts beside the words'. Set on one of banking77's folds; 0.3 and 0.75 were within 0.004 of it."""


@dataclass(frozen=True, kw_only=True, eq=False)
class Meaning:
    """`encoder` made the vectors it was learnt from: it is asked about no others. `confidence` is that of words and
    vectors together.
    """

    encoder: str
    linear: Linear
    confidence: Confidence

    def chances(self, scores: Floats, vectors: NDArray[np.float32]) -> Floats:
        """Probabilities of tickets with these scores of their words."""
        return probabilities(_joined(scores, self.linear, vectors), self.confidence.temperature)


@dataclass(frozen=True, kw_only=True, eq=False)
class MeaningLesson:
    """Vectors in order of time (zeros: none) with the numbers of their labels. From `cut` on they calibrate, beside
    `scores`, what a model of the words before says of them.
    """

    vectors: NDArray[np.float32]
    truth: NDArray[np.int64]
    labels: int
    cut: int
    scores: Floats


def learn_meaning(lesson: MeaningLesson, *, encoder: str, accuracy: float, seed: int) -> Meaning | None:
    """None where too few tickets have a vector to learn from or to calibrate on."""
    known = np.flatnonzero(lesson.vectors.any(axis=1))
    before, later = known[known < lesson.cut], known[known >= lesson.cut]
    if len(before) < FEWEST_TICKETS or not len(later):
        return None

    def fit(rows: NDArray[np.intp]) -> Linear:
        latest = rows[-MOST_LEARNT:]
        return Linear.fit(lesson.vectors[latest] * SCALE, lesson.truth[latest], lesson.labels, seed=seed)

    scores = _joined(lesson.scores[later - lesson.cut], fit(before), lesson.vectors[later])
    return Meaning(
        encoder=encoder,
        linear=fit(known),
        confidence=Confidence.fit(scores, lesson.truth[later], accuracy=accuracy),
    )


def _joined(scores: Floats, linear: Linear, vectors: NDArray[np.float32]) -> Floats:
    return scores + SHARE * linear.scores(vectors * SCALE)
