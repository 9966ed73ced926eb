"""Conditional logit (McFadden 1974), the plain ranker beside the trees, over how a new report and a candidate compare.

Each question's right candidate competes with its others, as when a person picks one from a list. Few weights, held
small: with a hundred known duplicates it is surer than trees, and where both rank together they err less often than
either does alone (docs/insights.md).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import minimize

from insights.similar.pairs import (
    PAIR_FEATURES,
    Bools,
    Floats,
)

SMALLNESS = 20.0
"""The penalty on squared weights, in log-likelihood."""

ROUNDS = 200
LATEST = 2_000
"""Questions it learns from at most, the latest: more do not change so few weights."""

_NEAR = np.log1p([0.35, 1.0, 2.0, 4.0, 9.0, 19.0, 147.0])
"""Steps of the distance: 18, 50, 100, 200, 450, 950 m and 7 km."""

_AGO = np.log1p([1 / 12, 0.5, 2.0, 8.0, 24.0, 96.0, 336.0])
"""Steps of the time: 5 and 30 minutes, 2 and 8 hours, 1, 4 and 14 days."""

_PAUSES = np.log1p([3_600.0, 86_400.0])
"""After so long without another nearby, one is the first of something new."""

_AS_THEY_ARE = (
    "text", "title", "title_in_text", "hours", "is_open", "distance", "same_address", "place_unknown", "same_service",
    "same_kind", "same_customer", "same_channel", "incident_size", "is_first_of_incident", "nearby_newer",
    "nearby_older", "nearby_seconds_newer", "nearby_seconds_older", "is_oldest_open_nearby",
)  # fmt: skip


@dataclass(frozen=True, kw_only=True, eq=False)
class PlainRanker:
    """`weights` are log-odds a standard deviation of each column; `middle` and `spread` make columns comparable."""

    weights: Floats
    middle: Floats
    spread: Floats

    @classmethod
    def learn(cls, features: Sequence[Floats], right: Sequence[Bools]) -> PlainRanker:
        """From questions in order of time: their candidates' pair features, and which candidate is right (one at
        least)."""
        columns = [_columns(one) for one in features[-LATEST:]]
        rows, marks = np.vstack(columns), np.concatenate([*right[-LATEST:]])
        middle, spread = rows.mean(axis=0), rows.std(axis=0)
        # A column that never varied says nothing here, and must not shout when it varies later.
        spread[spread < 1e-9] = np.inf
        rows = (rows - middle) / spread
        starts = np.cumsum([0, *(len(one) for one in columns[:-1])])
        weights = _fitted(rows, marks, starts)
        return cls(weights=weights, middle=middle, spread=spread)

    def scores(self, features: Floats) -> Floats:
        """Log-odds between the candidates of one question."""
        return np.asarray((_columns(features) - self.middle) / self.spread @ self.weights, np.float64)


def _fitted(rows: Floats, marks: Bools, starts: NDArray[np.intp]) -> Floats:
    """The weights under which the right ones are picked the most likely, less the penalty. Convex: one best answer."""
    of = np.repeat(np.arange(len(starts)), np.diff([*starts, len(rows)]))

    def loss(weights: Floats) -> tuple[float, Floats]:
        scores = rows @ weights
        odds = np.exp(scores - np.maximum.reduceat(scores, starts)[of])
        every = np.add.reduceat(odds, starts)
        # All may be so unlikely that nothing is left of them.
        picked = np.maximum(np.add.reduceat(odds * marks, starts), 1e-300)
        pull = odds * marks / picked[of] - odds / every[of]
        lost = float(np.log(every / picked).sum()) + SMALLNESS / 2 * float(weights @ weights)
        return lost, SMALLNESS * weights - rows.T @ pull

    found = minimize(loss, np.zeros(rows.shape[1]), jac=True, method="L-BFGS-B", options={"maxiter": ROUNDS})
    return np.asarray(found.x, np.float64)


def _columns(features: Floats) -> Floats:
    """Pair features as they are, in steps, and the few that mean something only together."""
    by = dict(zip(PAIR_FEATURES, features.T, strict=True))
    distance, hours, service, is_open = by["distance"], by["hours"], by["same_service"], by["is_open"]
    pause = by["nearby_seconds_older"]
    return np.column_stack(
        [
            *(by[name] for name in _AS_THEY_ARE),
            *(distance > step for step in _NEAR),
            *(hours > step for step in _AGO),
            *(service * (pause > step) for step in _PAUSES),
            pause - by["nearby_seconds_newer"],
            by["same_address"] * service,
            by["same_address"] * is_open,
            by["text"] * service,
            (distance < _NEAR[1]) * service,
            (distance < _NEAR[2]) * service,
            (distance < _NEAR[1]) * is_open,
            hours * is_open,
            by["hours_since_closed"] * (1 - is_open),
        ]
    )
