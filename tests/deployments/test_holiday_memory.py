"""`liaison check` tells once when the library of holidays moved a due time."""

import json

from deployments.commands.holiday_memory import FILE, moved_dates
from incidents.policy.file import parse_policy

POLICY = """
helpdesks: [zendesk/support]
services: {checkout: {title: Checkout, team: payments}}
teams: {payments: {title: Payments, pager: pagerduty/main}}
sla:
  calendars:
    office: {timezone: Europe/Berlin, hours: {mon-fri: ["09:00-17:00"]}, holidays: {country: DE}}
"""


def as_an_older_library_had_it(home, **changes):
    """The memory as a release without Labour Day, and with a day of its own, would have left it."""
    memory = json.loads((home / FILE).read_text())
    memory["library"] = "0.1"
    closed = memory["calendars"]["office"]["closed"]
    del closed["2026-05-01"]
    closed["2026-06-17"] = "Unity Day"
    memory["calendars"]["office"] |= changes
    (home / FILE).write_text(json.dumps(memory))


def test_what_a_release_added_and_took_away_is_told_once(tmp_path):
    """The first look knows nothing to compare with; the one after the upgrade tells; the next is silent again."""
    policy = parse_policy(POLICY)
    assert moved_dates(tmp_path, policy, 2026) == []
    as_an_older_library_had_it(tmp_path)
    (told,) = moved_dates(tmp_path, policy, 2026)
    assert (
        "has other days than 0.1 (2026-06-17 Unity Day is worked now; 2026-05-01 Labor Day is closed now)"
        in told
    )
    assert moved_dates(tmp_path, policy, 2026) == []


def test_a_calendar_that_was_edited_is_not_compared(tmp_path):
    """Its dates differ because somebody wanted them to."""
    policy = parse_policy(POLICY)
    moved_dates(tmp_path, policy, 2026)
    as_an_older_library_had_it(tmp_path, section="another")
    assert moved_dates(tmp_path, policy, 2026) == []


def test_the_turn_of_the_year_is_no_difference(tmp_path):
    """The old memory knows no year after the next."""
    policy = parse_policy(POLICY)
    moved_dates(tmp_path, policy, 2026)
    assert moved_dates(tmp_path, policy, 2027) == []


def test_a_memory_that_cannot_be_read_is_written_anew(tmp_path):
    """As if nobody had looked before."""
    (tmp_path / FILE).write_text("{")
    assert moved_dates(tmp_path, parse_policy(POLICY), 2026) == []
    assert json.loads((tmp_path / FILE).read_text())["calendars"]["office"]
