"""Ground truth for alarms, what became of surges: was there an incident? In the shadow too, where nothing was done
about them.

How many were right is what a team needs to know before it lets surges open candidates, and whether to make them
quieter afterwards.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from incidents.decisions.surges.surge_name import SurgeName

BEFORE, AFTER = timedelta(hours=2), timedelta(hours=4)
"""From so long before a surge begins until so long after it, an incident of its service is its own."""

FEWEST = 10
"""Surges with a known end below which nothing is advised."""

RIGHT = 0.5
"""Where fewer were right, whoever is told of surges stops looking."""


class SurgeEnd(StrEnum):
    """UNKNOWN: none of the services, so nobody can say whose incident it would have been."""

    INCIDENT = "incident"
    NOTHING = "nothing"
    OPEN = "open"
    UNKNOWN = "unknown"


@dataclass(frozen=True, kw_only=True, slots=True)
class NotedSurge:
    """A surge as it was written down: `since` is when it began, `noted_at` when it was seen."""

    name: str
    service: str | None
    since: datetime
    noted_at: datetime
    words: str
    is_shadow: bool

    @property
    def group(self) -> str:
        """What its reports have in common: `service=checkout tier=gold`."""
        return SurgeName.read(self.name).words


@dataclass(frozen=True, kw_only=True, slots=True)
class IncidentThen:
    """`was_real`: confirmed, taken by an engineer or resolved. `is_over`: closed or found to be none. `surges` are the
    names of those that its evidence tells of.
    """

    name: str
    service: str
    opened_at: datetime
    was_real: bool
    is_over: bool
    surges: frozenset[str]


@dataclass(frozen=True, kw_only=True, slots=True)
class SurgeOutcome:
    """`incident` is the one it was, by name; `lead` how long before that was opened the surge was seen (below zero:
    after it)."""

    surge: NotedSurge
    end: SurgeEnd
    incident: str | None = None
    lead: timedelta | None = None


def outcome_of(surge: NotedSurge, known: Iterable[IncidentThen], *, now: datetime) -> SurgeOutcome:
    """Its own incident is the one that was opened by it or told of it; else one of its service at that time."""
    incidents = sorted(known, key=lambda one: abs(one.opened_at - surge.since))
    evident = [one for one in incidents if surge.name in one.surges]
    there = [
        one
        for one in incidents
        if one.service == surge.service and surge.since - BEFORE <= one.opened_at <= surge.since + AFTER
    ]
    found = evident or there
    for one in found:
        if one.was_real:
            lead = one.opened_at - surge.noted_at
            return SurgeOutcome(surge=surge, end=SurgeEnd.INCIDENT, incident=one.name, lead=lead)
    if any(not one.is_over for one in found):
        return SurgeOutcome(surge=surge, end=SurgeEnd.OPEN, incident=found[0].name)
    if not evident and surge.service is None:
        return SurgeOutcome(surge=surge, end=SurgeEnd.UNKNOWN)
    if not evident and now < surge.since + AFTER:
        return SurgeOutcome(surge=surge, end=SurgeEnd.OPEN)
    return SurgeOutcome(surge=surge, end=SurgeEnd.NOTHING, incident=found[0].name if found else None)


@dataclass(frozen=True, kw_only=True, slots=True)
class SurgeTally:
    """Of `settled` surges `right` were incidents."""

    right: int
    settled: int

    @property
    def is_noisy(self) -> bool:
        """Whether so few of them were right that the threshold should be raised; never said of less than `FEWEST`."""
        return self.settled >= FEWEST and self.right < RIGHT * self.settled

    def __str__(self) -> str:
        return f"{self.right} of {self.settled} surges were incidents"


def tally(outcomes: Sequence[SurgeOutcome]) -> SurgeTally:
    """How many of these came to an incident, among those whose end is known."""
    ends = [one.end for one in outcomes]
    right = ends.count(SurgeEnd.INCIDENT)
    return SurgeTally(right=right, settled=right + ends.count(SurgeEnd.NOTHING))
