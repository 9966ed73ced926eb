"""The policy's sections: defaults, durations, lookups, and what is refused however a policy is made."""

from datetime import timedelta

import pytest
from pydantic import BaseModel, ValidationError

from incidents.lifecycle import WORKS_AGAIN, IncidentProgress, standing_of
from incidents.models import IncidentState, Severity, TicketStatus, Verdict
from incidents.policy import policy as policy_module
from incidents.policy.policy import (
    ActionPolicy,
    Cadence,
    Closure,
    Customers,
    Links,
    Policy,
    Rung,
    Service,
    Sla,
    SlaTarget,
    Team,
    Templates,
)
from incidents.policy.sync import SyncRules
from incidents.policy.words import parse_duration


def a_policy(**changes):
    given = {
        "services": {
            "checkout": Service(
                title="Checkout",
                team="payments",
                depends_on=["accounts"],
                probes=["http/checkout-health"],
                actions=[ActionPolicy(name="Restart", connection="http/restart-checkout")],
            ),
            "accounts": Service(title="Accounts", team="payments", depends_on=["checkout"]),
        },
        "teams": {
            "payments": Team(
                title="Payments",
                pager="pagerduty/main",
                chat="slack/main",
                ladder=[Rung(title="Lead", pager="pagerduty/leads", pager_target="P1")],
            )
        },
        "helpdesks": ["zendesk/support"],
    }
    return Policy(**(given | changes))


def test_services_and_their_teams_are_found_by_name():
    """A service knows its team; a cycle of dependencies is a fact of life, not an error."""
    policy = a_policy()
    assert policy.service("checkout").title == "Checkout"
    assert policy.team_of("accounts").pager == "pagerduty/main"


def test_the_customers_directory_is_a_connection_like_others():
    """So `liaison check` looks at it, and the gateway keeps its settings."""
    policy = a_policy(customers=Customers(directory="customersql/crm"))
    assert policy.connection_uses()["customersql/crm"] == ["customers.directory"]
    assert a_policy().customers.directory is None


def test_an_incident_may_outlive_its_services_entry():
    """A service that left the policy is looked after by the first team: nothing stops, nobody is forgotten."""
    policy = a_policy()
    assert policy.service("gone").title == "gone"
    assert policy.team_of("gone") == next(iter(policy.teams.values()))


def test_every_connection_is_named_with_its_uses():
    """An operator can be told which block is missing and what needs it."""
    policy = a_policy()
    assert policy.connection_uses() == {
        "zendesk/support": ["helpdesks"],
        "http/checkout-health": ["services.checkout.probes"],
        "http/restart-checkout": ["services.checkout.actions"],
        "pagerduty/main": ["teams.payments.pager"],
        "slack/main": ["teams.payments.chat"],
        "pagerduty/leads": ["teams.payments.ladder"],
    }
    assert policy.connections() == set(policy.connection_uses())


def test_a_policy_made_in_code_has_no_dangling_references_either():
    """The invariant is the model's own, not the file reader's."""
    with pytest.raises(ValidationError, match="there is no team 'paymnts'; did you mean 'payments'"):
        a_policy(services={"checkout": Service(title="Checkout", team="paymnts")})


def test_defaults_are_complete():
    """Every severity has targets; severities given replace only themselves."""
    policy = a_policy()
    assert set(policy.sla.targets) == set(Severity)
    assert policy.correlation.window == timedelta(hours=2)
    assert policy.validation.tickets == 3
    assert policy.escalation.on == [Verdict.CONFIRMED, Verdict.LIKELY]
    assert policy.closure.solved_status is TicketStatus.SOLVED
    assert policy.services["checkout"].actions[0].timeout == timedelta(seconds=60)
    strict = Sla(targets={Severity.LOW: SlaTarget(response="1h", resolution="2h")})
    assert strict.targets[Severity.LOW].response == timedelta(hours=1)
    assert strict.targets[Severity.CRITICAL] == policy.sla.targets[Severity.CRITICAL]


