"""A helpdesk's service levels in the policy file: the same promises, or a line that says what differs and why."""

from datetime import timedelta

import pytest

from incidents.imports.report import Fate
from incidents.models import Severity
from incidents.policy.file import parse_policy
from incidents.service_levels import Priority, ServiceLevels
from incidents.sla.clock import SlaMetric
from incidents.sla.facts import SlaFacts, SlaSubject
from incidents.sla_import.section import sla_section
from tests.incidents.builders import POLICY
from tests.incidents.sla.helpdesk_promises import (
    CUSTOMER,
    OFFICE,
    OPERATORS_POLICY,
    VENDOR,
    a_level,
    a_target,
    condition,
    everybody,
    imported_policy,
    promised,
    section,
    targets,
    the_line,
    told,
    unread,
    written,
)

URGENT, HIGH, NORMAL, LOW = Priority


def seconds_promised(policy, customer):
    terms = policy.sla.terms_for(customer.facts())
    return (
        {} if terms is None else {metric: target.total_seconds() for metric, target in terms.targets.items()}
    )


GOLD, STANDARD, SHOP, MAIL = (
    condition("tier", "gold"),
    condition("tier", "standard"),
    condition("product", "Shop"),
    condition("channel", "email"),
)


@pytest.mark.parametrize(
    "policies",
    [
        [],
        [a_level()],
        [a_level(all_of=(GOLD,)), a_level("Others", targets=targets(minutes=90))],
        [a_level(any_of=(GOLD, STANDARD)), a_level("Others", targets=targets(minutes=90))],
        [a_level(any_of=(GOLD, SHOP, MAIL)), a_level("Others", targets=targets(minutes=90))],
        [a_level(all_of=(GOLD,), any_of=(SHOP, MAIL)), a_level("Others", targets=targets(minutes=90))],
        [a_level(all_of=(condition("tier", "gold", "standard"), GOLD))],
        [a_level(all_of=(condition("tier", "GOLD"), condition("product", "sHoP")))],
        [
            a_level(all_of=(condition("priority", "urgent", "high"),)),
            a_level("Rest", targets=targets(minutes=9)),
        ],
        [a_level(all_of=(condition("priority", "low", is_excluding=True),))],
        [a_level(targets=targets(priorities=(URGENT, LOW)))],
        [a_level(targets=(a_target(minutes=5), a_target(minutes=10, priority=HIGH)))],
        [a_level(targets=(*targets(minutes=5), *targets("resolution", 600), *targets("next_update", 30)))],
        [a_level("Same"), a_level("Same", all_of=(GOLD,), targets=())],
    ],
)
def test_the_same_is_promised_to_everybody(policies):
    """For every ticket the policy file promises what the helpdesk would, and the report has nothing else to say."""
    levels = ServiceLevels(policies=tuple(policies))
    imported = sla_section(levels, OPERATORS_POLICY)
    policy = imported_policy(imported.text)
    for customer in everybody():
        expected = {one.metric: float(one.seconds) for one in promised(levels, customer)}
        assert seconds_promised(policy, customer) == expected
    assert told(imported, Fate.DIFFERS) == []
    assert all(
        "never chosen" in line or "no target that can be said" in line for line in told(imported, Fate.LEFT)
    )


def test_what_a_policy_looks_like():
    """In the file's own words: for tickets only, severities by the stated rule, equal terms together."""
    imported = section(
        a_level(
            "Gold Plan (EU)",
            all_of=(GOLD,),
            targets=(
                *targets(minutes=15, priorities=(URGENT, HIGH)),
                *targets(minutes=90, priorities=(LOW,)),
            ),
        ),
        policy=parse_policy(POLICY.replace("gold:", "Gold:")),
    )
    assert imported.text == (
        "sla:\n"
        "  policies:\n"
        "  - name: gold-plan-eu-urgent-high\n"
        "    when:\n"
        "      applies_to: ticket\n"
        "      severity: [1, 2]\n"
        "      tier: [Gold]\n"
        "    targets: {first_response: 15m}\n"
        "  - name: gold-plan-eu-low\n"
        "    when:\n"
        "      applies_to: ticket\n"
        "      severity: [4]\n"
        "      tier: [Gold]\n"
        "    targets: {first_response: 1h30m}\n"
    )
    assert "urgent is 1, high is 2, normal is 3, low is 4" in told(imported, Fate.TAKEN)[0]
    assert told(imported, Fate.TAKEN)[1].endswith("as gold-plan-eu-urgent-high, gold-plan-eu-low")


