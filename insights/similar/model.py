"""Pairwise ranking and its calibration: how likely two reports are the same fault, and from where on to link or
suggest.

Learnt from known duplicates: boosted trees (LambdaMART, Burges 2010) and a plain ranker together put the true one
first, a logistic curve makes a probability of their score. Without enough known duplicates a fixed formula ranks by
words, time and place; its probabilities are guesses, so it only suggests.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray
from scipy.special import expit

from insights.learning import NotEnoughHistory
from insights.routing.confidence import NEVER, choose_threshold
from insights.similar.linear import PlainRanker
from insights.similar.pairs import PAIR_FEATURES

if TYPE_CHECKING:
    import lightgbm

Floats = NDArray[np.float64]

FEWEST_DUPLICATES = 60
LINK_PRECISION = 0.9
"""Of what is linked without asking so much has to be right."""

SUGGEST_FROM = 0.1
TREES = 100
FORESTS = 3
"""Each sees other features at each split; their mean is steadier than one."""

PLAIN_SHARE = 0.4
"""What the plain ranker's score counts beside the trees': from 0.3 to 0.8 it makes no difference that shows."""

LATER = 0.3
"""The share of the questions, the latest, that calibrates."""

UNTAUGHT = {
    "text": 5.0,
    "title": 5.0,
    "title_in_text": 5.0,
    "hours": -0.2,
    "is_open": 0.5,
    "distance": -0.6,
    "same_address": 1.5,
    "same_service": 1.0,
    "same_kind": 0.5,
    "same_customer": 0.5,
    "incident_size": 0.3,
}
"""The formula's weights, in log-odds. Text has the weight of all else together: it is what every helpdesk has."""

UNTAUGHT_BIAS = -5.0


@dataclass(frozen=True, kw_only=True, eq=False)
class Question:
    """One report that came, its candidates' features, and which of them were the right answer (often none).

    `weight`: of how many like it this one was drawn.
    """

    features: Floats
    right: NDArray[np.bool_]
    weight: float = 1.0


@dataclass(frozen=True, kw_only=True, eq=False)
class Rankers:
    """They rank together: what one is misled by another is often not."""

    trees: tuple[lightgbm.Booster, ...]
    plain: PlainRanker

    @classmethod
    def learn(cls, answered: Sequence[Question], *, seed: int) -> Rankers:
        """From questions whose right answers are known."""
        return cls(
            trees=_grow(answered, seed=seed),
            plain=PlainRanker.learn([one.features for one in answered], [one.right for one in answered]),
        )

    def scores(self, features: Floats) -> Floats:
        """How well each candidate fits, one a row of features; no probability."""
        by_trees = np.mean([one.predict(features, num_threads=1) for one in self.trees], axis=0)
        return np.asarray(by_trees, np.float64) + PLAIN_SHARE * self.plain.scores(features)


@dataclass(frozen=True, kw_only=True, eq=False)
class PairModel:
    """`rankers` is None for the formula. `link_from` and `suggest_from` are probabilities."""

    rankers: Rankers | None
    slope: float
    bias: float
    link_from: float
    suggest_from: float
    taught_by: int

    @classmethod
    def untaught(cls) -> PairModel:
        """What ranks while nothing is learnt: a fixed formula, which suggests and never links."""
        return cls(
            rankers=None,
            slope=1.0,
            bias=UNTAUGHT_BIAS,
            link_from=NEVER,
            suggest_from=SUGGEST_FROM,
            taught_by=0,
        )

    @classmethod
    def learn(
        cls, questions: Sequence[Question], *, seed: int, precision: float = LINK_PRECISION
    ) -> PairModel:
        """From questions in order of time. Raises `NotEnoughHistory`."""
        answered = [question for question in questions if question.right.any()]
        if len(answered) < FEWEST_DUPLICATES:
            raise NotEnoughHistory(
                f"{len(answered)} known duplicates among the candidates; {FEWEST_DUPLICATES} are needed to learn what "
                "makes two tickets the same fault. Until then similar ones are only suggested, by a fixed formula."
            )
        cut = round(len(questions) * (1 - LATER))
        earlier = [one for one in questions[:cut] if one.right.any()]
        if not earlier:
            raise NotEnoughHistory(
                f"all {len(answered)} known duplicates are among the latest {LATER:.0%} of the tickets: none is left "
                "to tell how sure one may be. Until there are later ones similar tickets are only suggested."
            )
        early = Rankers.learn(earlier, seed=seed)
        slope, bias, link_from = _calibrate(early, questions[cut:], precision)
        return cls(
            rankers=Rankers.learn(answered, seed=seed),
            slope=slope,
            bias=bias,
            link_from=link_from,
            suggest_from=min(SUGGEST_FROM, link_from),
            taught_by=len(answered),
        )

    def scores(self, features: Floats) -> Floats:
        """What ranks: higher is likelier."""
        if self.rankers is None:
            weights = np.array([UNTAUGHT.get(name, 0.0) for name in PAIR_FEATURES])
            return np.asarray(features @ weights, np.float64)
        return self.rankers.scores(features)

    def probabilities(self, scores: Floats) -> Floats:
        """How likely each candidate is the same fault, from its score."""
        return np.asarray(expit(self.slope * scores + self.bias), np.float64)


def _grow(questions: Sequence[Question], *, seed: int) -> tuple[lightgbm.Booster, ...]:
    # Only who learns needs it: it takes a hundred megabytes, and each worker asks.
    import lightgbm  # noqa: PLC0415

    rows = np.vstack([one.features for one in questions])
    right = np.concatenate([one.right for one in questions]).astype(np.int8)
    sizes = [len(one.right) for one in questions]
    settings = {
        "objective": "lambdarank",
        # Only the first place counts: it is what is linked.
        "lambdarank_truncation_level": 3,
        "num_leaves": 6,
        "learning_rate": 0.05,
        "min_data_in_leaf": 20,
        "feature_fraction": 0.6,
        "deterministic": True,
        "force_row_wise": True,
        "num_threads": 1,
        "verbose": -1,
    }
    data = lightgbm.Dataset(rows, right, group=sizes).construct()
    return tuple(lightgbm.train(settings | {"seed": seed + number}, data, TREES) for number in range(FORESTS))


def _calibrate(
    rankers: Rankers, questions: Sequence[Question], precision: float
) -> tuple[float, float, float]:
    """Slope and bias of the curve, and the lowest probability from which on so much of the best answers was right."""
    from sklearn.linear_model import LogisticRegression  # noqa: PLC0415 - as above

    asked = [one for one in questions if len(one.right)]
    best = np.zeros(len(asked))
    right = np.zeros(len(asked), np.bool_)
    for number, question in enumerate(asked):
        scores = rankers.scores(question.features)
        best[number] = scores.max()
        right[number] = question.right[scores.argmax()]
    weights = np.array([one.weight for one in asked])
    if right.all() or not right.any():
        return 1.0, UNTAUGHT_BIAS, NEVER
    curve = LogisticRegression(C=100.0).fit(best[:, None], right, sample_weight=weights)
    slope, bias = float(curve.coef_[0, 0]), float(curve.intercept_[0])
    repeats = np.repeat(np.arange(len(asked)), np.maximum(weights.round().astype(int), 1))
    chances = expit(slope * best + bias)
    return slope, bias, choose_threshold(chances[repeats], right[repeats], precision)
