"""Routing's learner (train, ask, baseline, metric): one label of tickets, judged by how often the likeliest answer is
right.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

import numpy as np
import pandas as pd

from incidents.redaction.redaction import safe_excerpt
from insights.embeddings import CURE, READ
from insights.learning import UnusableHistory
from insights.quality.measures import blank
from insights.routing.history import FEWEST_OF_A_LABEL
from insights.routing.model import Guess, RoutingModel
from insights.routing.ticket_frame import TIME, routing_columns
from insights.training.card import Feature
from insights.training.contest import Described
from insights.training.gate import (
    ACCURACY,
    Answers,
    Floats,
    Metric,
)

MOST_ASKED = 5_000
"""Tickets; the figure is sure enough, and each costs a millisecond."""

_FEATURES = 15
_LONGEST_NAME = 60


@dataclass(frozen=True, kw_only=True, slots=True)
class RoutingLearner:
    """`label` is the column to be learnt, `accuracy` how often an answer must be right, `allowed` the answers there
    are today (None: any): what left the policy is not learnt. `encoder` made the rows' vectors, where they have
    some; `has_no_encoder`: the policy wants embeddings, and there is nothing to make them.
    """

    label: str
    accuracy: float
    seed: int
    of_an_incident: int
    encoder: str | None = None
    has_no_encoder: bool = False
    allowed: frozenset[str] | None = None

    @property
    def title(self) -> str:
        return f"routing {self.label}"

    @property
    def metric(self) -> Metric:
        return ACCURACY

    def usable(self, history: pd.DataFrame, *, now: datetime) -> pd.DataFrame:
        """The tickets with a label, in order of time."""
        missing = [name for name in (self.label, TIME, "ticket", "incident") if name not in history.columns]
        if missing:
            raise UnusableHistory(f"the history lacks {', '.join(missing)}")
        known = history[~blank(history[self.label]) & (history[TIME] < now)]
        if self.allowed is not None:
            known = known[known[self.label].astype(str).str.strip().isin(self.allowed)]
        return known.sort_values(TIME, kind="stable", ignore_index=True)

    def came_in(self, rows: pd.DataFrame) -> pd.Series:
        return rows[TIME]

    def cases(self, rows: pd.DataFrame) -> pd.Series:
        return rows["ticket"]

    def groups(self, rows: pd.DataFrame) -> pd.Series:
        """The tickets of one incident are about one fault."""
        return rows["incident"].astype(object).where(rows["incident"].notna(), rows["ticket"])

    def learn(self, rows: pd.DataFrame, *, now: datetime) -> RoutingModel:
        return RoutingModel.train(
            rows[rows[TIME] < now],
            routing_columns(self.label),
            seed=self.seed,
            accuracy=self.accuracy,
            encoder=self.encoder,
        )

    def ask(self, model: RoutingModel, rows: pd.DataFrame) -> Answers:
        asked = _asked(rows)
        guesses = model.guess(asked, encoder=self.encoder)
        return self._answers(
            asked,
            said=[guess.label for guess in guesses],
            chance=np.array([guess.probability for guess in guesses]),
            spoke=np.array([_speaks(guess) for guess in guesses]),
        )

    def baseline(self, known: pd.DataFrame, rows: pd.DataFrame) -> Answers:
        asked = _asked(rows)
        shares = known[self.label].astype(str).value_counts(normalize=True)
        return self._answers(
            asked,
            said=[str(shares.index[0])] * len(asked),
            chance=np.full(len(asked), float(shares.iloc[0])),
            spoke=np.ones(len(asked), dtype=np.bool_),
        )

    def right(self, answers: Answers) -> Floats:
        return answers.came.astype(np.float64)

    def describe(self, model: RoutingModel) -> Described:
        return Described(
            features=_features(model),
            labels=model.labels,
            not_learnt=model.not_learnt,
            limits=(
                f"It answers only where it was right in {self.accuracy:.0%} of such cases; else the rules decide.",
                f"Of each incident the first {self.of_an_incident} tickets count: the figures are not a storm's.",
                "Text and fields are those of a ticket's newest version, not of its first.",
                "Where it acts by itself, what nobody corrected counts as right.",
                f"Answers that fewer than {FEWEST_OF_A_LABEL} tickets have are not learnt.",
                self._of_meaning(model),
            ),
        )

    def _of_meaning(self, model: RoutingModel) -> str:
        if model.meaning is not None:
            return f"Of the first {READ} characters the meaning counts, too (sentence embeddings); it gives no reasons."
        if self.has_no_encoder:
            return f"Learnt from words alone, though insights.routing.embeddings is true: {CURE}."
        return "Words it never saw, such as another language's, say nothing to it."

    def _answers(self, asked: pd.DataFrame, *, said: list[str], chance: Floats, spoke: np.ndarray) -> Answers:
        return Answers(
            chance=chance,
            came=asked[self.label].astype(str).str.strip().to_numpy() == np.array(said, dtype=object),
            spoke=spoke,
            case=np.asarray(pd.factorize(self.groups(asked))[0], dtype=np.int64),
        )


def _speaks(guess: Guess) -> bool:
    return not guess.abstains


def _asked(rows: pd.DataFrame) -> pd.DataFrame:
    """All, or as many as are asked at most, evenly over the time."""
    if len(rows) <= MOST_ASKED:
        return rows
    return rows.iloc[np.linspace(0, len(rows) - 1, MOST_ASKED).astype(int)]


def _features(model: RoutingModel) -> tuple[Feature, ...]:
    """By how far the weights for the answers differ. Letters inside of words are left out: nobody can read them."""
    spread = model.linear.weights.std(axis=1)
    total = float(spread.sum()) or 1.0
    found: list[Feature] = []
    for column in np.argsort(-spread, kind="stable"):
        if not model.features.is_part_of_words(int(column)):
            shown = safe_excerpt(model.features.name(int(column)), _LONGEST_NAME) or "withheld"
            found.append(Feature(name=shown, share=float(spread[column]) / total))
        if len(found) == _FEATURES:
            break
    return tuple(found)
