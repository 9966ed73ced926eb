"""Which dates an office is closed, and why: a country's holidays, dates of its own, and days it works all the same.

The countries' holidays come from the library `holidays` (days in lieu included) and reach to the year 2100;
later years know only the dates written out here. Where a country works a Saturday to make up for a bridge day (China,
Hungary, Taiwan and others), the library knows that, too. A name that ends in "(estimated)" is the library's: the date
hangs on the moon and may still move by a day.
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

PUBLIC = "public"
"""The category of holidays that is kept where no other is asked for."""

TRIED_YEARS = range(2015, 2046)
"""The years in which a date that reopens something every year must have done so at least once."""


@dataclass(frozen=True, kw_only=True, slots=True)
class HolidayRules:
    """`extra` and `exceptions` are dates: `2026-12-24`, or `12-24` for every year; those of `extra` with names."""

    country: str | None = None
    subdivision: str | None = None
    categories: tuple[str, ...] = (PUBLIC,)
    extra: tuple[tuple[str, str], ...] = ()
    exceptions: tuple[str, ...] = ()

    def closed(self, year: int) -> dict[date, str]:
        """The year's closed dates and what people call them."""
        return _closed(self, year)

    def name(self, day: date) -> str | None:
        """What the date is called if it is closed."""
        return _closed(self, day.year).get(day)

    def is_made_up(self, day: date) -> bool:
        """Whether the country works on that date of a weekend, in exchange for a bridge day."""
        return day in _made_up(self, day.year)


NO_HOLIDAYS = HolidayRules()


def countries() -> dict[str, list[str]]:
    """The codes of the countries there are, each with the codes of its subdivisions."""
    return holidays.list_supported_countries(include_aliases=False)


def categories(country: str) -> tuple[str, ...]:
    """The categories of holidays that are known of the country, `public` among them."""
    found: tuple[str, ...] = holidays.country_holidays(country, years=()).supported_categories
    return found


def reopened(rules: HolidayRules, exception: str) -> tuple[date, ...]:
    """The dates that this exception opens again; an empty answer says that it does nothing."""
    others = HolidayRules(
        country=rules.country,
        subdivision=rules.subdivision,
        categories=rules.categories,
        extra=rules.extra,
    )
    own_year, _, _ = exception.rpartition("-")[0].rpartition("-")
    years = (int(own_year),) if own_year else TRIED_YEARS
    return tuple(day for year in years for day in dates_of(exception, year) if others.name(day) is not None)


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
        known = _known(rules, rules.country, year)
        closed.update((day, known[day]) for day in list(known) if day.year == year)
    for text, name in rules.extra:
        for day in dates_of(text, year):
            closed.setdefault(day, name)
    for text in rules.exceptions:
        for day in dates_of(text, year):
            closed.pop(day, None)
    return dict(sorted(closed.items()))


@lru_cache(maxsize=2048)
def _made_up(rules: HolidayRules, year: int) -> frozenset[date]:
    if rules.country is None:
        return frozenset()
    days: set[date] = getattr(_known(rules, rules.country, year), "weekend_workdays", set())
    return frozenset(day for day in days if day.year == year and rules.name(day) is None)


def _known(rules: HolidayRules, country: str, year: int) -> holidays.HolidayBase:
    # Some countries' moving feasts are known for few years, of which the library warns each time.
    with warnings.catch_warnings(action="ignore"):
        return holidays.country_holidays(
            country,
            subdiv=rules.subdivision,
            years=year,
            categories=rules.categories,
            language="en_US",
        )


def dates_of(text: str, year: int) -> tuple[date, ...]:
    """The date as it is in that year, if it lies in it; 02-29 lies in leap years only."""
    its_year, _, _ = text.rpartition("-")[0].rpartition("-")
    if its_year and int(its_year) != year:
        return ()
    try:
        return (date.fromisoformat(text if its_year else f"{year:04d}-{text}"),)
    except ValueError:
        return ()
