"""Working time and due times by hand: what was decided about clock changes, holidays, ends and empty calendars."""

import time
from datetime import UTC, date, datetime, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from incidents.policy.calendars import WorkCalendar
from incidents.sla.calendars import ALWAYS, Calendar
from incidents.sla.holiday_rules import HolidayRules

BERLIN = ZoneInfo("Europe/Berlin")


def calendar(hours, zone="Europe/Berlin", **holidays):
    section = WorkCalendar.model_validate({"timezone": zone, "hours": hours, "holidays": holidays})
    return section.calendar("office")


def berlin(text, fold=0):
    return on_the_wall(text, fold).astimezone(UTC)


def on_the_wall(text, fold=0):
    return datetime.fromisoformat(text).replace(tzinfo=BERLIN, fold=fold)


def minutes(number):
    return timedelta(minutes=number)


OFFICE = calendar({"mon-fri": ["09:00-12:30", "13:30-18:00"]}, country="DE", subdivision="BY")
NIGHT = calendar({"mon-sun": ["00:00-08:00"]})
CALENDARS = {
    "office": OFFICE,
    "night": NIGHT,
    "shift": calendar({"mon-fri": ["22:00-06:00"]}, "America/New_York", country="US"),
    "odd": calendar({"mon-sun": ["01:45-02:15", "02:20-02:40"]}, "Australia/Lord_Howe"),
    "round": calendar("always", "Asia/Kathmandu", extra=["12-25"]),
    "always": ALWAYS,
}


@pytest.mark.parametrize(
    ("start", "end", "expected"),
    [
        ("2026-03-27T16:00", "2026-03-27T17:00", 60),
        ("2026-03-27T12:00", "2026-03-27T14:00", 60),  # lunch
        ("2026-03-27T17:00", "2026-03-30T10:00", 120),  # a weekend with a clock change
        ("2026-04-02T17:00", "2026-04-07T10:00", 120),  # Easter
        ("2026-12-31T17:00", "2027-01-04T09:30", 90),  # New Year on a Friday
        ("2028-02-28T17:00", "2028-03-01T10:00", 60 + 480 + 60),  # leap day
        ("2026-03-28T09:00", "2026-03-29T18:00", 0),
        ("2026-03-27T17:00", "2026-03-27T16:00", 0),  # backwards
    ],
)
def test_working_time_in_an_office(start, end, expected):
    """Breaks, weekends, holidays and other people's Sundays do not count."""
    assert OFFICE.working_time(berlin(start), berlin(end)) == minutes(expected)


@pytest.mark.parametrize(
    ("start", "target", "expected"),
    [
        ("2026-03-27T16:00", 60, "2026-03-27T17:00"),
        ("2026-03-27T16:00", 120, "2026-03-27T18:00"),  # at closing time, not when it opens again
        ("2026-03-27T12:15", 30, "2026-03-27T13:45"),  # over lunch
        ("2026-03-28T10:00", 30, "2026-03-30T09:30"),  # asked on a Saturday
        ("2026-03-27T17:59", 2, "2026-03-30T09:01"),
        ("2026-03-28T10:00", 0, "2026-03-28T10:00"),  # nothing promised is due at once
        ("2026-03-28T10:00", -5, "2026-03-28T10:00"),
    ],
)
def test_when_it_is_due(start, target, expected):
    """The first instant by which so much has been worked."""
    assert OFFICE.due(berlin(start), minutes(target)) == berlin(expected)


def test_hours_the_clock_skips_are_not_worked():
    """2026-03-29 in Berlin has no 02:00 to 03:00: the night is seven hours, and 02:30 is 03:00."""
    day = berlin("2026-03-29T00:00")
    assert NIGHT.working_time(day, berlin("2026-03-30T00:00")) == timedelta(hours=7)
    assert NIGHT.due(day, timedelta(hours=2)) == berlin("2026-03-29T03:00")
    late = calendar({"sun": ["02:30-04:00"]})
    assert [(span.start, span.end) for span in late.spans(day, day + timedelta(days=1))] == [
        (berlin("2026-03-29T03:00"), berlin("2026-03-29T04:00"))
    ]
    gone = calendar({"sun": ["02:10-02:50"]})
    assert gone.working_time(day, day + timedelta(days=1)) == timedelta(0)


