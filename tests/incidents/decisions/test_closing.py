"""Closed when the ledger shows that everybody was told and nothing is on its way, or on a person's word by name."""

from dataclasses import replace
from datetime import timedelta

import pytest

from incidents.basis import Basis
from incidents.case import LedgerLine, UntoldCustomer
from incidents.decisions import closure
from incidents.decisions.closing.farewell import ASKED, farewell
from incidents.decisions.closing.word import ClosingWord, close_by_name
from incidents.effects import EffectKind, EffectState
from incidents.models import Departure, IncidentState, Stage, TicketRef, TicketStatus
from incidents.policy.process import Closure, CustomerTemplates, NotTold
from tests.incidents.builders import (
    GREEN,
    NOW,
    ROOM_LINE,
    a_case,
    a_page_line,
    a_policy,
    a_ticket,
    after,
    an_incident,
    of_kind,
    texts,
    tickets,
)

S = IncidentState
POLICY = a_policy()


def decide(case, *looks, policy=POLICY, now=NOW):
    return closure.decide(case, looks, Basis(policy, now))


def resolved(checks=0, linked=None, **changes):
    incident = an_incident(S.RESOLVED, checks=checks, **{"state_since": NOW, **changes})
    return a_case(incident, linked, ledger=[a_page_line(), ROOM_LINE])


def test_it_is_not_closed_before_everybody_was_told():
    """What is still under way is waited for, half a minute at a time and without a word."""
    plan = decide(a_case(S.CLOSING, open_ticket_effects=1))
    assert (plan.incident.state, plan.effects, plan.entries) == (S.CLOSING, (), ())
    assert (plan.incident.next_stage, plan.incident.next_stage_at) == (
        Stage.CLOSURE,
        NOW + timedelta(seconds=30),
    )


def test_closed():
    """Nothing is due any more, and the room hears it."""
    case = replace(resolved(), incident=an_incident(S.CLOSING, next_update_at=NOW))
    plan = decide(case)
    incident = plan.incident
    assert incident.state is S.CLOSED
    assert (incident.next_stage, incident.next_stage_at, incident.next_update_at) == (None, None, None)
    (post,) = of_kind(plan, EffectKind.CHAT_POST)
    assert post.payload.text.startswith("INC-7 is closed: every linked customer was told.\n")
    assert plan.entries[0].text == "Closed: every linked customer was told"


def test_closing_tells_the_truth_about_what_was_not_told():
    """Messages that were given up or wait for a person are not called told; other effects are counted too."""
    held = LedgerLine(key="k", kind=EffectKind.PAGE_NOTE, state=EffectState.HELD, connection="c", target="t")
    one = decide(a_case(S.CLOSING, ledger=[held])).entries[0].text
    assert one == "Closed: every linked customer was told (1 effect needs a person, see `liaison show INC-7`)"
    two = decide(a_case(S.CLOSING, ledger=[held], unsent_messages=1)).entries[0].text
    assert two == (
        "Closed: 1 message to customers did not go out (2 effects need a person, see `liaison show INC-7`)"
    )


def test_closed_names_who_was_not_told_and_why():
    """Gone, out of reach, closed before: each by name. Who was told is not named."""
    linked = [
        a_ticket(1, status=TicketStatus.SOLVED),
        a_ticket(2, gone=Departure.MERGED),
        a_ticket(3, is_reachable=False),
        a_ticket(4, status=TicketStatus.CLOSED),
    ]
    case = a_case(S.CLOSING, linked, told=frozenset({linked[0].ref}))
    (entry,) = decide(case).entries
    assert "3 of 4 linked customers were not told" in entry.text
    for words in ("#2 (merged", "#3 (no reply reaches", "#4 (closed at the helpdesk before)"):
        assert words in entry.text
    assert "#1" not in entry.text
    (entry,) = decide(a_case(S.CLOSING, linked[:1], told=frozenset({linked[0].ref}))).entries
    assert entry.text == "Closed: every linked customer was told"


WHY = "http/desk only takes tickets in"
CLOSES = a_policy(closure={"when_not_told": NotTold.CLOSE})


def untold(count):
    return tuple(
        UntoldCustomer(ref=TicketRef(connection="http/desk", id=str(number)), state=EffectState.DEAD, why=WHY)
        for number in range(count)
    )


