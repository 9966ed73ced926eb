"""The table of moves: nobody is stuck, nothing moves that may not, and every reopening starts afresh."""

from datetime import timedelta

import pytest

from incidents.basis import Basis
from incidents.case import Case, Plan
from incidents.commands.verbs import Verb
from incidents.decisions import closure, escalation, sync, validation
from incidents.decisions.commands.chat import chat_command
from incidents.decisions.ticket_change import TicketNews
from incidents.decisions.ticket_news import ticket_news
from incidents.effects import EffectKind, EffectState
from incidents.errors import IllegalMove
from incidents.events import ChatCommand, PageChange
from incidents.lifecycle import MOVES, UNSETTLED, WITH_ENGINEERS, move
from incidents.models import IncidentState, PageStatus, Stage, Verdict
from tests.incidents.builders import (
    GREEN,
    NOW,
    RED,
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
    page_key,
    sent,
)

S = IncidentState
POLICY = a_policy()


@pytest.mark.parametrize("to", S)
@pytest.mark.parametrize("state", S)
def test_the_table_alone_decides_what_is_legal(state, to):
    """Every pair of states: staying changes nothing, legal moves note the time, others name what is legal."""
    incident = an_incident(state)
    if to is state:
        assert move(incident, to, now=NOW) is incident
    elif to in MOVES[state]:
        moved = move(incident, to, now=NOW)
        assert (moved.state, moved.state_since) == (to, NOW)
        assert moved.opened_at == incident.opened_at
    else:
        with pytest.raises(IllegalMove, match=f"INC-7 is {state} and cannot become {to}"):
            move(incident, to, now=NOW)


def test_an_illegal_move_says_what_would_be_legal():
    """A person reading the error knows what is left to do; a merged incident can become nothing."""
    with pytest.raises(IllegalMove, match="it can become: closing, reopened"):
        move(an_incident(S.RESOLVED), S.ESCALATED, now=NOW)
    with pytest.raises(IllegalMove, match="it can become: none"):
        move(an_incident(S.MERGED), S.REOPENED, now=NOW)


def test_the_groups_of_states():
    """Settled are exactly the three ends; engineers have it only after a page went out."""
    assert set(S) - UNSETTLED == {S.CLOSED, S.NOT_AN_INCIDENT, S.MERGED}
    assert set(WITH_ENGINEERS) == {S.ESCALATED, S.ACKNOWLEDGED}
    assert set(MOVES) == set(S)


def _page(case: Case, status: PageStatus, change: PageChange) -> Plan:
    news = sync.PageNews(key=page_key(), events=(a_page_event(change),), state=a_page_state(status))
    return sync.page_news(case, news, Basis(POLICY, NOW))


def _paged(state: S) -> Case:
    return a_case(state, ledger=[a_page_line(), ROOM_LINE])


def _validate(case: Case, look: object = RED) -> Plan:
    return validation.decide(case, [look], [], Basis(POLICY, NOW))


def _complain(case: Case) -> Plan:
    news = TicketNews(before=a_ticket(), after=a_ticket(), comments=(a_comment("still broken"),))
    return ticket_news(case, [news], Basis(POLICY, NOW))


LEADS_ON = {
    "reported: the first look": (lambda: _validate(a_case(S.REPORTED)), S.CONFIRMED),
    "validating: a look that proves it": (lambda: _validate(a_case(S.VALIDATING)), S.CONFIRMED),
    "validating: the last look without proof": (
        lambda: _validate(a_case(an_incident(S.VALIDATING, checks=2)), GREEN),
        S.NOT_AN_INCIDENT,
    ),
    "confirmed: an action": (
        lambda: escalation.decide(
            a_case(an_incident(S.CONFIRMED, verdict=Verdict.CONFIRMED)), [], Basis(POLICY, NOW)
        ),
        S.MITIGATING,
    ),
    "confirmed: no action": (
        lambda: escalation.decide(a_case(S.CONFIRMED), [], Basis(POLICY, NOW)),
        S.ESCALATED,
    ),
    "mitigating: it helped": (
        lambda: escalation.decide(
            a_case(S.MITIGATING, ledger=[an_action_line()]), [GREEN], Basis(POLICY, NOW)
        ),
        S.RESOLVED,
    ),
    "mitigating: it did not": (
        lambda: escalation.decide(a_case(S.MITIGATING, ledger=[an_action_line()]), [RED], Basis(POLICY, NOW)),
        S.ESCALATED,
    ),
    "reopened: paged again": (
        lambda: escalation.decide(a_case(S.REOPENED), [], Basis(POLICY, NOW)),
        S.ESCALATED,
    ),
    "escalated: taken": (
        lambda: _page(_paged(S.ESCALATED), PageStatus.ACKNOWLEDGED, PageChange.ACKNOWLEDGED),
        S.ACKNOWLEDGED,
    ),
    "escalated: resolved": (
        lambda: _page(_paged(S.ESCALATED), PageStatus.RESOLVED, PageChange.RESOLVED),
        S.RESOLVED,
    ),
    "acknowledged: resolved": (
        lambda: _page(_paged(S.ACKNOWLEDGED), PageStatus.RESOLVED, PageChange.RESOLVED),
        S.RESOLVED,
    ),
    "acknowledged: handed back": (
        lambda: _page(_paged(S.ACKNOWLEDGED), PageStatus.TRIGGERED, PageChange.UNACKNOWLEDGED),
        S.ESCALATED,
    ),
    "resolved: proven": (
        lambda: closure.decide(a_case(an_incident(S.RESOLVED, checks=1)), [GREEN], Basis(POLICY, NOW)),
        S.CLOSING,
    ),
    "resolved: not fixed": (
        lambda: closure.decide(a_case(an_incident(S.RESOLVED, checks=-2)), [RED], Basis(POLICY, NOW)),
        S.REOPENED,
    ),
    "closing: everybody told": (lambda: closure.decide(a_case(S.CLOSING), [], Basis(POLICY, NOW)), S.CLOSED),
    "closing: still broken": (lambda: _complain(a_case(S.CLOSING)), S.REOPENED),
    "closed: still broken": (lambda: _complain(a_case(S.CLOSED)), S.REOPENED),
    "closed: opened again": (
        lambda: _page(_paged(S.CLOSED), PageStatus.TRIGGERED, PageChange.REOPENED),
        S.ESCALATED,
    ),
    "not an incident: a person knows better": (
        lambda: escalation.decide(a_case(S.NOT_AN_INCIDENT), [], Basis(POLICY, NOW), by_hand="Bo"),
        S.ESCALATED,
    ),
    "not an incident: looked at again": (lambda: _validate(a_case(S.NOT_AN_INCIDENT)), S.CONFIRMED),
}


