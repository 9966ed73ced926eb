"""The measures of a review, by table; and what the document says, and does not say, of them."""

from dataclasses import replace
from datetime import timedelta

import pytest

from incidents.alerts.episodes import Episode
from incidents.basis import Basis
from incidents.case import EntryKind
from incidents.lifecycle import IncidentProgress
from incidents.models import Contact, Evidence, IncidentState
from incidents.policy.sla.credits import Review, SlaCredits
from incidents.promises.updates import CustomerUpdate, UpdateKind
from incidents.review.document import cost_words, monitor_words, review_document
from incidents.review.facts import ReviewFacts, SlaOutcomes
from incidents.review.measures import (
    began_at,
    customer_cost,
    customers_ahead,
    customers_told,
    first_answers,
    first_monitor_sight,
    time_to_acknowledge,
    time_to_detect,
    time_to_mitigate,
    time_to_resolve,
)
from incidents.review.waits import longest_waits, waits
from incidents.store.timeline import TimelineEntry
from tests.incidents.builders import NOW, a_case, a_policy, a_ticket, an_incident

S, K = IncidentState, EntryKind
POLICY = a_policy()
BASIS = Basis(POLICY, NOW)
MINUTE = timedelta(minutes=1)


def at(minutes: float):
    """So many minutes after twelve."""
    return NOW + minutes * MINUTE


def told(kind: EntryKind, minutes: float, text: str = "", actor: str = "Liaison") -> TimelineEntry:
    return TimelineEntry(at=at(minutes), kind=kind, actor=actor, text=text or kind.value, run_id=None)


def an_alert(minutes: float) -> Episode:
    return Episode(
        connection="prometheus/main", key="HighErrors", started_at=at(minutes), changed_at=at(minutes)
    )


def a_red_look(minutes: float, source: str = "http/checkout-health") -> Evidence:
    return Evidence(source=source, text="503", at=at(minutes), speaks_for=True)


def fixed(minutes: float, generation: int = 1) -> CustomerUpdate:
    return CustomerUpdate(
        incident=7,
        number=generation,
        generation=generation,
        kind=UpdateKind.FIXED,
        standing=IncidentProgress.MONITORING,
        once=f"liaison:test:INC-7:g{generation}:fixed",
        said_at=at(minutes),
        owner=None,
    )


def facts(*story: TimelineEntry, tickets=None, updates=(), incident=None, **changes) -> ReviewFacts:
    """Opened two minutes after twelve, by tickets of twelve and one minute later."""
    linked = [a_ticket(1, created_at=at(0)), a_ticket(2, created_at=at(1))] if tickets is None else tickets
    one = an_incident(**{"state": S.CLOSED, "opened_at": at(2), "resolved_at": None, **(incident or {})})
    return ReviewFacts(case=a_case(one, linked, updates=tuple(updates)), story=story, **changes)


@pytest.mark.parametrize(
    ("given", "began", "detect"),
    [
        (facts(), 0, 2),
        (facts(alerts=(an_alert(-10),)), -10, 12),
        (facts(alerts=(an_alert(5),)), 0, 2),
        (facts(alerts=(an_alert(-60 * 30),)), 0, 2),  # firing since yesterday: about something else
        (facts(tickets=[]), 2, 0),
        (facts(tickets=[], alerts=(an_alert(1),)), 1, 1),
        (facts(tickets=[a_ticket(1, created_at=at(3))]), 2, 0),  # a helpdesk whose clock runs ahead
    ],
)
def test_the_first_sign_and_time_to_detect(given, began, detect):
    assert began_at(given, BASIS) == at(began)
    assert time_to_detect(given, BASIS) == detect * MINUTE


@pytest.mark.parametrize(
    ("story", "minutes"),
    [
        ((), None),
        ((told(K.ESCALATED, 3),), None),
        ((told(K.ESCALATED, 3), told(K.ACKNOWLEDGED, 10)), 7),
        ((told(K.ESCALATED, 3), told(K.ESCALATED, 8), told(K.ACKNOWLEDGED, 10)), 7),
        ((told(K.ESCALATED, 3), told(K.ACKNOWLEDGED, 5), told(K.ESCALATED, 60), told(K.ACKNOWLEDGED, 90)), 2),
        ((told(K.ACKNOWLEDGED, 5),), None),
    ],
)
def test_time_to_acknowledge(story, minutes):
    """From the first page to whoever took it first; another rung does not begin it anew."""
    assert time_to_acknowledge(facts(*story)) == (None if minutes is None else minutes * MINUTE)


