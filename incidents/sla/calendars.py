"""Business calendars: how much working time lies between two instants, and when a target's time is used up.

An instant is working time if the clock on the office's wall then shows one of its hours, on a date that is
not closed. Hours are wall-clock time; what is counted is time that really passed. From this one rule follows

- in spring, hours the clock skips are not worked: an office open 00:00 to 08:00 has a day of seven hours, and
  one that opens at 02:30, a time that does not exist that day, opens when the clock jumps to 03:00;
- in autumn, hours the clock shows twice are worked twice: the same office has a day of nine hours, and one
  that closes at 02:30 closes, opens again when the clock is set back to 02:00, and closes at the second 02:30;
- a closed date is closed from its midnight to its midnight: of a night shift that begins on the eve of a
  holiday, only the part before midnight is worked;
- hours of a single date take the place of its weekday's: a date with its year is worked even on a holiday or a
  weekend, one of every year only where its weekday is worked (24 December, half a day, unless it is a Sunday);
- a Saturday or Sunday that the country works in exchange for a bridge day has the hours of the last weekday before
  it that has any, unless its own weekday has some.

Where time is used up just when the office closes, that is when it is due, not when the office opens again.
Instants are any aware `datetime`s; what comes back is in UTC. Between 1970 and the end of 2199 all is exact;
outside of it, only a calendar without closed hours has any working time.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

from incidents.sla.holiday_rules import NO_HOLIDAYS, HolidayRules

DayHours = tuple[tuple[int, int], ...]
"""When one weekday opens and closes, in minutes after midnight: in order, apart, at most 0 to 1440."""

FIRST_YEAR, LAST_YEAR = 1970, 2199
LOOKED_AHEAD = 50
"""Years after which a target that is still not used up counts as never due."""

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)
_SECOND = 1_000_000
_MINUTE = 60 * _SECOND
_DAY = 86_400 * _SECOND
_FIRST_DATE = date(1970, 1, 1).toordinal()
_WHOLE_DAY: DayHours = ((0, 1440),)

DateHours = tuple[tuple[str, DayHours], ...]
"""Hours of single dates: `2026-12-24`, or `12-24` for every year."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Span:
    """Working time without a gap."""

    start: datetime
    end: datetime

    @property
    def length(self) -> timedelta:
        """How long it is; it counts as working time from end to end."""
        return self.end - self.start


@dataclass(frozen=True, kw_only=True, slots=True)
class _Year:
    """One UTC year's working time, in microseconds since 1970: `before[i]` of it has passed at `starts[i]`."""

    starts: list[int]
    ends: list[int]
    before: list[int]
    total: int

    def worked_until(self, instant: int) -> int:
        index = bisect_right(self.starts, instant) - 1
        if index < 0:
            return 0
        return self.before[index] + min(instant, self.ends[index]) - self.starts[index]

    def when_worked(self, wanted: int) -> int:
        """The first instant at which that much has passed; it must be more than 0 and at most `total`."""
        index = bisect_left(self.before, wanted) - 1
        return self.starts[index] + wanted - self.before[index]


