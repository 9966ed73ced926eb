"""What is guessed wrong of Intercom's conversations."""

from __future__ import annotations

import html

import pytest
import stamina

from connectors.intercom import Intercom
from connectors.intercom.messages.parts import MOST_PARTS
from connectors.kit.fakes.faults import FaultKind
from incidents.errors import NotAllowed, NotShown, Refused, Unknown
from incidents.models import (
    Author,
    ChangeOutcome,
    InternalText,
    Origin,
    PublicText,
    TicketChange,
    TicketStatus,
)
from tests.connectors.intercom.conftest import IntercomWorld, connect
from tests.contracts.helpdesk import NOTE, ONCE, REPLY


async def test_what_is_no_longer_shown_is_not_sent_again(
    helpdesk: Intercom, world: IntercomWorld, ticket: str
) -> None:
    """A conversation shows its newest 500 parts: "not among them" is no "not done"."""
    for number in range(MOST_PARTS - 1):
        world.customer_reply(ticket, f"Hello {number}")
    assert not await helpdesk.was_done(ticket, ONCE)
    assert (await helpdesk.update([ticket], REPLY, once=ONCE))[0].outcome is ChangeOutcome.DONE
    assert await helpdesk.was_done(ticket, ONCE)
    world.customer_reply(ticket, "Thanks")
    assert await helpdesk.was_done(ticket, ONCE)
    for number in range(MOST_PARTS):
        world.customer_reply(ticket, f"And {number}")
    with pytest.raises(Refused, match="a person must see") as caught:
        await helpdesk.was_done(ticket, ONCE)
    # It may well be shown to its customer: nobody is to tell them by hand unseen.
    assert not isinstance(caught.value, NotShown)


async def test_words_are_words(helpdesk: Intercom, world: IntercomWorld, ticket: str) -> None:
    """Bodies are HTML and may have placeholders: of ours nothing is markup, and nothing is filled in."""
    words = 'a <b>bold</b> & <img src="x"> word, {{first_name}}\nand a line'
    await helpdesk.update([ticket], TicketChange(public_reply=PublicText(words)), once=ONCE)
    (part,) = world.inbox.parts[ticket]
    assert "<b>" not in part["body"]
    assert "<img" not in part["body"]
    assert "{{" not in html.unescape(part["body"])
    (found,) = await helpdesk.read([ticket])
    (said,) = await helpdesk.comments(found, found.created_at)
    assert said.text.replace("\u2060", "") == words


async def test_a_customer_who_quotes_our_mark(helpdesk: Intercom, world: IntercomWorld, ticket: str) -> None:
    """What we wrote is known by who wrote it as well."""
    await helpdesk.update([ticket], REPLY, once=ONCE)
    quoted = world.inbox.parts[ticket].pop()
    world.inbox.parts[ticket].append({**quoted, "author": {"type": "user", "id": "991", "name": "Eve"}})
    assert not await helpdesk.was_done(ticket, ONCE)


async def test_a_state_that_it_has_is_not_set(helpdesk: Intercom, world: IntercomWorld, ticket: str) -> None:
    """Every setting is a part that colleagues see, and "closed" may ask the customer how it was."""
    for status in (TicketStatus.SOLVED, TicketStatus.CLOSED, TicketStatus.SOLVED):
        await helpdesk.update([ticket], TicketChange(status=status), once=ONCE)
    assert [one["part_type"] for one in world.inbox.parts[ticket]] == ["close"]


async def test_snoozed_for_as_long_as_the_settings_say(world: IntercomWorld, ticket: str) -> None:
    """A conversation that waits comes back by itself."""
    desk = connect(world, snooze_hours=2)
    await desk.update([ticket], TicketChange(status=TicketStatus.WAITING_FOR_VENDOR), once=ONCE)
    until = world.inbox.conversations[ticket]["snoozed_until"]
    assert until == int(world.now().timestamp()) + 7200
    await desk.aclose()


async def test_a_conversation_that_an_agent_began(
    helpdesk: Intercom, world: IntercomWorld, ticket: str
) -> None:
    """Its author is no customer; of the contact the conversation tells the id alone."""
    conversation = world.inbox.conversations[ticket]
    conversation["source"]["author"] = world.inbox.colleague
    (found,) = await helpdesk.read([ticket])
    assert (found.requester.id, found.requester.name, found.requester.email) == (
        conversation["contacts"]["contacts"][0]["id"],
        "",
        "",
    )
    assert found.is_reachable


async def test_nobody_to_reply_to(helpdesk: Intercom, world: IntercomWorld, ticket: str) -> None:
    """Said before anything is changed; a note needs nobody."""
    world.inbox.conversations[ticket]["contacts"]["contacts"].clear()
    change = TicketChange(public_reply=PublicText("x"), status=TicketStatus.SOLVED)
    (outcome,) = await helpdesk.update([ticket], change, once=ONCE)
    assert outcome.outcome is ChangeOutcome.REFUSED
    assert world.inbox.parts[ticket] == []
    assert (await helpdesk.update([ticket], NOTE, once=ONCE))[0].outcome is ChangeOutcome.DONE


async def test_events_without_words_are_no_comments(
    helpdesk: Intercom, world: IntercomWorld, ticket: str
) -> None:
    """Closing, assigning and snoozing are parts, too."""
    await helpdesk.update([ticket], TicketChange(status=TicketStatus.SOLVED), once=ONCE)
    world.agent_note(ticket, "seen")
    (found,) = await helpdesk.read([ticket])
    said = await helpdesk.comments(found, found.created_at)
    assert [(one.author, one.is_public, one.text) for one in said] == [(Author.AGENT, False, "seen")]


