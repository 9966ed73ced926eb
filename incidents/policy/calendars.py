"""Business calendars as they are written in the policy file."""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import pairwise
from typing import Annotated, Any, Self
from zoneinfo import ZoneInfo, available_timezones

from pydantic import AfterValidator, BeforeValidator, Field, field_validator, model_validator

from incidents.policy.words import PolicySection, listed
from incidents.sla.calendars import Calendar, DayHours
from incidents.sla.holiday_rules import (
    OWN_DATE,
    PUBLIC,
    HolidayRules,
    categories,
    check_date,
    countries,
    reopened,
)
from incidents.texts.plain_text import did_you_mean

WEEKDAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
_HOURS = re.compile(r"([0-9]{1,2}):([0-9]{2})\s*-\s*([0-9]{1,2}):([0-9]{2})")
_DAY = 1440


def parse_hours(text: str) -> tuple[int, int]:
    """`09:00-12:30` in minutes after midnight; `22:00-06:00` ends after 1440. Raises `ValueError` with the cure."""
    match = _HOURS.fullmatch(text.strip())
    numbers = [int(part) for part in match.groups()] if match is not None else []
    if not numbers or max(numbers[1], numbers[3]) > 59:
        raise ValueError(f"{text[:40]!r} are no hours; write 09:00-12:30, and 24:00 for the end of the day")
    opens, closes = numbers[0] * 60 + numbers[1], numbers[2] * 60 + numbers[3]
    if opens >= _DAY or closes > _DAY:
        raise ValueError(f"{text[:40]!r} are no hours: a day goes from 00:00 to 24:00")
    if opens == closes:
        raise ValueError(f"{text[:40]!r} ends when it begins; write 00:00-24:00 for a whole day")
    return opens, closes if closes > opens else closes + _DAY


def parse_days(text: str) -> tuple[int, ...]:
    """`mon`, `mon-fri` or `fri-mon` as numbers from Monday, 0. Raises `ValueError` with the cure."""
    first, dash, last = text.strip().lower().partition("-")
    last = last if dash else first
    if first not in WEEKDAYS or last not in WEEKDAYS:
        raise ValueError(f"{text[:40]!r} is no weekday; write mon, tue, ..., sun, or mon-fri")
    begin = WEEKDAYS.index(first)
    count = (WEEKDAYS.index(last) - begin) % 7 + 1
    return tuple((begin + number) % 7 for number in range(count))


def _hours(text: str) -> str:
    parse_hours(text)
    return text


def _days(text: str) -> str:
    parse_days(text)
    return text


def _always(value: Any) -> Any:
    return {"mon-sun": ["00:00-24:00"]} if value == "always" else value


_HOURS_FROM_UTC = {
    "EST": "America/New_York",
    "MST": "America/Denver",
    "HST": "Pacific/Honolulu",
}
"""Names of hours from UTC that read like a city's clock, but never change to summer time, and what is mostly meant."""


def _zone(name: str) -> str:
    """The zone, if its clock is a place's. Raises `ValueError` with the cure.

    tzdata has names that are no place's: fixed offsets (`EST`; `Etc/GMT-3`, which is three hours ahead of UTC), the
    machine's own clock, clocks that count leap seconds.
    """
    if name in _HOURS_FROM_UTC:
        cure = f"did you mean {_HOURS_FROM_UTC[name]!r}?"
        raise ValueError(f"{name!r} has no summer time, whatever the place does; {cure}")
    if name.startswith("Etc/") and name not in ("Etc/UTC", "Etc/GMT", "Etc/UCT", "Etc/Zulu"):
        cure = "name a city there, such as Europe/Moscow; its clock changes as the city's does"
        raise ValueError(
            f"{name[:60]!r} is a fixed distance from UTC, with the sign the other way round; {cure}"
        )
    if name in ("localtime", "Factory", "posixrules") or name.startswith(("right/", "posix/")):
        place = name.partition("/")[2]
        cure = f"did you mean {place[:60]!r}?" if place else "name a city, such as Europe/Berlin"
        raise ValueError(f"{name[:60]!r} is no place's clock; {cure}")
    try:
        ZoneInfo(name)
    except (KeyError, ValueError, OSError) as error:  # whatever a name that is no zone leads to on the disk
        cities = sorted(zone for zone in available_timezones() if "/" in zone)
        message = f"there is no time zone {name[:60]!r}{_close_or_example(name, cities)}"
        raise ValueError(message) from error
    return name


