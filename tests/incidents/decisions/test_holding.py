"""Pages that wait: for what engineers have already, for what flaps, for what an agent can mend; never for long."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from incidents.basis import Basis
from incidents.case import LAPSED, EntryKind
from incidents.commands.verbs import Verb
from incidents.decisions import escalation
from incidents.decisions.chat_answers import status_words
from incidents.decisions.commands.chat import chat_command
from incidents.decisions.holding.hold import (
    QUIET,
    ServiceLately,
    hold_for,
    is_engineers,
    is_held,
    made_worse,
    told_of_repeat,
)
from incidents.decisions.intake import Join, tickets_joined
from incidents.decisions.merging.merge import Merging, merge_plans
from incidents.effects import EffectKind, EffectState
from incidents.events import ChatCommand
from incidents.lifecycle import WITH_ENGINEERS, reopen
from incidents.models import Evidence, IncidentState, JoinOrigin, Severity, Stage, Verdict
from incidents.policy.policy import Flapping, KnownFix
from tests.incidents.builders import (
    BLIND,
    GREEN,
    NOW,
    RED,
    ROOM_LINE,
    a_case,
    a_page_line,
    a_policy,
    a_ticket,
    after,
    an_action_line,
    an_incident,
    of_kind,
    texts,
    with_clocks,
    without_actions,
)

S = IncidentState
MINUTE = timedelta(minutes=1)
FLAPS = Flapping(openings=3, within=60 * MINUTE, hold=30 * MINUTE)
FIXES = KnownFix(hold=10 * MINUTE, severity=Severity.MEDIUM)
CONFIRMED = an_incident(S.CONFIRMED, verdict=Verdict.CONFIRMED)
SEEN = Evidence(source="similar", text="like INC-3, closed (71 %); what helped: Rolled back", at=NOW)


def policy(*, actions=False, **rules):
    given = a_policy(escalation={"repeats": None, **rules})
    return given if actions else without_actions(given)


def other(state=S.ESCALATED, number=2, **changes):
    return an_incident(state, id=number, **changes)


def lately(*others, paged=None):
    had = frozenset(one.id for one in others if one.state in WITH_ENGINEERS)
    paged_at = None if paged is None else NOW - paged * MINUTE
    return ServiceLately(others=others, engineers=had, paged_at=paged_at)


def unpromised(incident, **changes):
    """Its case, with no response promised that a page could wait into."""
    return replace(a_case(incident, **changes), clocks=())


def decide(case, looks=(), *, rules, known=QUIET, now=NOW, by_hand=None):
    return escalation.decide(case, list(looks), Basis(rules, now), lately=known, by_hand=by_hand)


@pytest.mark.parametrize(
    ("others", "changes", "waits"),
    [
        ([other(S.ESCALATED)], {}, True),
        ([other(S.ACKNOWLEDGED)], {}, True),
        ([other(S.CONFIRMED), other(S.RESOLVED, 3), other(S.CLOSED, 4), other(S.MERGED, 5)], {}, False),
        ([], {}, False),
        ([other(severity=Severity.CRITICAL)], {}, True),
        ([other(severity=Severity.LOW)], {}, False),
        ([other()], {"severity": Severity.CRITICAL}, False),
        ([other()], {"split_from": 2}, False),
        ([other()], {"generation": 2}, False),
        ([other()], {"held_until": NOW - MINUTE}, False),
        ([other()], {"state": S.REOPENED}, False),
    ],
)
def test_a_repeat_of_what_engineers_have_waits(others, changes, waits):
    """Not what is worse than theirs, what an agent said is another fault, what is broken again, or has waited."""
    rules = policy(repeats=15 * MINUTE)
    case = unpromised(replace(CONFIRMED, **changes))
    hold = hold_for(case, lately(*others), Basis(rules, NOW))
    assert (hold is not None) is waits
    plan = decide(case, rules=rules, known=lately(*others))
    assert bool(of_kind(plan, EffectKind.PAGE)) is not waits
    if waits:
        assert hold.until == NOW + 15 * MINUTE
        assert hold.beside.id == 2
        assert decide(case, rules=policy(), known=lately(*others)).incident.state is S.ESCALATED, (
            "null: never"
        )


@pytest.mark.parametrize(
    ("opened", "paged", "waits"),
    [
        ((10, 20), 20, True),
        ((10, 20), 29, True),
        ((10, 20), 30, False),
        ((10, 20), None, False),
        ((10,), 10, False),
        ((10, 61), 10, False),
        ((10, 20, 30, 40), 10, True),
    ],
)
def test_a_service_that_flaps_is_held_for_a_while_after_its_page(opened, paged, waits):
    """Three openings within the hour, this one counted in; half an hour after a page the next one may go out."""
    others = [
        other(S.CLOSED, number, clock_from=NOW - ago * MINUTE) for number, ago in enumerate(opened, start=20)
    ]
    none = other(S.NOT_AN_INCIDENT, 40, clock_from=NOW - MINUTE)
    same = other(S.MERGED, 41, clock_from=NOW - MINUTE)
    plan = decide(
        unpromised(CONFIRMED), rules=policy(flapping=FLAPS), known=lately(*others, none, same, paged=paged)
    )
    assert (plan.incident.held_until is not None) is waits
    if waits:
        assert plan.incident.held_until == NOW + (30 - paged) * MINUTE
        assert f"the service flaps: {len(opened) + 1} incidents in 1 h 00 min" in texts(plan)
        assert not of_kind(plan, EffectKind.PAGE, EffectKind.CHAT_ROOM)
    else:
        assert plan.incident.state is S.ESCALATED


@pytest.mark.parametrize(
    ("severity", "evidence", "actions", "offer"),
    [
        (Severity.MEDIUM, (SEEN,), False, "like INC-3, closed (71 %); what helped: Rolled back"),
        (Severity.LOW, (), True, "on offer in chat: run purge"),
        (Severity.LOW, (SEEN,), True, "Rolled back; on offer in chat: run purge"),
        (Severity.HIGH, (SEEN,), False, None),
        (Severity.LOW, (replace(SEEN, text="like INC-3, closed (71 %)"),), False, None),
        (Severity.LOW, (replace(SEEN, source="tickets"),), False, None),
    ],
)
def test_a_fix_that_is_known_is_the_agents_to_try_first(severity, evidence, actions, offer):
    rules = policy(known_fix=FIXES, actions=actions)
    case = a_case(replace(CONFIRMED, severity=severity, evidence=evidence))
    if actions:
        failed = [an_action_line(), an_action_line("failover", result="failed")]
        case = a_case(replace(case.incident, state=S.MITIGATING, next_stage_at=NOW), ledger=failed)
    plan = decide(case, [RED], rules=rules)
    if offer is None:
        assert plan.incident.state is S.ESCALATED
        return
    assert plan.incident.held_until == NOW + 10 * MINUTE
    (note,) = of_kind(plan, EffectKind.TICKET_NOTE)
    assert offer in note.payload.text
    assert "engineers are not woken yet" in note.payload.text
    assert "Not to wait, start `escalation` in Prefect for INC-7 with your name." in note.payload.text
    assert decide(case, [RED], rules=policy(actions=actions)).incident.state is S.ESCALATED


def held_case(**changes):
    until = NOW + 15 * MINUTE
    incident = replace(
        CONFIRMED, held_until=until, next_stage=Stage.ESCALATION, next_stage_at=until, **changes
    )
    return a_case(incident)


@pytest.mark.parametrize(
    ("looks", "minutes", "state"),
    [
        ([RED], 14, S.CONFIRMED),
        ([GREEN], 14, S.CONFIRMED),
        ([RED], 15, S.ESCALATED),
        ([GREEN, RED], 15, S.ESCALATED),
        ([BLIND], 15, S.ESCALATED),
        ([], 15, S.ESCALATED),
        ([GREEN], 15, S.RESOLVED),
        ([GREEN], 99, S.RESOLVED),
    ],
)
def test_a_hold_ends_by_itself(looks, minutes, state):
    """Proven to work again, nobody is woken; without proof the page goes out."""
    rules = policy(repeats=15 * MINUTE)
    plan = decide(held_case(), looks, rules=rules, known=lately(other()), now=NOW + minutes * MINUTE)
    assert plan.incident.state is state
    assert len(of_kind(plan, EffectKind.PAGE)) == (state is S.ESCALATED)
    if state is S.RESOLVED:
        assert plan.incident.next_stage is Stage.CLOSURE
        assert "It works again; nobody was woken" in texts(plan)


@pytest.mark.parametrize(
    ("severity", "warn_at", "minutes", "until"),
    [
        (Severity.CRITICAL, [0.5, 0.75, 0.9], 2, 7.5),
        (Severity.CRITICAL, [0.5, 0.75, 0.9], 8, None),
        (Severity.CRITICAL, [], 2, 7.5),
        (Severity.HIGH, [0.75], 2, 15),
        (Severity.HIGH, [0.75], 14, 15),
        (Severity.HIGH, [0.75], 15, None),
        (Severity.LOW, [0.5], 2, 17),
    ],
)
def test_no_page_waits_into_a_warning_of_the_response_that_is_promised(severity, warn_at, minutes, until):
    """At severity 1 a quarter of an hour is all that was promised: half of it is the engineers'."""
    rules = a_policy(escalation={"repeats": 15 * MINUTE}, sla={"warn_at": warn_at})
    incident = replace(CONFIRMED, severity=severity, clock_from=NOW, state_since=NOW)
    case = with_clocks(a_case(incident), rules)
    hold = hold_for(case, lately(other(severity=severity)), Basis(rules, NOW + minutes * MINUTE))
    assert (hold and hold.until) == (until and NOW + until * MINUTE)


