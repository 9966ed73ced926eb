"""Over only when proven, closed only when everybody was told, and told once."""

from dataclasses import replace
from datetime import timedelta

import pytest

from incidents.basis import Basis
from incidents.case import LedgerLine
from incidents.decisions import closure, validation
from incidents.decisions.closure import MAX_RED_LOOKS
from incidents.effects import EffectKind, EffectState
from incidents.models import Departure, IncidentState, Stage, TicketStatus
from incidents.policy.process import CustomerTemplates
from tests.incidents.builders import (
    BLIND,
    GREEN,
    NOW,
    RED,
    ROOM_LINE,
    a_case,
    a_lead_page_line,
    a_look,
    a_page_line,
    a_policy,
    a_ticket,
    after,
    an_incident,
    keys,
    kinds,
    of_kind,
    page_key,
    sent,
    texts,
    tickets,
    without_probes,
)

S = IncidentState
POLICY = a_policy()
AGAIN = NOW + timedelta(seconds=20)
ELSEWHERE = a_look(True, "http/elsewhere")
RESOLVED_LINE = LedgerLine(
    key=f"{page_key()}:page_resolve:g1:proven",
    kind=EffectKind.PAGE_RESOLVE,
    state=EffectState.DONE,
    connection="pagerduty/main",
    target=page_key(),
)


def decide(case, *looks, policy=POLICY, now=NOW):
    return closure.decide(case, looks, Basis(policy, now))


def resolved(checks=0, linked=None, **changes):
    incident = an_incident(S.RESOLVED, checks=checks, **{"state_since": NOW, **changes})
    return a_case(incident, linked, ledger=[a_page_line(), ROOM_LINE])


@pytest.mark.parametrize("state", S)
def test_only_what_is_said_to_be_fixed_is_closed(state):
    """Run at any time: an incident that was reopened meanwhile, or is closed already, is left as it is."""
    case = a_case(state)
    plan = decide(case, GREEN)
    if state in (S.RESOLVED, S.CLOSING):
        assert plan.incident is not case.incident
    else:
        assert plan.incident is case.incident
        assert (plan.effects, plan.entries) == ((), ())


@pytest.mark.parametrize(
    ("before", "looks", "checks"),
    [
        (0, [GREEN], 1),
        (0, [GREEN, ELSEWHERE], 1),
        (-2, [GREEN], 1),
        (0, [RED], -1),
        (1, [RED], -1),
        (-1, [RED], -2),
        (1, [GREEN, RED], -1),
        (1, [BLIND, RED], -1),
        (0, [BLIND], 0),
        (1, [BLIND], 1),
        (1, [GREEN, BLIND], 1),
        (-2, [BLIND], -2),
        (1, [], 1),
    ],
)
def test_proofs_are_counted_up_and_failures_down(before, looks, checks):
    """Healthy looks in a row; a red one starts again; a blind one, or none at all, proves nothing either way."""
    plan = decide(resolved(before), *looks)
    assert (plan.incident.state, plan.incident.checks) == (S.RESOLVED, checks)
    assert (plan.incident.next_stage, plan.incident.next_stage_at) == (Stage.CLOSURE, AGAIN)
    assert plan.effects == ()
    assert [entry.kind for entry in plan.entries] == ["proof"]


def test_who_cannot_see_for_long_asks_people_once():
    """Five minutes without proof: the engineers are told, once, and looks come less often."""
    case = resolved(state_since=NOW - timedelta(minutes=5))
    plan = decide(case, BLIND)
    assert plan.incident.state is S.RESOLVED
    assert plan.incident.next_stage_at == NOW + timedelta(minutes=5)
    assert kinds(plan) == [EffectKind.CHAT_POST, EffectKind.PAGE_NOTE]
    assert keys(decide(case, BLIND, now=NOW + timedelta(minutes=5))) == keys(plan)


def test_what_the_timeline_says_of_a_look():
    """The count, what was seen, or why nothing was."""
    assert decide(resolved(), GREEN).entries[0].text == (
        "Healthy (1 of 2): http/checkout-health: 200 in 80 ms"
    )
    assert decide(resolved(), RED).entries[0].text == "Still failing: http/checkout-health: 503"
    assert decide(resolved(), BLIND).entries[0].text == "No proof yet: http/checkout-health: could not look"
    assert decide(resolved()).entries[0].text == "No proof yet: nobody looked"


