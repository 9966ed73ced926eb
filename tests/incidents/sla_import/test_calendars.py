"""A helpdesk's schedules and holidays as calendars of the policy file, and what counts by them."""

from datetime import date

import pytest

from incidents.errors import NotFound
from incidents.imports.report import Fate
from incidents.service_levels import LevelHoliday, LevelSchedule, OpenHours
from tests.incidents.sla.helpdesk_promises import (
    NINE_TO_FIVE,
    OFFICE,
    a_level,
    imported_policy,
    section,
    targets,
    the_line,
    told,
    written,
)


def test_schedules_become_calendars():
    """Hours by day, holidays date by date, in the zone of the schedule; business hours count by it."""
    holidays = (
        LevelHoliday(name="Christmas", first=date(2026, 12, 24), last=date(2026, 12, 26)),
        LevelHoliday(name="Boxing Day", first=date(2026, 12, 26), last=date(2026, 12, 26)),
    )
    office = LevelSchedule(
        id="7",
        name="Always",
        zone="Europe/Berlin",
        hours=(*NINE_TO_FIVE, OpenHours(opens=8640 + 1320, closes=10080), OpenHours(opens=600, closes=660)),
        holidays=holidays,
    )
    imported = section(a_level(targets=targets(by_schedule=True)), schedules=(office,))
    policy = imported_policy(imported.text)
    calendar = policy.sla.calendars["always-2"]
    assert calendar.hours == {"mon-fri": ["09:00-17:00"], "sun": ["22:00-24:00"]}
    assert calendar.holidays.extra == ["2026-12-24", "2026-12-25", "2026-12-26"]
    assert policy.sla.policies[0].calendar == "always-2"
    assert "as calendar always-2, Europe/Berlin, 42 h a week, 3 closed dates" in "\n".join(
        told(imported, Fate.TAKEN)
    )


@pytest.mark.parametrize(
    ("hours", "expected"),
    [
        ([(0, 10080)], {"mon-sun": ["00:00-24:00"]}),
        ([(540, 2460)], {"mon": ["09:00-24:00"], "tue": ["00:00-17:00"]}),
        ([(0, 60), (30, 90), (90, 120)], {"mon": ["00:00-02:00"]}),
        ([(540, 720), (780, 1020)], {"mon": ["09:00-12:00", "13:00-17:00"]}),
        ([(60, 120), (2 * 1440 + 60, 2 * 1440 + 120)], {"mon": ["01:00-02:00"], "wed": ["01:00-02:00"]}),
    ],
)
def test_hours_are_written_by_day(hours, expected):
    """Cut at midnight, joined where they overlap or touch, equal neighbours together."""
    found = tuple(OpenHours(opens=opens, closes=closes) for opens, closes in hours)
    schedule = LevelSchedule(id="1", name="x", zone="UTC", hours=found)
    assert imported_policy(section(schedules=(schedule,)).text).sla.calendars["x"].hours == expected


@pytest.mark.parametrize(
    ("schedule", "expected"),
    [
        (LevelSchedule(id="1", name="x", zone="Middle Earth", hours=NINE_TO_FIVE), "no time zone 'Middle Earth'"),
        (LevelSchedule(id="1", name="x", zone="UTC"), "no working hours could be read"),
        (
            LevelSchedule(
                id="1", name="x", zone="UTC", hours=NINE_TO_FIVE,
                holidays=(LevelHoliday(name="Age", first=date(1, 1, 1), last=date(9999, 12, 31)),),
            ),
            "holiday 'Age': it goes from 0001-01-01 to 9999-12-31",
        ),
    ],
)  # fmt: skip
def test_schedules_that_cannot_be_taken_over(schedule, expected):
    """Told with the cure; what counts by them is not converted into something else."""
    imported = section(a_level(targets=targets(by_schedule=True)), schedules=(schedule,))
    assert expected in "\n".join(told(imported, Fate.LEFT))
    has_hours = "Age" in expected
    assert bool(written(imported)) is has_hours
    assert has_hours or "its schedule 'x' could not be taken over" in "\n".join(told(imported, Fate.LEFT))


NIGHT = LevelSchedule(id="8", name="Night", zone="UTC", hours=(OpenHours(opens=0, closes=360),))


def test_several_schedules():
    """Which one a ticket has is not in its policy: the operator says which one is meant, or they are left out."""
    level = a_level(targets=(*targets(minutes=9, by_schedule=True), *targets("resolution", 600)))
    imported = section(level, schedules=(OFFICE, NIGHT))
    assert set(imported_policy(imported.text).sla.calendars) == {"office", "night"}
    assert written(imported)["gold"].targets.first_response is None
    assert "there are 2 schedules" in the_line(imported, Fate.LEFT)
    only = a_level(targets=targets(by_schedule=True))
    for name in ("night", "8"):
        chosen = section(only, schedules=(OFFICE, NIGHT), schedule=name)
        assert written(chosen)["gold"].calendar == "night"
        assert "whichever schedule a trigger gives a ticket" in the_line(chosen, Fate.DIFFERS)
    with pytest.raises(NotFound, match="no schedule 'Day' in the helpdesk; there is: 'Office', 'Night'"):
        section(only, schedules=(OFFICE, NIGHT), schedule="Day")


def test_a_target_that_its_calendar_would_never_fill():
    """Ten years of a schedule of one hour a week."""
    rare = LevelSchedule(id="1", name="rare", zone="UTC", hours=(OpenHours(opens=0, closes=60),))
    imported = section(a_level(targets=targets(minutes=60_000, by_schedule=True)), schedules=(rare,))
    assert "19 years in calendar rare" in "\n".join(told(imported, Fate.LEFT))
