"""Similarity's learner (train, ask, baseline, metric): each ticket asks for its fault among those before it, judged
by how often the right one is ranked first.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import ClassVar

import numpy as np
import pandas as pd

from insights.learning import UnusableHistory
from insights.similar.faults import COLUMNS
from insights.similar.index import SIMILAR_FORMAT
from insights.similar.model import PairModel
from insights.similar.pairs import PAIR_FEATURES
from insights.training.card import Feature
from insights.training.contest import Described
from insights.training.gate import (
    Answers,
    Floats,
    Metric,
    share_that_came,
)

FIRST = Metric(
    name="first",
    words="share of later tickets whose own fault was ranked first; one that repeats nothing has none",
    of=share_that_came,
)
_FEATURES = 15


@dataclass(frozen=True, kw_only=True)
class TaughtPairs:
    """How likely two tickets are the same fault, as it is kept; give `pairs` to a `SimilarIndex`."""

    format: ClassVar[int] = SIMILAR_FORMAT

    pairs: PairModel


@dataclass(frozen=True, kw_only=True, slots=True)
class SimilarLearner:
    """Learns from rows of `similar_faults`."""

    seed: int

    @property
    def title(self) -> str:
        return "similar"

    @property
    def metric(self) -> Metric:
        return FIRST

    def usable(self, history: pd.DataFrame, *, now: datetime) -> pd.DataFrame:
        missing = [name for name in COLUMNS if name not in history.columns]
        if missing:
            raise UnusableHistory(f"the history lacks {', '.join(missing)}")
        return history[history["created_at"] < now]

    def came_in(self, rows: pd.DataFrame) -> pd.Series:
        return rows["created_at"]

    def cases(self, rows: pd.DataFrame) -> pd.Series:
        return rows["ticket"]

    def groups(self, rows: pd.DataFrame) -> pd.Series:
        return rows["incident"]

    def learn(self, rows: pd.DataFrame, *, now: datetime) -> TaughtPairs:
        questions = [one for one in rows.loc[rows["created_at"] < now, "question"] if len(one.right)]
        return TaughtPairs(pairs=PairModel.learn(questions, seed=self.seed))

    def ask(self, model: TaughtPairs, rows: pd.DataFrame) -> Answers:
        return self._answers(model.pairs, rows)

    def baseline(self, known: pd.DataFrame, rows: pd.DataFrame) -> Answers:
        """The fixed formula."""
        del known
        return self._answers(PairModel.untaught(), rows)

    def right(self, answers: Answers) -> Floats:
        return answers.came.astype(np.float64)

    def describe(self, model: TaughtPairs) -> Described:
        rankers = model.pairs.rankers
        gain = np.zeros(len(PAIR_FEATURES))
        for trees in rankers.trees if rankers is not None else ():
            gain += trees.feature_importance("gain")
        total = float(gain.sum()) or 1.0
        return Described(
            features=tuple(
                Feature(name=PAIR_FEATURES[number].replace("_", " "), share=float(gain[number]) / total)
                for number in np.argsort(-gain, kind="stable")[:_FEATURES]
                if gain[number] > 0
            ),
            limits=(
                "The baseline here is the fixed formula that ranks while nothing is learnt.",
                "It learns which tickets were put into one incident; what rules and people overlooked it cannot know.",
                "Tickets of no incident are left out, and of each incident the first ones count.",
            ),
        )

    def _answers(self, pairs: PairModel, rows: pd.DataFrame) -> Answers:
        chance, came = np.zeros(len(rows)), np.zeros(len(rows), dtype=np.bool_)
        for number, question in enumerate(rows["question"]):
            if len(question.right):
                chances = pairs.probabilities(pairs.scores(question.features))
                best = int(chances.argmax())
                chance[number], came[number] = chances[best], question.right[best]
        return Answers(
            chance=chance,
            came=came,
            spoke=chance >= pairs.suggest_from,
            case=np.asarray(pd.factorize(self.groups(rows))[0], dtype=np.int64),
        )