def test_a_failed_fix_goes_back_to_the_engineers():
    """Red three times running: a new generation, escalation at once, the pages and the room told why."""
    assert MAX_RED_LOOKS == 3
    case = resolved(-2, page_level=1, responder="Ana", acknowledged_at=NOW)
    plan = decide(case, RED)
    incident = plan.incident
    assert (incident.state, incident.generation, incident.clock_from) == (S.REOPENED, 2, NOW)
    assert (incident.next_stage, incident.next_stage_at) == (Stage.ESCALATION, NOW)
    assert (incident.resolved_at, incident.acknowledged_at, incident.responder) == (None, None, None)
    assert (incident.page_level, incident.checks) == (0, 0)
    assert kinds(plan) == [EffectKind.CHAT_POST, EffectKind.PAGE_NOTE]
    assert texts(plan).count("Said to be fixed, but http/checkout-health: 503: opened again") == 3


def test_everybody_is_told_when_it_is_proven():
    """Message before status on each ticket, pages resolved, the room told; closure goes on at once."""
    plan = decide(resolved(1), GREEN)
    incident = plan.incident
    assert (incident.state, incident.checks) == (S.CLOSING, 0)
    assert (incident.next_stage, incident.next_stage_at) == (Stage.CLOSURE, NOW)
    assert kinds(plan) == [
        EffectKind.CUSTOMER_MESSAGE,
        EffectKind.CUSTOMER_MESSAGE,
        EffectKind.TICKET_STATUS,
        EffectKind.TICKET_STATUS,
        EffectKind.PAGE_RESOLVE,
        EffectKind.CHAT_POST,
    ]
    for number in ("1", "2"):
        lane = [effect.kind for effect in plan.effects if effect.lane == f"zendesk/support:{number}"]
        assert lane == [EffectKind.CUSTOMER_MESSAGE, EffectKind.TICKET_STATUS]
    assert [effect.target for effect in of_kind(plan, EffectKind.PAGE_RESOLVE)] == [page_key()]
    messages = of_kind(plan, EffectKind.CUSTOMER_MESSAGE)
    assert {message.payload.text for message in messages} == {"FIXED Checkout"}
    assert {message.payload.recipient for message in messages} == {"customer-1", "customer-2"}
    assert len({message.once for message in messages}) == 1


def test_without_a_probe_the_engineers_word_is_taken():
    """One step, and the timeline says on whose word."""
    plan = decide(resolved(), policy=without_probes())
    assert plan.incident.state is S.CLOSING
    assert "on the engineers' word: no probe is configured" in plan.entries[0].text


MIXED = [
    a_ticket(1, status=TicketStatus.OPEN),
    a_ticket(2, status=TicketStatus.SOLVED),
    a_ticket(3, status=TicketStatus.CLOSED),
    a_ticket(4, status=TicketStatus.WAITING_FOR_CUSTOMER),
]


@pytest.mark.parametrize(
    ("generation", "told", "solved"),
    [(1, ["1", "2", "4"], ["1", "4"]), (2, ["1", "4"], ["1", "4"])],
)
def test_who_is_told(generation, told, solved):
    """First everybody whose ticket can still be written on; after a reopening not those who had it and are content."""
    had_it = frozenset(ticket.ref for ticket in MIXED) if generation > 1 else frozenset()
    plan = decide(replace(resolved(1, MIXED, generation=generation), farewells=had_it), GREEN)
    assert [effect.target for effect in of_kind(plan, EffectKind.CUSTOMER_MESSAGE)] == told
    assert [effect.target for effect in of_kind(plan, EffectKind.TICKET_STATUS)] == solved
    assert f"{len(told)} customers are told now" in texts(plan)


def test_a_second_fix_is_a_second_message():
    """The generation is in the key: who complained is told again."""
    assert not set(keys(decide(resolved(1), GREEN))) & set(keys(decide(resolved(1, generation=2), GREEN)))


def test_the_policy_says_what_settles_a_ticket():
    """Solved, or closed where the operator wants that."""
    policy = a_policy(closure={"solved_status": TicketStatus.CLOSED, "proofs": 1})
    plan = decide(resolved(), GREEN, policy=policy)
    assert {effect.payload.status for effect in of_kind(plan, EffectKind.TICKET_STATUS)} == {
        TicketStatus.CLOSED
    }


def test_a_storm_is_told_in_one_call():
    """Two hundred messages share marker and text; statuses alike."""
    plan = decide(resolved(1, tickets(200)), GREEN)
    for kind in (EffectKind.CUSTOMER_MESSAGE, EffectKind.TICKET_STATUS):
        effects = of_kind(plan, kind)
        assert len({effect.key for effect in effects}) == 200
        assert len({effect.once for effect in effects}) == 1


