"""surge311 and its protocol: 40 bursts put into four months of real requests to a city, replayed strictly online.

A burst is found when an alarm, on its type and in its neighbourhood or everywhere, comes between its first and its
last request: no grace. The delay is counted from its first request. Every other alarm from the first burst on is
false; one surge is one alarm, until four hours have passed without another request too many.
"""

from __future__ import annotations

import csv
import gzip
import math
from collections import defaultdict, deque
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from insights.surge.detector import (
    Surge,
    SurgeDetector,
    SurgeSettings,
)
from insights.surge.voices import SurgeEvent

DATA = Path(__file__).parents[3] / "shared" / "data"
STREAM = DATA / "surge311" / "stream.csv.gz"
BURSTS = DATA / "surge311" / "bursts.csv.gz"
BOSTON311 = DATA / "boston311" / "requests.csv.gz"
WEEK = timedelta(weeks=1)

_ONE_WALK_KM = 0.5
_SAME_SPOT_KM = 0.03
_ONE_WALK = timedelta(minutes=8)
_KM_NORTH, _KM_EAST = 111.2, 82.2
_CITY_HALL = (42.3594, -71.0587)
"""Where the city puts what has no address: tells nothing about who reported."""


@dataclass(frozen=True, kw_only=True)
class Request:
    at: datetime
    type: str
    place: str
    north: float
    east: float
    channel: str

    def km_to(self, other: Request) -> float:
        if _CITY_HALL in ((self.north, self.east), (other.north, other.east)):
            return math.inf
        return math.hypot((self.north - other.north) * _KM_NORTH, (self.east - other.east) * _KM_EAST)


@dataclass(frozen=True, kw_only=True)
class Burst:
    start: datetime
    end: datetime
    type: str
    place: str

    def is_found_by(self, surge: Surge, at: datetime) -> bool:
        group = dict(surge.group)
        overlaps = group["service"] == self.type and group.get("place", self.place) == self.place
        return overlaps and self.start <= at <= self.end


@dataclass(frozen=True, kw_only=True)
class Alarm:
    at: datetime
    surge: Surge


@dataclass(frozen=True, kw_only=True)
class Outcome:
    """`delays` has a burst's number and the minutes until it was found; `false` are the other alarms' times."""

    bursts: int
    delays: dict[int, float]
    false: tuple[datetime, ...]
    since: datetime
    until: datetime

    @property
    def recall(self) -> float:
        return len(self.delays) / self.bursts

    @property
    def false_a_week(self) -> float:
        return len(self.false) / ((self.until - self.since) / WEEK)


def requests(path: Path = STREAM) -> list[Request]:
    """In order of their times."""
    found = (
        Request(
            at=_time(row["open_dt"]),
            type=row["type"],
            place=row["neighborhood"].strip(),
            north=float(row["latitude"] or _CITY_HALL[0]),
            east=float(row["longitude"] or _CITY_HALL[1]),
            channel=row["source"],
        )
        for row in _rows(path)
    )
    return sorted(found, key=lambda request: request.at)


def bursts(path: Path = BURSTS) -> list[Burst]:
    """In order of their starts."""
    found = (
        Burst(start=_time(row["start"]), end=_time(row["end"]), type=row["type"], place=row["neighborhood"])
        for row in _rows(path)
    )
    return sorted(found, key=lambda burst: burst.start)


def reported(stream: Iterable[Request]) -> Iterator[SurgeEvent]:
    """Each request with its likely reporter: that of an earlier one of its type in the last eight minutes which came
    by the same channel from within half a kilometre (somebody walks down a street), or from the very spot by any
    channel (staff enter it again).
    """
    recent: defaultdict[str, deque[tuple[Request, str]]] = defaultdict(deque)
    for number, request in enumerate(stream):
        earlier = recent[request.type]
        while earlier and request.at - earlier[0][0].at > _ONE_WALK:
            earlier.popleft()
        reporter = next((who for one, who in reversed(earlier) if _is_same(one, request)), str(number))
        earlier.append((request, reporter))
        yield _event(request, reporter)


def anonymous(stream: Iterable[Request]) -> Iterator[SurgeEvent]:
    """Each request as if by another person."""
    return (_event(request, None) for request in stream)


def alarms(events: Iterable[SurgeEvent], settings: SurgeSettings | None = None) -> list[Alarm]:
    """One pass, with the product's defaults or these settings."""
    detector = SurgeDetector(settings)
    return [Alarm(at=event.at, surge=surge) for event in events if (surge := detector.see(event)) is not None]


def judged(found: Iterable[Alarm], among: Sequence[Burst], *, since: datetime, until: datetime) -> Outcome:
    delays: dict[int, float] = {}
    false: list[datetime] = []
    for alarm in found:
        if not since <= alarm.at < until:
            continue
        hit = [number for number, burst in enumerate(among) if burst.is_found_by(alarm.surge, alarm.at)]
        for number in hit:
            minutes = (alarm.at - among[number].start) / timedelta(minutes=1)
            delays[number] = min(minutes, delays.get(number, minutes))
        if not hit:
            false.append(alarm.at)
    return Outcome(bursts=len(among), delays=delays, false=tuple(false), since=since, until=until)


def _is_same(one: Request, other: Request) -> bool:
    return one.km_to(other) <= (_ONE_WALK_KM if one.channel == other.channel else _SAME_SPOT_KM)


def _event(request: Request, reporter: str | None) -> SurgeEvent:
    return SurgeEvent(
        at=request.at,
        keys={"service": request.type, "place": request.place},
        source=request.channel,
        reporter=reporter,
    )


def _rows(path: Path) -> Iterator[dict[str, str]]:
    with gzip.open(path, "rt", encoding="utf-8", newline="") as file:
        yield from csv.DictReader(file)


def _time(text: str) -> datetime:
    """The city's wall-clock time, taken as UTC: in these months its clocks are not changed."""
    return datetime.fromisoformat(text).replace(tzinfo=UTC)
