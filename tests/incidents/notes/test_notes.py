"""What colleagues read: short, exact, and without a word a customer would not want passed on."""

import pytest

from incidents.models import Contact, Evidence, IncidentState, TicketRef, Verdict
from incidents.notes import notes
from tests.incidents.builders import (
    NOW,
    a_case,
    a_page_line,
    a_policy,
    a_ticket,
    an_incident,
    tickets,
)

S = IncidentState
POLICY = a_policy()


def test_every_verdict_has_words():
    """And an incident that was not checked yet says that."""
    said = {notes.verdict_words(verdict) for verdict in (None, *Verdict)}
    assert len(said) == len(Verdict) + 1
    assert notes.verdict_words(None) == "not checked yet"
    assert all(notes.verdict_words(verdict).startswith(verdict.replace("_", " ")) for verdict in Verdict)


def test_evidence_for_against_and_neither():
    """Each fact, and what it is worth."""
    evidence = [
        Evidence(source="s", text=text, at=NOW, speaks_for=speaks_for)
        for text, speaks_for in (("red", True), ("green", False), ("blind", None))
    ]
    assert notes.evidence_lines(evidence) == [
        "speaks for it: red",
        "speaks against it: green",
        "proves nothing: blind",
    ]


def test_who_is_hit_counts_customers_not_tickets():
    """By tier, the weightiest first; one customer with two tickets is one; the same id elsewhere is another."""
    linked = [
        a_ticket(1, tier="standard"),
        a_ticket(2, tier="gold"),
        a_ticket(3, tier="gold", requester=Contact(id="customer-2")),
        a_ticket(4, tier="bronze"),
        a_ticket(5),
        a_ticket(6, requester=Contact(id="customer-1"), ref=TicketRef(connection="zendesk/eu", id="6")),
    ]
    case = a_case(S.ESCALATED, linked)
    assert notes.hit_summary(case.tickets, POLICY) == (
        "6 tickets from 5 customers (gold 1, standard 1, bronze 1, no tier 2)"
    )
    one = a_case(S.ESCALATED, tickets(1))
    assert notes.hit_summary(one.tickets, POLICY) == "1 ticket from 1 customer"


def test_a_ticket_is_named_without_its_secrets():
    """Number and redacted subject; only the number where nothing is left; never more than a line of it."""
    assert notes.ticket_line(a_ticket(1, subject="mail jo@example.com")) == '#1 "mail [e-mail removed]"'
    assert notes.ticket_line(a_ticket(1, subject="")) == "#1"
    assert len(notes.ticket_line(a_ticket(1, subject="x " * 500))) < 130


def test_the_first_few_and_how_many_more():
    """Five are named, the others counted; ten are linked, those without an address left out."""
    linked = a_case(S.ESCALATED, tickets(7, url="https://desk.example/t")).tickets
    assert notes.first_tickets(linked).endswith('#5 "Checkout fails (5)"; and 2 more')
    assert "more" not in notes.first_tickets(linked[:5])
    assert [link.label for link in notes.ticket_links(linked, limit=2)] == ["Ticket #1", "Ticket #2"]
    assert notes.ticket_links(a_case(S.ESCALATED).tickets) == ()


@pytest.mark.parametrize(
    ("state", "ledger", "words"),
    [
        (S.ACKNOWLEDGED, [a_page_line()], "Ana is on it."),
        (S.ESCALATED, [a_page_line()], "Payments team has been paged; nobody has taken it yet."),
        (S.CONFIRMED, [], ""),
    ],
)
def test_who_has_it(state, ledger, words):
    """The person, else the team, else nobody is claimed."""
    assert notes.who_has_it(a_case(state, ledger=ledger), POLICY) == words


def test_a_note_ends_with_where_the_whole_of_it_is():
    """On the board, which needs no login of Prefect's; nothing where the policy names no address."""
    case = a_case(an_incident(S.NOT_AN_INCIDENT, verdict=Verdict.CONTRADICTED))
    reachable = a_policy(links={"gateway": "https://liaison.example/x/"})
    for note in (notes.joined_note(case, reachable, "tag 'x'"), notes.verdict_note(case, reachable)):
        assert note.splitlines()[-1] == "The whole story: https://liaison.example/x/board/INC-7"
    assert "The whole story" not in notes.verdict_note(case, POLICY)


@pytest.mark.parametrize(
    ("connection", "commands", "is_told"),
    [
        ("zendesk/main", {}, True),
        ("zendesk/main", {"in_notes": False}, False),
        ("mail/support", {}, False),
    ],
)
def test_an_agent_is_told_how_to_act_where_notes_are_heard(connection, commands, is_told):
    item = a_ticket(1, ref=TicketRef(connection=connection, id="1"))
    case, policy = a_case(S.ESCALATED, [item]), a_policy(commands=commands)
    for note in (notes.joined_note(case, policy, "tag 'x'"), notes.verdict_note(case, policy)):
        assert ("`/liaison help`" in note) is is_told


def test_a_joined_note():
    """What, the verdict, who has it, and what an agent can do."""
    case = a_case(an_incident(S.NOT_AN_INCIDENT, verdict=Verdict.CONTRADICTED))
    assert notes.joined_note(case, POLICY, "tag 'x'") == (
        "This ticket belongs to INC-7 (Checkout): tag 'x'.\n"
        "It is not an incident. Verdict: contradicted: the service looks healthy.\n"
        "To act from here, write a private note: `/liaison help` lists what it can say."
    )