@pytest.mark.parametrize(
    ("given", "mitigate", "resolve"),
    [
        (facts(), None, None),
        (facts(incident={"resolved_at": at(30)}), 30, None),
        (facts(incident={"resolved_at": at(30)}, updates=[fixed(32)]), 30, 32),
        (facts(told(K.CLOSED, 33), incident={"resolved_at": at(30)}), 30, 33),
        (
            facts(
                told(K.CLOSED, 33),
                incident={"resolved_at": at(80), "generation": 2},
                updates=[fixed(32), fixed(85, 2)],
            ),
            80,
            85,
        ),
        # Opened again and mended again, and not proven yet: the first proof counts for nothing.
        (
            facts(told(K.CLOSED, 33), incident={"resolved_at": at(80), "generation": 2}, updates=[fixed(32)]),
            80,
            None,
        ),
    ],
)
def test_time_to_mitigate_and_to_resolve(given, mitigate, resolve):
    found = (time_to_mitigate(given, BASIS), time_to_resolve(given, BASIS))
    assert found == tuple(None if minutes is None else minutes * MINUTE for minutes in (mitigate, resolve))


ONE, TWO = a_ticket(1).ref, a_ticket(2).ref


@pytest.mark.parametrize(
    ("first_told", "answered", "middle", "longest", "without"),
    [
        ({}, {}, None, None, 2),
        ({ONE: at(4)}, {}, 4, 4, 1),
        ({ONE: at(4), TWO: at(7)}, {}, 5, 6, 0),
        ({ONE: at(4), TWO: at(7)}, {TWO: at(2)}, 2.5, 4, 0),
        ({}, {ONE: at(-1)}, 0, 0, 1),
    ],
)
def test_first_answers(first_told, answered, middle, longest, without):
    """Whatever came first to each; never before they wrote, whatever the clocks say."""
    found = first_answers(facts(first_told=first_told, first_answered=answered))
    assert found.median == (None if middle is None else middle * MINUTE)
    assert found.longest == (None if longest is None else longest * MINUTE)
    assert found.unanswered == without


@pytest.mark.parametrize(
    ("alerts", "evidence", "ahead", "words"),
    [
        ((), (), None, "customers: the monitors never saw it"),
        ((an_alert(12),), (), 12, "customers, by 12 min before the first alert (prometheus/main)"),
        ((an_alert(-3),), (), -3, "the monitors (prometheus/main), by 3 min"),
        ((an_alert(12), an_alert(4)), (), 4, "customers, by 4 min before"),
        (
            (),
            (a_red_look(2),),
            2,
            "customers, by 2 min: no alert fired; http/checkout-health was red when we looked",
        ),
        ((an_alert(12),), (a_red_look(2),), 2, "customers, by 2 min: no alert fired"),
        ((), (a_red_look(2, "tickets"),), None, "customers: the monitors never saw it"),
        ((), (replace(a_red_look(2), speaks_for=False),), None, "customers: the monitors never saw it"),
    ],
)
def test_by_how_much_customers_beat_the_monitors(alerts, evidence, ahead, words):
    """The first ticket against the first alert, or our own red look; their own number is no monitor's evidence."""
    given = facts(alerts=alerts, incident={"evidence": evidence})
    assert customers_ahead(given, BASIS) == (None if ahead is None else ahead * MINUTE)
    assert (first_monitor_sight(given, BASIS) is None) is (ahead is None)
    assert monitor_words(given, BASIS).startswith(words)


def test_monitors_alone():
    """An incident that an alert opened, and nobody wrote."""
    assert monitor_words(facts(tickets=[], alerts=(an_alert(0),)), BASIS) == (
        "the monitors (prometheus/main): no customer has written"
    )


def test_customers_told_are_those_that_the_ledger_has():
    found = customers_told(facts(told_at_the_end=frozenset({ONE, a_ticket(9).ref})))
    assert (found.told, found.linked) == (1, 2)


def wrote(number: int, who: str, tier: str | None = None, email: str = ""):
    return a_ticket(number, created_at=at(0), requester=Contact(id=who, name="Zoe", email=email), tier=tier)


GOLD = SlaCredits(after=timedelta(minutes=30), currency="CHF", tiers={"gold": 50, "standard": 5})


@pytest.mark.parametrize(
    ("linked", "lasted", "rules", "tiers", "owed"),
    [
        ([], 60, None, (), None),
        ([wrote(1, "a", "gold"), wrote(2, "b")], 60, None, (("gold", 1), (None, 1)), None),
        ([wrote(1, "a", "gold"), wrote(2, "a")], 60, None, (("gold", 1),), None),
        (
            [wrote(1, "a", email="Z@x.example"), wrote(2, "b", email="z@X.example")],
            60,
            None,
            ((None, 1),),
            None,
        ),
        ([wrote(1, "a", "gold"), wrote(2, "b", "standard")], 30, GOLD, (("gold", 1), ("standard", 1)), None),
        (
            [wrote(1, "a", "gold"), wrote(2, "b", "gold"), wrote(3, "c")],
            31,
            GOLD,
            (("gold", 2), (None, 1)),
            (("gold", 100),),
        ),
        ([wrote(1, "a", "lead")], 31, GOLD, (("lead", 1),), ()),
    ],
)
def test_what_it_cost_customers(linked, lasted, rules, tiers, owed):
    """People are counted once, by address where there is one; owed is what the policy says, once it lasted longer."""
    policy = POLICY.model_copy(update={"review": Review(credits=rules)})
    given = facts(tickets=linked, incident={"opened_at": at(0), "resolved_at": at(lasted)})
    found = customer_cost(given, Basis(policy, NOW))
    assert (found.tickets, found.customers) == (len(linked), sum(count for _, count in tiers))
    assert (found.tiers, found.owed) == (tiers, owed)


