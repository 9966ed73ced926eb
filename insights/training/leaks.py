"""Target leakage, found column by column: what alone tells how a case ended was mostly written down when it had ended.

(Kaufman, Rosset, Perlich 2011, "Leakage in data mining": look at each column alone, and at what it could have known.)
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from sklearn.metrics import roc_auc_score

# At the first events of the two logs in `bench` the most telling honest column has 0.88, hours to the closing 0.95 to
# 0.98, and the share of the target that a request took 1. Hours to the resolution have 0.86: this check lets them pass.
SUSPICIOUS = 0.95
_BINS = 50
_SHRINK = 2.0


@dataclass(frozen=True, kw_only=True, slots=True)
class TellTale:
    """`auc` is how well the column alone tells the outcome of cases it was not looked up from; 0.5 is chance."""

    column: str
    auc: float

    def __str__(self) -> str:
        return f"{self.column} (alone it tells the outcome with an AUC of {self.auc:.3f})"


def power_alone(history: pd.DataFrame, columns: Sequence[str], *, label: str, case: str) -> list[TellTale]:
    """Each column's power alone, the most telling first; a missing value is a value like others.

    Outcome rates are learnt for one half of the cases from the other half, so a column of names that occur once says
    nothing. Numbers are cut into 50 bins.
    """
    outcome = history[label].to_numpy(float)
    if len(np.unique(outcome)) < 2:
        return []
    half = pd.factorize(history[case])[0] % 2 == 0
    found = [
        TellTale(column=column, auc=_auc(_levels(history[column]), outcome, half=half)) for column in columns
    ]
    return sorted(found, key=lambda one: -one.auc)


def tell_tales(
    history: pd.DataFrame, columns: Sequence[str], *, label: str, case: str, limit: float = SUSPICIOUS
) -> list[TellTale]:
    """The columns at or above the limit."""
    return [one for one in power_alone(history, columns, label=label, case=case) if one.auc >= limit]


def _levels(values: pd.Series) -> NDArray[np.int64]:
    if pd.api.types.is_datetime64_any_dtype(values):
        values = (values - values.min()) / pd.Timedelta(hours=1)
    if pd.api.types.is_numeric_dtype(values) and values.nunique() > _BINS:
        values = pd.qcut(values.astype(float), _BINS, labels=False, duplicates="drop")
    return np.asarray(pd.factorize(values)[0], dtype=np.int64)


def _auc(levels: NDArray[np.int64], outcome: NDArray[np.float64], *, half: NDArray[np.bool_]) -> float:
    rates = np.zeros(len(outcome))
    for learn in (half, ~half):
        if not learn.any() or learn.all():
            return 0.5
        mean = outcome[learn].mean()
        count = np.bincount(levels[learn] + 1, minlength=levels.max() + 2)
        breached = np.bincount(levels[learn] + 1, weights=outcome[learn], minlength=levels.max() + 2)
        # Against the half's own mean: else the two halves' means alone would order the rows.
        rate = (breached + _SHRINK * mean) / (count + _SHRINK) - mean
        rates[~learn] = rate[levels[~learn] + 1]
    return float(roc_auc_score(outcome, rates))
