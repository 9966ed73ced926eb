"""What `liaison check` asks about: allowed, and perhaps not meant; with the line."""

from incidents.policy_file import policy_remarks

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
      calendar: office
      targets:
        first_response: 45m
        resolution: 5d
    - name: rest
      when: {severity: 1}
      targets: {first_response: 15m, resolution: 2d}
"""


def test_days_and_breaks_are_asked_about(tmp_path):
    """Five days of an office are three weeks, and 45 minutes do not get over lunch; around the clock both are fine."""
    path = tmp_path / "liaison.yaml"
    path.write_text(POLICY.replace("name: standard", "name: standard\n      when: {severity: [2, 3, 4]}"))
    assert [str(remark).removeprefix(str(path)) for remark in policy_remarks(path)] == [
        ":14: sla.policies[0].targets.first_response: this is shorter than the break mon 12:30-13:30 of calendar "
        "'office': what comes in just before the break is due after it; leave out the break if somebody answers "
        "then",
        ":15: sla.policies[0].targets.resolution: a day is 24 h of working time, so 5d are 3.0 weeks of calendar "
        "'office'; write 40h if working days of 8 h were meant",
    ]


def test_a_policy_without_either_has_no_remarks(tmp_path):
    """Silence is the rule."""
    path = tmp_path / "liaison.yaml"
    path.write_text(POLICY.replace("45m", "60m").replace("5d", "40h").replace("severity: 1", "severity: 2"))
    assert policy_remarks(path) == ()
