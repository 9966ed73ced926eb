"""Who is told in which language: the policy's word on a customer, the ticket's, the helpdesk's, the default."""

from __future__ import annotations

from dataclasses import replace

import pytest
from pydantic import ValidationError

from incidents.policy.language.section import LanguageRules
from incidents.policy.policy import RoutingRule
from incidents.texts.tongues import Tongue, language_tag, locale_of, time_zone
from tests.incidents.builders import a_policy, a_ticket

RULES = LanguageRules(
    default="de-AT",
    time_zone="Europe/Vienna",
    helpdesks={"zendesk/support": "es"},
    customers={"@acme.example": "fr", "Zoe@acme.example": "en-US"},
)


def a_ticket_of(email="", language="", time_zone=""):
    ticket = a_ticket(1)
    requester = replace(ticket.requester, email=email, language=language, time_zone=time_zone)
    return replace(ticket, requester=requester)


@pytest.mark.parametrize(
    ("rules", "ticket", "told"),
    [
        (LanguageRules(), a_ticket_of(), Tongue("en_150", "UTC")),
        (RULES, a_ticket_of(), Tongue("es", "Europe/Vienna")),
        (RULES, a_ticket_of(language="de", time_zone="Europe/Berlin"), Tongue("de", "Europe/Berlin")),
        (RULES, a_ticket_of(language="pt-BR", time_zone="Mars/Base"), Tongue("es", "Europe/Vienna")),
        (RULES, a_ticket_of("bo@ACME.example", "de"), Tongue("fr", "Europe/Vienna")),
        (RULES, a_ticket_of("zoe@acme.example", "de"), Tongue("en_US", "Europe/Vienna")),
        (RULES.model_copy(update={"helpdesks": {}}), a_ticket_of(), Tongue("de_AT", "Europe/Vienna")),
        (
            RULES.model_copy(update={"from_ticket": False}),
            a_ticket_of(language="de", time_zone="Europe/Berlin"),
            Tongue("es", "Europe/Vienna"),
        ),
    ],
)
def test_who_decides_the_language(rules, ticket, told):
    """The first that names one of ours; a stranger's word that is none counts as unsaid."""
    assert rules.of_ticket(ticket) == told


def test_the_public_and_who_has_not_written():
    """The default; and what the policy says of an address."""
    assert RULES.of_public == Tongue("de_AT", "Europe/Vienna")
    assert RULES.of_address("bo@acme.example") == Tongue("fr", "Europe/Vienna")
    assert RULES.of_address("bo@other.example") == Tongue("de_AT", "Europe/Vienna")


@pytest.mark.parametrize(
    ("tag", "locale"),
    [("de-AT", "de_AT"), ("de_DE.UTF-8", "de_DE"), ("DE", "de"), ("de-XX", "de"), ("en", "en_150"),
     ("en-us", "en_US"), ("pt-BR", None), ("", None), ("german", None), ("x" * 500, None), ("de\n", "de")],
)  # fmt: skip
def test_language_tags_as_people_and_vendors_write_them(tag, locale):
    """A country that CLDR does not know costs the country, not the language."""
    assert locale_of(tag) == locale


@pytest.mark.parametrize(
    ("said", "kept"),
    [
        ("de-de", "de-de"),
        ("de, en", "de"),
        ("de;q=1", "de"),
        ("en_US", "en-US"),
        ("<b>", ""),
        ("", ""),
        ("🙂", ""),
    ],
)
def test_a_strangers_language_is_fit_to_be_kept_or_nothing(said, kept):
    """A header or a profile may hold anything."""
    assert language_tag(said) == kept


@pytest.mark.parametrize(
    "said", ["Berlin", "../../etc/passwd", "/etc/localtime", "x\0", "Europe", "a" * 400, ""]
)
def test_what_is_no_zone(said):
    """It counts as unsaid."""
    assert time_zone(said) == ""


@pytest.mark.parametrize(
    ("wrong", "cure"),
    [
        ({"default": "pt"}, "write one of en, de, fr, es"),
        ({"time_zone": "Berlin"}, "write UTC or such as Europe/Berlin"),
        ({"customers": {"acme": "de"}}, "write zoe@shop.example"),
        ({"customers": {"@acme.example": "klingon"}}, "there are no texts in 'klingon'"),
        ({"helpdesks": {"Zendesk": "de"}}, "is not a connection"),
        ({"team": "fr"}, "there are no texts for colleagues in 'fr'; write one of en, de"),
        ({"team": "de-AT"}, "write one of en, de"),
    ],
)
def test_a_mistake_names_its_cure(wrong, cure):
    """At load, not when a customer is to be told."""
    with pytest.raises(ValidationError, match=cure):
        LanguageRules(**wrong)


@pytest.mark.parametrize(
    ("language", "why"),
    [("en", "keyword 'kasse' and channel 'web'"), ("de", "Stichwort 'kasse' und Kanal 'web'")],
)
def test_why_a_rule_matches_is_said_in_the_teams_language_whoever_asks_first(language, why):
    """It is remembered, and may be asked for outside of a step."""
    rule = {"any_keyword": ["kasse"], "channel": ["web"], "service": "checkout"}
    policy = a_policy(language={"team": language}).model_copy(update={"routing": [RoutingRule(**rule)]})
    ticket = a_ticket(subject="Kasse geht nicht", channel="web")
    assert [policy.route(ticket).reason for _ in range(2)] == [why, why]