def test_incidents_and_tickets_without_an_incident_keep_what_they_have():
    """The helpdesk promised to tickets: an incident goes on by targets, a ticket without a severity has none."""
    sla = imported_policy(section(a_level()).text).sla
    severe = SlaFacts(subject=SlaSubject.INCIDENT, severity=Severity.CRITICAL)
    assert sla.terms_for(severe).policy == "severity-1"
    assert sla.terms_for(SlaFacts(subject=SlaSubject.TICKET)) is None


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({"all_of": (unread(),)}, "no word for it; do it by hand"),
        ({"any_of": (unread(),)}, "none of its alternative conditions can be said"),
        ({"all_of": (condition("tier", "platinum"),)}, "add 'platinum' under tiers and import again"),
        ({"all_of": (condition("tier", "gold", is_excluding=True),)}, "who is meant, not who is not"),
        ({"all_of": (condition("channel", " "),)}, "it has no value"),
        ({"all_of": (condition("priority", "blocker"),)}, "unknown priority"),
        ({"all_of": (GOLD, STANDARD)}, "exclude each other"),
        ({"targets": ()}, "no target that can be said"),
        ({"all_of": (condition("priority", "low"),), "targets": (a_target(),)}, "for the tickets it is for"),
        ({"targets": targets(minutes=0)}, "0 s is no time"),
        ({"targets": targets(minutes=10**9)}, "years in calendar always"),
        ({"targets": targets(by_schedule=True)}, "there is no schedule; make one"),
    ],
)
def test_a_policy_that_cannot_be_taken_over(changes, expected):
    """It is not in the file, and the report says why and what to do."""
    imported = section(a_level(**changes))
    assert imported_policy(imported.text).sla.policies == []
    assert expected in "\n".join(told(imported, Fate.LEFT))


def test_an_alternative_that_cannot_be_said():
    """The others are taken, and the lost one is told."""
    imported = section(a_level(any_of=(GOLD, unread(), condition("tier", "platinum"))))
    assert written(imported)["gold"].when.tier == ["gold"]
    assert len(told(imported, Fate.LEFT)) == 2


@pytest.mark.parametrize(
    ("found", "kept", "pauses", "fate", "expected"),
    [
        ((a_target("resolution", 60), a_target("resolution", 90)), {"resolution": 60}, [], Fate.LEFT, "already"),
        (
            (a_target("resolution", 60, pauses={CUSTOMER, VENDOR}), a_target("resolution", 90, pauses={CUSTOMER})),
            {"resolution": 90}, [CUSTOMER], Fate.LEFT, "pauses on fewer states, or is shorter",
        ),
        (
            (a_target(minutes=15), a_target("resolution", 60, pauses={CUSTOMER}), a_target("next_update", 30)),
            {"first_response": 15, "next_update": 30, "resolution": 60}, [], Fate.DIFFERS,
            "resolution (urgent): it counts in state waiting_for_customer, too",
        ),
        (
            (a_target("next_update", 30),), {"next_update": 30}, [], Fate.DIFFERS,
            "counts from the opening, not from the first reply",
        ),
        (
            (a_target(minutes=90), a_target("resolution", 60)), {"resolution": 60}, [], Fate.LEFT,
            "first_response (urgent): it is longer than its resolution",
        ),
        (
            (a_target("mitigation", 90), a_target("resolution", 60)), {"resolution": 60}, [], Fate.LEFT,
            "mitigation (urgent): it is longer than its resolution",
        ),
        (
            (a_target(minutes=9, by_schedule=True), a_target("resolution", 60)), {"first_response": 9}, [],
            Fate.LEFT, "what is kept for this priority is in business hours",
        ),
        (
            (
                a_target(minutes=9, by_schedule=True), a_target("resolution", 60), a_target("next_update", 5),
                a_target(minutes=10),
            ),
            {"first_response": 10, "next_update": 5, "resolution": 60}, [], Fate.LEFT, "is in calendar hours",
        ),
    ],
)  # fmt: skip
def test_targets_that_do_not_go_together(found, kept, pauses, fate, expected):
    """A policy has each metric once, one calendar, one list of pauses: what is stricter stays, the rest is told."""
    imported = section(a_level(targets=found), schedules=(OFFICE,))
    (policy,) = written(imported).values()
    assert policy.targets.by_metric() == {
        SlaMetric(metric): timedelta(minutes=minutes) for metric, minutes in kept.items()
    }
    assert policy.pause_on == pauses
    assert expected in the_line(imported, fate)


