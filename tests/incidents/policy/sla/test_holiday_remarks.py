"""What `liaison check` tells of holidays that a calendar leaves out."""

import pytest

from incidents.policy.calendars import WorkCalendar
from incidents.policy.sla.holiday_remarks import holiday_remarks


def remarks(**rules):
    section = {"timezone": "UTC", "hours": {"mon-fri": ["09:00-17:00"]}, "holidays": rules}
    return list(holiday_remarks(WorkCalendar.model_validate(section), 2026))


def test_a_country_with_parts_named_alone_tells_the_days_that_only_parts_keep():
    """Scotland keeps no Easter Monday, so Great Britain as a whole does not."""
    (told,) = remarks(country="GB")
    assert told.startswith(
        "GB alone leaves out what only parts of it keep in 2026: 01-02 New Year Holiday (SCT)"
    )
    assert "04-06 Easter Monday (ENG, NIR, WLS)" in told
    assert "name one as subdivision if it is yours (ENG, NIR, SCT, WLS)" in told


@pytest.mark.parametrize(
    ("country", "subdivision", "day"),
    [
        ("DE", "BY", "category catholic would also close in 2026: 08-15 Assumption Day"),
        ("SE", None, "06-19 Midsummer Eve"),
        ("CH", None, "01-02 Saint Berchtold's Day"),
    ],
)
def test_days_of_other_categories_are_listed(country, subdivision, day):
    """`public` alone misses Bavaria's 15 August, Sweden's eves; Switzerland alone the 2 January of most cantons."""
    rules = {"country": country} | ({"subdivision": subdivision} if subdivision else {})
    assert any(day in told for told in remarks(**rules))


def test_what_is_asked_for_is_not_told():
    """Part and category named: nothing is left to say. Without a country there is nothing to leave out."""
    everything = {"country": "DE", "subdivision": "BY", "categories": ["public", "catholic", "school"]}
    assert not [told for told in remarks(**everything) if "catholic" in told or "alone" in told]
    assert remarks(extra=["12-24"]) == []


def test_a_category_that_is_asked_for_closes():
    """The calendar itself goes by it."""
    section = {
        "timezone": "UTC",
        "hours": "always",
        "holidays": {"country": "DE", "subdivision": "BY", "categories": ["public", "catholic"]},
    }
    closed = WorkCalendar.model_validate(section).holidays.rules().closed(2026).values()
    assert "Assumption Day" in closed
    assert "Christmas Day" in closed
