"""Fix it or fetch the people who can: the action first, engineers when it did not help, each page once."""

from datetime import timedelta

import pytest

from incidents.basis import Basis
from incidents.decisions import escalation
from incidents.effects import ActionCall, EffectKind, EffectState
from incidents.models import IncidentState, Stage, Verdict
from tests.incidents.builders import (
    BLIND,
    GREEN,
    NOW,
    RED,
    ROOM_LINE,
    a_case,
    a_page_line,
    a_policy,
    after,
    an_action_line,
    an_incident,
    keys,
    kinds,
    of_kind,
    page_key,
    texts,
    tickets,
    without_actions,
    without_chat,
    without_probes,
)

S = IncidentState
POLICY = a_policy()
CONFIRMED = an_incident(S.CONFIRMED, verdict=Verdict.CONFIRMED)
MITIGATING = an_incident(S.MITIGATING, verdict=Verdict.CONFIRMED, next_stage_at=NOW + timedelta(seconds=90))
DECIDED_BY_ITSELF = (S.CONFIRMED, S.REOPENED, S.MITIGATING)
BY_HAND = (*DECIDED_BY_ITSELF, S.REPORTED, S.VALIDATING, S.NOT_AN_INCIDENT)


def decide(case, looks=(), *, policy=POLICY, now=NOW, by_hand=None):
    return escalation.decide(case, list(looks), Basis(policy, now), by_hand=by_hand)


@pytest.mark.parametrize("state", S)
def test_only_incidents_on_their_way_to_engineers_are_moved(state):
    """In every other state the decision changes nothing, so a stage that runs late or twice does no harm."""
    case = a_case(state, ledger=[an_action_line(result="failed")])
    plan = decide(case, [RED])
    if state in DECIDED_BY_ITSELF:
        assert plan.incident.state is S.ESCALATED
    else:
        assert plan.incident is case.incident
        assert (plan.effects, plan.entries) == ((), ())


@pytest.mark.parametrize("state", S)
def test_a_person_may_escalate_from_every_state_before_the_engineers(state):
    """No action is tried and no proof awaited; where engineers have it, or had it, nothing happens."""
    case = a_case(state, ledger=[an_action_line(state=EffectState.SENDING)])
    plan = decide(case, by_hand="Bo")
    if state in BY_HAND:
        assert plan.incident.state is S.ESCALATED
        assert len(of_kind(plan, EffectKind.PAGE)) == 1
        assert not of_kind(plan, EffectKind.ACTION)
        assert plan.entries[0].text == "Paged Payments team: escalated by Bo"
    else:
        assert plan.incident is case.incident
        assert plan.effects == ()


@pytest.mark.parametrize("state", [S.REPORTED, S.VALIDATING])
def test_a_response_target_about_to_be_missed_escalates_unproven(state):
    """The sweep makes escalation the next stage before validation has ended."""
    plan = decide(a_case(an_incident(state, next_stage=Stage.ESCALATION)))
    assert plan.incident.state is S.ESCALATED
    assert "the response target would be missed" in texts(plan)


def test_the_action_comes_first():
    """One automatic action for this verdict, with the operator's arguments, before anybody is woken."""
    plan = decide(a_case(CONFIRMED))
    (effect,) = plan.effects
    assert plan.incident.state is S.MITIGATING
    assert plan.incident.next_stage is Stage.ESCALATION
    assert plan.incident.next_stage_at == NOW + timedelta(seconds=60 + 30)
    assert (effect.connection, effect.target) == ("http/restart", "restart")
    assert effect.key == effect.once == "liaison:test:INC-7:g1:action:restart"
    assert effect.payload == ActionCall(
        action="restart",
        arguments=(("incident", "INC-7"), ("region", "eu"), ("service", "checkout")),
        timeout=60.0,
    )


