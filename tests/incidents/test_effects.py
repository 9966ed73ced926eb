"""Effects survive the ledger: written as JSON and read back they are the same, whatever the text in them."""

import json
from typing import get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from incidents import effects
from incidents.commands.verbs import Verb
from incidents.effects import (
    ActionCall,
    ChatAnswer,
    CustomerText,
    Effect,
    EffectKind,
    EffectState,
    IssueComment,
    IssueText,
    NoteText,
    Nothing,
    OutboundText,
    PublicOpening,
    PublicSaying,
    RoomRequest,
    StatusChange,
    payload_from_json,
    payload_to_json,
)
from incidents.models import (
    Button,
    ChatMessage,
    InternalText,
    Link,
    Page,
    PublicText,
    Severity,
    TicketRef,
    TicketStatus,
)
from incidents.public_incident import PublicState
from tests.incidents.builders import a_ticket

TEXT = st.text(st.characters(exclude_categories=["Cs"]), max_size=50)
LINKS = st.lists(st.builds(Link, label=TEXT, url=TEXT), max_size=3).map(tuple)
PAIRS = st.lists(st.tuples(TEXT, TEXT), max_size=3).map(tuple)

PAYLOADS = {
    EffectKind.PAGE: st.builds(
        Page,
        summary=TEXT,
        source=TEXT,
        severity=st.sampled_from(Severity),
        details=PAIRS,
        links=LINKS,
        target=TEXT,
    ),
    EffectKind.PAGE_NOTE: st.builds(NoteText, text=TEXT),
    EffectKind.PAGE_ACKNOWLEDGE: st.just(Nothing()),
    EffectKind.PAGE_RESOLVE: st.just(Nothing()),
    EffectKind.CHAT_ROOM: st.builds(RoomRequest, name=TEXT, topic=TEXT),
    EffectKind.CHAT_POST: st.builds(
        ChatMessage,
        text=TEXT,
        buttons=st.lists(
            st.builds(Button, label=TEXT, verb=st.sampled_from(Verb), incident=TEXT), max_size=3
        ).map(tuple),
        links=LINKS,
    ),
    EffectKind.CHAT_ANSWER: st.builds(ChatAnswer, text=TEXT, user_id=TEXT, is_private=st.booleans()),
    EffectKind.TICKET_NOTE: st.builds(NoteText, text=TEXT),
    EffectKind.TICKET_STATUS: st.builds(StatusChange, status=st.sampled_from(TicketStatus)),
    EffectKind.CUSTOMER_MESSAGE: st.builds(CustomerText, text=TEXT, recipient=TEXT),
    EffectKind.ACTION: st.builds(
        ActionCall, action=TEXT, arguments=PAIRS, timeout=st.floats(0, 1e6, allow_nan=False)
    ),
    EffectKind.STATUS_PAGE_OPEN: st.builds(
        PublicOpening, title=TEXT, text=TEXT, severity=st.sampled_from(Severity), services=st.tuples(TEXT)
    ),
    EffectKind.OUTBOUND_MESSAGE: st.builds(OutboundText, address=TEXT, name=TEXT, subject=TEXT, text=TEXT),
    EffectKind.ALERT_ACKNOWLEDGE: st.builds(NoteText, text=TEXT),
    EffectKind.ALERT_UNACKNOWLEDGE: st.just(Nothing()),
    EffectKind.ISSUE_COMMENT: st.builds(IssueComment, opening=TEXT, text=TEXT),
    EffectKind.ISSUE_OPEN: st.builds(IssueText, title=TEXT, text=TEXT),
    EffectKind.STATUS_PAGE_UPDATE: st.builds(
        PublicSaying, opening=TEXT, text=TEXT, state=st.sampled_from(PublicState)
    ),
}
REF = TicketRef(connection="zendesk/support", id="4711")


def an_effect(kind, payload):
    return Effect(
        key="k",
        once="o",
        kind=kind,
        incident_id=7,
        connection="zendesk/support",
        target="4711",
        payload=payload,
    )


def test_every_kind_and_every_payload_is_covered():
    """A kind or payload that is added shows up here before it fails in the ledger."""
    assert set(PAYLOADS) == set(EffectKind)
    examples = {
        Page, NoteText, CustomerText, StatusChange, RoomRequest, ChatMessage, ChatAnswer, ActionCall,
        PublicOpening, PublicSaying, IssueText, IssueComment, OutboundText, Nothing,
    }  # fmt: skip
    assert examples == set(get_args(effects.Payload))


@pytest.mark.parametrize("kind", EffectKind)
@given(data=st.data())
def test_a_payload_read_back_is_the_same(kind, data):
    """Equal, and of the same types: tuples stay tuples, a severity stays a severity."""
    payload = data.draw(PAYLOADS[kind])
    written = json.dumps(payload_to_json(an_effect(kind, payload)))
    for read in (payload_from_json(kind, written), payload_from_json(kind, written.encode())):
        assert read == payload
        assert type(read) is type(payload)
        assert repr(read) == repr(payload)


@pytest.mark.parametrize(
    ("kind", "written"),
    [
        (EffectKind.CUSTOMER_MESSAGE, '{"text": "a note without a recipient"}'),
        (EffectKind.TICKET_STATUS, '{"status": "fixed"}'),
        (EffectKind.PAGE, '{"text": "x"}'),
        (EffectKind.PAGE, "{"),
    ],
)
def test_what_is_no_payload_of_its_kind_is_not_guessed(kind, written):
    """A note's JSON under a customer message's kind is an error, never a message."""
    with pytest.raises(ValidationError):
        payload_from_json(kind, written)


def test_effects_about_a_ticket():
    """Key: the marker and the ticket. The marker is shared, so that many tickets are one call; one lane each."""
    note = effects.ticket_note(7, REF, "once", InternalText("for agents"))
    status = effects.ticket_status(7, a_ticket(4711), "once", TicketStatus.SOLVED)
    message = effects.customer_message(7, REF, "once", PublicText("for customers"), "customer-1")
    for effect in (note, status, message):
        assert (effect.key, effect.once) == ("once:zendesk/support#4711", "once")
        assert (effect.connection, effect.target, effect.incident_id) == ("zendesk/support", "4711", 7)
        assert effect.lane == "zendesk/support:4711"
        assert effect.is_about_a_ticket
    assert note.payload == NoteText(text="for agents")
    assert status.payload == StatusChange(status=TicketStatus.SOLVED, instead_of=TicketStatus.OPEN)
    assert message.payload == CustomerText(text="for customers", recipient="customer-1")


def test_only_three_kinds_are_about_tickets():
    """What engineers wait for is told apart from what may wait."""
    about = {kind for kind in EffectKind if an_effect(kind, Nothing()).is_about_a_ticket}
    assert about == {EffectKind.TICKET_NOTE, EffectKind.TICKET_STATUS, EffectKind.CUSTOMER_MESSAGE}


def test_open_states_are_those_that_may_still_do_something():
    """Done, held and dead are settled: nothing is sent for them any more without a person."""
    assert {state for state in EffectState if state.is_open} == {
        EffectState.PENDING,
        EffectState.SENDING,
        EffectState.UNKNOWN,
    }
