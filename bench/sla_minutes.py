"""Business calendars against a slow reference that counts minute by minute: many random cases, every difference.

The reference knows no rule. It looks at each minute of real time, asks the time zone what the clock on the
wall shows in it, and looks that up in the week's hours, painted minute by minute, in the closed dates, in the
weekend days worked instead, and in single dates' own hours.
"""

from __future__ import annotations

import random
import warnings
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from functools import lru_cache
from itertools import count
from typing import Any
from zoneinfo import ZoneInfo

import holidays
import numpy as np
from numpy.typing import NDArray

from incidents.policy.calendars import WEEKDAYS, WorkCalendar
from incidents.sla.calendars import Calendar

MINUTE = timedelta(minutes=1)
DAYS = 50
"""Length of the times looked at, each around something that goes wrong easily."""
CASES_A_CALENDAR = 200

WINDOWS = (
    ("Europe/Berlin", "2026-03-05"),  # forward 02:00-03:00
    ("Europe/Berlin", "2026-10-01"),  # back 03:00-02:00
    ("Europe/Berlin", "2027-12-05"),  # New Year
    ("Europe/Berlin", "2028-02-05"),  # leap day, then forward
    ("Europe/Dublin", "2026-10-05"),  # winter is the daylight saving time there
    ("America/New_York", "2026-02-20"),
    ("America/New_York", "2026-10-10"),
    ("America/Havana", "2026-02-20"),  # forward at midnight
    ("America/Havana", "2026-10-10"),  # back at one: the day begins twice
    ("America/St_Johns", "2010-10-20"),  # -03:30, back at 00:01 into the day before
    ("America/Sao_Paulo", "2018-10-15"),  # forward at midnight
    ("Asia/Kolkata", "2027-12-05"),  # +05:30
    ("Asia/Kathmandu", "1985-12-10"),  # +05:30 becomes +05:45 at New Year
    ("Asia/Kathmandu", "2028-02-10"),
    ("Asia/Tehran", "2022-03-01"),
    ("Africa/Casablanca", "2026-02-01"),  # back for Ramadan, then forward
    ("Australia/Lord_Howe", "2026-03-20"),  # +11, back by thirty minutes to +10:30
    ("Australia/Lord_Howe", "2026-09-15"),  # and forward
    ("Australia/Adelaide", "2026-03-20"),
    ("Pacific/Chatham", "2026-09-10"),  # +12:45
    ("Pacific/Apia", "2011-12-05"),  # 2011-12-30 does not exist
    ("Pacific/Kiritimati", "2027-12-10"),  # +14
    ("Antarctica/Troll", "2026-03-10"),  # two hours
    ("UTC", "2024-02-10"),
)

WEEKS: tuple[dict[str, list[str]], ...] = (
    {"mon-fri": ["09:00-12:30", "13:30-18:00"]},
    {"mon-fri": ["08:00-17:00"], "sat": ["09:00-13:00"]},
    {"mon-sun": ["00:00-24:00"]},
    {"mon-fri": ["22:00-06:00"]},
    {"fri-mon": ["18:00-24:00", "00:00-02:30"]},
    {"mon-sun": ["01:45-02:15", "02:20-02:40", "02:50-03:05", "23:30-00:30"]},
    {"sun": ["20:00-06:00"], "mon-thu": ["20:00-06:00"]},
    {"sat": ["00:00-24:00"], "sun": ["00:00-12:00"]},
)

CLOSED_BY: tuple[dict[str, Any], ...] = (
    {},
    {"country": "DE", "subdivision": "BY"},
    {"country": "US", "extra": ["12-23", "2026-03-27"], "except": ["12-25"]},
    {"country": "IN", "extra": ["02-29"]},
    {"country": "DE", "subdivision": "BY", "categories": ["public", "catholic"]},
    {"country": "CN"},
    {"country": "HU", "extra": ["2026-01-10"]},
)

