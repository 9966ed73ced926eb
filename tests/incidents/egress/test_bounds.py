"""What departs has nothing that its way out may not have, wherever in the text it stands; all else stays readable."""

from __future__ import annotations

from collections.abc import Collection

import pytest

from incidents.basis import Basis
from incidents.case import Case
from incidents.decisions.telling import digest
from incidents.effects import (
    ChatAnswer,
    Effect,
    EffectKind,
    IssueComment,
    IssueText,
    NoteText,
    Payload,
    PublicOpening,
    PublicSaying,
    RoomRequest,
)
from incidents.egress.bounds import Bounds, Scrub, TicketSecrets
from incidents.egress.edges import USUAL, WITHOUT_WORDS, Confided, Edge, edge_of
from incidents.models import ChatMessage, Link, Page, PublicText, Severity
from incidents.notes.context import context_message, page_for
from incidents.policy.egress.section import Egress
from incidents.public_incident import PublicState
from incidents.redaction.redaction import redact
from incidents.texts.messages import internal
from tests.incidents.builders import NOW, a_case, a_policy, a_ticket

URL = "https://acme.zendesk.example/agent/tickets/4711"
ADA = TicketSecrets(
    number="4711",
    subject="Checkout fails: card 4111 1111 1111 1111 refused",
    customer="Ada Lovelace",
    email="ada@home.example",
    agent="Grace Agent",
    tier="pro",
    url=URL,
)
TEXT = (
    'Checkout: Checkout fails: card [card removed] refused. Who is hit: 1 ticket (pro 1). First: #4711 "Checkout fails:'
    f' card [card removed] refused", see {URL}. Accountable: Grace Agent, for Ada Lovelace. #47110 is a problem, too.'
)


def an_effect(kind: EffectKind, payload: Payload) -> Effect:
    return Effect(
        key="k", once="k", kind=kind, incident_id=1, connection="x/y", target="INC-1", payload=payload
    )


def within_bounds(
    effect: Effect,
    tickets: Collection[TicketSecrets],
    allowed: Collection[Confided],
    *,
    agents: Collection[str] = (),
    redactor: Scrub = redact,
) -> Effect:
    edge = edge_of(effect.kind)
    assert edge is not None
    return Bounds(edge, tickets, allowed, agents=agents, redactor=redactor).keep(effect)


def departed(text: str, allowed: Collection[Confided]) -> str:
    effect = an_effect(EffectKind.CHAT_POST, ChatMessage(text=text))
    payload = within_bounds(effect, [ADA], allowed, agents=("Olive Owner",)).payload
    assert isinstance(payload, ChatMessage)
    return payload.text


def test_by_default_engineers_read_what_they_always_read_but_who_the_customer_is():
    assert departed(TEXT, Egress().chat) == TEXT.replace("Ada Lovelace", "[customer withheld]")


@pytest.mark.parametrize(
    ("kind", "gone", "stays"),
    [
        (Confided.NUMBER, ["#4711 "], ["#47110"]),
        (Confided.LINK, [URL], ["#4711 "]),
        (Confided.SUBJECT, ["Checkout fails", "refused"], ["Checkout: ", "is a problem"]),
        (Confided.TIER, ["(pro 1)"], ["problem"]),
        (Confided.AGENT, ["Grace Agent"], ["Accountable"]),
        (Confided.CUSTOMER, ["Ada Lovelace"], ["Grace Agent"]),
    ],
)
def test_what_is_not_allowed_is_taken_out_and_nothing_else(kind: Confided, gone: list[str], stays: list[str]):
    text = departed(TEXT, set(Confided) - {kind})
    assert f"[{kind} withheld]" in text
    assert not [one for one in gone if one in text]
    assert not [one for one in stays if one not in text]


def test_nothing_is_allowed():
    text = departed(f"{TEXT} Olive Owner has it.", ())
    assert not [one for one in ("4711 ", "fails", "(pro", "Grace", "Ada", "Olive") if one in text]


def test_what_nobody_may_read_is_redacted_whatever_is_allowed():
    """Also in a text that forgot to."""
    text = departed("He says: card 4111 1111 1111 1111, ada@home.example", set(Confided))
    assert "4111" not in text
    assert "ada@home" not in text


def test_words_that_cannot_be_looked_at_do_not_leave():
    def broken(text: str) -> str:
        raise RuntimeError(text)

    effect = an_effect(EffectKind.PAGE_NOTE, NoteText(text=internal("any words")))
    payload = within_bounds(effect, [], set(Confided), redactor=broken).payload
    assert payload == NoteText(text=internal("[withheld: it could not be looked at]"))