def test_the_cadence_goes_by_severity_and_by_how_far_it_is():
    """A public hand-book's, then one time for all of a severity, then one for a state of it: the closest counts."""
    by_handbook = [
        [Cadence().every(one, how_far).seconds // 60 for one in Severity] for how_far in IncidentProgress
    ]
    assert by_handbook == [[10, 15, 15, 15], [10, 30, 30, 30], [30, 60, 60, 60]]
    own = Cadence(update_every={2: "20m"}, by_state={"monitoring": {2: "2h"}})
    found = [own.every(Severity.HIGH, how_far) for how_far in IncidentProgress]
    assert found == [timedelta(minutes=20), timedelta(minutes=20), timedelta(hours=2)]
    assert own.every(Severity.LOW, IncidentProgress.MONITORING) == timedelta(hours=1)
    assert standing_of(IncidentState.ACKNOWLEDGED) is IncidentProgress.IDENTIFIED
    assert {standing_of(state) for state in WORKS_AGAIN} == {IncidentProgress.MONITORING}


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("90s", 90), ("15m", 900), ("2h", 7200), ("7d", 604800), ("1w", 604800), ("1h30m", 5400),
        ("PT15M", 900), ("P7D", 604800), ("P1DT2H", 93600), (" 2H ", 7200),
    ],
)  # fmt: skip
def test_durations_are_read(text, seconds):
    """Short forms and ISO 8601."""
    assert parse_duration(text) == timedelta(seconds=seconds)


@pytest.mark.parametrize(
    "value",
    ["", "15", 15, 1.5, True, None, "m", "P", "PT", "P1M", "1h 30m", "-5m", "0s", "9999999d", "٣h", []],
)
def test_ambiguous_durations_are_refused(value):
    """A bare number could be seconds or minutes, a month has no length, nothing lasts less than nothing."""
    with pytest.raises(ValueError, match="duration"):
        parse_duration(value)


@pytest.mark.parametrize(
    ("make", "cure"),
    [
        (lambda: Team(title="T", pager="PagerDuty"), "write vendor/name"),
        (lambda: Team(title="T", pager="pagerduty/Main Account"), "write vendor/name"),
        (
            lambda: a_policy(services={"Check Out": Service(title="C", team="payments")}),
            "readable form in title",
        ),
        (lambda: SlaTarget(response="2h", resolution="1h"), "response is longer than resolution"),
        (lambda: Sla(warn_at=1), "less than 1"),
        (lambda: Closure(solved_status="open"), "use solved or closed"),
        (lambda: Closure(still_broken_phrases=["  "]), "would match every answer"),
        (lambda: Links(prefect_ui="localhost:4200"), "write http"),
        (lambda: Links(gateway="https://ana:secret@host"), "without a login"),
        (lambda: Templates(customer={"fixed": "{{ customer }}"}), "did you mean 'customer_name'"),
        (lambda: a_policy(helpdesks=[]), "at least 1"),
        (lambda: ActionPolicy(name="x", connection="http/x", verdicts=[]), "at least 1"),
        (lambda: SyncRules(refused="restore"), "nothing is refused while ticket_status is helpdesk"),
        (lambda: SyncRules(technical_state="room"), "'pager' or 'newer'"),
    ],
)
def test_what_makes_no_sense_is_refused_with_the_cure(make, cure):
    """Each section looks after itself."""
    with pytest.raises(ValidationError, match=cure):
        make()


def test_sections_are_frozen_strict_and_described():
    """Every field of every section says what it is for, in a sentence."""
    sections = [
        value
        for name in policy_module.__all__
        if isinstance(value := getattr(policy_module, name), type) and issubclass(value, BaseModel)
    ]
    assert len(sections) > 36, "they are all exported"
    for section in sections:
        assert section.model_config["frozen"] is True
        assert section.model_config["extra"] == "forbid"
        for name, field in section.model_fields.items():
            assert (field.description or "").endswith("."), f"{section.__name__}.{name}"