@pytest.mark.parametrize(
    ("verdict", "tried", "expected"),
    [
        (Verdict.CONFIRMED, [], "restart"),
        (Verdict.CONFIRMED, ["restart"], "failover"),
        (Verdict.CONFIRMED, ["restart", "failover"], None),
        (Verdict.LIKELY, [], "failover"),
        (Verdict.LIKELY, ["failover"], None),
        (Verdict.UNCONFIRMED, [], None),
        (None, [], None),
    ],
)
@pytest.mark.parametrize("generation", [1, 2])
def test_an_action_is_tried_once_in_an_incidents_life(verdict, tried, expected, generation):
    """In order, only for its verdicts, never one that is not automatic, and not again after a reopening."""
    state = S.CONFIRMED if generation == 1 else S.REOPENED
    ledger = [an_action_line(name, generation=1) for name in tried]
    plan = decide(a_case(an_incident(state, verdict=verdict, generation=generation), ledger=ledger))
    assert [effect.target for effect in of_kind(plan, EffectKind.ACTION)] == ([expected] if expected else [])
    assert plan.incident.state is (S.MITIGATING if expected else S.ESCALATED)


SUCCEEDED = an_action_line()


@pytest.mark.parametrize(
    ("action", "looks", "why"),
    [
        (SUCCEEDED, [RED], "(succeeded)"),
        (SUCCEEDED, [GREEN, RED], "(succeeded)"),
        (SUCCEEDED, [BLIND], "(succeeded)"),
        (SUCCEEDED, [GREEN, BLIND], "(succeeded)"),
        (an_action_line(result="failed", detail="HTTP 500"), [GREEN], "(HTTP 500)"),
        (an_action_line(result="failed", detail="HTTP 500"), [], "(HTTP 500)"),
        (an_action_line(state=EffectState.DEAD, result=""), [GREEN], "(dead)"),
        (an_action_line(state=EffectState.HELD, result=""), [GREEN], "(held)"),
    ],
)
def test_an_action_that_did_not_help_brings_the_engineers(action, looks, why):
    """A failed action, or one that succeeded while the service is red or unseen; they are told which."""
    plan = decide(a_case(MITIGATING, ledger=[action]), looks)
    assert plan.incident.state is S.ESCALATED
    assert f"the action 'restart' did not help {why}" in plan.entries[0].text


def test_an_action_that_helped_wakes_nobody():
    """Succeeded and seen to be green: on to closure, which takes its own proofs."""
    plan = decide(a_case(MITIGATING, ledger=[SUCCEEDED]), [GREEN, GREEN])
    incident = plan.incident
    assert (incident.state, incident.resolved_at, incident.checks) == (S.RESOLVED, NOW, 0)
    assert (incident.next_stage, incident.next_stage_at) == (Stage.CLOSURE, NOW)
    assert plan.effects == ()


def test_an_actions_own_word_is_no_proof():
    """Without any probe nobody can see that it helped: the engineers are asked."""
    plan = decide(a_case(MITIGATING, ledger=[SUCCEEDED]), [], policy=without_probes())
    assert plan.incident.state is S.ESCALATED


def test_nobody_is_woken_before_somebody_looked():
    """Taken up again after a crash, without looks: a look comes first, and then decides."""
    case = a_case(MITIGATING, ledger=[SUCCEEDED])
    plan = decide(case, [])
    assert (plan.incident.state, plan.effects) == (S.MITIGATING, ())
    assert plan.incident.next_stage_at == NOW
    assert decide(after(case, plan), [GREEN]).incident.state is S.RESOLVED


@pytest.mark.parametrize("state", [state for state in EffectState if state.is_open])
def test_an_action_is_waited_for_until_its_time_is_over(state):
    """Its worker may have died with it: engineers are paged when the time is over, not half an hour later."""
    case = a_case(MITIGATING, ledger=[an_action_line(state=state, result="")])
    assert decide(case, [GREEN]).incident is MITIGATING
    plan = decide(case, [GREEN], now=NOW + timedelta(seconds=90))
    assert plan.incident.state is S.ESCALATED
    assert "did not end in time" in texts(plan)


def test_the_newest_action_counts():
    """After a reopening the first life's action says nothing about the second's."""
    ledger = [SUCCEEDED, an_action_line("failover", generation=2, result="failed", detail="no standby")]
    plan = decide(a_case(MITIGATING, ledger=ledger), [GREEN])
    assert "'failover' did not help (no standby)" in plan.entries[0].text


