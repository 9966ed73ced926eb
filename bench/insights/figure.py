"""A learning figure as it is printed: one line of JSON, with its confidence interval and what it is held against."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import asdict, dataclass

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True, kw_only=True)
class Figure:
    """`low` and `high` bound the middle 95 % of the figure over resamples of the test cases (of all cases or, where
    cases of one kind belong together, of whole groups). `simple` is what simple code reaches on the same protocol.
    """

    name: str
    value: float
    low: float
    high: float
    goal: str
    simple: str
    n: int
    protocol: str

    def __str__(self) -> str:
        return json.dumps(asdict(self), ensure_ascii=False)


def interval(
    statistic: Callable[[NDArray[np.int64]], float], cases: int, *, resamples: int = 300, seed: int = 7
) -> tuple[float, float]:
    """The bootstrap's 2.5th and 97.5th percentile (Efron 1979) of a statistic that is given case numbers."""
    chance = np.random.default_rng(seed)
    values = [statistic(chance.integers(0, cases, cases)) for _ in range(resamples)]
    low, high = np.percentile(values, [2.5, 97.5])
    return float(low), float(high)