@pytest.mark.parametrize(("decide", "to"), LEADS_ON.values(), ids=LEADS_ON)
def test_what_leads_on_from_each_state(decide, to):
    """The decisions and the table agree: each way on is taken, and what waits for a stage says which."""
    incident = decide().incident
    assert incident.state is to
    waits_for_the_world = to in WITH_ENGINEERS or to not in UNSETTLED
    assert (incident.next_stage is None) is waits_for_the_world
    assert (incident.next_stage_at is None) is waits_for_the_world


def test_no_state_is_a_dead_end():
    """From every state but `merged` something leads on; and whoever waits for nobody waits for a stage."""
    assert {name.split(":")[0].replace(" ", "_") for name in LEADS_ON} == set(S) - {S.MERGED}


def test_pages_that_could_not_be_sent_are_no_dead_end():
    """The pager refused for good, so its webhook will never come: the room's word leads on."""
    dead = a_page_line(state=EffectState.DEAD)
    case = a_case(S.ESCALATED, ledger=[dead, ROOM_LINE])
    for verb, to in ((Verb.ACKNOWLEDGE, S.ACKNOWLEDGED), (Verb.RESOLVE, S.RESOLVED)):
        command = ChatCommand(connection="slack/main", room_id="C1", user="bo", verb=verb, at=NOW)
        plan = chat_command(case, command, Basis(POLICY, NOW))
        assert plan.incident.state is to
        case = after(case, plan)
    assert case.incident.next_stage is Stage.CLOSURE


def test_a_whole_life_and_a_second_one():
    """From report to close, reopened by a customer, paged by a key of its own, and closed again."""
    case = a_case(S.REPORTED)
    case = after(case, _validate(case))
    case = after(case, escalation.decide(case, [], Basis(POLICY, NOW)))
    done = tuple(line for line in case.ledger if line.kind is not EffectKind.ACTION)
    case = a_case(case.incident, ledger=[*done, an_action_line(result="failed")])
    case = after(case, escalation.decide(case, [RED], Basis(POLICY, NOW)))
    for generation in (1, 2):
        (key,) = case.page_keys
        assert key == page_key(generation=generation)
        for status, change in (
            (PageStatus.ACKNOWLEDGED, PageChange.ACKNOWLEDGED),
            (PageStatus.RESOLVED, PageChange.RESOLVED),
        ):
            event = a_page_event(change, key=key)
            news = sync.PageNews(key=key, events=(event,), state=a_page_state(status, key=key))
            case = after(case, sync.page_news(case, news, Basis(POLICY, NOW)))
        for _ in range(3):
            case = sent(after(case, closure.decide(case, [GREEN], Basis(POLICY, NOW))))
        assert case.incident.state is S.CLOSED
        case = after(case, _complain(case))
        assert case.incident.generation == generation + 1
        assert case.incident.clock_from == NOW
        # The first action was tried in the first life, the second one in the second.
        case = after(case, escalation.decide(case, [], Basis(POLICY, NOW)))
        if case.incident.state is S.MITIGATING:
            case = after(case, escalation.decide(case, [], Basis(POLICY, NOW + timedelta(hours=1))))
        assert case.incident.state is S.ESCALATED