def test_hours_the_clock_shows_twice_are_worked_twice():
    """2026-10-25 in Berlin has 02:00 to 03:00 twice: the night is nine hours."""
    day = berlin("2026-10-25T00:00")
    assert NIGHT.working_time(day, berlin("2026-10-26T00:00")) == timedelta(hours=9)
    closes = calendar({"sun": ["00:00-02:30"]})
    spans = [(span.start, span.length) for span in closes.spans(day, day + timedelta(days=1))]
    assert spans == [
        (berlin("2026-10-25T00:00"), timedelta(minutes=150)),
        (berlin("2026-10-25T02:00", fold=1), timedelta(minutes=30)),
    ]
    assert closes.due(day, minutes(151)) == berlin("2026-10-25T02:01", fold=1)


def test_times_that_are_twice_or_never_are_read_as_python_reads_them():
    """An ambiguous start is the first one unless `fold` says the second; all sums are over real time."""
    first, second = on_the_wall("2026-10-25T02:15"), on_the_wall("2026-10-25T02:15", fold=1)
    assert NIGHT.working_time(first, second) == timedelta(hours=1)
    assert ALWAYS.working_time(first, second) == timedelta(hours=1)
    never = on_the_wall("2026-03-29T02:15")  # by the offset before the change this is 03:15
    assert NIGHT.due(never, minutes(15)) == berlin("2026-03-29T03:30")


def test_a_zone_may_change_its_clock_by_half_an_hour():
    """Lord Howe goes from +11:00 back to +10:30."""
    office = calendar({"sun": ["01:00-03:00"]}, "Australia/Lord_Howe")
    day = datetime(2026, 4, 4, 12, tzinfo=UTC)
    assert office.working_time(day, day + timedelta(days=1)) == minutes(150)


def test_a_day_that_does_not_exist_has_no_hours():
    """Samoa went from 2011-12-29 to 2011-12-31."""
    apia = calendar("always", "Pacific/Apia", extra=["2011-12-30"])
    at = datetime(2011, 12, 29, tzinfo=UTC)
    assert apia.working_time(at, at + timedelta(days=3)) == timedelta(days=3)


def test_a_closed_date_is_closed_from_midnight_to_midnight():
    """Of the night shift before Independence Day the part before midnight is worked, of the next one the rest."""
    shift = CALENDARS["shift"]
    eve = datetime(2025, 7, 3, 12, tzinfo=ZoneInfo("America/New_York"))
    hours = [
        (span.start.astimezone(eve.tzinfo).hour, span.length) for span in shift.spans(eve, eve + timedelta(2))
    ]
    assert hours == [(22, timedelta(hours=2)), (0, timedelta(hours=6))]


def test_holidays_of_country_and_region_extra_and_except():
    """Epiphany is kept in Bavaria only; extra dates may be yearly; an exception beats both."""
    bavaria = HolidayRules(country="DE", subdivision="BY")
    assert bavaria.name(date(2026, 1, 6)) == "Epiphany"
    assert HolidayRules(country="DE").name(date(2026, 1, 6)) is None
    own = HolidayRules(
        country="DE",
        extra=(("12-24", "Eve"), ("2026-07-01", "Move"), ("02-29", "Leap")),
        exceptions=("12-25", "2026-05-01"),
    )
    assert own.name(date(2031, 12, 24)) is not None
    assert (own.name(date(2026, 7, 1)), own.name(date(2027, 7, 1))) == ("Move", None)
    assert own.name(date(2028, 2, 29)) is not None
    assert (own.name(date(2026, 12, 25)), own.name(date(2026, 5, 1))) == (None, None)
    assert own.name(date(2027, 5, 1)) == "Labor Day"


