"""The arithmetic behind a due time, line by line, so that a person can check it with a wall calendar.

INC-7 resolution: 8 h by calendar office, policy gold
Started Thu 2026-04-02 16:00 Europe/Berlin
  Thu 2026-04-02 16:00-18:00 Europe/Berlin         2 h
  Fri 2026-04-03 closed: Good Friday
  Mon 2026-04-06 closed: Easter Monday
  Tue 2026-04-07 09:00-12:30 Europe/Berlin  3 h 30 min
  Tue 2026-04-07 13:30-16:00 Europe/Berlin  2 h 30 min
  together                                         8 h
Due Tue 2026-04-07 16:00 Europe/Berlin (14:00 UTC), 6 h of working time left
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

from incidents.notes.states import state_words
from incidents.sla.calendars import (
    ALWAYS,
    LOOKED_AHEAD,
    Calendar,
    Calendars,
    Span,
)
from incidents.sla.clock import (
    ClockState,
    SlaClock,
    SlaMetric,
    Stretch,
    due_at,
    elapsed,
    reached_at,
)
from incidents.texts.team import sentence, worded, worded_as
from incidents.texts.times import weekday_and_date

_METRICS = {
    SlaMetric.FIRST_RESPONSE: sentence("first_response"),
    SlaMetric.NEXT_UPDATE: sentence("next_update"),
    SlaMetric.MITIGATION: sentence("mitigation"),
    SlaMetric.RESOLUTION: sentence("resolution"),
}
"""As policies spell them: who reads the sum looks for them there."""


@dataclass(frozen=True, kw_only=True, slots=True)
class _Line:
    """A line of the sum; without an amount it only explains."""

    text: str
    amount: timedelta | None = None


def explain(clock: SlaClock, calendars: Calendars, *, now: datetime, longest: int = 40) -> list[str]:
    """The clock's arithmetic. Of a sum with more than `longest` lines the middle is added up in one."""
    calendar = calendars.get(clock.calendar)
    zone = calendar.tz if calendar is not None else ALWAYS.tz
    lines = _shortened(list(_sum(clock, calendars, now=now)), longest)
    return [
        _title(clock),
        worded("Started {when}", when=_time(clock.started_at, zone)),
        *_table(lines),
        *_outcome(clock, calendars, zone, now=now),
        *_moments(clock, calendars, zone),
    ]


def amount(length: timedelta) -> str:
    """Exactly: `3 h 30 min`, `20 s`, `0 min`."""
    seconds, fraction = divmod(length, timedelta(seconds=1))
    minutes, seconds = divmod(seconds, 60)
    hours, minutes = divmod(minutes, 60)
    rest = f"{seconds}.{fraction.microseconds:06d}".rstrip("0") if fraction else f"{seconds}"
    parts = [
        f"{hours} h" if hours else "",
        f"{minutes} min" if minutes else "",
        f"{rest} s" if seconds or fraction else "",
    ]
    return " ".join(part for part in parts if part) or "0 min"


def _title(clock: SlaClock) -> str:
    again = worded(", reopened {count} time(s)", count=clock.generation - 1) if clock.generation > 1 else ""
    which = f" {clock.round}" if clock.round > 1 else ""
    promised = worded("nothing promised") if clock.target is None else amount(clock.target)
    policy = worded(", policy {policy}", policy=clock.policy) if clock.policy else ""
    by = worded("{promised} by calendar {calendar}", promised=promised, calendar=clock.calendar)
    return f"{clock.subject} {worded_as(_METRICS[clock.metric])}{which}: {by}{policy}{again}"


def _sum(clock: SlaClock, calendars: Calendars, *, now: datetime) -> Iterator[_Line]:
    """Closed stretches, then what runs: until it is due, or until now if that is not to come."""
    for stretch in clock.stretches:
        yield from _closed(stretch, calendars.get(stretch.calendar))
    calendar = calendars.get(clock.calendar)
    if clock.running_since is not None and calendar is not None:
        due = due_at(clock, calendars)
        until = due if due is not None and due > clock.running_since else max(now, clock.running_since)
        yield from _worked(calendar, clock.running_since, until)


def _closed(stretch: Stretch, calendar: Calendar | None) -> Iterator[_Line]:
    zone = calendar.tz if calendar is not None else ALWAYS.tz
    lines = list(_worked(calendar, stretch.since, stretch.until)) if calendar is not None else []
    if stretch.count == 1 and _together(lines) == stretch.worked:
        yield from lines
    else:
        how = (
            worded("{count} times added up", count=stretch.count)
            if stretch.count > 1
            else worded("as {calendar} was then", calendar=stretch.calendar)
        )
        since, until = _time(stretch.since, zone), _time(stretch.until, zone)
        text = worded("{since} to {until}, {how}", since=since, until=until, how=how)
        yield _Line(text=text, amount=stretch.worked)
    if stretch.ended_by != "done":
        yield _Line(text=f"{_time(stretch.until, zone)} {state_words(stretch.ended_by)}")


def _together(lines: list[_Line]) -> timedelta:
    return sum((line.amount for line in lines if line.amount is not None), timedelta(0))


def _worked(calendar: Calendar, since: datetime, until: datetime) -> Iterator[_Line]:
    """Spans and the closed dates between them, by date."""
    closed = list(calendar.closed_dates(since, until))
    for span in calendar.spans(since, until):
        first = span.start.astimezone(calendar.tz).date()
        while closed and closed[0][0] <= first:
            yield _closed_date(*closed.pop(0))
        yield _Line(text=_span(span, calendar), amount=span.length)
    for day, name in closed:
        yield _closed_date(day, name)