def _close_or_example(name: str, zones: list[str]) -> str:
    cure = did_you_mean(name, zones)
    return cure if "did you mean" in cure else "; write one such as Europe/Berlin or America/New_York"


Hours = Annotated[str, AfterValidator(_hours)]
Days = Annotated[str, AfterValidator(_days)]
HolidayDate = Annotated[str, AfterValidator(check_date)]
ZoneName = Annotated[str, AfterValidator(_zone)]


class WorkHolidays(PolicySection):
    """Dates on which nobody works, from midnight to midnight of the calendar's time zone."""

    country: str | None = Field(
        default=None, description="Country whose public holidays are kept, such as DE."
    )
    subdivision: str | None = Field(default=None, description="State or region within it, such as BY.")
    categories: list[str] = Field(
        default_factory=lambda: [PUBLIC],
        min_length=1,
        description="Kinds of holidays that are kept: public, or more of what `liaison check` lists for the country.",
    )
    extra: list[HolidayDate] = Field(
        default_factory=list, description="Further closed dates: 2026-12-24, or 12-24 for every year."
    )
    names: dict[HolidayDate, str] = Field(
        default_factory=dict, description="What dates of extra are called: 12-24: Christmas Eve."
    )
    except_: list[HolidayDate] = Field(
        default_factory=list, alias="except", description="Holidays on which work goes on, written likewise."
    )

    @field_validator("country")
    @classmethod
    def _known_country(cls, country: str | None) -> str | None:
        if country is not None and country not in countries():
            raise ValueError(
                f"no holidays are known for {country[:20]!r}; write the country's two capital letters, such as DE, "
                "FR or US, or list the dates in extra"
            )
        return country

    @model_validator(mode="after")
    def _known_subdivision(self) -> Self:
        if self.subdivision is None:
            return self
        if self.country is None:
            raise ValueError("a subdivision needs its country; add country")
        known = countries()[self.country]
        if self.subdivision not in known:
            raise ValueError(
                f"{self.country} has no subdivision {self.subdivision[:20]!r}"
                + did_you_mean(self.subdivision, known)
            )
        return self

    @model_validator(mode="after")
    def _known_categories(self) -> Self:
        if self.country is None:
            if self.categories != [PUBLIC]:
                raise ValueError("categories are of a country's holidays; add country")
            return self
        known = categories(self.country)
        for category in self.categories:
            if category not in known:
                raise ValueError(
                    f"{self.country} has no category {category[:20]!r} of holidays{did_you_mean(category, known)}"
                )
        return self

    @model_validator(mode="after")
    def _exceptions_reopen(self) -> Self:
        for exception in self.except_:
            if not reopened(self.rules(), exception):
                raise ValueError(
                    f"except {exception} reopens nothing: it is no holiday here; remove it, or give the date hours of "
                    f"its own under the calendar's dates, such as {exception}: [09:00-17:00]"
                )
        return self

    def rules(self) -> HolidayRules:
        """The same as the calendars' arithmetic takes it."""
        return HolidayRules(
            country=self.country,
            subdivision=self.subdivision,
            categories=tuple(self.categories),
            extra=tuple((day, self.names.get(day, OWN_DATE)) for day in self.extra),
            exceptions=tuple(self.except_),
        )