def test_who_was_not_told_is_named_and_why():
    """Somebody must tell them by hand, so they are told whom; thirty of them are not all named."""
    case = a_case(S.CLOSING, unsent_messages=30, untold=untold(30), ledger=[ROOM_LINE])
    asked = decide(case)
    assert asked.incident.state is S.CLOSING
    closed = decide(case, policy=CLOSES)
    assert closed.incident.state is S.CLOSED
    for text in (asked.entries[0].text, closed.entries[0].text):
        assert "30 customers must be told by hand: http/desk#0, http/desk#1," in text
        assert f"http/desk#19 and 10 more ({WHY})" in text
        assert "every linked customer was told" not in text


OPEN_LINE = replace(ROOM_LINE, state=EffectState.PENDING)
MINUTES = timedelta(minutes=1)


@pytest.mark.parametrize(
    ("missing", "waited", "asks", "next_look"),
    [
        ({"untold": untold(1)}, 0, True, 5 * MINUTES),
        ({"open_ticket_effects": 1}, 0, False, MINUTES / 12),
        ({"open_ticket_effects": 1}, 1, False, MINUTES / 2),
        ({"open_ticket_effects": 1}, 9, False, MINUTES / 2),
        ({"open_ticket_effects": 1}, 10, True, 5 * MINUTES),
        ({"ledger": [OPEN_LINE]}, 9, False, MINUTES / 2),
        ({"ledger": [OPEN_LINE]}, 60 * 24 * 30, True, 5 * MINUTES),
        ({"open_ticket_effects": 1, "untold": untold(1)}, 0, False, MINUTES / 12),
        ({"told": frozenset()}, 10, True, 5 * MINUTES),
        ({"open_ticket_effects": 1, "asked": True}, 10, False, 5 * MINUTES),
        ({"untold": untold(1), "asked": True}, 60 * 24 * 30, False, 5 * MINUTES),
    ],
)
def test_what_closing_waits_for(missing, waited, asks, next_look):
    """Until the ledger shows that everybody was told and nothing is on its way; somebody is asked once, and only a
    person's word ends it then, however long it takes."""
    checks = ASKED if missing.pop("asked", False) else 0
    ledger = [ROOM_LINE, *missing.pop("ledger", [])]
    incident = an_incident(S.CLOSING, checks=checks, state_since=NOW)
    case = a_case(incident, ledger=ledger, **missing)
    now = NOW + waited * MINUTES
    plan = decide(case, now=now)
    assert plan.incident.state is S.CLOSING
    assert plan.incident.next_stage_at == now + next_look
    assert bool(plan.entries) is asks
    assert bool(of_kind(plan, EffectKind.CHAT_POST)) is asks
    if asks:
        assert "liaison close INC-7 --by NAME" in texts(plan)
        assert decide(after(case, plan), now=now).entries == ()


def test_the_agent_of_a_customer_who_was_not_told_reads_so():
    """On their own ticket; the agents of those who were told need do nothing."""
    one, other = tickets(2, status=TicketStatus.SOLVED)
    missed = UntoldCustomer(ref=one.ref, state=EffectState.HELD, why="the reply was lost")
    case = a_case(S.CLOSING, [one, other], untold=(missed,), told=frozenset({other.ref}))
    (note,) = of_kind(decide(case), EffectKind.TICKET_NOTE)
    assert note.target == "1"
    assert "has not surely had our last message. Please tell them." in note.payload.text


def test_who_was_planned_for_nothing_is_told_before_it_is_closed():
    """A ticket that was moved here while the others were told: its customer gets the last message, not a guess."""
    one, other = tickets(2)
    told = frozenset({one.ref})
    plan = decide(a_case(an_incident(S.CLOSING, state_since=NOW), [one, other], told=told))
    assert plan.incident.state is S.CLOSING
    assert [effect.target for effect in of_kind(plan, EffectKind.CUSTOMER_MESSAGE)] == ["2"]


@pytest.mark.parametrize(
    ("waited", "state"),
    [(timedelta(days=2), S.CLOSING), (timedelta(days=3), S.CLOSED), (timedelta(days=30), S.CLOSED)],
)
def test_where_the_policy_closes_all_the_same(waited: timedelta, state: S):
    """`when_not_told: close`: after three days it ends; what is due to the helpdesk is still due, and is said."""
    plan = decide(a_case(S.CLOSING, open_ticket_effects=2), now=NOW + waited, policy=CLOSES)
    assert plan.incident.state is state
    if state is S.CLOSED:
        assert "2 changes are still to be made" in plan.entries[0].text


def word(by="Ana", why="I tried it myself", where="in chat"):
    return ClosingWord(by=by, why=why, where=where)


