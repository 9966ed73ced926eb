"""Surge detection on surge311: 40 bursts put into four months of real requests to a city, replayed strictly online.

A burst is found when an alarm, on its type and in its neighbourhood or everywhere, comes between its first and its
last request: no grace. The delay is counted from its first request. Every other alarm from the first burst on is
false; one surge is one alarm, until four hours have passed without another request too many. The city's data does
not say who reported: `reported` guesses it from time, channel and spot.

The constants (the product's defaults, and the three of `reported`) are those that held the goals on the first twenty
bursts, tried beside bursts of our own put into July to September. The last twenty, from 2011-10-01 on, took no part
in the choice, but their outcomes were seen while it was made: held out, not blind.
"""

from __future__ import annotations

import csv
import gzip
import math
import time
from collections import Counter, defaultdict, deque
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from statistics import median

import numpy as np

from bench.insight_figure import Figure, interval
from bench.result import progress
from incidents.insights.surge import Surge, SurgeDetector
from incidents.insights.surge_voices import SurgeEvent

SURGE311 = Path(__file__).parents[2] / "shared" / "data" / "surge311"
SIMPLE = "recall 0.925 at 5.5 false alarms a week, 34 min delay"
GOAL = "recall >= 0.95 at <= 3 false alarms a week, <= 25 min median delay"
WEEK = timedelta(weeks=1)
STORM = (datetime(2011, 8, 27, tzinfo=UTC), datetime(2011, 9, 1, tzinfo=UTC))
LEARNT = datetime(2011, 8, 1, tzinfo=UTC)

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


def requests(folder: Path = SURGE311) -> list[Request]:
    """The stream in its order."""
    return [
        Request(
            at=_time(row["open_dt"]),
            type=row["type"],
            place=row["neighborhood"].strip(),
            north=float(row["latitude"]),
            east=float(row["longitude"]),
            channel=row["source"],
        )
        for row in _rows(folder / "stream.csv.gz")
    ]


def bursts(folder: Path = SURGE311) -> list[Burst]:
    """In order of their starts."""
    found = (
        Burst(start=_time(row["start"]), end=_time(row["end"]), type=row["type"], place=row["neighborhood"])
        for row in _rows(folder / "bursts.csv.gz")
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


def alarms(events: Iterable[SurgeEvent]) -> list[Alarm]:
    """One pass with the product's defaults."""
    detector = SurgeDetector()
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


def surge_figures() -> Iterator[Figure]:
    """Recall, false alarms and delay on all bursts and the held-out ones, without reporters, and the storm."""
    stream, known = requests(), bursts()
    half, end = known[len(known) // 2].start, stream[-1].at + timedelta(seconds=1)
    progress(f"replaying {len(stream):,} requests")
    began = time.perf_counter()
    found = alarms(reported(stream))
    progress(f"{(time.perf_counter() - began) / len(stream) * 1e6:.0f} us a request")
    yield from _figures("", judged(found, known, since=known[0].start, until=end))
    yield from _figures("_held_out", judged(found, known[len(known) // 2 :], since=half, until=end))
    unknown = alarms(anonymous(stream))
    yield from _figures("_without_reporters", judged(unknown, known, since=known[0].start, until=end))
    yield from _storm(found)


def _figures(suffix: str, outcome: Outcome) -> Iterator[Figure]:
    hits = np.array([number in outcome.delays for number in range(outcome.bursts)], dtype=float)
    delays = np.array(list(outcome.delays.values()))
    low, high = interval(lambda cases: float(hits[cases].mean()), len(hits))
    recall = Figure(
        name=f"surge_recall{suffix}",
        value=round(outcome.recall, 3),
        low=round(low, 3),
        high=round(high, 3),
        goal=GOAL,
        simple=SIMPLE,
        n=outcome.bursts,
        protocol="surge311, online, an alarm between a burst's first and last request; resampled by burst",
    )
    yield recall
    yield _false_alarms(f"surge_false_alarms_a_week{suffix}", outcome)
    low, high = interval(lambda cases: float(np.median(delays[cases])), len(delays))
    yield replace(
        recall,
        name=f"surge_delay_minutes{suffix}",
        value=round(median(delays), 1),
        low=round(low, 1),
        high=round(high, 1),
        n=len(delays),
        protocol="median over the bursts found, from a burst's first request to the alarm; resampled by burst",
    )


def _storm(found: list[Alarm]) -> Iterator[Figure]:
    """The weeks before the bursts, with and without the days of the hurricane, which is real and has no label."""
    until = datetime(2011, 9, 10, tzinfo=UTC)
    calm = [alarm for alarm in found if not STORM[0] <= alarm.at < STORM[1]]
    outcome = judged(calm, (), since=LEARNT, until=until)
    yield _false_alarms(
        "surge_false_alarms_a_week_before_bursts_without_storm",
        replace(outcome, since=LEARNT + (STORM[1] - STORM[0])),
        protocol="2011-08-01 to 09-09 without 08-27 to 08-31",
    )
    yield _false_alarms(
        "surge_false_alarms_a_week_before_bursts_with_storm",
        judged(found, (), since=LEARNT, until=until),
        protocol="2011-08-01 to 09-09, each alarm of the storm counted as false",
    )


def _false_alarms(name: str, outcome: Outcome, protocol: str = "all other alarms") -> Figure:
    days = math.ceil((outcome.until - outcome.since) / timedelta(days=1))
    a_day = np.zeros(days)
    # Which day is which does not matter to the resampling.
    counts = list(Counter(at.date() for at in outcome.false).values())
    a_day[: len(counts)] = counts
    scale = days / ((outcome.until - outcome.since) / WEEK)
    low, high = interval(lambda cases: float(a_day[cases].mean() * scale), days)
    return Figure(
        name=name,
        value=round(outcome.false_a_week, 2),
        low=round(low, 2),
        high=round(high, 2),
        goal=GOAL,
        simple=SIMPLE,
        n=len(outcome.false),
        protocol=f"surge311, online, {protocol}; resampled by day",
    )


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
