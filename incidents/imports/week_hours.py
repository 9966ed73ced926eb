"""Hours of a week as another tool has them, written as a policy file has them."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import groupby

from incidents.policy.calendars import WEEKDAYS
from incidents.service_levels import WEEK, OpenHours

_DAY = 1440


def merged(hours: Sequence[OpenHours]) -> list[tuple[int, int]]:
    """In order, and what overlaps or touches in one: somebody works if any of them says so."""
    joined: list[tuple[int, int]] = []
    for opens, closes in sorted((max(0, one.opens), min(WEEK, one.closes)) for one in hours):
        if opens >= closes:
            continue
        if joined and opens <= joined[-1][1]:
            joined[-1] = (joined[-1][0], max(closes, joined[-1][1]))
        else:
            joined.append((opens, closes))
    return joined


def written(hours: Sequence[tuple[int, int]]) -> dict[str, list[str]]:
    """`mon-fri: [09:00-17:00]`: by day, cut at midnight, and neighbouring days that are equal in one."""
    days = [
        [
            f"{_clock(max(opens, start) - start)}-{_clock(min(closes, start + _DAY) - start)}"
            for opens, closes in hours
            if opens < start + _DAY and closes > start
        ]
        for start in range(0, WEEK, _DAY)
    ]
    by_days: dict[str, list[str]] = {}
    for texts, group in groupby(zip(WEEKDAYS, days, strict=True), key=lambda one: one[1]):
        names = [name for name, _ in group]
        if texts:
            by_days[names[0] if len(names) == 1 else f"{names[0]}-{names[-1]}"] = texts
    return by_days


def stretch(opens: int, length: int) -> tuple[OpenHours, ...]:
    """So many minutes from that minute of the week on; what goes over Sunday's midnight goes on on Monday."""
    opens %= WEEK
    closes = opens + length
    if length >= WEEK:
        return (OpenHours(opens=0, closes=WEEK),)
    if closes <= WEEK:
        return (OpenHours(opens=opens, closes=closes),)
    return OpenHours(opens=opens, closes=WEEK), OpenHours(opens=0, closes=closes - WEEK)


def each_day(minute: int, length: int) -> tuple[OpenHours, ...]:
    """So many minutes from that minute of each day on."""
    return tuple(part for day in range(0, WEEK, _DAY) for part in stretch(day + minute, length))


def _clock(minute: int) -> str:
    return f"{minute // 60:02d}:{minute % 60:02d}"
