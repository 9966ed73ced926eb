"""What is allowed in the policy's section `sla`, but may not be what was meant. `liaison check` tells it."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from itertools import pairwise

from incidents.policy.calendars import WEEKDAYS
from incidents.policy.sla.section import Sla
from incidents.sla.calendars import Calendar

Place = tuple[str | int, ...]

_DAY = timedelta(days=1)
_HOUR = timedelta(hours=1)
_MINUTE = timedelta(minutes=1)


def sla_remarks(sla: Sla) -> Iterator[tuple[Place, str]]:
    """Where in the file, and what: days that mean 24 working hours each, and targets shorter than a break."""
    calendars = sla.working_calendars()
    for index, policy in enumerate(sla.policies):
        calendar = calendars[policy.calendar]
        for metric, target in policy.targets.by_metric().items():
            place = ("sla", "policies", index, "targets", metric.value)
            if target > _DAY and not target % _DAY and calendar.weekly < 7 * _DAY:
                yield place, _long_days(target, calendar)
            pause = _first_break_over(target, calendar)
            if pause is not None:
                yield place, _over_a_break(pause, calendar)


def _long_days(target: timedelta, calendar: Calendar) -> str:
    days = sum(1 for hours in calendar.week if hours)
    average = calendar.weekly / days / _HOUR
    meant = target // _DAY * average
    return (
        f"{target / _HOUR:g} h of working time are {target / calendar.weekly:.1f} weeks of calendar "
        f"{calendar.name!r}, for a day (1d) is 24 h; write {meant:g}h if working days of {average:g} h were meant"
    )


def _over_a_break(pause: str, calendar: Calendar) -> str:
    return (
        f"this is shorter than the break {pause} of calendar {calendar.name!r}: what comes in just before the "
        "break is due after it; leave out the break if somebody answers then"
    )


def _first_break_over(target: timedelta, calendar: Calendar) -> str | None:
    """The first break within a day that is longer than the target: `mon 12:30-13:30`."""
    for day, hours in zip(WEEKDAYS, calendar.week, strict=True):
        for (_, closes), (opens, _) in pairwise(hours):
            if (opens - closes) * _MINUTE > target:
                return f"{day} {_clock(closes)}-{_clock(opens)}"
    return None


def _clock(minute: int) -> str:
    return f"{minute // 60:02d}:{minute % 60:02d}"
