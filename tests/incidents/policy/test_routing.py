"""Which rule a ticket matches, and the reason people are given."""

from dataclasses import replace
from datetime import UTC, datetime

import pytest
from pydantic import ValidationError

from incidents.models import Contact, JoinOrigin, Severity, Ticket, TicketRef, TicketStatus
from incidents.policy.policy import (
    Policy,
    Route,
    RoutingRule,
)
from incidents.policy.routing import REMEMBERED, TicketWords

NOW = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)


def a_ticket(subject="Checkout fails", body="", *, tags=(), product=None, connection="zendesk/support"):
    return Ticket(
        ref=TicketRef(connection=connection, id="1"),
        subject=subject,
        body=body,
        status=TicketStatus.NEW,
        source_status="new",
        requester=Contact(id="7"),
        version=1,
        created_at=NOW,
        updated_at=NOW,
        tags=tags,
        product=product,
    )


def rule(**criteria):
    return RoutingRule(service="checkout", **criteria)


@pytest.mark.parametrize(
    ("criteria", "ticket", "reason"),
    [
        ({"any_keyword": ["checkout"]}, a_ticket(), "keyword 'checkout'"),
        ({"any_keyword": ["CHECKOUT"]}, a_ticket(), "keyword 'CHECKOUT'"),
        ({"any_keyword": ["check"]}, a_ticket(), None),
        ({"any_keyword": ["pay"]}, a_ticket("Hello", "I cannot pay!"), "keyword 'pay'"),
        ({"any_keyword": ["pay"]}, a_ticket("Payment"), None),
        ({"any_keyword": ["credit card"]}, a_ticket("credit\n  card"), "keyword 'credit card'"),
        ({"any_keyword": ["straße"]}, a_ticket("STRASSE"), "keyword 'straße'"),
        ({"any_keyword": ["c++ (beta)"]}, a_ticket("Our C++ (beta) is slow"), "keyword 'c++ (beta)'"),
        ({"any_keyword": [".*"]}, a_ticket(), None),
        ({"any_keyword": ["ｃｈｅｃｋｏｕｔ"]}, a_ticket(), "keyword 'ｃｈｅｃｋｏｕｔ'"),
        ({"all_keywords": ["checkout", "fails"]}, a_ticket(), "keywords 'checkout', 'fails'"),
        ({"all_keywords": ["checkout", "slow"]}, a_ticket(), None),
        ({"any_tag": ["vip", "beta"]}, a_ticket(tags=("x", "Beta")), "tag 'beta'"),
        ({"any_tag": ["beta"]}, a_ticket("beta"), None),
        ({"product": ["Web shop"]}, a_ticket(product="web shop"), "product 'Web shop'"),
        ({"product": ["Web shop"]}, a_ticket(), None),
        ({"connection": ["zendesk/support"]}, a_ticket(), "connection 'zendesk/support'"),
        (
            {"any_keyword": ["fails"], "any_tag": ["vip"]},
            a_ticket(tags=("vip",)),
            "keyword 'fails' and tag 'vip'",
        ),
        ({"any_keyword": ["fails"], "any_tag": ["vip"]}, a_ticket(), None),
        ({"any_keyword": ["late"]}, a_ticket("x" * 10_000 + " late", " late"), None),
    ],
)
def test_kinds_are_and_and_within_a_kind_any_will_do(criteria, ticket, reason):
    """Whole words, in any case, in the part of the text that is looked at."""
    assert rule(**criteria).matches(TicketWords(ticket)) == reason


def test_the_first_matching_rule_decides():
    """Order is meaning; no match leaves the ticket to a person."""
    policy = Policy.model_validate(
        {
            "helpdesks": ["zendesk/support"],
            "services": {"checkout": {"title": "Checkout", "team": "t"}},
            "teams": {"t": {"title": "T", "pager": "pagerduty/main"}},
            "routing": [
                {"ignore": True, "reason": "spam", "any_tag": ["spam"]},
                {"service": "checkout", "severity": 1, "any_keyword": ["checkout"]},
                {"service": "checkout", "any_keyword": ["fails"]},
            ],
        }
    )
    assert policy.route(a_ticket(tags=("spam",))) == Route(
        service=None, severity=None, origin=JoinOrigin.RULE, reason="spam (tag 'spam')", ignored=True
    )
    assert policy.route(a_ticket()) == Route(
        service="checkout",
        severity=Severity.CRITICAL,
        origin=JoinOrigin.RULE,
        reason="keyword 'checkout'",
    )
    assert policy.route(a_ticket("Hello")) is None


def test_a_policy_goes_by_its_own_rules_however_it_was_made():
    """What was found by the rules of another one is not remembered for it."""
    policy = Policy.model_validate(
        {
            "helpdesks": ["zendesk/support"],
            "services": {"checkout": {"title": "Checkout", "team": "t"}},
            "teams": {"t": {"title": "T", "pager": "pagerduty/main"}},
            "routing": [{"service": "checkout", "any_keyword": ["checkout"]}],
        }
    )
    assert policy.route(a_ticket()) is not None
    assert policy.model_copy(update={"routing": []}).route(a_ticket()) is None
    assert policy.route(a_ticket("Hello")) is None


def test_however_many_tickets_are_asked_about_each_has_its_own_route():
    policy = Policy.model_validate(
        {
            "helpdesks": ["zendesk/support"],
            "services": {f"s{number}": {"title": "S", "team": "t"} for number in range(3)},
            "teams": {"t": {"title": "T", "pager": "pagerduty/main"}},
            "routing": [{"service": f"s{number}", "any_tag": [f"S{number}"]} for number in range(3)],
        }
    )
    for number in range(2 * REMEMBERED + 5):
        found = policy.route(a_ticket(f"Subject {number}", tags=(f"s{number % 3}",)))
        assert found is not None
        assert found.service == f"s{number % 3}"


def test_a_rule_must_lead_somewhere_and_say_when():
    """An empty rule would swallow every ticket."""
    for wrong in (
        {"service": "checkout"},
        {"any_tag": ["x"]},
        {"service": "c", "ignore": True, "any_tag": ["x"]},
    ):
        with pytest.raises(ValidationError):
            RoutingRule(**wrong)


@pytest.mark.parametrize(
    ("channel", "not_channel", "came_by", "matches"),
    [
        (["mail"], [], "mail", True),
        (["mail"], [], "Mail", True),
        (["mail"], [], "chat", False),
        (["mail"], [], None, False),
        ([], ["chat"], "chat", False),
        ([], ["chat"], "mail", True),
        ([], ["chat"], None, True),
        (["mail", "web"], ["web"], "web", False),
    ],
)
def test_a_rule_names_and_excludes_channels(channel, not_channel, came_by, matches):
    """By the helpdesk's words, in capitals or not; an excluded one counts more."""
    rule = RoutingRule(service="checkout", any_keyword=["pay"], channel=channel, not_channel=not_channel)
    found = rule.route(TicketWords(replace(a_ticket("I cannot pay"), channel=came_by)))
    assert (found is not None) is matches
