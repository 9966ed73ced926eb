"""What holds for every decision in every state: no internal word reaches a customer, no move is illegal."""

from dataclasses import replace
from datetime import timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from incidents.basis import Basis
from incidents.commands.verbs import Verb
from incidents.decisions import closure, escalation, intake, sla, sync, ticket_news, validation
from incidents.decisions.commands.chat import chat_command
from incidents.decisions.ticket_change import TicketNews
from incidents.effects import CustomerText, EffectKind, EffectState, NoteText
from incidents.events import ChatCommand, PageChange
from incidents.lifecycle import MOVES
from incidents.models import (
    Author,
    Evidence,
    IncidentState,
    JoinOrigin,
    PageStatus,
    ProbeResult,
    Severity,
    Stage,
    TicketStatus,
    Verdict,
)
from tests.incidents.builders import (
    NOW,
    ROOM_LINE,
    a_case,
    a_comment,
    a_page_event,
    a_page_line,
    a_page_state,
    a_policy,
    a_ticket,
    after,
    an_action_line,
    an_incident,
    keys,
    page_key,
    tickets,
)

POLICY = a_policy()
INNER = "for-colleagues-only"
"""Stands in every text that somebody other than the policy wrote."""

GIVEN_TIMES = st.integers(-600, 600).map(lambda minutes: NOW + timedelta(minutes=minutes))
LEDGERS = st.lists(
    st.one_of(
        st.builds(a_page_line, st.integers(0, 2), state=st.sampled_from(EffectState)),
        st.builds(
            an_action_line,
            st.sampled_from(["restart", "failover"]),
            state=st.sampled_from(EffectState),
            detail=st.just(INNER),
        ),
        st.just(ROOM_LINE),
    ),
    max_size=4,
    unique_by=lambda line: line.key,
)
STATES = st.sampled_from(IncidentState)


@st.composite
def cases(draw):
    """An incident in any state with anything in its fields, whether it got there by our own moves or not."""
    evidence = Evidence(source="p", text=INNER, at=NOW)
    changes = {
        "title": INNER,
        "responder": draw(st.sampled_from([None, INNER])),
        "generation": draw(st.integers(1, 3)),
        "severity": draw(st.sampled_from(Severity)),
        "verdict": draw(st.sampled_from([None, *Verdict])),
        "evidence": (evidence,),
        "checks": draw(st.integers(-3, 3)),
        "page_level": draw(st.integers(0, 2)),
        "clock_from": draw(GIVEN_TIMES),
        "next_stage": draw(st.sampled_from([None, *Stage])),
        "next_update_at": draw(st.none() | GIVEN_TIMES),
        "resolved_at": draw(st.none() | GIVEN_TIMES),
        "acknowledged_at": draw(st.none() | GIVEN_TIMES),
    }
    state = draw(STATES)
    ledger = draw(LEDGERS)
    if state is IncidentState.MITIGATING:
        ledger.append(an_action_line("drain", state=draw(st.sampled_from(EffectState)), detail=INNER))
    linked = [
        a_ticket(number, status=draw(st.sampled_from(TicketStatus)), subject=INNER, body=INNER)
        for number in range(1, draw(st.integers(1, 4)))
    ]
    case = a_case(an_incident(state, **changes), linked, ledger)
    return replace(case, open_ticket_effects=draw(st.integers(0, 1)))


LOOKS = st.lists(
    st.builds(
        ProbeResult,
        probe=st.just("http/checkout-health"),
        is_healthy=st.sampled_from([True, False, None]),
        summary=st.just(INNER),
        at=st.just(NOW),
    ),
    max_size=2,
)


def swept(case):
    return sla.sweep(case, sla.due_clocks(case.clocks, Basis(POLICY, NOW)), Basis(POLICY, NOW))


