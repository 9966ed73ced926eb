"""Schedules that miss an hour each autumn.

Prefect uses each time of a wall clock once. When summer time ends, an hour of the clock comes twice, and an hourly or
finer cron makes no run in the second one (Prefect 3.8.8, tried). In UTC none is lost.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from itertools import islice, pairwise

from cronsim import CronSim, CronSimError

from incidents.texts.time_zones import zone_named

_A_DAY_OF_RUNS = 1500
"""More than a cron of each minute has."""


def is_silent_in_autumn(cron: str, timezone: str, *, year: int) -> bool:
    """Whether this schedule is so fine that the hour is felt, in a zone whose clock is put back in that year."""
    return _puts_its_clock_back(timezone, year) and _is_hourly_or_finer(cron)


def _puts_its_clock_back(timezone: str, year: int) -> bool:
    zone = zone_named(timezone)
    if zone is None:
        return False
    days = [datetime(year, 1, 1, tzinfo=UTC) + timedelta(days=day) for day in range(366)]
    offsets = [day.astimezone(zone).utcoffset() or timedelta() for day in days]
    return any(after < before for before, after in pairwise(offsets))


def _is_hourly_or_finer(cron: str) -> bool:
    try:
        times = list(islice(CronSim(cron, datetime(2026, 1, 5)), _A_DAY_OF_RUNS))  # noqa: DTZ001 - a wall clock's times
    except (CronSimError, ValueError):
        return False
    return any(later - earlier <= timedelta(hours=1) for earlier, later in pairwise(times))