def test_what_is_owed_in_words():
    policy = POLICY.model_copy(update={"review": Review(credits=GOLD)})
    given = facts(
        tickets=[wrote(1, "a", "gold"), wrote(2, "b", "standard")],
        incident={"opened_at": at(0), "resolved_at": at(31)},
    )
    assert cost_words(given, Basis(policy, NOW)) == (
        "2 tickets from 2 customers (gold 1, standard 1); owed: 55 CHF (gold 50, standard 5)"
    )
    short = replace(
        given, case=replace(given.case, incident=replace(given.case.incident, resolved_at=at(29)))
    )
    assert cost_words(short, Basis(policy, NOW)).endswith(
        "nothing is owed: it did not last longer than 30 min"
    )


STORY = (
    told(K.OPENED, 2),
    told(K.VERDICT, 3),
    told(K.ACTION, 3, "Trying the action 'restart'"),
    told(K.ESCALATED, 5, "Paged Payments team"),
    told(K.SENT_PAGE, 5, "Paged by pagerduty/main"),
    told(K.APPROVAL_ASKED, 5, "Asked whether the public status page may tell of it"),
    told(K.NOTE, 9, "the pool is full", "Ana"),
    told(K.ACKNOWLEDGED, 17, "Ana is on it"),
    told(K.APPROVED, 30, "Approved in chat", "Ben"),
    told(K.RESOLVED, 47, "Ana resolved it"),
    told(K.PROOF, 48, "Healthy (1 of 2)"),
    told(K.CLOSED, 50, "Closed"),
    told(K.REOPENED, 500, "Reopened"),
    told(K.ESCALATED, 501, "Paged again"),
)


def test_where_time_went():
    """From hand to hand, with who was waited for; notes move nothing, and while it is closed nobody waits."""
    found = [(wait.waited_for, wait.span / MINUTE) for wait in waits(facts(*STORY, updates=[fixed(49)]))]
    assert found == [
        ("the first check", 1),
        ("the action, and a look at what it did", 2),
        ("the engineers on call", 12),
        ("whoever may approve", 25),
        ("the engineer who had it", 30),
        ("the proof", 2),
        ("customers' last messages", 1),
        ("the page", 1),
    ]
    longest = longest_waits(facts(*STORY, updates=[fixed(49)]), 2)
    assert [wait.until for wait in longest] == ["Ana resolved it", "Approved in chat"]


def test_the_document():
    """The measures, the waits and the story; nobody's name from a ticket, and every text of others made harmless."""
    linked = [wrote(1, "a", "gold", "zoe@shop.example"), wrote(2, "b")]
    given = facts(
        *STORY,
        tickets=linked,
        updates=[fixed(49)],
        incident={"generation": 2, "owner": "Ada Agent", "state": S.ESCALATED},
        first_told={ONE: at(18)},
        told_at_the_end=frozenset({ONE}),
        sla=SlaOutcomes(kept=3, broken=1),
    )
    found = review_document(given, BASIS, lambda text: text.replace("Ana", "<Ana>"))
    for words in (
        "# Review of INC-7 Checkout",
        "accountable: Ada Agent",
        "opened again 1 time",
        "- **First sign**: 2026-11-22 12:00:00 UTC",
        "- **Time to detect**: 2 min",
        "- **Time to acknowledge**: 12 min",
        "- **Time to mitigate**: not said to be fixed yet",
        "- **Time to resolve**: not proven yet",
        "- **First answer**: 18 min in the middle, 18 min at the longest; 1 had none",
        "- **Customers told that it works again**: 1 of 2",
        "- **Promises of the SLA**: 3 kept, 1 broken",
        "2 tickets from 2 customers (gold 1, no tier 1)",
        "- **30 min** for the engineer who had it, from 12:17:00: <Ana> is on it → <Ana> resolved it",
        "**2026-11-22** (UTC)",
        "- 12:09:00 <Ana>: the pool is full",
    ):
        assert words in found, words
    for secret in ("Zoe", "zoe@", "cannot pay"):
        assert secret not in found
