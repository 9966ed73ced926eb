"""The explanation of a due time: what a person reads, and that its sum is right."""

import re
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from incidents.models import IncidentRef
from incidents.policy.calendars import WorkCalendar
from incidents.promises.subjects import subject_ref
from incidents.sla import moves as sla_moves
from incidents.sla.calendars import ALWAYS, Calendar
from incidents.sla.clock import (
    SlaMetric,
    due_at,
    elapsed,
    tell,
)
from incidents.sla.explain import amount, explain
from tests.incidents.sla.builders import CALENDARS, START, a_promise, at, hours

M = SlaMetric
EASTER = datetime(2026, 4, 2, 14, 0, tzinfo=UTC)


def started(calendar="office", begin=START, target=8, **changes):
    terms = a_promise(calendar=calendar, targets={M.RESOLUTION: hours(target)}, warnings=(), **changes)
    return sla_moves.start(IncidentRef(number=7), M.RESOLUTION, terms, at=begin, now=begin)


def paused(clock, now):
    return sla_moves.pause(clock, CALENDARS, "waiting_for_customer", at=now, now=now)


def resumed(clock, now):
    return sla_moves.resume(clock, at=now, now=now)


def test_a_due_time_over_easter():
    """The whole text, as `liaison sla INC-7` prints it."""
    clock = tell(started(begin=EASTER), [], now=EASTER)
    assert explain(clock, CALENDARS, now=EASTER + hours(1)) == [
        "INC-7 resolution: 8 h by calendar office, policy gold",
        "Started Thu 2026-04-02 16:00 Europe/Berlin",
        "  Thu 2026-04-02 16:00-18:00 Europe/Berlin         2 h",
        "  Fri 2026-04-03 closed: Good Friday",
        "  Mon 2026-04-06 closed: Easter Monday",
        "  Tue 2026-04-07 09:00-12:30 Europe/Berlin  3 h 30 min",
        "  Tue 2026-04-07 13:30-16:00 Europe/Berlin  2 h 30 min",
        "  together                                         8 h",
        "Due Tue 2026-04-07 16:00 Europe/Berlin (14:00 UTC), 7 h of working time left",
        "Breach after 8 h: Tue 2026-04-07 16:00 Europe/Berlin",
    ]


def test_pauses_moments_and_what_was_told():
    """Stretches one after the other; a moment that was told says when."""
    terms = a_promise(calendar="office")
    clock = sla_moves.start(subject_ref("zendesk/support#1"), M.MITIGATION, terms, at=START, now=START)
    clock = resumed(paused(clock, at(2)), at(5))
    clock = tell(clock, clock.moments[:1], now=at(5.5))
    assert explain(clock, CALENDARS, now=at(6)) == [
        "zendesk/support#1 mitigation: 4 h by calendar office, policy gold",
        "Started Mon 2026-03-30 10:00 Europe/Berlin",
        "  Mon 2026-03-30 10:00-12:00 Europe/Berlin  2 h",
        "  Mon 2026-03-30 12:00 Europe/Berlin waiting for customer",
        "  Mon 2026-03-30 15:00-17:00 Europe/Berlin  2 h",
        "  together                                  4 h",
        "Due Mon 2026-03-30 17:00 Europe/Berlin (15:00 UTC), 1 h of working time left",
        "50 % after 2 h: Mon 2026-03-30 12:00 Europe/Berlin, told Mon 2026-03-30 15:30 Europe/Berlin",
        "75 % after 3 h: Mon 2026-03-30 16:00 Europe/Berlin",
        "Breach after 4 h: Mon 2026-03-30 17:00 Europe/Berlin",
    ]


@pytest.mark.parametrize(
    ("make", "now", "expected"),
    [
        (lambda: paused(started(), at(2)), at(9), "Stands still: waiting for customer, after 2 h"),
        (lambda: paused(started(), at(2)), at(9), "Not due while it stands still, 6 h of working time left"),
        (started, at(31), "Due Tue 2026-03-31 10:00 Europe/Berlin (08:00 UTC), 6 h of working time late"),
        (lambda: sla_moves.stop(started(), CALENDARS, at=at(2), now=at(2)), at(9), "In time, 6 h of working time left"),
        (
            lambda: sla_moves.stop(started(), CALENDARS, at=at(2), now=at(2)),
            at(9),
            "Done Mon 2026-03-30 12:00 Europe/Berlin, after 2 h",
        ),
        (
            lambda: sla_moves.withdraw(started(), CALENDARS, at=at(2), now=at(2)),
            at(9),
            "Withdrawn Mon 2026-03-30 12:00 Europe/Berlin, after 2 h",
        ),
        (lambda: started(calendar="gone"), at(9), "Never due: calendar 'gone' is not in the policy any more"),
        (lambda: started(calendar="empty"), at(9), "Never due: calendar 'empty' has no working hours"),
        (
            lambda: started(target=200_000),
            at(9),
            "Never due: calendar 'office' has not enough working time within 50 years",
        ),
    ],
)  # fmt: skip
def test_how_it_stands(make, now, expected):
    """Paused, late, done, withdrawn, never: each says so and why."""
    calendars = {**CALENDARS, "empty": Calendar(name="empty", week=((),) * 7)}
    assert expected in explain(make(), calendars, now=now)


def test_what_is_not_promised_is_told_without_a_due_time():
    """It is counted all the same."""
    clock = sla_moves.retarget(started(), CALENDARS, None, now=at(1))
    lines = explain(clock, CALENDARS, now=at(2))
    assert lines[0] == "INC-7 resolution: nothing promised by calendar office"
    assert lines[-1] == "  together                                  2 h"


