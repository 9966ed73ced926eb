"""A ticket that joins late: one digest of what was said so far, or the first message, or nothing; never two of them."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from incidents.basis import Basis
from incidents.case import PROGRESS
from incidents.decisions.intake import Join, tickets_joined
from incidents.decisions.updates.saying import said_to, so_far_words
from incidents.effects import EffectKind
from incidents.lifecycle import IncidentProgress as P
from incidents.models import IncidentState, JoinOrigin
from incidents.policy.language.section import LanguageRules
from incidents.policy.messages import StateWords
from incidents.policy.policy import CustomerTemplates
from incidents.promises.updates import CustomerUpdate, PromiseState, UpdateKind
from incidents.texts.catalogue import LANGUAGES, CatalogueText, text_in
from incidents.texts.tongues import Tongue, Wording
from tests.incidents.builders import NOW, a_case, a_policy, a_ticket, an_incident, of_kind

S = IncidentState
T = CatalogueText
MINUTE = timedelta(minutes=1)
UPDATE = Wording(T.UPDATE)


def built_in():
    """The policy with our own texts."""
    policy = a_policy()
    templates = policy.templates.model_copy(update={"customer": CustomerTemplates()})
    return policy.model_copy(update={"templates": templates})


def said(*minutes, standing=P.IDENTIFIED, generation=1, first=1):
    """Updates of so many minutes ago."""
    return tuple(
        CustomerUpdate(
            incident=7,
            number=number,
            generation=generation,
            kind=UpdateKind.PROGRESS if number == 1 else UpdateKind.UPDATE,
            standing=standing,
            once=f"liaison:test:INC-7:g{generation}:{PROGRESS if number == 1 else f'update:{number}'}",
            said_at=NOW - ago * MINUTE,
            owner="Ada",
            next_by=NOW + 20 * MINUTE,
            state=PromiseState.OPEN,
        )
        for number, ago in enumerate(minutes, first)
    )


def joined(state=S.ACKNOWLEDGED, updates=(), *, policy=None, **changes):
    incident = an_incident(state, **{"next_update_at": NOW + 20 * MINUTE} | changes)
    case = a_case(incident, updates=updates)
    join = Join(ticket=a_ticket(9), origin=JoinOrigin.RULE, reason="keyword")
    plan = tickets_joined(case, [join], Basis(policy or built_in(), NOW))
    return of_kind(plan, EffectKind.CUSTOMER_MESSAGE)


def test_a_digest_of_what_was_said():
    """Times, how it stood, how it stands, and when they hear more; nothing that colleagues wrote."""
    updates = (*said(90, standing=P.INVESTIGATING), *said(60, 30, first=2))
    (message,) = joined(updates=updates)
    assert message.target == "9"
    assert message.payload.text == (
        "Hello,\n\n"
        "thank you for telling us. We have known of the problem with Checkout since 11:55 UTC; "
        "this is what we have told customers so far:\n\n"
        "10:30 UTC: we are looking into it\n"
        "11:00 and 11:30 UTC: our engineers are working on it\n\n"
        "Now: our engineers are working on it. The next update comes by 12:20 UTC.\n\n"
        "Your reference is INC-7."
    )


def test_it_is_the_first_message_and_no_second_one():
    """Its key is the first message's: whichever was planned first is the only one."""
    (digest,) = joined(updates=said(90, 60))
    (first,) = joined(updates=said(1))
    assert digest.key == first.key == "liaison:test:INC-7:g1:progress:zendesk/support#9"
    assert "so far" in digest.payload.text
    assert "so far" not in first.payload.text


@pytest.mark.parametrize(
    ("state", "updates", "words"),
    [
        (S.ESCALATED, (), None),
        (S.ESCALATED, said(90), "so far"),
        (S.ESCALATED, said(2, standing=P.INVESTIGATING), "There is a problem with Checkout"),
        (S.ACKNOWLEDGED, (), "There is a problem with Checkout"),
        (S.ACKNOWLEDGED, said(2), "There is a problem with Checkout"),
        (S.ACKNOWLEDGED, said(2, standing=P.INVESTIGATING), "so far"),
        (S.ACKNOWLEDGED, said(6), "so far"),
        (S.ACKNOWLEDGED, said(3, 2), "so far"),
        (S.RESOLVED, said(90), None),
        (S.REOPENED, said(90), None),
    ],
)
def test_what_whoever_comes_reads(state, updates, words):
    """Nothing while nobody was told anything; what all have read while that is all there is; else the digest."""
    found = joined(state, updates)
    assert bool(found) is (words is not None)
    assert all(words in message.payload.text for message in found)


