"""The verdict: what probes, crowd and dependencies come to, and what follows from it."""

from datetime import timedelta

import pytest

from incidents.basis import Basis
from incidents.decisions import validation
from incidents.effects import EffectKind
from incidents.models import Contact, IncidentState, Stage, Verdict
from tests.incidents.builders import (
    BLIND,
    GREEN,
    NOW,
    RED,
    a_case,
    a_look,
    a_policy,
    a_ticket,
    after,
    an_incident,
    keys,
    kinds,
    tickets,
)

S = IncidentState
V = Verdict
POLICY = a_policy()
OPEN_QUESTION = (S.REPORTED, S.VALIDATING, S.NOT_AN_INCIDENT)
DEPENDENCY_DOWN = a_look(False, "http/accounts-health")
DEPENDENCY_UP = a_look(True, "http/accounts-health")
DEPENDENCY_BLIND = a_look(None, "http/accounts-health")


def decide(case, looks=(), dependency_looks=(), *, policy=POLICY, now=NOW):
    return validation.decide(case, list(looks), list(dependency_looks), Basis(policy, now))


@pytest.mark.parametrize("crowd", [2, 3])
@pytest.mark.parametrize(
    ("looks", "dependencies", "alone", "with_a_crowd"),
    [
        ([RED], [], V.CONFIRMED, V.CONFIRMED),
        ([GREEN, RED], [], V.CONFIRMED, V.CONFIRMED),
        ([BLIND, RED], [DEPENDENCY_UP], V.CONFIRMED, V.CONFIRMED),
        ([RED], [DEPENDENCY_DOWN], V.CONFIRMED, V.CONFIRMED),
        ([GREEN], [], V.CONTRADICTED, V.LIKELY),
        ([GREEN, BLIND], [], V.CONTRADICTED, V.LIKELY),
        ([GREEN], [DEPENDENCY_UP], V.CONTRADICTED, V.LIKELY),
        ([GREEN], [DEPENDENCY_DOWN], V.LIKELY, V.LIKELY),
        ([GREEN], [DEPENDENCY_BLIND], V.CONTRADICTED, V.LIKELY),
        ([BLIND], [], V.CANNOT_TELL, V.LIKELY),
        ([BLIND, BLIND], [DEPENDENCY_UP], V.CANNOT_TELL, V.LIKELY),
        ([BLIND], [DEPENDENCY_DOWN], V.LIKELY, V.LIKELY),
        ([], [], V.UNCONFIRMED, V.LIKELY),
        ([], [DEPENDENCY_UP], V.UNCONFIRMED, V.LIKELY),
        ([], [DEPENDENCY_BLIND], V.UNCONFIRMED, V.LIKELY),
        ([], [DEPENDENCY_DOWN], V.LIKELY, V.LIKELY),
    ],
)
def test_the_verdict(looks, dependencies, alone, with_a_crowd, crowd):
    """A red probe confirms; a crowd or a broken dependency makes it likely; a lone complaint never does."""
    case = a_case(S.REPORTED, tickets(crowd))
    verdict, evidence = validation.judge(case, looks, dependencies, Basis(POLICY, NOW))
    assert verdict is (with_a_crowd if crowd == 3 else alone)
    assert [item.source for item in evidence] == [
        *(look.probe for look in (*looks, *dependencies)),
        "tickets",
    ]
    assert [item.speaks_for for item in evidence[:-1]] == [
        None if look.is_healthy is None else not look.is_healthy for look in (*looks, *dependencies)
    ]
    assert evidence[-1].speaks_for is (True if crowd == 3 else None)


def test_a_crowd_is_of_customers_in_the_window():
    """Three tickets of one customer, or three customers over an hour, are no crowd; a fast clock is forgiven."""
    same = Contact(id="same")
    late = NOW - timedelta(minutes=15, seconds=1)
    ahead = NOW + timedelta(minutes=2)
    for linked, is_crowd in (
        (tickets(3, requester=same), False),
        ([*tickets(2), a_ticket(3, created_at=late)], False),
        ([*tickets(2), a_ticket(3, created_at=ahead)], True),
        ([*tickets(2), a_ticket(3, created_at=NOW - timedelta(minutes=15))], True),
    ):
        verdict, _ = validation.judge(a_case(S.REPORTED, linked), [GREEN], [], Basis(POLICY, NOW))
        assert (verdict is V.LIKELY) is is_crowd


