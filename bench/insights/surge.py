"""Surge detection on surge311 (see `surge311` for what counts), and beside the batches of a city's staff.

The city's data does not say who reported: `surge311.reported` guesses it from time, channel and spot. The
constants (the product's defaults, and the three of `reported`) are those that held the goals on the first twenty
bursts, tried beside bursts of our own put into July to September. The last twenty, from 2011-10-01 on, took no part
in the choice, but their outcomes were seen while it was made: held out, not blind.
"""

from __future__ import annotations

import math
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from statistics import median

import numpy as np
from scipy.stats import binomtest

from bench.insights.figure import Figure, interval
from bench.insights.surge311 import (
    BOSTON311,
    WEEK,
    Alarm,
    Outcome,
    alarms,
    anonymous,
    bursts,
    judged,
    reported,
    requests,
)
from bench.result import progress
from insights.surge.detector import SurgeSettings

SIMPLE = "recall 0.925 at 5.5 false alarms a week, 34 min delay"
GOAL = "recall >= 0.95 at <= 3 false alarms a week, <= 25 min median delay"
STORM = (datetime(2011, 8, 27, tzinfo=UTC), datetime(2011, 9, 1, tzinfo=UTC))
LEARNT = datetime(2011, 8, 1, tzinfo=UTC)
STAFF = frozenset({"Employee Generated", "Maximo Integration"})


def surge_figures() -> Iterator[Figure]:
    """Recall, false alarms and delay on all bursts, on the held-out ones and without reporters; the storm; batches."""
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
    yield from _batches()


def _figures(suffix: str, outcome: Outcome) -> Iterator[Figure]:
    delays = np.array(list(outcome.delays.values()))
    # A resample of nothing but hits is all hits: the exact interval of a share tells more.
    low, high = binomtest(len(delays), outcome.bursts).proportion_ci()
    recall = Figure(
        name=f"surge_recall{suffix}",
        value=round(outcome.recall, 3),
        low=round(low, 3),
        high=round(high, 3),
        goal=GOAL,
        simple=SIMPLE,
        n=outcome.bursts,
        protocol="surge311, online, an alarm between a burst's first and last request; exact binomial interval",
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
    yield _false_alarms(
        "surge_false_alarms_a_week_before_bursts_without_storm",
        _without_storm(found, until),
        protocol="surge311 2011-08-01 to 09-09 without 08-27 to 08-31",
    )
    yield _false_alarms(
        "surge_false_alarms_a_week_before_bursts_with_storm",
        judged(found, (), since=LEARNT, until=until),
        protocol="surge311 2011-08-01 to 09-09, each alarm of the storm counted as false",
    )


def _batches() -> Iterator[Figure]:
    """Four months with all that staff enter, and no bursts: each alarm counts, whatever it was."""
    stream = requests(BOSTON311)
    progress(f"replaying {len(stream):,} requests with staff's own among them")
    until = stream[-1].at + timedelta(seconds=1)
    for suffix, sources in (("named", STAFF), ("not_named", frozenset())):
        found = alarms(reported(stream), SurgeSettings(staff_sources=sources))
        yield _false_alarms(
            f"surge_alarms_a_week_staff_source_{suffix}",
            _without_storm(found, until),
            protocol="boston311 from 2011-08-01 without the storm, all alarms",
        )


def _without_storm(found: list[Alarm], until: datetime) -> Outcome:
    """All alarms since 2011-08-01 but those of the storm, over the time without it."""
    calm = [alarm for alarm in found if not STORM[0] <= alarm.at < STORM[1]]
    outcome = judged(calm, (), since=LEARNT, until=until)
    return replace(outcome, since=LEARNT + (STORM[1] - STORM[0]))


def _false_alarms(name: str, outcome: Outcome, protocol: str = "surge311, all other alarms") -> Figure:
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
        protocol=f"{protocol}; online, resampled by day",
    )
