"""Actions: who is asked before one is started, what must hold just then, and what is said to which words."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from incidents.actions import DRY_RUN, NOT_STARTED, Pause
from incidents.approval import Approval, ApprovalState, ApprovalSubject, Ruling
from incidents.basis import Basis
from incidents.case import Plan
from incidents.commands.verbs import Verb
from incidents.decisions import escalation
from incidents.decisions.acting.asking import with_actions
from incidents.decisions.acting.starting import StartConditions, obstacle
from incidents.decisions.commands.chat import chat_command
from incidents.decisions.participants.approval import Spoken, ruled, ruled_by_words
from incidents.effects import EffectKind
from incidents.events import ChatCommand
from incidents.models import IncidentState, Severity, Verdict
from incidents.notes.context import facts
from incidents.policy.file import parse_policy
from incidents.policy.policy import ActionConditions, ActionMode, ActionPolicy, Policy
from tests.incidents.builders import (
    BLIND,
    GREEN,
    NOW,
    POLICY,
    RED,
    ROOM_LINE,
    a_case,
    a_page_line,
    a_policy,
    an_action_line,
    an_incident,
    of_kind,
    texts,
)

S, A = IncidentState, ApprovalState
HOUR = timedelta(hours=1)
SUBJECT = ApprovalSubject.ACTION
NAME = "fail over"


def an_action(**changes: object) -> ActionPolicy:
    return ActionPolicy.model_validate(
        {"name": NAME, "connection": "http/failover", "mode": "approve", **changes}
    )


def policy(*actions: ActionPolicy) -> Policy:
    base = a_policy()
    checkout = base.service("checkout").model_copy(update={"actions": list(actions or [an_action()])})
    return base.model_copy(update={"services": {**base.services, "checkout": checkout}})


def basis(*actions: ActionPolicy) -> Basis:
    return Basis(policy(*actions), NOW)


def question(state: ApprovalState = A.ASKED, **changes: object) -> Approval:
    asked = Approval(
        incident=7,
        generation=1,
        subject=SUBJECT,
        which=NAME,
        state=state,
        asked_at=NOW,
        expires_at=NOW + HOUR,
        decided_by="" if state in (A.ASKED, A.EXPIRED) else "Ada",
    )
    return replace(asked, **changes)  # type: ignore[arg-type]


def paged(*approvals: Approval, state: IncidentState = S.ESCALATED, ledger=(), **changes):
    incident = an_incident(state, **{"verdict": Verdict.CONFIRMED, **changes})
    return a_case(incident, None, [a_page_line(), ROOM_LINE, *ledger], approvals=approvals)


def decided(case, *actions: ActionPolicy) -> Plan:
    return with_actions(case, Plan(incident=case.incident), basis(*actions))


@pytest.mark.parametrize(
    ("case", "action", "is_asked"),
    [
        (paged(), an_action(), True),
        (paged(state=S.ACKNOWLEDGED), an_action(), True),
        (paged(), an_action(mode="suggest"), False),
        (paged(), an_action(mode="automatic"), False),
        (paged(verdict=Verdict.LIKELY), an_action(), False),
        (paged(verdict=Verdict.LIKELY), an_action(verdicts=["likely"]), True),
        (paged(verdict=None), an_action(), False),
        (paged(state=S.CONFIRMED), an_action(), False),
        (paged(state=S.RESOLVED), an_action(), False),
        (paged(ledger=[an_action_line(NAME)]), an_action(), False),
        (paged(question()), an_action(), False),
        (paged(question(A.DENIED)), an_action(), False),
        (paged(question(), generation=2), an_action(), True),
    ],
)
def test_who_is_asked(case, action, is_asked):
    """Engineers who have it, for a verdict that the action is for, once in a generation."""
    plan = decided(case, action)
    asked = [one for one in plan.approvals if one.state is A.ASKED]
    assert [one.which for one in asked] == [NAME] * is_asked
    assert len(of_kind(plan, EffectKind.TICKET_NOTE)) == is_asked
    assert not of_kind(plan, EffectKind.ACTION)
    if is_asked:
        (post,) = [one for one in of_kind(plan, EffectKind.CHAT_POST) if one.payload.buttons]
        assert [(one.verb, one.words) for one in post.payload.buttons] == [
            (Verb.APPROVE, f"action {NAME} #g{case.incident.generation}"),
            (Verb.DENY, f"action {NAME} #g{case.incident.generation}"),
        ]
        assert asked[0].expires_at == NOW + timedelta(minutes=30)


@pytest.mark.parametrize(
    ("case", "actions", "why"),
    [
        (paged(question()), [an_action()], None),
        (paged(question(expires_at=NOW)), [an_action()], "nobody answered by 12:00 UTC"),
        (paged(question(), state=S.RESOLVED), [an_action()], "it was over before anybody said so"),
        (paged(question()), [an_action(mode="suggest")], "the policy asks for it no more"),
        (paged(question()), [an_action(name="another")], "the policy asks for it no more"),
        (
            paged(question(), state=S.MERGED, merged_into=2),
            [an_action()],
            "INC-7 was merged into INC-2",
        ),
    ],
)
def test_a_question_is_over(case, actions, why):
    over = [one for one in decided(case, *actions).approvals if one.which == NAME]
    assert [(one.state, one.why) for one in over] == ([] if why is None else [(A.EXPIRED, why)])


@pytest.mark.parametrize(
    ("case", "starts"),
    [
        (paged(question(A.APPROVED)), True),
        (paged(question(A.APPROVED), state=S.ACKNOWLEDGED), True),
        (paged(question(A.APPROVED), state=S.RESOLVED), False),
        (paged(question(A.APPROVED), ledger=[an_action_line(NAME)]), False),
        (paged(question(A.APPROVED), ledger=[an_action_line(NAME, result=NOT_STARTED)]), False),
        (paged(question(A.DENIED)), False),
        (paged(question(A.EXPIRED)), False),
        (paged(question()), False),
    ],
)
def test_what_is_allowed_is_started_once(case, starts):
    effects = of_kind(decided(case), EffectKind.ACTION)
    assert len(effects) == starts
    assert all(dict(one.payload.arguments)["approved_by"] == "Ada" for one in effects)


TWO = (an_action(), an_action(name="restart all"))
SECOND = question(which="restart all")


@pytest.mark.parametrize(
    ("words", "which", "why"),
    [
        (f"action {NAME}", NAME, ""),
        (f"action {NAME} #g1, it is bad", NAME, "it is bad"),  # a chat without buttons has their words typed
        ("Action FAIL OVER, it is bad", NAME, "it is bad"),
        ("action fail over: it is bad", NAME, "it is bad"),
        ("restart all it is bad", "restart all", "it is bad"),
        ("action", None, ""),
        ("", None, ""),
    ],
)
def test_which_one_words_allow(words, which, why):
    """By its name; a bare yes to several allows none."""
    case = paged(question(), SECOND)
    spoken = Spoken(is_yes=True, by="Ada", where="in chat")
    found = ruled_by_words(case, words, spoken, basis(*TWO))
    assert [(one.which, one.why) for one in found.plan.approvals] == ([] if which is None else [(which, why)])
    if which is None:
        assert f"`approve INC-7 action {NAME}`; `approve INC-7 action restart all`" in found.said


@pytest.mark.parametrize(
    ("approvals", "which", "counts", "said"),
    [
        ([question()], "", True, "INC-7: Ada approved at 12:00 UTC that the action 'fail over' is started."),
        ([question()], "Fail  Over", True, "Ada approved"),
        ([question()], "else", False, "Nothing is asked about the action 'else' for INC-7."),
        ([question(), SECOND], "", False, "INC-7: which one?"),
        ([question(A.DENIED, why="no"), SECOND], NAME, False, "INC-7: Ada denied that"),
        ([question(expires_at=NOW)], "", False, "too late, the question about the action 'fail over'"),
    ],
)
def test_a_ruling_on_an_action(approvals, which, counts, said):
    ruling = Ruling(subject=SUBJECT, which=which, is_yes=True, by="Ada", where="by form")
    found = ruled(paged(*approvals), ruling, basis(*TWO))
    assert found.counts is counts
    assert said in found.said


def run(case, *actions):
    command = ChatCommand(
        connection="slack/main", room_id="C1", user="bo", verb=Verb.RUN, at=NOW, text="Fail Over"
    )
    return chat_command(case, command, basis(*actions))


@pytest.mark.parametrize(
    ("case", "allowed", "starts", "said"),
    [
        (paged(question()), True, 0, "bo approved at 12:00 UTC"),
        (paged(question(A.DENIED)), False, 0, "Ada denied"),
        (paged(question(A.EXPIRED)), False, 1, "bo has 'fail over' run"),
        (paged(), False, 1, "bo has 'fail over' run"),
        (
            paged(ledger=[an_action_line(NAME, detail="done")]),
            False,
            0,
            "'fail over' was run already: done.",
        ),
        (
            paged(question(A.APPROVED), ledger=[an_action_line(NAME, result=NOT_STARTED)]),
            False,
            1,
            "bo has 'fail over' run",
        ),
    ],
)
def test_run_is_a_yes_too(case, allowed, starts, said):
    """What is asked is approved by it, what was denied is not run, and what was not started may be run after all."""
    plan = run(case)
    assert [one.state for one in plan.approvals] == [A.APPROVED] * allowed
    effects = of_kind(plan, EffectKind.ACTION)
    assert len(effects) == starts
    assert all(case.line(one.key) is None for one in effects)
    assert said in texts(plan)


HELD_BACK = paged(ledger=[an_action_line(NAME, result=NOT_STARTED, detail="not started: actions are paused")])


@pytest.mark.parametrize(
    ("case", "starts", "said"),
    [
        (paged(), 0, "No action is on offer for this service."),
        (HELD_BACK, 1, "bo has 'fail over' run"),
        (paged(ledger=[an_action_line(NAME)]), 0, "No action is on offer"),
        (paged(ledger=[an_action_line(NAME, result="failed")]), 0, "No action is on offer"),
        (paged(ledger=HELD_BACK.ledger[2:], generation=2), 0, "No action is on offer"),
    ],
)
def test_an_automatic_action_that_was_held_back_is_run_by_hand(case, starts, said):
    """It is not tried again by itself; what was started is nobody's to start once more."""
    plan = run(case, an_action(mode="automatic"))
    assert len(of_kind(plan, EffectKind.ACTION)) == starts
    assert all(case.line(one.key) is None for one in of_kind(plan, EffectKind.ACTION))
    assert said in texts(plan)
    offer = dict(facts(case, basis(an_action(mode="automatic")))).get("On offer")
    assert offer == (f"run {NAME}" if starts else None)