def test_the_way_to_the_end_step_by_step():
    """Two proofs, everybody told once, closed; running each step again on its own result says nothing new."""
    case, said = resolved(), []
    for state, checks in ((S.RESOLVED, 1), (S.CLOSING, 0), (S.CLOSED, 0), (S.CLOSED, 0)):
        plan = decide(case, GREEN)
        said += keys(plan)
        case = sent(after(case, plan))
        assert (case.incident.state, case.incident.checks) == (state, checks)
    assert len(said) == len(set(said))


@pytest.mark.parametrize(
    ("policy", "words", "are_said"),
    [
        (a_policy(), "we have checked it", True),
        (without_probes(), "we have checked it", False),
        (without_probes(), "our engineers tell us", True),
    ],
)
def test_no_check_is_claimed_where_nothing_looked(policy, words, are_said):
    """A service without a probe closes on the engineers' word, and its customers read just that."""
    built_in = policy.templates.model_copy(update={"customer": CustomerTemplates()})
    policy = policy.model_copy(update={"templates": built_in})
    looks = [GREEN] if policy.service("checkout").probes else []
    plan = decide(resolved(checks=1), *looks, policy=policy)
    told = of_kind(plan, EffectKind.CUSTOMER_MESSAGE)
    assert len(told) == 2
    assert all((words in effect.payload.text) is are_said for effect in told)


def test_a_reworded_last_message_is_used_for_both():
    """An operator's own language is not mixed with ours; a second text of their own is theirs, too."""
    assert CustomerTemplates(fixed="ERLEDIGT").fixed_text(is_checked=False).own == "ERLEDIGT"
    both = CustomerTemplates(fixed="GEPRÜFT", fixed_unchecked="GESAGT")
    assert (both.fixed_text(is_checked=True).own, both.fixed_text(is_checked=False).own) == (
        "GEPRÜFT",
        "GESAGT",
    )


def test_nobody_is_told_on_a_ticket_that_is_gone_or_out_of_reach():
    """Deleted: nothing. Without an address: its agent reads what to say."""
    linked = [a_ticket(1), a_ticket(2, gone=Departure.SPAM), a_ticket(3, is_reachable=False)]
    plan = decide(resolved(checks=1, linked=linked), GREEN)
    assert [effect.target for effect in of_kind(plan, EffectKind.CUSTOMER_MESSAGE)] == ["1"]
    (note,) = of_kind(plan, EffectKind.TICKET_NOTE)
    assert note.target == "3"
    assert "tell them yourself:\n\nFIXED Checkout" in note.payload.text


def _closed(case):
    return decide(replace(case, incident=replace(case.incident, state=S.CLOSING, state_since=NOW)))


def _dismissed(case):
    """As many looks as the policy bears have been in vain."""
    checks = POLICY.validation.rechecks
    incident = replace(case.incident, state=S.VALIDATING, next_stage=Stage.VALIDATION, checks=checks)
    return validation.decide(replace(case, incident=incident), [GREEN], [], Basis(POLICY, NOW))


@pytest.mark.parametrize(
    ("end", "state"), [(_closed, S.CLOSED), (_dismissed, S.NOT_AN_INCIDENT)], ids=["closed", "dismissed"]
)
@pytest.mark.parametrize(
    ("ledger", "ended"),
    [
        ([a_page_line()], ["g1:page:0"]),
        ([a_page_line(), RESOLVED_LINE], []),
        ([a_lead_page_line()], ["g1:page:owners-lead:silent:1"]),
        (
            [a_lead_page_line(), a_page_line(), RESOLVED_LINE, a_lead_page_line("promise-lapsed")],
            ["g1:page:owners-lead:silent:1", "g1:page:owners-lead:promise-lapsed"],
        ),
        ([a_page_line(1), a_page_line(generation=2)], ["g1:page:1", "g2:page:0"]),
        ([a_page_line(state=EffectState.DEAD)], []),
    ],
)
def test_no_page_rings_on_when_it_is_over(end, state, ledger, ended):
    """Of whatever generation and to whomever, once: also the lead's, who was paged before the team was."""
    case = a_case(S.CLOSING, ledger=[*ledger, ROOM_LINE])
    plan = end(case)
    assert plan.incident.state is state
    found = [effect.target for effect in of_kind(plan, EffectKind.PAGE_RESOLVE)]
    assert found == [f"liaison:test:INC-7:{key}" for key in ended]
    assert not of_kind(end(after(case, plan)), EffectKind.PAGE_RESOLVE)