LINKS = (Link(label="Ticket #4711", url=URL), Link(label="Story", url="https://prefect.example/inc-1"))
PAYLOADS: dict[EffectKind, Payload] = {
    EffectKind.PAGE: Page(
        summary=TEXT, source="Liaison", severity=Severity.HIGH, details=(("Ada", TEXT),), links=LINKS
    ),
    EffectKind.PAGE_NOTE: NoteText(text=internal(TEXT)),
    EffectKind.ALERT_ACKNOWLEDGE: NoteText(text=internal(TEXT)),
    EffectKind.CHAT_ROOM: RoomRequest(name="inc-1-checkout", topic=TEXT),
    EffectKind.CHAT_POST: ChatMessage(text=TEXT, links=LINKS),
    EffectKind.CHAT_ANSWER: ChatAnswer(text=TEXT),
    EffectKind.ISSUE_OPEN: IssueText(title=TEXT, text=internal(TEXT)),
    EffectKind.ISSUE_COMMENT: IssueComment(opening="k", text=internal(TEXT)),
    EffectKind.STATUS_PAGE_OPEN: PublicOpening(
        title=PublicText(TEXT), text=PublicText(TEXT), severity=Severity.HIGH, services=("Checkout",)
    ),
    EffectKind.STATUS_PAGE_UPDATE: PublicSaying(
        opening="k", text=PublicText(TEXT), state=PublicState.IDENTIFIED
    ),
}


@pytest.mark.parametrize("kind", PAYLOADS)
def test_every_text_of_every_kind_is_looked_at(kind: EffectKind):
    """And a link to a ticket goes where its address may not."""
    bound = within_bounds(an_effect(kind, PAYLOADS[kind]), [ADA], ())
    said = str(bound.payload)
    assert not [one for one in ("fails", "4711 ", "Grace", "Lovelace", "zendesk.example") if one in said]
    assert ("prefect.example" in said) == (kind in (EffectKind.PAGE, EffectKind.CHAT_POST))


def test_no_kind_of_effect_is_forgotten():
    """One that is new either has a way out that is looked at, or says nothing to anybody else."""
    assert {kind for kind in EffectKind if edge_of(kind) is not None} == set(PAYLOADS)
    assert {kind for kind in EffectKind if edge_of(kind) is None} == WITHOUT_WORDS


def test_the_publics_telephone_number_is_the_operators_own():
    """Templates of the status page are not redacted; what a ticket holds is taken out of them all the same."""
    text = PublicText("Call +49 30 1234567, Ada Lovelace")
    effect = an_effect(
        EffectKind.STATUS_PAGE_UPDATE, PublicSaying(opening="k", text=text, state=PublicState.MONITORING)
    )
    payload = within_bounds(effect, [ADA], Egress().status_page).payload
    assert payload == PublicSaying(
        opening="k",
        text=PublicText("Call +49 30 1234567, [customer withheld]"),
        state=PublicState.MONITORING,
    )


def test_what_is_put_together_for_engineers_departs_unchanged():
    """Redacting it once more takes nothing away: it was redacted where it was quoted."""
    subject = "Order 4711-22 fails with 503 since 14:05, id 0b2c7c1e-7a57-4c0a-9d0e-6f6f1d0a3b11"
    case: Case = a_case(linked=[a_ticket(subject=subject)])
    held = [TicketSecrets(number=one.ticket.ref.id, subject=one.ticket.subject) for one in case.tickets]
    for kind, payload in (
        (EffectKind.PAGE, page_for(case, Basis(a_policy(), NOW), target="payments")),
        (EffectKind.CHAT_POST, context_message(case, Basis(a_policy(), NOW))),
    ):
        assert within_bounds(an_effect(kind, payload), held, USUAL).payload == payload
    command = f"`liaison held --done liaison:{digest('x')}:INC-1:g1:verdict:zendesk/support#1`"
    assert departed(command, USUAL) == command


def test_the_policy_says_it_in_one_line():
    assert str(Egress(pager=(Confided.NUMBER,))) == (
        "chat: number, link, subject, words, tier, agent; pager: number; "
        "tracker: number, link, subject, words, tier, agent; status page: nothing of a ticket"
    )
    assert [len(Egress().allowed(edge)) for edge in Edge] == [6, 6, 6, 0]