OFFICE = {"office": {"timezone": "Europe/Berlin", "hours": {"mon-fri": ["09:00-17:00"]}}}


def conditions(**wanted: object) -> ActionPolicy:
    return an_action(only_if=wanted)


def now(**changes: object) -> StartConditions:
    start = StartConditions(incident=an_incident(S.ESCALATED), looks=(RED,))
    return replace(start, **changes)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("action", "given", "why"),
    [
        (an_action(), now(), None),
        (None, now(), "the policy has no such action"),
        (
            an_action(),
            now(pause=Pause(since=NOW, by="Olga", why="deploy")),
            "paused by Olga since 2026-11-22",
        ),
        (None, now(pause=Pause(since=NOW, by="Olga")), "paused by Olga"),
        (an_action(), now(starts=1000), None),
        (an_action(most_per_hour=3), now(starts=2), None),
        (an_action(most_per_hour=3), now(starts=3), "it was started 3 times within the last hour"),
        (an_action(most_per_hour=1), now(starts=1), "it was started once"),
        (conditions(severity=2), now(), None),
        (conditions(severity=1), now(), "it is for severity 1 and worse, and INC-7 has 2"),
        (
            conditions(severity=1),
            now(incident=an_incident(S.ESCALATED, severity=Severity.CRITICAL)),
            None,
        ),
        (conditions(failing=True), now(), None),
        (conditions(failing=True), now(looks=(GREEN, RED)), None),
        (
            conditions(failing=True),
            now(looks=(GREEN,)),
            "no probe sees the fault: http/checkout-health is healthy",
        ),
        (conditions(failing=True), now(looks=(BLIND,)), "http/checkout-health is unknown"),
        (conditions(failing=True), now(looks=()), "the service has none"),
        (conditions(healthy=["http/replica"]), now(healthy=(GREEN,)), None),
        (conditions(healthy=["http/replica"]), now(healthy=(RED,)), "what must be healthy is not"),
        (conditions(healthy=["http/replica"]), now(healthy=(BLIND,)), "what must be healthy is not"),
        (conditions(calendar="always"), now(), None),
        (conditions(calendar="office"), now(), "the calendar 'office' is closed now"),  # a Sunday
        (conditions(calendar="gone"), now(), "the calendar 'gone' is closed now"),
    ],
)
def test_what_stands_in_its_way(action, given, why):
    base = parse_policy(POLICY.replace("sla: {", f"sla: {{calendars: {OFFICE}, "))
    found = obstacle(action, given, Basis(base, NOW))
    assert found is None if why is None else why in (found or "")