def test_who_is_mobilised_and_who_is_told():
    """The page first, then the room with the context, then every agent; customers hear when it is taken."""
    plan = decide(a_case(CONFIRMED), policy=without_actions())
    assert kinds(plan) == [
        EffectKind.PAGE,
        EffectKind.CHAT_ROOM,
        EffectKind.CHAT_POST,
        EffectKind.TICKET_NOTE,
        EffectKind.TICKET_NOTE,
    ]
    page, room, post, *notes = plan.effects
    assert (page.connection, page.payload.target) == ("pagerduty/main", "payments")
    assert page.key == page.once == page.target == page_key()
    assert (room.connection, room.target, room.payload.name) == ("slack/main", "INC-7", "inc-7-checkout")
    assert post.payload.text.startswith("Incident: INC-7, severity 2\nService: Checkout")
    assert all("Payments team has been paged: confirmed" in note.payload.text for note in notes)
    incident = plan.incident
    assert (incident.next_stage, incident.next_stage_at) == (None, None)
    assert incident.next_update_at == NOW + timedelta(minutes=60)


def test_a_team_without_chat_is_paged_all_the_same():
    """No room, no post; nothing is sent to a connection that is not there."""
    plan = decide(a_case(CONFIRMED), policy=without_chat(without_actions()))
    assert set(kinds(plan)) == {EffectKind.PAGE, EffectKind.TICKET_NOTE}


def test_no_cadence_no_promise():
    """With updates off, customers are promised none."""
    policy = without_actions(a_policy(cadence={"enabled": False}))
    assert decide(a_case(CONFIRMED), policy=policy).incident.next_update_at is None


def test_a_second_generation_pages_anew_in_the_same_room():
    """The page, notes and post have keys of their own; the room is for the incident's whole life."""
    policy = without_actions()
    first = decide(a_case(CONFIRMED), policy=policy)
    again = an_incident(S.REOPENED, generation=2)
    case = a_case(again, ledger=[a_page_line(), ROOM_LINE])
    second = decide(case, policy=policy)
    assert {key for key in keys(first) if key in keys(second)} == {ROOM_LINE.key}
    assert " AGAIN " in of_kind(second, EffectKind.PAGE)[0].payload.summary
    assert after(case, second).page_keys == (page_key(generation=2),)


@pytest.mark.parametrize(
    ("level", "connection", "target"),
    [(0, "pagerduty/main", "payments"), (1, "pagerduty/main", "lead"), (2, "pagerduty/heads", "head")],
)
@pytest.mark.parametrize("generation", [1, 3])
def test_a_page_has_a_key_for_each_generation_and_level(level, connection, target, generation):
    """The same level of the same generation is the same page, everything else another one."""
    case = a_case(an_incident(S.ESCALATED, generation=generation))
    effect = escalation.page_effect(case, Basis(POLICY, NOW), level=level)
    assert effect.key == effect.once == effect.target == page_key(level, generation=generation)
    assert (effect.connection, effect.payload.target) == (connection, target)


def test_a_storm_is_one_page():
    """Two hundred tickets: one page, one room, two hundred notes that share one marker (one call)."""
    plan = decide(a_case(CONFIRMED, tickets(200)), policy=without_actions())
    assert len(of_kind(plan, EffectKind.PAGE)) == 1
    notes = of_kind(plan, EffectKind.TICKET_NOTE)
    assert len({note.key for note in notes}) == 200
    assert {(note.once, note.payload.text) for note in notes} == {(notes[0].once, notes[0].payload.text)}


def test_twice_on_its_own_result_does_nothing():
    """Escalated is escalated, by hand or not."""
    case = a_case(CONFIRMED)
    done = after(case, decide(case, policy=without_actions()))
    for by_hand in (None, "Bo"):
        plan = decide(done, [RED], by_hand=by_hand)
        assert plan.incident is done.incident
        assert plan.effects == ()