def test_days_in_lieu_are_kept():
    """New Year 2022 was a Saturday: the United States had the Friday of the old year off."""
    assert "observed" in HolidayRules(country="US").name(date(2021, 12, 31))


def test_what_a_country_has_not_announced_yet_is_no_warning():
    """Moving feasts are known for a few years only; beyond, the fixed dates count and nothing is raised."""
    assert date(2071, 8, 15) in HolidayRules(country="IN").closed(2071)


@pytest.mark.parametrize(
    ("country", "saturday", "is_worked"),
    [
        ("CN", date(2026, 2, 14), True),  # for the Spring Festival
        ("HU", date(2020, 12, 12), True),  # for Christmas Eve
        ("TW", date(2020, 2, 15), True),
        ("LV", date(2020, 6, 13), True),
        ("CN", date(2026, 2, 7), False),
        ("DE", date(2026, 12, 12), False),
    ],
)
def test_a_weekend_day_worked_for_a_bridge_day_has_the_last_weekdays_hours(country, saturday, is_worked):
    """As decreed in China, Hungary, Taiwan, Latvia and others; with Friday's hours, here shorter than the rest."""
    calendar = WorkCalendar.model_validate(
        {
            "timezone": "UTC",
            "hours": {"mon-thu": ["09:00-17:00"], "fri": ["09:00-15:00"]},
            "holidays": {"country": country},
        }
    ).calendar("office")
    midnight = datetime(saturday.year, saturday.month, saturday.day, tzinfo=UTC)
    worked = calendar.working_time(midnight, midnight + timedelta(days=1))
    assert worked == timedelta(hours=6 if is_worked else 0)


def test_single_dates_have_hours_of_their_own():
    """A half-day each year, unless it is a weekend; with its year, a date is worked whatever else it is."""
    calendar = WorkCalendar.model_validate(
        {
            "timezone": "UTC",
            "hours": {"mon-fri": ["09:00-17:00"]},
            "holidays": {"country": "GB", "subdivision": "ENG"},
            "dates": {"12-24": ["09:00-13:00"], "2026-12-25": ["10:00-11:00"], "2026-10-10": ["09:00-10:30"]},
        }
    ).calendar("office")
    worked = {
        day: calendar.working_time(midnight, midnight + timedelta(days=1)) / timedelta(hours=1)
        for day in ("2026-12-24", "2026-12-25", "2026-10-10", "2022-12-24", "2025-12-25", "2026-12-23")
        for midnight in [datetime.fromisoformat(f"{day}T00:00+00:00")]
    }
    assert worked == {
        "2026-12-24": 4.0,
        "2026-12-25": 1.0,  # Christmas Day
        "2026-10-10": 1.5,  # a Saturday
        "2022-12-24": 0.0,  # a Saturday
        "2025-12-25": 0.0,
        "2026-12-23": 8.0,
    }
    year = (datetime(2026, 1, 1, tzinfo=UTC), datetime(2027, 1, 1, tzinfo=UTC))
    assert date(2026, 12, 25) not in dict(calendar.closed_dates(*year))


def test_an_estimated_day_says_so():
    """Feasts by the moon are computed ahead and announced late."""
    names = HolidayRules(country="TR").closed(2045).values()
    assert any(name.endswith("(estimated)") for name in names)


def test_closed_dates_between_two_instants():
    """Those on which somebody would have worked, with their names, by the office's own calendar."""
    found = list(OFFICE.closed_dates(berlin("2026-04-01T12:00"), berlin("2026-05-01T00:00")))
    assert found == [
        (date(2026, 4, 3), "Good Friday"),
        (date(2026, 4, 6), "Easter Monday"),
        (date(2026, 5, 1), "Labor Day"),
    ]


def test_an_empty_calendar_is_never_due():
    """It cannot be written in a policy file; made in code it does no harm, and quickly."""
    empty = Calendar(name="empty", week=((),) * 7)
    began = time.process_time()
    assert empty.is_empty
    assert empty.due(berlin("2026-03-27T16:00"), minutes(1)) is None
    assert empty.working_time(berlin("2026-03-27T16:00"), berlin("2066-03-27T16:00")) == timedelta(0)
    assert time.process_time() - began < 1


