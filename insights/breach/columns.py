"""Encoding of categories and numbers for the trees, the same for a frame and for one row."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from numbers import Real

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from insights.breach.roles import Roles
from insights.learning import UnusableHistory

# A name seen in fewer cases says more about those cases than about the name.
_FEWEST_CASES = 10
_LONGEST_NAME = 200
_MISSING = float("nan")


@dataclass(frozen=True, kw_only=True)
class Columns:
    """`levels` are the names learnt of each categorical column; any other name is the same as a missing one."""

    roles: Roles
    levels: Mapping[str, Mapping[str, int]]

    @classmethod
    def learn(cls, history: pd.DataFrame, roles: Roles) -> Columns:
        """Which words of each column are common enough to be known apart; all others are one."""
        levels = {}
        for column in roles.categorical:
            names = history[column].astype(object).map(_name)
            cases = history[roles.case].groupby(names).nunique()
            often = sorted(str(name) for name, count in cases.items() if count >= _FEWEST_CASES)
            levels[column] = {name: number for number, name in enumerate(often)}
        return cls(roles=roles, levels=levels)

    def matrix(self, rows: pd.DataFrame) -> NDArray[np.float64]:
        """Raises `UnusableHistory` for a missing column and for a number that is none."""
        self.roles.require(rows.columns, with_label=False)
        matrix = np.empty((len(rows), len(self.roles.columns)))
        for place, column in enumerate(self.roles.columns):
            if column in self.levels:
                matrix[:, place] = (
                    rows[column].astype(object).map(_name).map(self.levels[column]).to_numpy(float)
                )
            else:
                matrix[:, place] = _numbers(rows[column])
        return matrix

    def vector(self, row: Mapping[str, object]) -> NDArray[np.float64]:
        """One row, without pandas: it is asked at every event. Raises as `matrix` does."""
        self.roles.require(row, with_label=False)
        named = [
            self.levels[column].get(_name(row[column]) or "", _MISSING) for column in self.roles.categorical
        ]
        numbers = [_number(column, row[column]) for column in self.roles.numeric]
        return np.array([[*named, *numbers]], dtype=float)


def _name(value: object) -> str | None:
    """56 and 56.0 are one name; a missing value and one too long for a name are none."""
    if value is None or value is pd.NA or (isinstance(value, float) and math.isnan(value)):
        return None
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    text = str(value)
    return text if len(text) <= _LONGEST_NAME else None


def _numbers(values: pd.Series) -> NDArray[np.float64]:
    if pd.api.types.is_numeric_dtype(values):
        numbers = values.to_numpy(float, na_value=_MISSING)
        return np.where(np.isfinite(numbers), numbers, _MISSING)
    return np.array([_number(str(values.name), value) for value in values], dtype=float)


def _number(column: str, value: object) -> float:
    if value is None or value is pd.NA:
        return _MISSING
    if not isinstance(value, Real):
        raise UnusableHistory(
            f"column {column} wants numbers and holds {type(value).__name__}; convert it first"
        )
    try:
        number = float(value)
    except OverflowError:
        return _MISSING
    return number if math.isfinite(number) else _MISSING