def _closed_date(day: date, name: str) -> _Line:
    return _Line(text=worded("{day} closed: {name}", day=weekday_and_date(day), name=name))


def _span(span: Span, calendar: Calendar) -> str:
    start, end = span.start.astimezone(calendar.tz), span.end.astimezone(calendar.tz)
    is_midnight = end.hour == end.minute == end.second == end.microsecond == 0
    if start.date() == end.date():
        text = f"{weekday_and_date(start)} {_hours(start)}-{_hours(end)}"
    elif is_midnight and end.date() == start.date() + timedelta(days=1):
        text = f"{weekday_and_date(start)} {_hours(start)}-24:00"
    else:
        text = f"{weekday_and_date(start)} {_hours(start)} - {weekday_and_date(end)} {_hours(end)}"
    return f"{text} {calendar.zone}{_clock_change(start, end)}"


def _clock_change(start: datetime, end: datetime) -> str:
    """Why the hours on the wall are not what really passed, where they are not."""
    change = (end.utcoffset() or timedelta(0)) - (start.utcoffset() or timedelta(0))
    if change > timedelta(0):
        return worded(" (clocks go forward {span})", span=amount(change))
    if change < timedelta(0):
        return worded(" (clocks go back {span})", span=amount(-change))
    return worded(" (after clocks went back)") if start.fold else ""


def _shortened(lines: list[_Line], longest: int) -> list[_Line]:
    if len(lines) <= max(longest, 3):
        return lines
    kept = max(longest // 2, 1)
    middle = lines[kept:-kept]
    more = _Line(text=worded("... {count} more lines", count=len(middle)), amount=_together(middle))
    return [*lines[:kept], more, *lines[-kept:]]


def _table(lines: list[_Line]) -> Iterator[str]:
    counted = [*lines, _Line(text=worded("together"), amount=_together(lines))]
    amounts = [amount(line.amount) for line in counted if line.amount is not None]
    width = max(len(line.text) for line in counted if line.amount is not None)
    widest = max(len(text) for text in amounts)
    for line in counted:
        if line.amount is None:
            yield f"  {line.text}"
        else:
            yield f"  {line.text:<{width}}  {amount(line.amount):>{widest}}"


def _outcome(clock: SlaClock, calendars: Calendars, zone: ZoneInfo, *, now: datetime) -> Iterator[str]:
    gone = elapsed(clock, calendars, now=now)
    due = due_at(clock, calendars)
    if clock.stopped_at is not None:
        is_withdrawn = clock.state is ClockState.WITHDRAWN
        what = (
            sentence("Withdrawn {when}, after {span}")
            if is_withdrawn
            else sentence("Done {when}, after {span}")
        )
        yield worded_as(what, when=_time(clock.stopped_at, zone), span=amount(gone))
    elif clock.paused_because is not None:
        yield worded(
            "Stands still: {why}, after {span}", why=state_words(clock.paused_because), span=amount(gone)
        )
    if clock.target is None or clock.state is ClockState.WITHDRAWN:
        return
    left = clock.target - gone
    if due is not None:
        yield worded("Due {when}, {left}", when=f"{_time(due, zone)}{_in_utc(due, zone)}", left=_left(left))
    elif clock.is_over:
        yield worded("In time, {left}", left=_left(left))
    elif clock.paused_because is not None:
        yield worded("Not due while it stands still, {left}", left=_left(left))
    else:
        yield worded("Never due: {why}", why=_why_never(clock, calendars))


def _why_never(clock: SlaClock, calendars: Calendars) -> str:
    calendar = calendars.get(clock.calendar)
    if calendar is None:
        return worded("calendar '{calendar}' is not in the policy any more", calendar=clock.calendar)
    if calendar.is_empty:
        return worded("calendar '{calendar}' has no working hours", calendar=clock.calendar)
    return worded(
        "calendar '{calendar}' has not enough working time within {years} years",
        calendar=clock.calendar,
        years=LOOKED_AHEAD,
    )


def _left(left: timedelta) -> str:
    if left >= timedelta(0):
        return worded("{span} of working time left", span=amount(left))
    return worded("{span} of working time late", span=amount(-left))


def _moments(clock: SlaClock, calendars: Calendars, zone: ZoneInfo) -> Iterator[str]:
    for moment in clock.moments:
        at = reached_at(clock, moment, calendars)
        told = next((one.at for one in clock.told if one.moment == moment), None)
        if clock.target is None or (at is None and told is None):
            continue
        share = worded("Breach") if moment.is_breach else f"{moment.per_mille / 10:g} %"
        when = _time(at, zone) if at is not None else worded("not now")
        was_told = ""
        if told is not None and clock.was_told(moment):
            was_told = worded(", told {when}", when=_time(told, zone))
        span = amount(moment.of(clock.target))
        yield worded("{share} after {span}: {when}", share=share, span=span, when=when) + was_told


def _time(at: datetime, zone: ZoneInfo) -> str:
    there = at.astimezone(zone)
    return f"{weekday_and_date(there)} {_hours(there)} {zone.key}"


def _in_utc(at: datetime, zone: ZoneInfo) -> str:
    return "" if zone == ALWAYS.tz else f" ({_hours(at.astimezone(UTC))} UTC)"


def _hours(at: datetime) -> str:
    """`09:00`, with seconds where there are any."""
    if at.microsecond:
        return at.strftime("%H:%M:%S.%f")
    return at.strftime("%H:%M:%S" if at.second else "%H:%M")
