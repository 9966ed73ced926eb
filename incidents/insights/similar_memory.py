"""The reports of the past as similarity needs them: found by words, place and service, with their incident.

It grows report by report. Nothing here knows what is likely; that is the pair model's.
"""

from __future__ import annotations

from array import array
from datetime import UTC, datetime

import numpy as np
from numpy.typing import NDArray

from incidents.insights.similar_pairs import Candidates
from incidents.insights.similar_places import PlaceIndex, kilometres
from incidents.insights.similar_report import Report
from incidents.insights.similar_terms import Ids, Said, TermIndex

BY_TEXT = 120
BY_PLACE = 150
BY_ADDRESS = 40
BY_SERVICE = 40

_HOUR = 3600.0
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_FACTS = ("service", "kind", "customer", "channel", "address", "incident")


class Memory:
    """`horizon_hours` is how far back candidates are looked for."""

    def __init__(self, *, horizon_hours: float) -> None:
        self.horizon_hours = horizon_hours
        self.ids: list[str] = []
        self.numbers: dict[str, int] = {}
        self.incidents: list[str | None] = []
        self._said = TermIndex()
        self._places = PlaceIndex()
        self._opened = array("d")
        self._closed = array("d")
        self._north = array("d")
        self._east = array("d")
        self._facts = {name: array("q") for name in _FACTS}
        self._values: dict[tuple[str, str], int] = {}
        self._members: dict[int, array[int]] = {}
        self._by: dict[tuple[str, int], array[int]] = {}