@pytest.mark.parametrize("rules", [{"repeats": 15 * MINUTE}, {"flapping": FLAPS}, {"known_fix": FIXES}])
def test_what_an_agent_split_off_waits_for_nothing(rules):
    others = [other(S.ESCALATED, number, clock_from=NOW) for number in (2, 3)]
    for split_from, waits in ((None, True), (2, False)):
        incident = replace(CONFIRMED, severity=Severity.MEDIUM, evidence=(SEEN,), split_from=split_from)
        hold = hold_for(unpromised(incident), lately(*others, paged=5), Basis(policy(**rules), NOW))
        assert (hold is not None) is waits


@pytest.mark.parametrize(
    ("state", "ledger", "expected"),
    [
        (S.ESCALATED, [a_page_line()], True),
        (S.ESCALATED, [a_page_line(state=EffectState.PENDING)], True),
        (S.ESCALATED, [a_page_line(state=EffectState.DEAD)], False),
        (S.ESCALATED, [a_page_line(state=EffectState.HELD)], False),
        (S.ESCALATED, [a_page_line(state=EffectState.DEAD), a_page_line(1)], True),
        (S.ESCALATED, [], False),
        (S.ESCALATED, [a_page_line(), replace(ROOM_LINE, key=f"liaison:test:INC-7:g1:{LAPSED}1")], False),
        (S.ACKNOWLEDGED, [], True),
        (S.CONFIRMED, [a_page_line()], False),
    ],
)
def test_engineers_have_what_woke_somebody(state, ledger, expected):
    """Not what is escalated alone: a page that was given up, that nobody sent yet, or that lapsed woke nobody."""
    assert is_engineers(a_case(state, ledger=ledger)) is expected