@pytest.mark.parametrize("state", S)
def test_only_an_open_question_is_judged(state):
    """Run at any time, by hand or twice: an incident that has moved on is left exactly as it is."""
    case = a_case(state)
    plan = decide(case, [RED])
    if state in OPEN_QUESTION:
        assert plan.incident.state is S.CONFIRMED
    else:
        assert plan.incident is case.incident
        assert (plan.effects, plan.entries) == ((), ())


def test_confirmed_goes_to_escalation_at_once():
    """And the agents read the verdict with its evidence, on every ticket, privately."""
    plan = decide(a_case(S.REPORTED), [RED], [DEPENDENCY_UP])
    incident = plan.incident
    assert (incident.state, incident.verdict) == (S.CONFIRMED, V.CONFIRMED)
    assert (incident.next_stage, incident.next_stage_at) == (Stage.ESCALATION, NOW)
    assert incident.checks == 0
    assert kinds(plan) == [EffectKind.TICKET_NOTE] * 2
    assert [effect.target for effect in plan.effects] == ["1", "2"]
    assert plan.effects[0].payload.text == (
        "INC-7 (Checkout): confirmed: customers are hit.\n"
        "speaks for it: http/checkout-health: 503\n"
        "speaks against it: http/accounts-health: 200 in 80 ms\n"
        "proves nothing: 2 customers in 15 min (3 make it likely)\n"
        "To act from here, write a private note: `/liaison help` lists what it can say."
    )
    (entry,) = plan.entries
    assert entry.kind == "verdict"


def test_it_looks_again_before_it_dismisses():
    """The first look and two more; then it is no incident, and a person or a new look can still revive it."""
    case = a_case(S.REPORTED)
    for check in (1, 2):
        case = after(case, decide(case, [GREEN]))
        assert (case.incident.state, case.incident.checks) == (S.VALIDATING, check)
        assert case.incident.next_stage is Stage.VALIDATION
        assert case.incident.next_stage_at == NOW + timedelta(minutes=2)
    plan = decide(case, [GREEN])
    assert (plan.incident.state, plan.incident.checks) == (S.NOT_AN_INCIDENT, 0)
    assert (plan.incident.next_stage, plan.incident.next_stage_at) == (None, None)
    assert [entry.kind for entry in plan.entries] == ["verdict", "state"]
    assert decide(after(case, plan), [RED]).incident.state is S.CONFIRMED


def test_a_verdict_is_told_once_and_a_change_of_it_again():
    """Looking again with the same outcome plans the same keys; another verdict is another note."""
    case = a_case(S.REPORTED)
    first = decide(case, [GREEN])
    again = decide(after(case, first), [GREEN], now=NOW + timedelta(minutes=2))
    assert keys(again) == keys(first)
    changed = decide(after(case, first), [RED])
    assert not set(keys(changed)) & set(keys(first))


def test_the_policy_says_which_verdicts_wake_engineers():
    """An operator may want engineers for less than a proof, or only for one."""
    only_proof = a_policy(escalation={"on": [V.CONFIRMED]})
    assert decide(a_case(S.REPORTED), [], [DEPENDENCY_DOWN], policy=only_proof).incident.state is S.VALIDATING
    anything = a_policy(escalation={"on": list(V)})
    assert decide(a_case(S.REPORTED), [GREEN], policy=anything).incident.state is S.CONFIRMED


@pytest.mark.parametrize("checks", [0, 2])
def test_a_missed_response_target_is_not_overruled_by_a_look(checks):
    """The SLA sweep asked for engineers while a look was under way: they come, whatever it saw."""
    case = a_case(an_incident(S.VALIDATING, checks=checks, next_stage=Stage.ESCALATION))
    incident = decide(case, [GREEN]).incident
    assert (incident.state, incident.verdict) == (S.VALIDATING, V.CONTRADICTED)
    assert (incident.next_stage, incident.next_stage_at) == (Stage.ESCALATION, NOW)


def test_without_rechecks_the_first_look_decides():
    """`rechecks: 0` dismisses at once."""
    policy = a_policy(validation={"rechecks": 0})
    assert decide(a_case(S.REPORTED), [GREEN], policy=policy).incident.state is S.NOT_AN_INCIDENT
