"""The context packet: everything an engineer needs in the first minute, and nothing a customer confided."""

from dataclasses import replace
from datetime import timedelta

import pytest

from incidents.basis import Basis
from incidents.commands.verbs import Verb
from incidents.effects import EffectState
from incidents.models import Evidence, IncidentState, Link, Severity, Verdict
from incidents.notes import context
from tests.incidents.builders import (
    NOW,
    a_case,
    a_page_line,
    a_policy,
    a_ticket,
    an_action_line,
    an_incident,
    tickets,
    with_runbook,
)

S = IncidentState
POLICY = a_policy()
INCIDENT = an_incident(
    S.ESCALATED,
    verdict=Verdict.CONFIRMED,
    evidence=(Evidence(source="p", text="http/checkout-health: 503", at=NOW, speaks_for=True),),
)
CASE = a_case(INCIDENT, tickets(2, tier="gold", url="https://desk.example/t"))
FACTS = [
    "Incident",
    "Service",
    "Who is hit",
    "Known since",
    "Verdict",
    "Evidence",
    "Tried",
    "On offer",
    "SLA",
    "Accountable",
    "First tickets",
]


def facts(case, *, now=NOW):
    return dict(context.facts(case, Basis(POLICY, now)))


def test_the_facts_in_reading_order():
    """What, who is hit, is it true, how long is left, who said it, what was tried."""
    assert context.facts(CASE, Basis(POLICY, NOW)) == (
        ("Incident", "INC-7, severity 2"),
        ("Service", "Checkout"),
        ("Who is hit", "2 tickets from 2 customers (gold 2)"),
        ("Known since", "11:55 UTC (5 min)"),
        ("Verdict", "confirmed: customers are hit"),
        ("Evidence", "speaks for it: http/checkout-health: 503"),
        ("Tried", "nothing yet"),
        ("On offer", "run purge"),
        ("SLA", "first response within 15 min, resolution within 3 h 55 min"),
        ("Accountable", "nobody at the helpdesk yet"),
        ("First tickets", '#1 "Checkout fails (1)"; #2 "Checkout fails (2)"'),
    )


@pytest.mark.parametrize("state", S)
def test_there_are_always_all_facts(state):
    """Also for an incident escalated by hand before anybody looked, and for one without tickets."""
    case = a_case(state, [])
    assert list(facts(case)) == FACTS
    assert facts(case)["Evidence"] == "none"
    assert facts(case)["Verdict"] == "not checked yet"


@pytest.mark.parametrize(
    ("minutes", "taken", "words"),
    [
        (0, False, "first response within 15 min, resolution within 3 h 55 min"),
        (15, False, "first response within 0 s, resolution within 3 h 40 min"),
        (20, False, "first response was due 5 min ago, resolution within 3 h 35 min"),
        (20, True, "resolution within 3 h 35 min"),
        (300, True, "resolution was due 1 h 05 min ago"),
    ],
)
def test_how_much_time_is_left(minutes, taken, words):
    """What is overdue is called overdue; who has acknowledged reads only the resolution target."""
    incident = replace(INCIDENT, acknowledged_at=NOW if taken else None)
    now = NOW + timedelta(minutes=minutes)
    assert context.sla_words(a_case(incident), Basis(POLICY, now)) == words


def test_what_was_tried_with_its_outcome():
    """Nobody restarts what was just restarted."""
    ledger = [
        an_action_line(result="failed", detail="HTTP 500"),
        an_action_line("failover"),
        an_action_line("drain", state=EffectState.SENDING, result=""),
        a_page_line(),
    ]
    assert context.tried_words(a_case(INCIDENT, ledger=ledger)) == (
        "restart: HTTP 500; failover: succeeded; drain: sending"
    )


def test_the_page():
    """One line that says it all, the facts, the links; a second generation says so at once."""
    page = context.page_for(CASE, Basis(POLICY, NOW), target="payments")
    assert page.summary == "INC-7 Checkout broken for 2 customers (gold 2): Checkout fails (1)"
    assert (page.source, page.severity, page.target) == ("Liaison", Severity.HIGH, "payments")
    assert page.details == (*context.facts(CASE, Basis(POLICY, NOW)), ("Room", "inc-7-checkout (slack/main)"))
    again = replace(CASE, incident=replace(INCIDENT, generation=2))
    assert context.page_for(again, Basis(POLICY, NOW), target="").summary.startswith("INC-7 AGAIN Checkout")


def test_what_nobody_confirmed_is_not_called_broken():
    """Escalated by hand: it is what customers report."""
    case = replace(CASE, incident=replace(INCIDENT, verdict=None))
    page = context.page_for(case, Basis(POLICY, NOW), target="")
    assert page.summary.startswith("INC-7 Checkout reported broken by 2 customers")


def test_a_summary_fits_its_pager():
    """A title of any length makes a summary of at most a thousand characters."""
    case = a_case(replace(INCIDENT, title="x" * 5000))
    assert len(context.page_for(case, Basis(POLICY, NOW), target="").summary) == 1000


def test_the_rooms_first_message():
    """The same facts, with buttons that answer the page."""
    message = context.context_message(CASE, Basis(POLICY, NOW))
    assert [line.split(":")[0] for line in message.text.splitlines()] == FACTS
    assert [button.verb for button in message.buttons] == [
        Verb.ACKNOWLEDGE,
        Verb.ESCALATE,
        Verb.RESOLVE,
        Verb.NOT_US,
        Verb.STATUS,
    ]
    assert {button.incident for button in message.buttons} == {"INC-7"}


def test_where_to_read_on():
    """The board and the story in the Prefect UI, if the policy says where they are, and the tickets."""
    story, *others = context.links(CASE, POLICY)
    assert story.url == "http://127.0.0.1:4200/artifacts/key/inc-7"
    assert [link.label for link in others] == ["Ticket #1", "Ticket #2"]
    reachable = a_policy(links={"gateway": "https://liaison.example/x"})
    board, story, *_ = context.links(CASE, reachable)
    assert board.url == "https://liaison.example/x/board/INC-7"
    assert story.url == "https://liaison.example/x/incidents/INC-7/story", "looked up when it is clicked"
    known = context.links(CASE, with_runbook("https://wiki.example/checkout"))[0]
    assert known == Link(label="Runbook", url="https://wiki.example/checkout"), (
        "what is read first comes first"
    )
    nowhere = a_policy(links={"prefect_ui": None})
    assert [link.label for link in context.links(CASE, nowhere)] == ["Ticket #1", "Ticket #2"]


def test_nothing_confidential_is_in_it():
    """Bodies never; subjects only redacted; no customer is named."""
    ticket = a_ticket(1, subject="card 4111 1111 1111 1111 refused", body="my password is hunter2")
    case = a_case(INCIDENT, [ticket])
    page = str(context.page_for(case, Basis(POLICY, NOW), target=""))
    room = str(context.context_message(case, Basis(POLICY, NOW)))
    for text in (page, room):
        assert "[card removed]" in text
        for secret in ("4111", "hunter2", "Customer 1", "customer-1"):
            assert secret not in text
