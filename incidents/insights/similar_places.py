"""Where reports come from: a grid of cells, to find what was reported nearby."""

from __future__ import annotations

import math
from array import array

import numpy as np
from numpy.typing import NDArray

Ids = NDArray[np.int64]

CELL_KM = 0.25
KM_A_DEGREE = 111.2
ANYWHERE, ANYWHERE_SHARE = 50, 0.01
"""A place with more reports than both is what a form fills in when it knows none: it says nothing."""


def kilometres(place: tuple[float, float] | None) -> tuple[float, float]:
    """North and east on a plane; NaN without a place or with one that is none. Good to a percent within a city."""
    if place is None:
        return math.nan, math.nan
    latitude, longitude = place
    if not (abs(latitude) <= 90 and abs(longitude) <= 360):
        return math.nan, math.nan
    return latitude * KM_A_DEGREE, longitude * KM_A_DEGREE * math.cos(math.radians(round(latitude)))


class PlaceIndex:
    """Numbers of reports by cell, in the order in which they were added."""

    def __init__(self) -> None:
        self._cells: dict[tuple[int, int], array[int]] = {}
        self._counts: dict[tuple[float, float], int] = {}
        self._total = 0

    def add(self, number: int, north: float, east: float) -> None:
        self._total += 1
        if math.isnan(north):
            return
        self._counts[north, east] = self._counts.get((north, east), 0) + 1
        self._cells.setdefault(_cell(north, east), array("q")).append(number)

    def says_nothing(self, north: float, east: float) -> bool:
        count = self._counts.get((north, east), 0)
        return math.isnan(north) or count > max(ANYWHERE, ANYWHERE_SHARE * self._total)

    def near(self, north: float, east: float) -> Ids:
        """Everything in its cell and the eight around it, oldest first."""
        if self.says_nothing(north, east):
            return np.empty(0, np.int64)
        row, column = _cell(north, east)
        cells = [
            self._cells[one]
            for one in ((row + up, column + right) for up in (-1, 0, 1) for right in (-1, 0, 1))
            if one in self._cells
        ]
        found = [np.frombuffer(cell, np.int64) for cell in cells]
        return np.sort(np.concatenate([np.empty(0, np.int64), *found]))


def _cell(north: float, east: float) -> tuple[int, int]:
    return math.floor(north / CELL_KM), math.floor(east / CELL_KM)