@dataclass(frozen=True, kw_only=True)
class Calendar:
    """Working hours from Monday to Sunday in a time zone, less the closed dates, and single dates with their own.

    A year is worked out when it is first asked for, then kept: keep the calendar, too.
    """

    name: str
    zone: str = "UTC"
    week: tuple[DayHours, ...] = (_WHOLE_DAY,) * 7
    holidays: HolidayRules = NO_HOLIDAYS
    dates: DateHours = ()
    _years: dict[int, _Year] = field(default_factory=dict, init=False, repr=False, compare=False)
    is_always: bool = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        if len(self.week) != 7:
            raise ValueError("a week has seven days")
        is_plain = self.holidays == NO_HOLIDAYS and not self.dates
        object.__setattr__(self, "is_always", self.week == (_WHOLE_DAY,) * 7 and is_plain)

    @property
    def is_empty(self) -> bool:
        """Whether there is no working hour in any week: nothing is ever due."""
        return not any(self.week) and not any(hours for _, hours in self.dates)

    @property
    def weekly(self) -> timedelta:
        """Working time of a week without holidays and clock changes."""
        return timedelta(minutes=sum(closes - opens for day in self.week for opens, closes in day))

    @property
    def tz(self) -> ZoneInfo:
        """The zone that its hours and days are told in. Raises `ZoneInfoNotFoundError`."""
        return ZoneInfo(self.zone)

    def working_time(self, start: datetime, end: datetime) -> timedelta:
        """The working time from start to end; none if end is not after start."""
        start, end = _utc(start), _utc(end)
        if end <= start:
            return timedelta(0)
        if self.is_always:
            return end - start
        worked = -self._worked_until(start) + self._worked_until(end)
        for year in range(max(start.year, FIRST_YEAR), min(end.year, LAST_YEAR + 1)):
            worked += self._year(year).total
        return timedelta(microseconds=worked)

    def due(self, start: datetime, target: timedelta) -> datetime | None:
        """The first instant by which so much working time has passed since start.

        At start itself if the target is nothing or less. None if it is never, or not within fifty years.
        """
        start = _utc(start)
        if target <= timedelta(0):
            return start
        if self.is_always:
            return start + target if target < datetime.max.replace(tzinfo=UTC) - start else None
        if self.is_empty:
            return None
        wanted = target // _MICROSECOND + self._worked_until(start)
        for year in range(max(start.year, FIRST_YEAR), min(start.year + LOOKED_AHEAD, LAST_YEAR) + 1):
            table = self._year(year)
            if wanted <= table.total:
                return _EPOCH + timedelta(microseconds=table.when_worked(wanted))
            wanted -= table.total
        return None

    def spans(self, start: datetime, end: datetime) -> Iterator[Span]:
        """The working time from start to end, piece by piece, in order."""
        start, end = _utc(start), _utc(end)
        if self.is_always:
            if start < end:
                yield Span(start=start, end=end)
            return
        first, last = _instant(start), _instant(end)
        pending: tuple[int, int] | None = None
        for year in range(max(start.year, FIRST_YEAR), min(end.year, LAST_YEAR) + 1):
            table = self._year(year)
            for index in range(max(bisect_right(table.starts, first) - 1, 0), len(table.starts)):
                opens, closes = max(table.starts[index], first), min(table.ends[index], last)
                if table.starts[index] >= last:
                    break
                if pending is not None and pending[1] == opens:
                    pending = (pending[0], closes)  # through New Year
                elif opens < closes:
                    if pending is not None:
                        yield _span(*pending)
                    pending = (opens, closes)
        if pending is not None:
            yield _span(*pending)

    def closed_dates(self, start: datetime, end: datetime) -> Iterator[tuple[date, str]]:
        """Dates from start to end, as the office's wall calendar has them, that would have hours but are closed.

        Each with what people call the day. One that has hours of its own all the same is not among them.
        """
        if self.holidays == NO_HOLIDAYS:
            return
        first, last = _utc(start).astimezone(self.tz).date(), _utc(end).astimezone(self.tz).date()
        for year in range(first.year, min(last.year, LAST_YEAR) + 1):
            for day, name in self.holidays.closed(year).items():
                if first <= day <= last and self.week[day.weekday()] and not self.hours_on(day):
                    yield day, name

    def hours_on(self, day: date) -> DayHours:
        """The hours of that date on the office's wall clock; none if it is closed."""
        own = dict(self.dates)
        if (hours := own.get(day.isoformat())) is not None:
            return hours
        usual = self.week[day.weekday()] or (
            self._last_hours_before(day.weekday()) if self.holidays.is_made_up(day) else ()
        )
        if usual and (hours := own.get(day.isoformat()[5:])) is not None:
            return hours
        return () if self.holidays.name(day) is not None else usual

    def _last_hours_before(self, weekday: int) -> DayHours:
        before = (self.week[(weekday - number) % 7] for number in range(1, 7))
        return next((hours for hours in before if hours), ())

    def _worked_until(self, at: datetime) -> int:
        """Microseconds of working time from the beginning of the instant's UTC year."""
        if not FIRST_YEAR <= at.year <= LAST_YEAR:
            return 0
        return self._year(at.year).worked_until(_instant(at))

    def _year(self, year: int) -> _Year:
        table = self._years.get(year)
        if table is None:
            table = self._years.setdefault(year, self._worked_out(year))
        return table

    def _worked_out(self, year: int) -> _Year:
        starts: list[int] = []
        ends: list[int] = []
        for opens, closes in self._open(year):
            if ends and ends[-1] == opens:
                ends[-1] = closes
            else:
                starts.append(opens)
                ends.append(closes)
        before, total = [], 0
        for opens, closes in zip(starts, ends, strict=True):
            before.append(total)
            total += closes - opens
        return _Year(starts=starts, ends=ends, before=before, total=total)

    def _open(self, year: int) -> Iterator[tuple[int, int]]:
        """The year's hours, date by date. A date on which the clock changes is walked once for each offset."""
        for since, until, offset in constant_offsets(self.tz, year):
            first, last = (since + offset) // _DAY, (until + offset - 1) // _DAY
            for number in range(first, last + 1):
                hours = self.hours_on(date.fromordinal(_FIRST_DATE + number))
                midnight = number * _DAY - offset
                for opening, closing in hours:
                    opens = max(midnight + opening * _MINUTE, since)
                    closes = min(midnight + closing * _MINUTE, until)
                    if opens < closes:
                        yield opens, closes


