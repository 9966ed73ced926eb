"""SLA arithmetic: a million random cases against the minute-by-minute reference, and what a due time costs."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta

from bench.result import Result, progress
from bench.sla_minutes import differences
from incidents.policy.calendars import WorkCalendar
from incidents.sla.calendars import ALWAYS, Calendar
from incidents.sla.clock import (
    Moment,
    SlaMetric,
    SlaTerms,
    next_moment,
)
from incidents.sla.moves import start

CASES = 1_000_000
TIMES = 100_000
START = datetime(2026, 3, 27, 15, tzinfo=UTC)
TARGET = timedelta(days=30)


def sla() -> Iterator[Result]:
    """Differences found, then microseconds for the due time of a 30 days' target and for a clock's next moment."""
    progress(f"{CASES:,} random cases against the reference")
    found = sum(1 for _ in differences(CASES, seed=time.time_ns()))
    yield Result(
        name="sla_differences", value=found, unit="", ratio=None, against="minute by minute", n=CASES
    )
    office = _office()
    plain = _microseconds(lambda at: ALWAYS.due(at, TARGET))
    due = _microseconds(lambda at: office.due(at, TARGET))
    yield _result("sla_due_30_days", due, plain)
    worked = _microseconds(lambda at: office.working_time(START, at))
    yield _result("sla_working_time", worked, plain)
    terms = SlaTerms(
        policy="gold",
        calendar="office",
        targets={SlaMetric.RESOLUTION: TARGET},
        warnings=(Moment(500), Moment(750), Moment(900)),
    )
    clock = start("zendesk/support#1", SlaMetric.RESOLUTION, terms, at=START, now=START)
    calendars = {"office": office}
    moment = _microseconds(lambda at: next_moment(replace(clock, running_since=at), calendars))
    yield _result("sla_next_moment", moment, plain)


def _office() -> Calendar:
    section = WorkCalendar.model_validate(
        {
            "timezone": "Europe/Berlin",
            "hours": {"mon-fri": ["09:00-12:30", "13:30-18:00"]},
            "holidays": {"country": "DE", "subdivision": "BY"},
        }
    )
    return section.calendar("office")


def _microseconds(call: Callable[[datetime], object]) -> float:
    """What one call takes, at other times of the year again and again."""
    times = [START + timedelta(minutes=7 * number % 500_000) for number in range(TIMES)]
    call(times[0])
    began = time.perf_counter()
    for at in times:
        call(at)
    return (time.perf_counter() - began) / TIMES * 1e6


def _result(name: str, value: float, plain: float) -> Result:
    return Result(
        name=name,
        value=round(value, 2),
        unit="us",
        ratio=round(value / plain, 2),
        against="a due time around the clock",
        n=TIMES,
    )