def test_a_calendar_whose_only_hours_are_holidays_is_never_due():
    """It is looked for through fifty years, then given up."""
    never = calendar({"mon-sun": ["09:00-17:00"]}, extra=[f"{d:%m-%d}" for d in _a_leap_year()])
    assert not never.is_empty
    assert never.due(berlin("2026-03-27T16:00"), minutes(1)) is None


def _a_leap_year():
    return [date(2028, 1, 1) + timedelta(days=number) for number in range(366)]


@pytest.mark.parametrize("year", [1, 1969, 2200, 9998])
def test_times_out_of_any_sensible_range_do_no_harm(year):
    """Beyond 1970 to 2199 there is no working time, but no error either."""
    at = datetime(year, 6, 1, tzinfo=UTC)
    assert OFFICE.working_time(at, at + timedelta(days=30)) == timedelta(0)
    assert OFFICE.due(at, minutes(1)) in (None, berlin("1970-01-01T09:01"))
    assert OFFICE.working_time(datetime(1, 1, 2, tzinfo=UTC), datetime(9999, 12, 30, tzinfo=UTC)) > timedelta(
        days=10_000
    )
    assert ALWAYS.due(at, timedelta(days=900_000_000)) is None


def test_a_time_without_a_zone_is_refused():
    """It would be read in the machine's own zone, which is nobody's."""
    naive = datetime(2026, 3, 27, 16)  # noqa: DTZ001
    for call in (
        lambda: OFFICE.due(naive, minutes(1)),
        lambda: OFFICE.working_time(naive, naive),
        lambda: list(OFFICE.spans(naive, naive)),
        lambda: ALWAYS.due(naive, minutes(1)),
    ):
        with pytest.raises(ValueError, match="without a zone"):
            call()


def test_a_week_has_seven_days():
    """A calendar with fewer would shift its days."""
    with pytest.raises(ValueError, match="seven"):
        Calendar(name="short", week=((),) * 5)


instants = st.datetimes(
    min_value=datetime(2025, 12, 1),  # noqa: DTZ001 - hypothesis wants it so
    max_value=datetime(2028, 4, 1),  # noqa: DTZ001
    timezones=st.just(UTC),
)
names = st.sampled_from(sorted(CALENDARS))


@settings(max_examples=300, deadline=None)
@given(names, instants, st.timedeltas(min_value=timedelta(microseconds=1), max_value=timedelta(days=40)))
def test_due_and_working_time_agree(name, start, target):
    """To the microsecond: so much is worked until it is due, and less at any time before."""
    office = CALENDARS[name]
    due = office.due(start, target)
    assert office.working_time(start, due) == target
    assert office.working_time(start, due - timedelta(microseconds=1)) == target - timedelta(microseconds=1)


@settings(max_examples=300, deadline=None)
@given(names, instants, instants, instants)
def test_working_time_adds_up(name, one, two, three):
    """From a to c it is that from a to b and from b to c, and that of the spans between."""
    first, second, third = sorted((one, two, three))
    office = CALENDARS[name]
    whole = office.working_time(first, third)
    assert whole == office.working_time(first, second) + office.working_time(second, third)
    spans = list(office.spans(first, third))
    assert sum((span.length for span in spans), timedelta(0)) == whole
    assert all(before.end < after.start for before, after in pairwise(spans))
    assert all(first <= span.start < span.end <= third for span in spans)


@settings(max_examples=100, deadline=None)
@given(names, instants, st.sampled_from(["UTC", "Asia/Kolkata", "America/Havana", "Pacific/Apia"]))
def test_the_zone_a_time_is_told_in_does_not_matter(name, start, zone):
    """An instant is an instant."""
    office = CALENDARS[name]
    assert office.due(start.astimezone(ZoneInfo(zone)), minutes(500)) == office.due(start, minutes(500))