@pytest.mark.parametrize(
    ("zone", "begin", "target", "expected"),
    [
        ("UTC", START, 30, "Mon 2026-03-30 08:00 - Tue 2026-03-31 14:00 UTC  30 h"),
        (
            "Europe/Berlin",
            datetime(2026, 3, 28, 23, tzinfo=UTC),
            23,
            "Sun 2026-03-29 00:00-24:00 Europe/Berlin (clocks go forward 1 h)  23 h",
        ),
        (
            "Europe/Berlin",
            datetime(2026, 10, 24, 22, tzinfo=UTC),
            25,
            "Sun 2026-10-25 00:00-24:00 Europe/Berlin (clocks go back 1 h)  25 h",
        ),
        (
            "Europe/Berlin",
            datetime(2026, 10, 25, 1, tzinfo=UTC),
            1,
            "Sun 2026-10-25 02:00-03:00 Europe/Berlin (after clocks went back)  1 h",
        ),
        (
            "Australia/Lord_Howe",
            datetime(2026, 4, 4, 13, tzinfo=UTC),
            24,
            "Sun 2026-04-05 00:00-23:30 Australia/Lord_Howe (clocks go back 30 min)  24 h",
        ),
    ],
)
def test_lines_where_the_wall_clock_needs_a_word(zone, begin, target, expected):
    """Hours over several days, and days on which the clock is changed."""
    section = WorkCalendar.model_validate({"timezone": zone, "hours": "always"})
    clock = started(calendar="round", begin=begin, target=target)
    assert f"  {expected}" in explain(clock, {"round": section.calendar("round")}, now=begin)


def test_a_night_shift_is_one_line():
    """It is one stretch of work, whatever the date."""
    night = WorkCalendar.model_validate({"timezone": "UTC", "hours": {"mon-fri": ["22:00-06:00"]}})
    lines = explain(started(calendar="night"), {"night": night.calendar("night")}, now=START)
    assert "  Mon 2026-03-30 22:00 - Tue 2026-03-31 06:00 UTC  8 h" in lines


def test_a_long_sum_is_shortened_in_the_middle():
    """A month of an office has some sixty lines; the sum stays."""
    clock = started(target=160)
    lines = explain(clock, CALENDARS, now=START, longest=10)
    (more,) = [line for line in lines if "more lines" in line]
    assert re.fullmatch(r"  \.\.\. 33 more lines +\d+ h( \d+ min)?", more)
    assert next(line for line in lines if "together" in line).split()[1:] == ["160", "h"]
    assert len(lines) == 2 + 11 + 1 + 2
    assert _total(lines) == hours(160)


def test_stretches_that_cannot_be_shown_one_by_one():
    """Added up, or counted by hours that are not known any more: one line with the time that was counted."""
    clock = started("always")
    for number in range(60):
        clock = resumed(paused(clock, at(number + 0.5)), at(number + 1))
    lines = explain(clock, CALENDARS, now=at(60))
    assert "Mon 2026-03-30 08:00 UTC to Mon 2026-03-30 18:30 UTC, 11 times added up" in lines[2]
    assert _total(lines) == hours(30)
    old = paused(started(), at(5))
    lines = explain(old, {"always": ALWAYS}, now=at(6))
    assert lines[2] == "  Mon 2026-03-30 08:00 UTC to Mon 2026-03-30 13:00 UTC, as office was then  4 h"


@pytest.mark.parametrize(
    ("length", "expected"),
    [
        (timedelta(0), "0 min"),
        (timedelta(seconds=20), "20 s"),
        (timedelta(minutes=5), "5 min"),
        (hours(3.5), "3 h 30 min"),
        (timedelta(days=3, seconds=5), "72 h 5 s"),
        (timedelta(seconds=0.3), "0.3 s"),
        (timedelta(hours=1, microseconds=50), "1 h 0.00005 s"),
    ],
)
def test_amounts_are_exact(length, expected):
    """A sum of rounded amounts would be wrong."""
    assert amount(length) == expected


@settings(max_examples=100, deadline=None)
@given(
    st.sampled_from(["office", "always"]),
    st.integers(min_value=0, max_value=400 * 86_400),
    st.lists(st.integers(min_value=1, max_value=200_000), max_size=6),
    st.integers(min_value=1, max_value=300),
)
def test_the_lines_add_up(calendar, offset, changes, target):
    """Until it is due they make the target; until now what has gone; whatever was paused before."""
    now = START + timedelta(seconds=offset)
    clock = started(calendar, now, target)
    for number, seconds in enumerate(changes):
        now += timedelta(seconds=seconds)
        clock = resumed(clock, now) if number % 2 else paused(clock, now)
    lines = explain(clock, CALENDARS, now=now)
    due = due_at(clock, CALENDARS)
    is_running_towards_it = clock.running_since is not None and due is not None and due > clock.running_since
    expected = clock.target if is_running_towards_it else elapsed(clock, CALENDARS, now=now)
    together = next(line for line in lines if line.startswith("  together")).split(maxsplit=1)[1]
    assert together == amount(expected)
    assert _total(lines) == expected


def _total(lines):
    """The sum of the amounts at the ends of the indented lines, as a person would make it."""
    total = timedelta(0)
    for line in lines:
        if line.startswith("  ") and "together" not in line:
            (text,) = re.findall(r"  +((?:\d+ h ?)?(?:\d+ min ?)?(?:\d+ s)?)$", line) or [""]
            for number, unit in re.findall(r"(\d+) (h|min|s)", text):
                total += (
                    int(number)
                    * {"h": hours(1), "min": timedelta(minutes=1), "s": timedelta(seconds=1)}[unit]
                )
    return total