DATES: tuple[dict[str, list[str]], ...] = (
    {},
    {"12-24": ["09:00-13:00"], "2026-03-29": ["01:15-02:45", "03:10-24:00"]},
    {
        "2026-10-25": ["00:00-24:00"],
        "2011-12-30": ["08:00-12:00"],
        "10-04": ["06:00-07:00"],
    },
    {"12-25": ["12:00-13:00"], "2027-12-25": ["07:00-08:00"], "2028-02-29": ["22:00-24:00"]},
)


@dataclass(frozen=True, kw_only=True)
class Difference:
    """A case in which the calendar and the reference do not agree."""

    calendar: Calendar
    start: datetime
    what: str
    expected: str
    found: str


@dataclass(frozen=True, kw_only=True)
class Wall:
    """What the clock on the wall shows in each minute of a window."""

    begin: datetime
    weekdays: NDArray[np.int32]
    minutes: NDArray[np.int32]
    dates: NDArray[np.int32]


@lru_cache(maxsize=len(WINDOWS))
def wall(zone: str, first: str) -> Wall:
    begin = datetime.fromisoformat(first).replace(tzinfo=UTC)
    there = [(begin + number * MINUTE).astimezone(ZoneInfo(zone)) for number in range(DAYS * 1440)]
    return Wall(
        begin=begin,
        weekdays=np.array([at.weekday() for at in there], dtype=np.int32),
        minutes=np.array([at.hour * 60 + at.minute for at in there], dtype=np.int32),
        dates=np.array([at.toordinal() for at in there], dtype=np.int32),
    )