async def test_a_tag_in_other_letters(helpdesk: Intercom, world: IntercomWorld, ticket: str) -> None:
    """Intercom keeps the letters in which it was first made: it is there, and is not asked for for ever."""
    world.inbox.tag("INC_42")
    for once in ("a", "b"):
        (outcome,) = await helpdesk.update([ticket], TicketChange(add_tags=("inc_42",)), once=once)
        assert outcome.outcome is ChangeOutcome.DONE
    assert world.tags(ticket) == ["INC_42"]


async def test_many_pages_in_no_order(helpdesk: Intercom, world: IntercomWorld) -> None:
    """More than a page; told by the time of change."""
    since = world.now()
    ids = []
    for number in range(160):
        world.let_time_pass(1)
        ids.append(world.create_ticket(f"Hi {number}", "x", name="Ada", email=f"c{number}@customer.example"))
    assert [one.ref.id async for one in helpdesk.changed_since(since)] == ids


async def test_a_token_of_another_workspace(world: IntercomWorld) -> None:
    """Said by the check, with both."""
    desk = connect(world, workspace_id="zz99")
    with pytest.raises(NotAllowed, match=r"ab12cd34.*zz99"):
        await desk.check()
    await desk.aclose()


async def test_a_note_and_a_reply_of_one_key(helpdesk: Intercom, world: IntercomWorld, ticket: str) -> None:
    """A public part with the note's words is never taken for the note."""
    note = TicketChange(private_note=InternalText("secret"))
    with stamina.set_testing(True, attempts=2):
        world.faults.arm(FaultKind.CRASH, where="/reply")
        with pytest.raises(Unknown):
            await helpdesk.update([ticket], note, once=ONCE)
    assert not await helpdesk.was_done(ticket, ONCE)
    assert world.private_notes(ticket) == []


async def test_an_exposed_note_loses_its_words(helpdesk: Intercom, world: IntercomWorld, ticket: str) -> None:
    """And with them its mark: a later look-up knows no more than that something of ours was there."""
    world.lose_privacy()
    (outcome,) = await helpdesk.update([ticket], NOTE, once=ONCE)
    assert outcome.outcome is ChangeOutcome.EXPOSED
    assert "its words were taken out" in outcome.detail
    (part,) = world.inbox.parts[ticket]
    assert part["redacted"]
    assert str(NOTE.private_note) not in part["body"]
    with pytest.raises(Refused, match="a person must see") as caught:
        await helpdesk.was_done(ticket, ONCE)
    assert not isinstance(caught.value, NotShown)


async def test_an_exposed_note_whose_taking_out_was_answered_and_lost(
    helpdesk: Intercom, world: IntercomWorld, ticket: str
) -> None:
    """What is read back counts, not the answer; where it stands still, somebody is to delete it."""
    world.lose_privacy()
    with stamina.set_testing(True, attempts=2):
        for kind, told in (
            (FaultKind.DROP_REPLY, "its words were taken out"),
            (FaultKind.UNAUTHORIZED, "could not be taken out: delete it"),
        ):
            world.faults.arm(kind, where="/redact", times=None)
            (outcome,) = await helpdesk.update([ticket], NOTE, once=f"{ONCE}/{kind}")
            world.faults.clear()
            assert outcome.outcome is ChangeOutcome.EXPOSED
            assert told in outcome.detail


@pytest.mark.parametrize(
    ("base_url", "inbox"),
    [
        ("https://api.intercom.io", "https://app.intercom.com/a/inbox/"),
        ("https://api.eu.intercom.io", "https://app.eu.intercom.com/a/inbox/"),
        ("https://api.au.intercom.io", "https://app.au.intercom.com/a/inbox/"),
    ],
)
async def test_each_region_has_its_inbox(
    world: IntercomWorld, ticket: str, base_url: str, inbox: str
) -> None:
    desk = connect(world, base_url=base_url)
    (found,) = await desk.read([ticket])
    assert found.url is not None
    assert found.url.startswith(inbox)
    await desk.aclose()


async def test_what_an_ai_says_is_no_persons_word(
    helpdesk: Intercom, world: IntercomWorld, ticket: str
) -> None:
    """Though it bears a teammate's name: a customer may have made it say so."""
    world.inbox.write(
        ticket, {**world.inbox.colleague, "from_ai_agent": True}, "liaison resolve", is_note=True
    )
    world.agent_note(ticket, "seen")
    (found,) = await helpdesk.read([ticket])
    said = await helpdesk.comments(found, found.created_at)
    assert [one.origin for one in said] == [Origin.AUTOMATIC, Origin.PERSON]


async def test_a_note_of_nobody_is_no_teammates(
    helpdesk: Intercom, world: IntercomWorld, ticket: str
) -> None:
    """Intercom may leave the author blank: nobody can vouch for it then."""
    world.inbox.write(ticket, {"type": "team", "id": "3", "name": ""}, "liaison resolve", is_note=True)
    world.agent_note(ticket, "seen")
    (found,) = await helpdesk.read([ticket])
    said = await helpdesk.comments(found, found.created_at)
    assert [(one.text, one.is_signed_in) for one in said] == [("liaison resolve", False), ("seen", None)]
