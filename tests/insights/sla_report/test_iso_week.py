"""Weeks: where they begin and end, how they are written, and what is said of those that are none."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from incidents.errors import Refused
from insights.sla_report.iso_week import IsoWeek, week_to_report

MOMENTS = st.datetimes(datetime(2000, 1, 3), datetime(2998, 1, 1), timezones=st.just(UTC))  # noqa: DTZ001
NOW = datetime(2026, 11, 25, 12, tzinfo=UTC)


@given(MOMENTS)
def test_a_moment_is_in_its_week(at: datetime) -> None:
    """Which is seven days long, begins on a Monday, comes after the one before, and is read as it is written."""
    week = IsoWeek.of(at)
    assert week.start <= at < week.end
    assert week.start.weekday() == 0
    assert week.end - week.start == timedelta(days=7)
    assert week.before().end == week.start
    assert week.before() < week
    assert IsoWeek.parse(str(week)) == week


def test_weeks_before_a_week() -> None:
    """Over the end of a year that has 53."""
    weeks = IsoWeek(2027, 1).and_before(3)
    assert [str(week) for week in weeks] == ["2026-W52", "2026-W53", "2027-W01"]


def test_a_week_is_in_utc() -> None:
    """Monday's first hour in Berlin is still Sunday."""
    berlin = datetime(2026, 11, 23, 0, 30, tzinfo=timezone(timedelta(hours=1)))
    assert str(IsoWeek.of(berlin)) == "2026-W47"


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("2026-W54", "2026 has the weeks 01 to 53"),
        ("2025-W53", "2025 has the weeks 01 to 52"),
        ("2026-W00", "there is no week 2026-W00"),
        ("2026-47", "write it like 2026-W47"),
        ("2026-W5", "2026-W05 with its zero"),
        ("2026-W47\n", "write it like 2026-W47"),
        ("2026-W4٧", "write it like 2026-W47"),
        ("9999-W52", "write it like 2026-W47"),
        ("", "write it like 2026-W47"),
        ("x" * 1000, "'" + "x" * 40 + "'"),
    ],
)
def test_what_is_no_week(text: str, said: str) -> None:
    with pytest.raises(Refused, match=said):
        IsoWeek.parse(text)


def test_the_week_to_report() -> None:
    """The last one that is over, or the one that is named, if it has begun."""
    assert str(week_to_report(None, now=NOW)) == "2026-W47"
    assert str(week_to_report("2026-W48", now=NOW)) == "2026-W48"
    with pytest.raises(Refused, match="2026-W49 has not begun yet; the last week that is over is 2026-W47"):
        week_to_report("2026-W49", now=NOW)