@pytest.mark.parametrize(
    ("result", "detail", "why"),
    [
        (
            NOT_STARTED,
            "not started: actions are paused by Olga",
            "was not started: actions are paused by Olga",
        ),
        (DRY_RUN, "only rehearsed (dry run)", "was only rehearsed (dry run)"),
        ("failed", "exit 1", "did not help (exit 1)"),
    ],
)
def test_engineers_are_woken_at_once_and_told_why(result, detail, why):
    case = a_case(
        an_incident(S.MITIGATING, verdict=Verdict.CONFIRMED),
        ledger=[an_action_line(result=result, detail=detail)],
    )
    plan = escalation.decide(case, [RED], Basis(a_policy(), NOW))
    assert plan.incident.state is S.ESCALATED
    assert plan.entries[0].text == f"Paged Payments team: the action 'restart' {why}"


@pytest.mark.parametrize(
    ("given", "mode"),
    [
        ({}, ActionMode.AUTOMATIC),
        ({"automatic": True}, ActionMode.AUTOMATIC),
        ({"automatic": False}, ActionMode.SUGGEST),
        ({"mode": "approve"}, ActionMode.APPROVE),
    ],
)
def test_the_older_word(given, mode):
    assert ActionPolicy.model_validate({"name": "x", "connection": "http/x", **given}).mode is mode


def test_both_words_are_refused():
    with pytest.raises(ValueError, match="automatic is the older word for mode"):
        ActionPolicy.model_validate(
            {"name": "x", "connection": "http/x", "mode": "approve", "automatic": True}
        )


def test_a_calendar_that_is_not_there_is_named():
    """At its line, with what was probably meant."""
    wrong = POLICY.replace("automatic: false}", "mode: suggest, only_if: {calendar: alwais}}")
    with pytest.raises(Exception, match="there is no calendar 'alwais'; did you mean 'always'"):
        parse_policy(wrong)
    assert ActionConditions().calendar is None