def open_minutes(section: dict[str, Any], window: Wall) -> NDArray[np.bool_]:
    """Whether somebody works, for each minute of the window. Takes the section as the policy file has it."""
    week = np.zeros((7, 1440), dtype=bool)
    for key, texts in section["hours"].items():
        for day in _weekdays(key):
            for text in texts:
                opens, closes = text.split("-")
                minute = _minute(opens)
                while True:
                    week[(day + minute // 1440) % 7, minute % 1440] = True
                    minute += 1
                    if minute % 1440 == _minute(closes) % 1440:
                        break
    is_open = np.zeros(len(window.dates), dtype=bool)
    for number in np.unique(window.dates):
        hours = _on_date(section, week, date.fromordinal(int(number)))
        at = window.dates == number
        is_open[at] = hours[window.minutes[at]]
    return is_open


def _on_date(section: dict[str, Any], week: NDArray[np.bool_], day: date) -> NDArray[np.bool_]:
    """The date's minutes: its own hours if it has some, else none if it is closed, else its weekday's."""
    own: dict[str, list[str]] = section.get("dates", {})
    if f"{day:%Y-%m-%d}" in own:
        return _painted(own[f"{day:%Y-%m-%d}"])
    usual = week[day.weekday()]
    if not usual.any() and _is_made_up(section["holidays"], day):
        others = [week[(day.weekday() - back) % 7] for back in range(1, 7)]
        usual = next((one for one in others if one.any()), usual)
    if usual.any() and f"{day:%m-%d}" in own:
        return _painted(own[f"{day:%m-%d}"])
    return np.zeros(1440, dtype=bool) if _is_closed(section["holidays"], day) else usual


def _painted(texts: list[str]) -> NDArray[np.bool_]:
    day = np.zeros(1440, dtype=bool)
    for text in texts:
        opens, closes = text.split("-")
        day[_minute(opens) : _minute(closes)] = True
    return day


def differences(cases: int, seed: int) -> Iterator[Difference]:
    """Every difference in that many random cases, each a span of working time and a due time."""
    chance = random.Random(seed)
    for number, (zone, first) in enumerate(WINDOWS):
        window = wall(zone, first)
        left = (cases + number) // len(WINDOWS)
        while left > 0:
            section = _random_section(chance, zone)
            calendar = WorkCalendar.model_validate(section).calendar("office")
            is_open = open_minutes(section, window)
            yield from _compare(calendar, window, is_open, chance, min(left, CASES_A_CALENDAR))
            left -= CASES_A_CALENDAR


def _compare(
    calendar: Calendar, window: Wall, is_open: NDArray[np.bool_], chance: random.Random, cases: int
) -> Iterator[Difference]:
    worked = np.flatnonzero(is_open)
    for _ in range(cases):
        first, last = sorted((chance.randrange(len(is_open)), chance.randrange(len(is_open))))
        start, end = window.begin + first * MINUTE, window.begin + last * MINUTE
        expected = int(np.count_nonzero(is_open[first:last])) * MINUTE
        found = calendar.working_time(start, end)
        if found != expected:
            yield Difference(
                calendar=calendar, start=start, what=f"until {end}", expected=str(expected), found=str(found)
            )
        ahead = int(np.searchsorted(worked, first))
        target = chance.choice((1, 30, 240, 480, 2400, chance.randrange(1, DAYS * 1440)))
        due = calendar.due(start, target * MINUTE)
        if ahead + target <= len(worked):
            wanted = window.begin + (int(worked[ahead + target - 1]) + 1) * MINUTE
            if due != wanted:
                yield Difference(
                    calendar=calendar,
                    start=start,
                    what=f"due after {target} min",
                    expected=str(wanted),
                    found=str(due),
                )
        elif due is not None and due < window.begin + DAYS * 1440 * MINUTE:
            yield Difference(
                calendar=calendar,
                start=start,
                what=f"due after {target} min",
                expected="later",
                found=str(due),
            )


def _random_section(chance: random.Random, zone: str) -> dict[str, Any]:
    hours = chance.choice((*WEEKS, None, None))
    return {
        "timezone": zone,
        "hours": hours if hours is not None else _random_week(chance),
        "holidays": chance.choice(CLOSED_BY),
        "dates": chance.choice(DATES),
    }


def _random_week(chance: random.Random) -> dict[str, list[str]]:
    """Up to three times a day at any minute, with free days among them; the last may end at 24:00."""
    week: dict[str, list[str]] = {}
    for day in WEEKDAYS:
        ends = sorted(chance.sample(range(1441), 2 * chance.randrange(4)))
        week[day] = [
            f"{_text(opens)}-{_text(closes)}" for opens, closes in zip(ends[::2], ends[1::2], strict=True)
        ]
    return week if any(week.values()) else {"wed": ["12:00-12:01"]}


def _weekdays(key: str) -> Iterator[int]:
    first, _, last = key.partition("-")
    for number in count(WEEKDAYS.index(first)):
        yield number % 7
        if WEEKDAYS[number % 7] == (last or first):
            return


def _is_closed(rules: dict[str, Any], day: date) -> bool:
    for key, answer in (("except", False), ("extra", True)):
        written = rules.get(key, [])
        if f"{day:%Y-%m-%d}" in written or f"{day:%m-%d}" in written:
            return answer
    return day in _country(rules)


def _is_made_up(rules: dict[str, Any], day: date) -> bool:
    return day in getattr(_country(rules), "weekend_workdays", ()) and not _is_closed(rules, day)


def _country(rules: dict[str, Any]) -> Any:
    if rules.get("country") is None:
        return ()
    return _library(rules["country"], rules.get("subdivision"), tuple(rules.get("categories", ["public"])))


@lru_cache
def _library(country: str, subdivision: str | None, categories: tuple[str, ...]) -> holidays.HolidayBase:
    with warnings.catch_warnings(action="ignore"):  # years of which the library does not know everything
        return holidays.country_holidays(
            country, subdiv=subdivision, categories=categories, years=range(1985, 2030)
        )


def _minute(text: str) -> int:
    hours, _, minutes = text.partition(":")
    return int(hours) * 60 + int(minutes)


def _text(minute: int) -> str:
    return f"{minute // 60:02d}:{minute % 60:02d}"
