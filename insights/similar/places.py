"""A spatial index of reports: a grid of cells, to find what was reported nearby."""

from __future__ import annotations

import math
from array import array

import numpy as np
from numpy.typing import NDArray

Ids = NDArray[np.int64]
Floats = NDArray[np.float64]

CELL_KM = 0.25
KM_A_DEGREE = 111.2
ANYWHERE, ANYWHERE_SHARE = 50, 0.01
"""A place with more reports than both is what a form fills in when it knows none: it says nothing."""


def degrees(place: tuple[float, float] | None) -> tuple[float, float]:
    """Latitude and longitude; NaN without a place or with one that is none."""
    if place is None or not (abs(place[0]) <= 90 and abs(place[1]) <= 180):
        return math.nan, math.nan
    return place


def distances(latitude: float, longitude: float, latitudes: Floats, longitudes: Floats) -> Floats:
    """Kilometres to each, on a plane that touches the earth here: good to a percent within a city.

    The two sides of the 180th meridian are far apart to it.
    """
    north = (latitudes - latitude) * KM_A_DEGREE
    east = (longitudes - longitude) * KM_A_DEGREE * math.cos(math.radians(latitude))
    return np.hypot(north, east)


class PlaceIndex:
    """Numbers of reports by cell, in the order in which they were added."""

    def __init__(self) -> None:
        self._cells: dict[tuple[int, int], array[int]] = {}
        self._counts: dict[tuple[float, float], int] = {}
        self._total = 0

    def add(self, number: int, latitude: float, longitude: float) -> None:
        """The report of this number was at this place, in degrees; not a number for one without."""
        self._total += 1
        if math.isnan(latitude):
            return
        place = latitude, longitude
        self._counts[place] = self._counts.get(place, 0) + 1
        self._cells.setdefault(_cell(latitude, longitude), array("q")).append(number)

    def says_nothing(self, latitude: float, longitude: float) -> bool:
        """Whether the place stands for "somewhere": unknown, or given for far more reports than one spot can have."""
        count = self._counts.get((latitude, longitude), 0)
        return math.isnan(latitude) or count > max(ANYWHERE, ANYWHERE_SHARE * self._total)

    def near(self, latitude: float, longitude: float) -> Ids:
        """Everything in the cells around it, oldest first: all within `CELL_KM`, up to 60 degrees of latitude."""
        if self.says_nothing(latitude, longitude):
            return np.empty(0, np.int64)
        row, column = _cell(latitude, longitude)
        # Cells get narrower towards the poles, therefore two to each side.
        around = ((row + up, column + right) for up in (-1, 0, 1) for right in (-2, -1, 0, 1, 2))
        found = [np.frombuffer(self._cells[cell], np.int64) for cell in around if cell in self._cells]
        return np.sort(np.concatenate([np.empty(0, np.int64), *found]))


def _cell(latitude: float, longitude: float) -> tuple[int, int]:
    size = CELL_KM / KM_A_DEGREE
    return math.floor(latitude / size), math.floor(longitude / size)