class WorkCalendar(PolicySection):
    """When somebody works: hours by weekday, in one time zone, less holidays."""

    timezone: ZoneName = Field(description="Time zone of the hours, such as Europe/Berlin.")
    hours: Annotated[
        dict[Days, Annotated[list[Hours], BeforeValidator(listed)]], BeforeValidator(_always)
    ] = Field(description="Hours by weekday or weekdays: mon-fri: [09:00-12:30, 13:30-18:00]; or always.")
    holidays: WorkHolidays = Field(
        default_factory=WorkHolidays, description="Dates on which nobody works; none without it."
    )
    dates: dict[HolidayDate, Annotated[list[Hours], BeforeValidator(listed), Field(min_length=1)]] = Field(
        default_factory=dict,
        description="Hours of single dates, in place of the weekday's: 12-24: [09:00-13:00], or with its year.",
    )

    @field_validator("dates")
    @classmethod
    def _within_the_day(cls, dates: dict[str, list[str]]) -> dict[str, list[str]]:
        for day, texts in dates.items():
            hours = sorted(parse_hours(text) for text in texts)
            if hours[-1][1] > _DAY:
                raise ValueError(
                    f"the hours of {day} go past midnight; end them at 24:00 and give the next date its own"
                )
            if any(next_opens < closes for (_, closes), (next_opens, _) in pairwise(hours)):
                raise ValueError(f"hours of {day} overlap; write them one after the other")
        return dates

    @model_validator(mode="after")
    def _dates_make_sense(self) -> Self:
        for day in self.dates:
            if day in self.holidays.extra:
                raise ValueError(
                    f"{day} has hours of its own and is closed under holidays, extra; keep one of them"
                )
        rules = self.holidays.rules()
        week = _week(self.hours)
        for exception in self.holidays.except_:
            if not any(week[day.weekday()] for day in reopened(rules, exception)):
                raise ValueError(
                    f"except {exception} reopens nothing: its weekday has no hours; give the date hours of its own "
                    f"under dates, such as {exception}: [09:00-17:00]"
                )
        return self

    @field_validator("hours")
    @classmethod
    def _can_be_worked(cls, hours: dict[str, list[str]]) -> dict[str, list[str]]:
        seen: dict[int, str] = {}
        for key in hours:
            for day in parse_days(key):
                if day in seen:
                    raise ValueError(f"{WEEKDAYS[day]} is in {seen[day]!r} and in {key!r}; keep one of them")
                seen[day] = key
        if not any(hours.values()):
            raise ValueError(
                "the calendar has no working hours, so nothing would ever be due; add some, such as "
                "mon-fri: [09:00-17:00], or write hours: always"
            )
        for (opens, closes, text), (next_opens, _, next_text) in _neighbours(hours):
            if next_opens < closes:
                weekday = WEEKDAYS[opens // _DAY % 7]
                raise ValueError(f"{text} on {weekday} runs into {next_text}; hours must not overlap")
        return hours

    def calendar(self, name: str) -> Calendar:
        """The calendar to count by."""
        return Calendar(
            name=name,
            zone=self.timezone,
            week=_week(self.hours),
            holidays=self.holidays.rules(),
            dates=tuple((day, _joined(sorted(map(parse_hours, texts)))) for day, texts in self.dates.items()),
        )


def _stretches(hours: dict[str, list[str]]) -> list[tuple[int, int, str]]:
    """The week's hours in minutes from Monday's midnight; the last may end next Monday."""
    return sorted(
        (day * _DAY + opens, day * _DAY + closes, text)
        for key, texts in hours.items()
        for day in parse_days(key)
        for text in texts
        for opens, closes in [parse_hours(text)]
    )


def _neighbours(
    hours: dict[str, list[str]],
) -> Iterator[tuple[tuple[int, int, str], tuple[int, int, str]]]:
    """Each of the week's hours with those after it; after the last comes the first of the next week."""
    week = _stretches(hours)
    opens, closes, text = week[0]
    return pairwise([*week, (opens + 7 * _DAY, closes + 7 * _DAY, text)])


def _week(hours: dict[str, list[str]]) -> tuple[DayHours, ...]:
    """The hours by weekday: what goes on after midnight belongs to the next day, and neighbours are joined."""
    days: list[list[tuple[int, int]]] = [[] for _ in range(7)]
    for opens, closes, _ in _stretches(hours):
        day, opening, closing = opens // _DAY, opens % _DAY, closes - opens // _DAY * _DAY
        days[day].append((opening, min(closing, _DAY)))
        if closing > _DAY:
            days[(day + 1) % 7].append((0, closing - _DAY))
    return tuple(_joined(sorted(day)) for day in days)


def _joined(hours: list[tuple[int, int]]) -> DayHours:
    joined: list[tuple[int, int]] = []
    for opens, closes in hours:
        if joined and joined[-1][1] == opens:
            joined[-1] = (joined[-1][0], closes)
        else:
            joined.append((opens, closes))
    return tuple(joined)