def test_a_repeat_of_what_woke_nobody_waits_for_nothing():
    known = ServiceLately(others=(other(),))
    plan = decide(unpromised(CONFIRMED), rules=policy(repeats=15 * MINUTE), known=known)
    assert len(of_kind(plan, EffectKind.PAGE)) == 1


@pytest.mark.parametrize("state", [S.CONFIRMED, S.MITIGATING])
def test_whoever_asks_is_not_kept_waiting(state):
    """A person, by name; and a promise that is about to be broken: its sweep brings the stage forward."""
    ledger = [an_action_line(result="failed")] if state is S.MITIGATING else []
    case = replace(held_case(), ledger=tuple(ledger))
    case = replace(case, incident=replace(case.incident, state=state))
    rules = policy(repeats=15 * MINUTE)
    assert decide(case, rules=rules).incident is case.incident
    assert decide(case, rules=rules, by_hand="Bo").incident.state is S.ESCALATED
    urgent = replace(case, incident=replace(case.incident, next_stage_at=NOW))
    assert decide(urgent, rules=rules).incident.state is S.ESCALATED


@pytest.mark.parametrize(
    ("reported", "is_due"), [(Severity.CRITICAL, True), (Severity.HIGH, False), (None, False)]
)
def test_a_worse_report_brings_the_page_forward(reported, is_due):
    """It waited because it was no worse than what engineers have; a report that is not worse changes nothing."""
    joins = [Join(ticket=a_ticket(3), origin=JoinOrigin.RULE, reason="keyword 'card'", severity=reported)]
    case, rules = held_case(), policy(repeats=15 * MINUTE)
    joined = tickets_joined(case, joins, Basis(rules, NOW)).incident
    assert (joined.next_stage_at == NOW) is is_due
    assert is_held(joined, now=NOW) is not is_due
    plan = decide(replace(case, incident=joined), [RED], rules=rules, known=lately(other()))
    assert len(of_kind(plan, EffectKind.PAGE)) == is_due