def test_pauses_that_all_share():
    """A first response never stands still, so it does not count among them."""
    waiting = {CUSTOMER, VENDOR}
    found = (
        a_target(minutes=5),
        a_target("next_update", 30, pauses=waiting),
        a_target("resolution", 60, pauses=waiting),
    )
    imported = section(a_level(targets=found))
    assert written(imported)["gold"].pause_on == [CUSTOMER, VENDOR]
    assert told(imported, Fate.DIFFERS) == []


def test_the_same_trouble_in_several_priorities_is_told_once():
    """With all of them named."""
    line = the_line(section(a_level(targets=(*targets(), *targets(minutes=0, called="zero")))), Fate.LEFT)
    assert "zero (urgent, high, normal, low): 0 s is no time" in line


def test_priorities_that_are_promised_nothing_fall_to_the_next_policy():
    """The helpdesk stops at the first policy that matches, promise or not; a policy file goes on: told."""
    gold = a_level(all_of=(GOLD,), targets=targets(priorities=(URGENT,)))
    imported = section(gold, a_level("Others"), a_level("Mail", all_of=(MAIL,)))
    assert (
        "(high, normal, low): it promises them nothing, and the policy file goes on to policy 'Others'"
        in the_line(imported, Fate.DIFFERS)
    )


def test_a_policy_that_takes_everybody_hides_those_after_it():
    """Also those of priorities to which it promises nothing: nothing is promised that was not before."""
    imported = section(a_level(targets=targets(priorities=(URGENT,))), a_level("Others"))
    assert list(written(imported)) == ["gold"]
    assert "it is never chosen" in the_line(imported, Fate.LEFT)


def test_a_remark_of_the_connector_is_passed_on():
    """Where the helpdesk's words are not quite ours."""
    web = condition("channel", "web", remark="several ways in have this word")
    assert "several ways in have this word" in the_line(section(a_level(all_of=(web,))), Fate.DIFFERS)


def test_an_operator_who_has_policies_already_is_told():
    """The new ones are meant in their place."""
    own = imported_policy(section(a_level(), schedules=(OFFICE,)).text)
    assert "it has 1 policies and 1 calendars" in the_line(section(policy=own), Fate.DIFFERS)


def test_nothing_at_all():
    """An account that promises nothing makes an empty section."""
    assert section().text == "sla: {}\n"


def test_names_are_names():
    """Equal titles, titles without a Latin letter, and long ones: each policy has a name of its own."""
    titles = ["Gold", "Gold", "金", "Ünïcode & Co", "x" * 200, "\n- evil: {{ yes }}"]
    conditions = [GOLD, STANDARD, SHOP, MAIL, condition("channel", "chat"), condition("product", "app")]
    levels = [
        a_level(title, str(number), all_of=(one,))
        for number, (title, one) in enumerate(zip(titles, conditions, strict=True))
    ]
    names = ["gold", "gold-2", "policy-2", "unicode-co", "x" * 30, "evil-yes"]
    assert list(written(section(*levels))) == names
