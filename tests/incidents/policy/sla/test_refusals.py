"""What cannot work in the section `sla` is refused, with line, key and cure."""

import pytest
from pydantic import ValidationError

from incidents.policy.file import PolicyFileError, parse_policy
from incidents.policy.policy import Sla

OFFICE = {"timezone": "Europe/Berlin", "hours": {"mon-fri": ["09:00-12:30", "13:30-18:00"]}}

HEAD = """\
helpdesks: [zendesk/support]
services: {checkout: {title: Checkout, team: payments}}
teams: {payments: {title: Payments, pager: pagerduty/main}}
tiers: {gold: {title: Gold}, silver: {title: Silver}}
sla:
  calendars:
    office: {timezone: Europe/Berlin, hours: {mon-fri: ["09:00-17:00"]}}
"""


def problems_of(text):
    with pytest.raises(PolicyFileError) as caught:
        parse_policy(HEAD + text)
    return [str(problem).removeprefix("liaison.yaml:") for problem in caught.value.problems]


@pytest.mark.parametrize(
    ("calendar", "expected"),
    [
        (
            "{timezone: Europe/Berln, hours: always}",
            "timezone: there is no time zone 'Europe/Berln'; did you mean 'Europe/Berlin'?",
        ),
        (
            "{timezone: CEST+2, hours: always}",
            "timezone: there is no time zone 'CEST+2'; write one such as Europe/Berlin",
        ),
        ("{timezone: ../etc/passwd, hours: always}", "timezone: there is no time zone"),
        ("{timezone: Europe, hours: always}", "timezone: there is no time zone"),
        ("{timezone: '', hours: always}", "timezone: there is no time zone"),
        (
            "{timezone: EST, hours: always}",
            "timezone: 'EST' has no summer time, whatever the place does; did you mean 'America/New_York'?",
        ),
        ("{timezone: HST, hours: always}", "timezone: 'HST' has no summer time"),
        (
            "{timezone: Etc/GMT-3, hours: always}",
            "timezone: 'Etc/GMT-3' is a fixed distance from UTC, with the sign",
        ),
        ("{timezone: localtime, hours: always}", "timezone: 'localtime' is no place's clock; name a city"),
        ("{timezone: Factory, hours: always}", "timezone: 'Factory' is no place's clock"),
        (
            "{timezone: right/Europe/Berlin, hours: always}",
            "timezone: 'right/Europe/Berlin' is no place's clock; did you mean 'Europe/Berlin'?",
        ),
        (
            "{timezone: UTC, hours: always, holidays: {country: DE, except: [2026-12-24]}}",
            "holidays: except 2026-12-24 reopens nothing: it is no holiday here; remove it, or give the date hours",
        ),
        (
            "{timezone: UTC, hours: always, holidays: {country: NO, categories: [bank]}}",
            "holidays: NO has no category 'bank' of holidays",
        ),
        (
            "{timezone: UTC, hours: always, holidays: {categories: [bank]}}",
            "holidays: categories are of a country's holidays; add country",
        ),
        (
            "{timezone: UTC, hours: always, dates: {12-24: ['22:00-02:00']}}",
            "dates: the hours of 12-24 go past midnight; end them at 24:00",
        ),
        (
            "{timezone: UTC, hours: always, dates: {12-24: ['09:00-12:00', '11:00-13:00']}}",
            "dates: hours of 12-24 overlap",
        ),
        (
            "{timezone: UTC, hours: {}}",
            "hours: the calendar has no working hours, so nothing would ever be due",
        ),
        ("{timezone: UTC, hours: {mon: []}}", "hours: the calendar has no working hours"),
        ("{timezone: UTC}", "hours: this is missing; add it"),
        ("{timezone: UTC, hours: {mon: [9-17]}}", "hours.mon[0]: '9-17' are no hours; write 09:00-12:30"),
        (
            "{timezone: UTC, hours: {mon: ['09:00-25:00']}}",
            "hours.mon[0]: '09:00-25:00' are no hours: a day goes",
        ),
        ("{timezone: UTC, hours: {mon: ['09:60-10:00']}}", "hours.mon[0]: '09:60-10:00' are no hours; write"),
        (
            "{timezone: UTC, hours: {mon: ['24:00-10:00']}}",
            "hours.mon[0]: '24:00-10:00' are no hours: a day goes",
        ),
        ("{timezone: UTC, hours: {mon: ['09:00-09:00']}}", "hours.mon[0]: '09:00-09:00' ends when it begins"),
        ("{timezone: UTC, hours: {mo: ['09:00-10:00']}}", "hours.mo: 'mo' is no weekday; write mon, tue"),
        (
            "{timezone: UTC, hours: {mon-: ['09:00-10:00']}}",
            "hours.mon-: 'mon-' is no weekday; write mon, tue",
        ),
        (
            "{timezone: UTC, hours: {mon-fri: ['09:00-10:00'], tue: []}}",
            "hours: tue is in 'mon-fri' and in 'tue'; keep one",
        ),
        (
            "{timezone: UTC, hours: {mon: ['09:00-13:00', '12:00-18:00']}}",
            "hours: 09:00-13:00 on mon runs into 12:00-18:00",
        ),
        (
            "{timezone: UTC, hours: {sun: ['22:00-06:00'], mon: ['05:00-08:00']}}",
            "hours: 22:00-06:00 on sun runs into 05:00-08:00",
        ),
        (
            "{timezone: UTC, hours: always, holidays: {country: Germany}}",
            "holidays.country: no holidays are known for 'Germany'",
        ),
        (
            "{timezone: UTC, hours: always, holidays: {country: DE, subdivision: BV}}",
            "holidays: DE has no subdivision 'BV'",
        ),
        (
            "{timezone: UTC, hours: always, holidays: {subdivision: BY}}",
            "holidays: a subdivision needs its country",
        ),
        (
            "{timezone: UTC, hours: always, holidays: {extra: [24.12.]}}",
            "holidays.extra[0]: '24.12.' is not a date; write 2026-12-24",
        ),
        (
            "{timezone: UTC, hours: always, holidays: {except: ['02-30']}}",
            "holidays.except[0]: '02-30' is not a date",
        ),
        (
            "{timezone: UTC, hours: always, holidays: {excpt: []}}",
            "holidays.excpt: there is no such setting; did you mean 'except'?",
        ),
        (
            "{timezone: UTC, hours: always, holidays: {except_: []}}",
            "holidays.except_: there is no such setting; did you mean 'except'?",
        ),
    ],
)
def test_calendars_that_cannot_be_meant(calendar, expected):
    """Unknown zones, empty or overlapping hours, wrong dates: one line each."""
    text = f"    wrong: {calendar}\n"
    (problem,) = problems_of(text)
    assert problem.startswith(f"8: sla.calendars.wrong.{expected}")


