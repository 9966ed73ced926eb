"""The calendars' arithmetic against the minute-by-minute reference: 100,000 random cases, no difference."""

import calendar
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from bench.sla_minutes import WINDOWS, differences, open_minutes, wall
from incidents.sla import calendars


def test_no_difference_in_100_000_cases():
    """Clock changes both ways, leap days, year ends, odd zones, lunch breaks, nights, holidays, 24:00."""
    found = list(differences(100_000, seed=20_260_329))
    assert found == []


def test_the_reference_finds_a_calendar_that_ignores_the_clock_change(monkeypatch):
    """It is no rubber stamp: with one offset for the whole year, cases differ in most windows."""

    def one_offset(zone, year):
        begin, end = (int(datetime(number, 1, 1, tzinfo=UTC).timestamp()) for number in (year, year + 1))
        yield begin * 1_000_000, end * 1_000_000, calendars._offset(zone, begin) * 1_000_000

    monkeypatch.setattr(calendars, "constant_offsets", one_offset)
    assert len({found.calendar.zone for found in differences(5_000, seed=1)}) > 10


@pytest.mark.parametrize(("zone", "first"), WINDOWS)
def test_each_window_is_worth_looking_at(zone, first):
    """In a window the clock changes, or it is New Year or a leap day, or the offset has odd minutes."""
    window = wall(zone, first)
    end = window.begin + timedelta(days=50)
    offsets = {
        (window.begin + timedelta(hours=hour)).astimezone(ZoneInfo(zone)).utcoffset() for hour in range(1200)
    }
    has_leap_day = calendar.isleap(window.begin.year) and window.begin.month == 2
    assert len(offsets) > 1 or end.year > window.begin.year or has_leap_day


def test_the_reference_by_hand():
    """Berlin, the night of 2026-03-29: open 01:00 to 04:00, of which the clock skips an hour."""
    section = {"timezone": "Europe/Berlin", "hours": {"sun": ["01:00-04:00"]}, "holidays": {}}
    window = wall("Europe/Berlin", "2026-03-05")
    first = (datetime(2026, 3, 28, 12, tzinfo=UTC) - window.begin) // timedelta(minutes=1)
    worked = open_minutes(section, window)[first : first + 1440].nonzero()[0]
    assert len(worked) == 120
    assert window.begin + timedelta(minutes=int(first + worked[0])) == datetime(2026, 3, 29, 0, 0, tzinfo=UTC)
