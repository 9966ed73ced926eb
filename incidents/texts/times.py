"""Moments, spans and figures as colleagues read them: in their team's language, by the clock of the logs."""

from __future__ import annotations

from datetime import date, datetime, timedelta

from incidents.texts.team import sentence, worded, worded_as

_WEEKDAYS = (
    sentence("Mon"),
    sentence("Tue"),
    sentence("Wed"),
    sentence("Thu"),
    sentence("Fri"),
    sentence("Sat"),
    sentence("Sun"),
)
_MONTHS = (
    sentence("Jan"),
    sentence("Feb"),
    sentence("Mar"),
    sentence("Apr"),
    sentence("May"),
    sentence("Jun"),
    sentence("Jul"),
    sentence("Aug"),
    sentence("Sep"),
    sentence("Oct"),
    sentence("Nov"),
    sentence("Dec"),
)


def clock(at: datetime) -> str:
    """`14:30 UTC`."""
    return worded("{time} UTC", time=f"{at:%H:%M}")


def clock_to_the_second(at: datetime) -> str:
    """`14:30:05 UTC`."""
    return worded("{time} UTC", time=f"{at:%H:%M:%S}")


def near_clock(at: datetime, now: datetime) -> str:
    """`14:30 UTC`; with its day if that is not today: `2 Dec, 14:30 UTC`, `2. Dez., 14:30 Uhr UTC`."""
    if at.date() == now.date():
        return clock(at)
    return worded(
        "{day} {month}, {clock}", day=at.day, month=worded_as(_MONTHS[at.month - 1]), clock=clock(at)
    )


def day_and_clock(at: datetime) -> str:
    """`2026-12-24 14:30 UTC`; `24.12.2026, 14:30 Uhr UTC`."""
    day, month, year = f"{at:%d}", f"{at:%m}", f"{at:%Y}"
    return worded("{year}-{month}-{day} {clock}", year=year, month=month, day=day, clock=clock(at))


def date_words(day: date) -> str:
    """`2026-12-24`; `24.12.2026`."""
    return worded("{year}-{month}-{day}", year=f"{day:%Y}", month=f"{day:%m}", day=f"{day:%d}")


def weekday_and_date(day: date) -> str:
    """`Thu 2026-12-24`; `Do 24.12.2026`."""
    return worded(
        "{weekday} {year}-{month}-{day}",
        weekday=worded_as(_WEEKDAYS[day.weekday()]),
        year=f"{day:%Y}",
        month=f"{day:%m}",
        day=f"{day:%d}",
    )


def weekday_and_clock(at: datetime) -> str:
    """`Thu 2026-12-24 18:00`; `Do 24.12.2026 18:00`: by the clock of `at`, whose zone is said beside it."""
    return worded(
        "{weekday} {year}-{month}-{day} {time}",
        weekday=worded_as(_WEEKDAYS[at.weekday()]),
        year=f"{at:%Y}",
        month=f"{at:%m}",
        day=f"{at:%d}",
        time=f"{at:%H:%M}",
    )


def minute_of(at: datetime) -> datetime:
    """The moment as it is said to customers, who read whole minutes: never before the moment itself."""
    whole = at.replace(second=0, microsecond=0)
    return whole if whole == at else whole + timedelta(minutes=1)


def percent(share: float) -> str:
    """To a tenth: `4.1%`; `4,1 %`."""
    whole, _, part = f"{100 * share:.1f}".partition(".")
    return worded("{whole}.{part}%", whole=whole, part=part)


def whole_percent(share: float) -> str:
    """`25%`; `25 %`."""
    return worded("{whole}%", whole=f"{100 * share:.0f}")


def grouped(count: int) -> str:
    """A number with its thousands apart: `1,204`; `1.204`."""
    return f"{count:,}".replace(",", worded(","))


def duration(span: timedelta) -> str:
    """`1 h 05 min`, `4 min`, `30 s`; a passed moment is `12 min ago`."""
    seconds = round(span.total_seconds())
    if seconds < 0:
        return worded("{span} ago", span=duration(-span))
    if seconds < 60:
        return f"{seconds} s"
    minutes = seconds // 60
    if minutes < 60:
        return f"{minutes} min"
    return f"{minutes // 60} h {minutes % 60:02d} min"