@pytest.mark.parametrize(
    ("calendar", "expected"),
    [
        (
            "{timezone: UTC, hours: {mon-fri: ['09:00-17:00']}, holidays: {country: DE, except: [2026-12-26]}}",
            "except 2026-12-26 reopens nothing: its weekday has no hours; give the date hours of its own under dates",
        ),
        (
            "{timezone: UTC, hours: always, dates: {12-24: ['09:00-12:00']}, holidays: {extra: [12-24]}}",
            "12-24 has hours of its own and is closed under holidays, extra; keep one of them",
        ),
    ],
)
def test_parts_of_a_calendar_that_contradict_each_other(calendar, expected):
    """The line of the calendar, for neither part is wrong by itself."""
    (problem,) = problems_of(f"    wrong: {calendar}\n")
    assert problem.startswith(f"8: sla.calendars.wrong: {expected}")


@pytest.mark.parametrize(
    ("policy", "expected"),
    [
        ("calendar: ofice", "calendar: there is no calendar 'ofice'; did you mean 'office'?"),
        ("when: {tier: golden}", "when.tier[0]: there is no tier 'golden'; did you mean 'gold'?"),
        ("when: {tier: [gold, x]}", "when.tier[1]: there is no tier 'x'"),
        ("when: {teir: gold}", "when.teir: there is no such setting; did you mean 'tier'?"),
        (
            "pause_on: [solved]",
            "pause_on: no time is lost on 'solved'; pause_on takes waiting_for_customer and",
        ),
        ("warn_at: [0.5, 75]", "warn_at[1]: input should be less than 1"),
        ("warn_at: 0.3333", "warn_at: 0.3333 is too fine"),
        (
            "ladder: [{at: 0.8, do: post}]",
            "ladder[0].at: 0.8 never comes: warn_at has 0.5, 0.75, 0.9; add it",
        ),
        ("ladder: [{at: soon, do: post}]", "ladder[0].at: 'soon' is no moment; write 0.75"),
        ("ladder: [{at: breach, do: [shout]}]", "ladder[0].do[0]: input should be 'tell_owner'"),
        ("ladder: [{at: breach, do: []}]", "ladder[0].do: list should have at least 1 item"),
    ],
)
def test_policies_that_cannot_be_meant(policy, expected):
    """References that lead nowhere, states and moments that never come: one line each."""
    (problem,) = problems_of(f"  policies:\n  - {{name: a, targets: {{resolution: 1h}}, {policy}}}\n")
    assert problem.startswith(f"9: sla.policies[0].{expected}")


