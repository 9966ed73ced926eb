"""Candidate generation (blocking): the reports of the past, found by words, place and service, with their incident.

It grows report by report. Nothing here knows what is likely; that is the pair model's.
"""

from __future__ import annotations

from array import array
from datetime import UTC, datetime

import numpy as np
from numpy.typing import NDArray

from insights.similar.pairs import Candidates
from insights.similar.places import (
    PlaceIndex,
    degrees,
    distances,
)
from insights.similar.report import TicketReport
from insights.similar.terms import (
    Ids,
    Said,
    TermIndex,
)

BY_TEXT = 80
BY_TITLE = 60
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
        self._latitudes = array("d")
        self._longitudes = array("d")
        self._facts = {name: array("q") for name in _FACTS}
        self._values: dict[tuple[str, str], int] = {}
        self._members: dict[int, array[int]] = {}
        self._by: dict[tuple[str, int], array[int]] = {}
        self._ended: dict[int, float] = {}
        self._latest = array("d")

    def __len__(self) -> int:
        return len(self.ids)

    def add(self, report: TicketReport) -> None:
        """Raises `ValueError` for an id that is there already or a time without a zone."""
        if report.id in self.numbers:
            raise ValueError(f"report {report.id} is there already")
        number = len(self)
        opened = _hours(report.opened_at)
        latitude, longitude = degrees(report.place)
        self.ids.append(report.id)
        self.numbers[report.id] = number
        self.incidents.append(None)
        self._said.add(Said.of(report.title, report.body))
        self._places.add(number, latitude, longitude)
        self._opened.append(opened)
        self._latest.append(max(opened, self._latest[-1] if number else opened))
        self._closed.append(np.inf)
        self._latitudes.append(latitude)
        self._longitudes.append(longitude)
        for name in _FACTS:
            self._facts[name].append(0)
        for name in ("service", "kind", "customer", "channel", "address"):
            code = self._code(name, getattr(report, name))
            self._facts[name][number] = code
            if name in ("service", "address") and code:
                self._by.setdefault((name, code), array("q")).append(number)
        if report.incident is not None:
            self.join(report.id, report.incident)

    def join(self, report: str, incident: str) -> None:
        """The report belongs to this incident from now on, and to no other. Raises `KeyError` for an unknown one."""
        number = self.numbers[report]
        before = self._facts["incident"][number]
        if before:
            self._members[before].remove(number)
        code = self._code("incident", incident)
        self._facts["incident"][number] = code
        self.incidents[number] = incident
        self._members.setdefault(code, array("q")).append(number)

    def close(self, report: str, at: datetime) -> None:
        """It was over at this time. Raises `KeyError` for an unknown report."""
        self._closed[self.numbers[report]] = _hours(at)

    def end(self, incident: str, at: datetime) -> None:
        """The incident was over at this time, and with it its reports. Raises `KeyError` for an unknown one."""
        code = self._values["incident", incident]
        over = _hours(at)
        self._ended[code] = over
        for number in self._members[code]:
            self._closed[number] = min(self._closed[number], over)

    def is_open(self, number: int, now: datetime) -> bool:
        """Whether its fault is: that of its incident, whose tickets may be solved one by one, or its own."""
        code = self._facts["incident"][number]
        over = self._ended.get(code, np.inf) if code else self._closed[number]
        return over > _hours(now)

    def members(self, number: int) -> int:
        """How many reports its incident has."""
        code = self._facts["incident"][number]
        return len(self._members[code]) if code else 1

    def candidates(self, report: TicketReport, said: Said, *, now: datetime) -> Ids:
        """Those worth a closer look: alike in words, nearby, at the same address, or of its service just now."""
        until = _hours(now)
        since = (
            int(np.searchsorted(np.frombuffer(self._latest), until - self.horizon_hours)) if len(self) else 0
        )
        found = [
            self._said.find((*said.title, *said.body), BY_TEXT, since=since),
            self._said.find(said.title, BY_TITLE, since=since),
            self._places.near(*degrees(report.place))[-BY_PLACE:],
            self._newest("address", report.address, BY_ADDRESS),
            self._newest("service", report.service, BY_SERVICE),
        ]
        numbers = np.unique(np.concatenate(found))
        opened = np.frombuffer(self._opened)[numbers] if len(numbers) else np.empty(0)
        kept = (opened >= until - self.horizon_hours) & (opened <= until)
        if report.id in self.numbers:
            kept &= numbers != self.numbers[report.id]
        return numbers[kept]

    def look(self, report: TicketReport, said: Said, numbers: Ids, *, now: datetime) -> Candidates:
        """What the pair model is told of these candidates."""
        until = _hours(now)
        opened = np.frombuffer(self._opened)[numbers]
        closed = np.frombuffer(self._closed)[numbers]
        alike = self._said.overlaps(said, numbers)
        size, grew, first = self._company(numbers, opened)
        return Candidates(
            text=alike.text,
            title=alike.title,
            title_in_text=alike.title_in_text,
            hours=until - opened,
            hours_since_closed=np.where(closed <= until, until - closed, np.nan),
            kilometres=self._distances(report, numbers),
            same_address=self._same("address", report.address, numbers),
            same_service=self._same("service", report.service, numbers),
            same_kind=self._same("kind", report.kind, numbers),
            same_customer=self._same("customer", report.customer, numbers),
            same_channel=self._same("channel", report.channel, numbers),
            incident_size=size,
            hours_since_incident_grew=np.maximum(until - grew, 0),
            is_first_of_incident=first,
        )

    def shared_words(self, said: Said, number: int) -> list[tuple[str, float]]:
        """The words that a text has in common with a report of the past, each with its rarity, the rarest first."""
        return self._said.shared(said, number)

    def _company(
        self, numbers: Ids, opened: NDArray[np.float64]
    ) -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.bool_]]:
        """Each one's incident: its size, when it grew last, and whether this one is its first."""
        size, grew, first = np.ones(len(numbers)), opened.copy(), np.ones(len(numbers), np.bool_)
        codes = np.frombuffer(self._facts["incident"], np.int64)[numbers]
        for place in np.flatnonzero(codes):
            members = self._members[int(codes[place])]
            size[place] = len(members)
            grew[place] = max(self._opened[members[-1]], opened[place])
            first[place] = members[0] == numbers[place]
        return size, grew, first

    def _distances(self, report: TicketReport, numbers: Ids) -> NDArray[np.float64]:
        latitude, longitude = degrees(report.place)
        if self._places.says_nothing(latitude, longitude):
            return np.full(len(numbers), np.nan)
        latitudes = np.frombuffer(self._latitudes)[numbers]
        longitudes = np.frombuffer(self._longitudes)[numbers]
        far = distances(latitude, longitude, latitudes, longitudes)
        for place in np.flatnonzero(far < np.inf):
            if self._places.says_nothing(float(latitudes[place]), float(longitudes[place])):
                far[place] = np.nan
        return far

    def _same(self, name: str, value: str, numbers: Ids) -> NDArray[np.bool_]:
        """Both have it and it is the same: what is not given is the same as nothing."""
        code = self._values.get((name, value), -1)
        return np.asarray(np.frombuffer(self._facts[name], np.int64)[numbers] == code)

    def _newest(self, name: str, value: str, most: int) -> Ids:
        of_it = self._by.get((name, self._values.get((name, value), -1)))
        return np.array(of_it[-most:] if of_it is not None else [], np.int64)

    def _code(self, name: str, value: str) -> int:
        return self._values.setdefault((name, value), len(self._values) + 1) if value else 0


def _hours(at: datetime) -> float:
    if at.tzinfo is None:
        raise ValueError(f"{at} has no time zone")
    return (at - _EPOCH).total_seconds() / _HOUR