@pytest.mark.parametrize(
    ("theirs", "is_due"),
    [
        ({"next_stage_at": NOW + MINUTE}, False),
        ({"next_stage_at": NOW}, True),
        ({"next_stage_at": NOW + MINUTE, "severity": Severity.CRITICAL}, True),
        ({"next_stage_at": NOW + MINUTE, "generation": 2}, True),
        ({"next_stage_at": NOW + MINUTE, "severity": Severity.LOW}, False),
    ],
)
@pytest.mark.parametrize("linked", [[a_ticket(9)], []])
def test_a_page_that_waits_keeps_nothing_waiting_that_is_merged_into_it(theirs, is_due, linked):
    """The other was worse, opened again, or its page was due: the page of what goes on waits no longer."""
    loser, survivor = a_case(other(S.CONFIRMED, **theirs), linked), held_case()
    alone = replace(loser, tickets=())
    plans = merge_plans(loser, alone, survivor, Merging(by="Ada"), Basis(policy(), NOW))
    goes_on = plans.survivor.incident
    assert goes_on.next_stage_at == (NOW if is_due else survivor.incident.held_until)


@pytest.mark.parametrize(("theirs", "ours", "then"), [(2, 5, 2), (5, 2, 2), (5, 5, 5)])
def test_of_two_pages_that_wait_the_sooner_one_counts(theirs, ours, then):
    """Whoever waited for the one that ends waits no longer for the other."""
    times = [NOW + minutes * MINUTE for minutes in (theirs, ours)]
    held = [{"held_until": at, "next_stage": Stage.ESCALATION, "next_stage_at": at} for at in times]
    loser = a_case(an_incident(S.CONFIRMED, id=3, **held[0]), [])
    survivor = a_case(an_incident(S.CONFIRMED, **held[1]))
    plan = merge_plans(loser, loser, survivor, Merging(by="Ada"), Basis(policy(), NOW)).survivor
    assert (plan.incident.held_until, plan.incident.next_stage_at) == (NOW + then * MINUTE,) * 2
    assert is_held(plan.incident, now=NOW)
    assert [entry.kind for entry in plan.entries].count(EntryKind.HELD) == (theirs < ours)


def test_only_a_page_that_waits_is_brought_forward():
    """An action under way has its time, whatever else is reported."""
    busy = an_incident(S.MITIGATING, next_stage_at=NOW + MINUTE)
    assert made_worse(busy, Severity.CRITICAL, now=NOW) == replace(busy, severity=Severity.CRITICAL)
    assert made_worse(busy, Severity.LOW, now=NOW) is busy


def test_what_is_opened_again_has_not_waited_yet():
    over = replace(held_case().incident, state=S.CLOSED, resolved_at=NOW)
    assert reopen(over, now=NOW).held_until is None


def test_a_hold_is_seen():
    case = held_case()
    assert is_held(case.incident, now=NOW)
    assert "its page waits until 12:15 UTC" in status_words(case)
    woken = after(case, decide(case, [RED], rules=policy(), now=NOW + 15 * MINUTE))
    assert "its page waits" not in status_words(woken)
    plan = decide(unpromised(CONFIRMED), rules=policy(repeats=15 * MINUTE), known=lately(other()))
    assert [entry.kind for entry in plan.entries] == [EntryKind.HELD]
    assert "The page waits until 12:15 UTC: the team has INC-2 of the same service already" in texts(plan)


def test_the_engineers_who_have_the_other_read_of_it():
    repeat = held_case()
    case = a_case(other(), [a_ticket(9)], ledger=[a_page_line(), ROOM_LINE])
    plan = told_of_repeat(case, repeat, Basis(policy(), NOW))
    assert plan.incident is case.incident
    assert {effect.kind for effect in plan.effects} == {EffectKind.CHAT_POST, EffectKind.PAGE_NOTE}
    text = plan.effects[0].payload.text
    assert text.startswith("INC-7 of the same service has opened (2 tickets from 2 customers")
    assert "say `merge INC-7 INC-2`; else its page goes out at 12:15 UTC" in text


def test_an_agent_runs_what_is_on_offer_while_the_page_waits():
    command = ChatCommand(
        connection="slack/main", room_id="C9", user="bo", verb=Verb.RUN, at=NOW, incident="INC-7", text="purge"
    )  # fmt: skip
    basis = Basis(policy(actions=True), NOW)
    plan = chat_command(held_case(), command, basis)
    assert [effect.target for effect in of_kind(plan, EffectKind.ACTION)] == ["purge"]
    assert "bo has 'purge' run" in of_kind(plan, EffectKind.CHAT_ANSWER)[0].payload.text
    calm = chat_command(a_case(CONFIRMED), command, basis)
    assert not of_kind(calm, EffectKind.ACTION)


def test_the_time_of_a_hold_before_a_reopening_counts_no_more():
    """A worker from before holds opened it again: somebody said that it is broken, so healthy looks do not end it."""
    again = replace(CONFIRMED, state=S.REOPENED, generation=2, held_until=NOW - MINUTE)
    assert decide(unpromised(again), [GREEN], rules=policy()).incident.state is S.ESCALATED