Calendars = Mapping[str, Calendar]

ALWAYS = Calendar(name="always")
"""Around the clock, every day."""


def constant_offsets(zone: ZoneInfo, year: int) -> Iterator[tuple[int, int, int]]:
    """The UTC year in parts within which the zone's clock is not changed: from, to and offset, in microseconds.

    One look a day finds every change: since 1970 no zone has changed its clock twice within six days
    (computed from tzdata 2026).
    """
    begin, end = (int(datetime(number, 1, 1, tzinfo=UTC).timestamp()) for number in (year, year + 1))
    since, offset = begin, _offset(zone, begin)
    for day, next_day in pairwise([*range(begin, end, 86_400), end]):
        if _offset(zone, next_day) != offset:
            change = _change_between(zone, day, next_day)
            yield since * _SECOND, change * _SECOND, offset * _SECOND
            since, offset = change, _offset(zone, change)
    if since < end:
        yield since * _SECOND, end * _SECOND, offset * _SECOND


def _change_between(zone: ZoneInfo, early: int, late: int) -> int:
    """The first second of the offset that is there at `late` and not yet at `early`."""
    offset = _offset(zone, late)
    while late - early > 1:
        middle = (early + late) // 2
        early, late = (early, middle) if _offset(zone, middle) == offset else (middle, late)
    return late


def _offset(zone: ZoneInfo, second: int) -> int:
    offset = datetime.fromtimestamp(second, zone).utcoffset()
    return round(offset.total_seconds()) if offset is not None else 0


def _utc(at: datetime) -> datetime:
    """The same instant in UTC, where comparing and subtracting are about real time, clock changes or not."""
    if at.tzinfo is None:
        raise ValueError("a time without a zone is no instant; give it one, such as UTC")
    return at.astimezone(UTC)


def _instant(at: datetime) -> int:
    return (at - _EPOCH) // _MICROSECOND


def _span(start: int, end: int) -> Span:
    return Span(
        start=_EPOCH + timedelta(microseconds=start),
        end=_EPOCH + timedelta(microseconds=end),
    )