@pytest.mark.parametrize(
    ("targets", "expected"),
    [
        ("{}", ": nothing is promised; add first_response"),
        (
            "{first_response: 2h, mitigation: 1h}",
            ": first_response is longer than mitigation; swap or correct",
        ),
        (
            "{first_response: 2h, resolution: 1h}",
            ": first_response is longer than resolution; swap or correct",
        ),
        ("{mitigation: 2h, resolution: 1h}", ": mitigation is longer than resolution; swap or correct"),
        (
            "{resolution: 3650d}",
            ".resolution: this would take 42 years in calendar 'office' (40 h a week); make",
        ),
        ("{next_update: 2}", ".next_update: '2' is not a duration"),
    ],
)
def test_targets_that_cannot_be_meant(targets, expected):
    """Nothing, out of order, or longer than anybody works."""
    (problem,) = problems_of(f"  policies:\n  - {{name: a, calendar: office, targets: {targets}}}\n")
    assert problem.startswith(f"9: sla.policies[0].targets{expected}")


@pytest.mark.parametrize(
    ("second", "expected"),
    [
        (
            "{name: b, when: {severity: 1}}",
            "10: sla.policies[1]: 'b' can never be chosen, because 'a' always comes first",
        ),
        ("{name: a, when: {tier: silver}}", "10: sla.policies[1].name: there is a policy 'a' already"),
    ],
)
def test_policies_that_stand_in_each_others_way(second, expected):
    """One that an earlier one covers, and one whose name is taken: at the line of the later."""
    first = "{name: a, when: {tier: gold, severity: [1, 2]}, targets: {resolution: 1h}}"
    later = second.replace("severity: 1", "severity: 1, tier: gold").replace(
        "}}", "}, targets: {resolution: 2h}}"
    )
    problems = problems_of(f"  policies:\n  - {first}\n  - {later}\n")
    assert problems[0].startswith(expected)
    assert len(problems) == 1


def test_everything_wrong_is_said_at_once():
    """Problems that show only together are told beside each other, each with its line."""
    problems = problems_of(
        "  ladder: [{at: 0.6, do: post}]\n"
        "  policies:\n"
        "  - {name: a, calendar: nowhere, targets: {resolution: 1h}}\n"
        "  - {name: a, targets: {resolution: 1h}}\n"
    )
    assert [problem.partition(": ")[0] + ":" + problem.split(":")[1] for problem in problems] == [
        "8: sla.ladder[0].at",
        "10: sla.policies[0].calendar",
        "11: sla.policies[1]",
        "11: sla.policies[1].name",
    ]


def test_the_built_in_calendar_cannot_be_changed():
    """`always` means always."""
    with pytest.raises(ValidationError, match="'always' is built in"):
        Sla.model_validate({"calendars": {"always": OFFICE}})


def test_a_section_made_in_code_is_checked_as_well():
    """The invariant is the model's own, not the file reader's."""
    with pytest.raises(ValidationError, match="there is no calendar 'ofice'; did you mean 'office'"):
        Sla.model_validate(
            {
                "calendars": {"office": OFFICE},
                "policies": [{"name": "a", "calendar": "ofice", "targets": {"resolution": "1h"}}],
            }
        )