def test_what_was_said_before_it_was_reopened_is_another_story():
    assert joined(S.ESCALATED, said(90, 60), generation=2) == []


def test_no_promise_no_time():
    (message,) = joined(updates=said(90, 60), next_update_at=None)
    assert "next update" not in message.payload.text


def test_a_reworded_first_message_goes_to_the_late_ones_too():
    """An operator's German is never followed by our English."""
    (message,) = joined(updates=said(90, 60), policy=a_policy())
    assert message.payload.text == "PROGRESS Checkout INC-7 12:20 UTC"


def test_many_messages_are_one_line():
    states, english = CustomerTemplates().states, Tongue("en_150")
    assert so_far_words(said(90, 60, 45, 30), states, english, default=english, now=NOW) == (
        "10:30 to 11:30 UTC, 4 times: our engineers are working on it"
    )
    tomorrow = NOW + timedelta(days=1)
    digest = so_far_words(said(90), states, english, default=english, now=tomorrow)
    assert digest.startswith("22 November, 10:30 UTC: ")


def test_the_digest_is_in_the_language_of_whoever_comes():
    """Its times by their clock."""
    vienna = {"language": LanguageRules(default="de", time_zone="Europe/Vienna")}
    (message,) = joined(updates=said(90, 60), policy=built_in().model_copy(update=vienna))
    assert "11:30 und 12:00 Uhr MEZ: unsere Techniker arbeiten daran" in message.payload.text
    assert "bis 13:20 Uhr MEZ" in message.payload.text


def test_who_no_reply_reaches_has_it_told_by_their_agent():
    incident = an_incident(S.ACKNOWLEDGED)
    join = Join(ticket=replace(a_ticket(9), is_reachable=False), origin=JoinOrigin.RULE, reason="keyword")
    plan = tickets_joined(a_case(incident, updates=said(90, 60)), [join], Basis(built_in(), NOW))
    assert of_kind(plan, EffectKind.CUSTOMER_MESSAGE) == []
    assert any("so far" in note.payload.text for note in of_kind(plan, EffectKind.TICKET_NOTE))


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("state", [S.CONFIRMED, S.MITIGATING, S.REOPENED, S.ESCALATED])
def test_nobody_is_said_to_be_called_before_a_page_is_out(state, language):
    """Also while a page is held: it is confirmed then, and somebody looks."""
    text = said_to(Tongue(language), UPDATE, an_incident(state), Basis(built_in(), NOW), next_by=None)
    called, known = (text_in(language, name) for name in (T.STATE_INVESTIGATING, T.STATE_CONFIRMED))
    assert (called in text, known in text) == ((True, False) if state is S.ESCALATED else (False, True))


@pytest.mark.parametrize(
    ("own", "language", "words"),
    [
        ("Mechaniker sind da", "de", "Mechaniker sind da"),
        ("Mechaniker sind da", "fr", "nos techniciens y travaillent"),
        ("Mechaniker sind da", "en", "our engineers are working on it"),
        (None, "fr", "nos techniciens y travaillent"),
    ],
)
def test_the_operators_own_words_are_put_into_sentences_of_their_language(own, language, words):
    """Never half a sentence in each: neither for how it stands, nor in the digest."""
    customer, rules = CustomerTemplates(states=StateWords(identified=own)), LanguageRules(default="de")
    policy = built_in()
    templates = policy.templates.model_copy(update={"customer": customer})
    policy = policy.model_copy(update={"templates": templates, "language": rules})
    incident, reader = an_incident(S.ACKNOWLEDGED), Tongue(language)
    assert words in said_to(reader, UPDATE, incident, Basis(policy, NOW), next_by=None)
    digest = so_far_words(said(90), customer.states, reader, default=rules.of_public, now=NOW)
    assert digest.endswith(f": {words}")
    template = Wording(T.UPDATE, "Stand: {{ state }}")
    reworded = said_to(reader, template, incident, Basis(policy, NOW), next_by=None)
    assert reworded == f"Stand: {own or 'unsere Techniker arbeiten daran'}"
