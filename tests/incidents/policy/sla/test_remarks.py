"""What `liaison check` asks about: allowed, and perhaps not meant; with the line."""

from pathlib import Path

from incidents.policy.file import policy_remarks

POLICY = """\
helpdesks: [zendesk/support]
services: {checkout: {title: Checkout, team: payments}}
teams: {payments: {title: Payments, pager: pagerduty/main}}
sla:
  calendars:
    office:
      timezone: Europe/Berlin
      hours: {mon-fri: ["09:00-12:30", "13:30-18:00"]}
  policies:
    - name: standard
      when: {severity: [2, 3]}
      targets:
        first_response: 45m
        resolution: 5d
      calendar: office
    - name: rest
      targets: {first_response: 15m, resolution: 2d}
"""


OVER_LUNCH = (
    ":13: sla.policies[0].targets.first_response: this is shorter than the break mon 12:30-13:30 of calendar 'office': "
    "what comes in just before the break is due after it; leave out the break if somebody answers then"
)
LONG_DAYS = (
    ":14: sla.policies[0].targets.resolution: 120 h of working time are 3.0 weeks of calendar 'office', for a day "
    "(1d) is 24 h; write 40h if working days of 8 h were meant"
)


def remarks_of(text, tmp_path):
    path = tmp_path / "liaison.yaml"
    path.write_text(text)
    return [str(remark).removeprefix(str(path)) for remark in policy_remarks(path)]


def test_days_and_breaks_are_asked_about(tmp_path):
    """Five days of an office are three weeks, and 45 minutes do not get over lunch; around the clock both are fine."""
    assert remarks_of(POLICY, tmp_path) == [OVER_LUNCH, LONG_DAYS]


def test_a_policy_without_either_has_no_remarks(tmp_path):
    """Silence is the rule."""
    assert remarks_of(POLICY.replace("45m", "60m").replace("5d", "40h"), tmp_path) == []


def test_the_example_leaves_nothing_to_ask():
    """What a stranger copies is meant."""
    assert policy_remarks(Path(__file__).parents[4] / "liaison.example.yaml") == ()
