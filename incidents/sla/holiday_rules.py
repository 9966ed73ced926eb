"""Which dates an office is closed, and why: a country's holidays, dates of its own, and days it works all the same.

The countries' holidays come from the library `holidays` (days in lieu included) and reach to the year 2100;
later years know only the dates written out here.
"""

from __future__ import annotations

import re
import warnings
from dataclasses import dataclass
from datetime import date
from functools import lru_cache

import holidays

_DATE = re.compile(r"(?:([0-9]{4})-)?([0-9]{2})-([0-9]{2})")
_LEAP_YEAR = 2000

OWN_DATE = "the policy's own date"
"""What a date is called that was only written out."""


@dataclass(frozen=True, kw_only=True, slots=True)
class HolidayRules:
    """`extra` and `exceptions` are dates: `2026-12-24`, or `12-24` for every year."""

    country: str | None = None
    subdivision: str | None = None
    extra: tuple[str, ...] = ()
    exceptions: tuple[str, ...] = ()

    def closed(self, year: int) -> dict[date, str]:
        """The year's closed dates and what people call them."""
        return _closed(self, year)

    def name(self, day: date) -> str | None:
        """What the date is called if it is closed."""
        return _closed(self, day.year).get(day)


NO_HOLIDAYS = HolidayRules()


def countries() -> dict[str, list[str]]:
    """The codes of the countries there are, each with the codes of its subdivisions."""
    return holidays.list_supported_countries(include_aliases=False)


def check_date(text: str) -> str:
    """The date as written, if it is one. Raises `ValueError` with the cure."""
    match = _DATE.fullmatch(text)
    if match is not None:
        year, month, day = match.groups()
        try:
            date(int(year or _LEAP_YEAR), int(month), int(day))
        except ValueError:
            match = None
    if match is None:
        raise ValueError(f"{text[:40]!r} is not a date; write 2026-12-24, or 12-24 for every year")
    return text


@lru_cache(maxsize=2048)
def _closed(rules: HolidayRules, year: int) -> dict[date, str]:
    closed: dict[date, str] = {}
    if rules.country is not None:
        with warnings.catch_warnings(
            action="ignore"
        ):  # some countries' moving feasts are known for few years
            known = holidays.country_holidays(
                rules.country, subdiv=rules.subdivision, years=year, language="en_US"
            )
        closed.update((day, known[day]) for day in list(known) if day.year == year)
    for day in _dates(rules.extra, year):
        closed.setdefault(day, OWN_DATE)
    for day in _dates(rules.exceptions, year):
        closed.pop(day, None)
    return dict(sorted(closed.items()))


def _dates(texts: tuple[str, ...], year: int) -> list[date]:
    """Those of the dates that lie in the year; 02-29 lies in leap years only."""
    found = []
    for text in texts:
        its_year, _, _ = text.rpartition("-")[0].rpartition("-")
        if its_year and int(its_year) != year:
            continue
        try:
            found.append(date.fromisoformat(text if its_year else f"{year:04d}-{text}"))
        except ValueError:
            continue
    return found
