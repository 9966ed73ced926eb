"""Which holidays a calendar leaves out that its country has: parts of the country, and other kinds of days.

A country named alone has only what all of it keeps (Great Britain: no Easter Monday, which Scotland does not keep), and
`public` only what the law calls a public holiday (Sweden: no Midsummer Eve). Neither is an error; both are told.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from datetime import date

from incidents.policy.calendars import WorkCalendar
from incidents.sla.holiday_rules import HolidayRules, categories, countries

_SHOWN = 8
"""Dates in one remark; the number of the others is told."""


def holiday_remarks(calendar: WorkCalendar, year: int) -> Iterator[str]:
    """What the calendar's section `holidays` leaves out in that year: a sentence for parts, one for each kind."""
    rules = calendar.holidays.rules()
    if rules.country is None:
        return
    kept = rules.closed(year)
    if rules.subdivision is None:
        parts = _of_parts(rules, kept, year)
        if parts:
            known = ", ".join(countries()[rules.country])
            yield (
                f"{rules.country} alone leaves out what only parts of it keep in {year}: {_listed(parts)}; name one "
                f"as subdivision if it is yours ({known})"
            )
    for category in categories(rules.country):
        if category not in rules.categories:
            others = replace(rules, categories=(category,)).closed(year)
            more = {day: name for day, name in others.items() if day not in kept}
            if more:
                yield f"category {category} would also close in {year}: {_listed(more)}"


def _of_parts(rules: HolidayRules, kept: Mapping[date, str], year: int) -> dict[date, str]:
    """Dates that some subdivisions keep and the country as a whole does not, each with its name and who keeps it."""
    names: dict[date, str] = {}
    keepers: dict[date, list[str]] = {}
    for part in countries()[rules.country or ""]:
        for day, name in replace(rules, subdivision=part).closed(year).items():
            if day not in kept:
                names.setdefault(day, name)
                keepers.setdefault(day, []).append(part)
    return {day: f"{names[day]} ({', '.join(keepers[day])})" for day in sorted(names)}


def _listed(days: Mapping[date, str]) -> str:
    shown = ", ".join(f"{day:%m-%d} {name}" for day, name in sorted(days.items())[:_SHOWN])
    return shown if len(days) <= _SHOWN else f"{shown} and {len(days) - _SHOWN} more"
