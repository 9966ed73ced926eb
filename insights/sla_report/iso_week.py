"""The ISO week, Monday to Sunday in UTC: what weekly reports are about. Written `2026-W47`."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Self

from incidents.errors import Refused

PATTERN = r"^2[0-9]{3}-W[0-9]{2}$"
"""What a week's name looks like; not each such name is a week."""

_WEEK = timedelta(weeks=1)


@dataclass(frozen=True, order=True, slots=True)
class IsoWeek:
    """A week by ISO 8601. `number` is 1 to 52, in some years to 53."""

    year: int
    number: int

    def __str__(self) -> str:
        return f"{self.year}-W{self.number:02d}"

    @classmethod
    def of(cls, at: datetime) -> Self:
        """The week in which this moment lies."""
        year, number, _ = at.astimezone(UTC).isocalendar()
        return cls(year, number)

    @classmethod
    def parse(cls, text: str) -> Self:
        """Raises `Refused`, which says how a week is written, or that the year has no such week."""
        if not re.match(PATTERN, text) or text.endswith("\n"):
            raise Refused(f"{text[:40]!r} is no week; write it like 2026-W47, or 2026-W05 with its zero")
        year, number = int(text[:4]), int(text[6:])
        try:
            date.fromisocalendar(year, number, 1)
        except ValueError as error:
            last = date(year, 12, 28).isocalendar().week
            raise Refused(f"there is no week {text}; {year} has the weeks 01 to {last}") from error
        return cls(year, number)

    @property
    def start(self) -> datetime:
        """Its Monday, 00:00 UTC."""
        return datetime.combine(date.fromisocalendar(self.year, self.number, 1), time(), UTC)

    @property
    def end(self) -> datetime:
        """The next Monday, 00:00 UTC: the first moment that is not in it."""
        return self.start + _WEEK

    def before(self, weeks: int = 1) -> Self:
        """The week so many weeks earlier."""
        return self.of(self.start - weeks * _WEEK)

    def and_before(self, weeks: int) -> tuple[Self, ...]:
        """So many weeks, the oldest first and this one last."""
        return tuple(self.before(back) for back in range(weeks - 1, -1, -1))


def week_to_report(name: str | None, *, now: datetime) -> IsoWeek:
    """The week of that name, or the last one that is over. Raises `Refused` if there is none or it is to come."""
    if name is None:
        return IsoWeek.of(now).before()
    week = IsoWeek.parse(name)
    if week.start > now:
        raise Refused(f"{week} has not begun yet; the last week that is over is {IsoWeek.of(now).before()}")
    return week