@st.composite
def decisions(draw):
    """Any decision with any input, as a function of the case."""
    looks = draw(LOOKS)
    said = a_comment(
        f"still broken {INNER}", author=draw(st.sampled_from(Author)), is_public=draw(st.booleans())
    )
    events = tuple(
        a_page_event(change, actor=INNER, text=INNER)
        for change in draw(st.lists(st.sampled_from(PageChange), min_size=1, max_size=3))
    )
    state = draw(st.none() | st.builds(a_page_state, st.sampled_from(PageStatus), st.just(INNER)))
    page = sync.PageNews(key=page_key(draw(st.integers(0, 2))), events=events, state=state)
    verb = draw(st.sampled_from(Verb))
    command = ChatCommand(
        connection="slack/main",
        room_id="C1",
        user=INNER,
        verb=verb,
        at=NOW,
        # What follows `update` is what customers shall read.
        text=draw(st.sampled_from(["", INNER])) if verb is not Verb.UPDATE else "",
    )
    ticket = a_ticket(status=draw(st.sampled_from(TicketStatus)), subject=INNER, version=2)
    news = TicketNews(before=a_ticket(), after=ticket, comments=(said,))
    joins = [
        intake.Join(ticket=ticket, origin=JoinOrigin.RULE, reason=INNER)
        for ticket in tickets(2, subject=INNER)
    ]
    by_hand = draw(st.sampled_from([None, INNER]))
    return draw(
        st.sampled_from(
            [
                lambda case: validation.decide(case, looks, looks, Basis(POLICY, NOW)),
                lambda case: escalation.decide(case, looks, Basis(POLICY, NOW), by_hand=by_hand),
                lambda case: closure.decide(case, looks, Basis(POLICY, NOW)),
                swept,
                lambda case: sync.page_news(case, page, Basis(POLICY, NOW)),
                lambda case: chat_command(case, command, Basis(POLICY, NOW)),
                lambda case: ticket_news.ticket_news(case, [news], Basis(POLICY, NOW)),
                lambda case: intake.tickets_joined(case, joins, Basis(POLICY, NOW)),
            ]
        )
    )


@given(case=cases(), decide=decisions())
@settings(max_examples=400, deadline=None)
def test_no_internal_word_reaches_a_customer(case, decide):
    """Customers read the policy's templates and nothing else; notes are never the payload of a message."""
    for effect in decide(case).effects:
        is_message = effect.kind is EffectKind.CUSTOMER_MESSAGE
        assert isinstance(effect.payload, CustomerText) is is_message
        if is_message:
            assert INNER not in effect.payload.text
            assert effect.payload.text.split()[0] in ("PROGRESS", "UPDATE", "WATCHED", "FIXED")
        if effect.kind is EffectKind.TICKET_NOTE:
            assert isinstance(effect.payload, NoteText)


@given(case=cases(), decide=decisions())
@settings(max_examples=400, deadline=None)
def test_every_move_is_legal_and_every_effect_the_incidents_own(case, decide):
    """Whatever the fields say: no decision raises, skips the table, or plans one key twice."""
    plan = decide(case)
    before, now = case.incident, plan.incident
    reachable = {before.state} | MOVES[before.state]
    for state in MOVES[before.state]:
        reachable |= MOVES[state]  # opened again and escalated, or checked and confirmed, in one step
    if IncidentState.REOPENED in MOVES[before.state]:
        reachable.add(
            IncidentState.ACKNOWLEDGED
        )  # opened again by its engineers, and taken in the same breath
    assert now.state in reachable
    assert (now.id, now.version, now.service) == (before.id, before.version, before.service)
    assert now.generation in (before.generation, before.generation + 1)
    assert len(set(keys(plan))) == len(plan.effects)
    for effect in plan.effects:
        if effect.kind is EffectKind.CHAT_ANSWER:
            assert effect.incident_id is None, "whoever asked is answered where they asked"
            continue
        assert effect.incident_id == before.id
        assert "INC-7" in effect.once
        assert effect.connection
        assert effect.key.startswith(effect.once)


STEADY = {
    "closure": lambda case: closure.decide(case, [], Basis(POLICY, NOW)),
    "sla": swept,
    "page news": lambda case: sync.page_news(
        case,
        sync.PageNews(
            key=page_key(),
            events=(a_page_event(PageChange.REOPENED), a_page_event(PageChange.NOTED, text="x")),
            state=a_page_state(PageStatus.ACKNOWLEDGED),
        ),
        Basis(POLICY, NOW),
    ),
    "chat command": lambda case: chat_command(
        case,
        ChatCommand(connection="c", room_id="r", user="bo", verb=Verb.NOTE, at=NOW, text="x"),
        Basis(POLICY, NOW),
    ),
    "ticket news": lambda case: ticket_news.ticket_news(
        case,
        [
            TicketNews(
                before=a_ticket(),
                after=a_ticket(status=TicketStatus.SOLVED, version=2),
                comments=(a_comment("x", author=Author.AGENT, is_public=False),),
            )
        ],
        Basis(POLICY, NOW),
    ),
    "tickets joined": lambda case: intake.tickets_joined(
        case, [intake.Join(ticket=a_ticket(9), origin=JoinOrigin.RULE, reason="x")], Basis(POLICY, NOW)
    ),
}


@pytest.mark.parametrize("decide", STEADY.values(), ids=STEADY)
@given(case=cases())
@settings(max_examples=60, deadline=None)
def test_the_same_news_on_its_own_result_plans_no_new_key(decide, case):
    """A delivery handled twice tells nothing twice, unless it moved the incident to another generation."""
    first = decide(case)
    if first.incident.generation != case.incident.generation:
        return
    second = decide(after(case, first))
    if second.incident.state is first.incident.state:
        assert set(keys(second)) <= set(keys(first))