@pytest.mark.parametrize("state", S)
def test_a_persons_word_by_state(state):
    """It proves a fix that was said, and ends the waiting for customers; it closes nothing that nobody has mended."""
    found = close_by_name(a_case(state), word(), Basis(POLICY, NOW))
    after_it = {S.RESOLVED: S.CLOSING, S.CLOSING: S.CLOSED}
    assert found.plan.incident.state is after_it.get(state, state)
    assert found.counts is (state in after_it)
    assert bool(found.plan.entries) is found.counts
    if found.counts:
        assert found.plan.entries[0].actor == "Ana"
        assert "I tried it myself" in found.plan.entries[0].text


@pytest.mark.parametrize(("by", "why"), [("", "x"), ("  ", "x"), ("Ana", ""), ("Ana", " \n ")])
def test_a_word_needs_a_name_and_a_reason(by, why):
    found = close_by_name(a_case(S.CLOSING), word(by, why), Basis(POLICY, NOW))
    assert (found.counts, found.plan.incident.state) == (False, S.CLOSING)
    assert "Say who you are and why" in found.said


def test_a_word_claims_no_check():
    """Customers do not read that we have checked what we have not; nor does who joins while the others are told."""
    policy = a_policy()
    policy = policy.model_copy(
        update={"templates": policy.templates.model_copy(update={"customer": CustomerTemplates()})}
    )
    found = close_by_name(resolved(-1), word(), Basis(policy, NOW))
    messages = of_kind(found.plan, EffectKind.CUSTOMER_MESSAGE)
    assert len(messages) == 2
    assert all("our engineers tell us" in one.payload.text for one in messages)
    assert "the last looks were red" in found.plan.entries[0].text
    later = farewell(a_case(found.plan.incident), [a_ticket(9)], Basis(policy, NOW))
    assert "our engineers tell us" in later.effects[0].payload.text


def test_the_word_names_what_is_left():
    """Who closes over a customer who was not told is written down with that customer."""
    found = close_by_name(a_case(S.CLOSING, untold=untold(1)), word(), Basis(POLICY, NOW))
    text = found.plan.entries[0].text
    assert text.startswith("Closed on the word of Ana (I tried it myself): 1 customer must be told by hand")


@pytest.mark.parametrize(
    ("proofs", "interval", "quiet", "looks"),
    [
        (2, 20, None, 2),
        (2, 20, 20, 2),
        (2, 20, 21, 3),
        (2, 60, 600, 11),
        (5, 60, 60, 5),
    ],
)
def test_the_quiet_period_in_looks(proofs, interval, quiet, looks):
    """From the first healthy look to the last one, no shorter than the policy says."""
    closing = Closure(
        proofs=proofs,
        proof_interval=timedelta(seconds=interval),
        quiet_for=None if quiet is None else timedelta(seconds=quiet),
    )
    assert closing.looks == looks


def test_a_quiet_period_is_waited_for():
    policy = a_policy(closure={"quiet_for": timedelta(minutes=1)})
    assert decide(resolved(2), GREEN, policy=policy).entries[0].text.startswith("Healthy (3 of 4)")
    assert decide(resolved(3), GREEN, policy=policy).incident.state is S.CLOSING


def test_what_it_came_to_is_told_once_to_those_who_worked_on_it():
    """A private note on each ticket that takes one, the room, the issue; nothing of a customer's words."""
    issue = replace(
        ROOM_LINE, key="liaison:test:INC-7:issue", kind=EffectKind.ISSUE_OPEN, connection="redmine/e"
    )
    linked = [a_ticket(1, status=TicketStatus.SOLVED), a_ticket(2, status=TicketStatus.CLOSED)]
    incident = an_incident(S.CLOSING, generation=2, owner="Ada Agent", responder="Ana", acknowledged_at=NOW)
    case = a_case(incident, linked, ledger=[ROOM_LINE, issue], told=frozenset({linked[0].ref}))
    plan = decide(case)
    (note,) = of_kind(plan, EffectKind.TICKET_NOTE)
    assert note.target == "1"
    (comment,) = of_kind(plan, EffectKind.ISSUE_COMMENT)
    assert (comment.connection, comment.payload.opening) == ("redmine/e", issue.key)
    (post,) = of_kind(plan, EffectKind.CHAT_POST)
    for text in (note.payload.text, comment.payload.text, post.payload.text):
        for words in (
            "INC-7 is closed: ",
            "Checkout, severity 2: reported 11:55 UTC, taken by Ana 12:00 UTC",
            "opened again 1 time",
            "2 tickets from 2 customers",
            "Accountable: Ada Agent.",
        ):
            assert words in text
        assert "cannot pay" not in text
    assert not decide(after(case, plan)).effects
