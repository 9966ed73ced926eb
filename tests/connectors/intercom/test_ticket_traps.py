"""What is guessed wrong of Intercom's tickets, and of tickets beside conversations."""

from __future__ import annotations

from collections.abc import AsyncIterator

import httpx
import pytest
import stamina

from connectors.intercom import Intercom
from connectors.intercom.messages.parts import MOST_PARTS
from connectors.kit.answer_body import MAX_ANSWER_BYTES
from connectors.kit.fakes.faults import FaultKind
from connectors.kit.fakes.in_process import InProcessTransport
from incidents.errors import NotAllowed, Refused, Unknown
from incidents.models import ChangeOutcome, Departure, PublicText, TicketChange, TicketStatus
from incidents.ticket_words import Kinship
from tests.connectors.intercom.conftest import connect, settings
from tests.connectors.intercom.ticket_world import IntercomTicketWorld, number, open_ticket
from tests.connectors.strange_answers import Scripted
from tests.contracts.helpdesk import NOTE, ONCE, REPLY

SOLVED = TicketChange(status=TicketStatus.SOLVED)
INTERNAL = pytest.mark.parametrize("category", ["Back-office", "Tracker"])


@pytest.fixture
def world() -> IntercomTicketWorld:
    return IntercomTicketWorld()


@pytest.fixture
async def helpdesk(world: IntercomTicketWorld) -> AsyncIterator[Intercom]:
    connected = connect(world)
    yield connected
    await connected.aclose()


async def test_a_ticket_and_a_conversation_of_one_number(
    helpdesk: Intercom, world: IntercomTicketWorld
) -> None:
    """Each is read and written by itself."""
    conversation, ticket = world.create_conversation("Hi"), open_ticket(world)
    assert (conversation, ticket) == ("1", "ticket-1")
    found = await helpdesk.read([ticket, conversation])
    assert [(one.ref.id, one.subject) for one in found] == [("ticket-1", "Cannot pay"), ("1", "Hi")]
    await helpdesk.update([ticket], NOTE, once=ONCE)
    assert world.inbox.parts[conversation] == []
    assert not await helpdesk.was_done(conversation, ONCE)
    assert await helpdesk.was_done(ticket, ONCE)
    outcomes = await helpdesk.update([conversation, ticket], REPLY, once="both")
    assert [(one.id, one.outcome) for one in outcomes] == [
        ("1", ChangeOutcome.DONE),
        ("ticket-1", ChangeOutcome.DONE),
    ]


@pytest.mark.parametrize("id", ["ticket-", "ticket-0", "ticket-ticket-1", "ticket-../me", "Ticket-1", "1-"])
async def test_what_is_no_id(helpdesk: Intercom, world: IntercomTicketWorld, id: str) -> None:
    """Nothing of it reaches a path."""
    open_ticket(world)
    assert await helpdesk.read([id]) == []
    assert (await helpdesk.update([id], NOTE, once=ONCE))[0].outcome is ChangeOutcome.GONE
    assert not await helpdesk.was_done(id, ONCE)


async def test_both_kinds_oldest_first(helpdesk: Intercom, world: IntercomTicketWorld) -> None:
    """Over several pages of tickets, which come with all their parts."""
    since = world.now()
    ids = []
    for turn in range(25):
        world.let_time_pass(5)
        ids.append(open_ticket(world))
        world.let_time_pass(5)
        ids.append(world.create_conversation(f"Hi {turn}"))
    world.let_time_pass(5)
    world.customer_reply(ids[0], "Any news?")
    found = [one.ref.id async for one in helpdesk.changed_since(since)]
    assert found == [*ids[1:], ids[0]]


class TooMuchAtOnce(InProcessTransport):
    """What finds more than one is too big to be read."""

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        answer = await super().handle_async_request(request)
        await answer.aread()
        if request.url.path.endswith("/search") and len(answer.json().get("tickets", [])) > 1:
            return httpx.Response(200, content=b" " * (MAX_ANSWER_BYTES + 1))
        return answer


async def test_tickets_that_are_too_big_together(world: IntercomTicketWorld) -> None:
    """They are found one by one: the poll does not stand still at them."""
    ids = [open_ticket(world) for _ in range(25)]
    desk = connect(world, TooMuchAtOnce(world.fake.app))
    with stamina.set_testing(True, attempts=1):
        found = [one.ref.id async for one in desk.changed_since(world.now())]
    assert found == ids
    await desk.aclose()


@INTERNAL
async def test_no_customer_is_answered_among_colleagues(
    helpdesk: Intercom, world: IntercomTicketWorld, category: str
) -> None:
    """Refused before anything is changed; it is no customer's report, and says so."""
    ticket = open_ticket(world, category)
    (found,) = await helpdesk.read([ticket])
    assert not found.is_reachable
    assert found.kinship is Kinship.SIDE_CONVERSATION
    change = TicketChange(public_reply=PublicText("x"), status=TicketStatus.SOLVED, add_tags=("a",))
    (outcome,) = await helpdesk.update([ticket], change, once=ONCE)
    assert outcome.outcome is ChangeOutcome.REFUSED
    assert category.lower() in outcome.detail
    (again,) = await helpdesk.read([ticket])
    assert again == found
    assert world.tags(ticket) == []


@INTERNAL
async def test_what_engineers_write_is_public_nowhere(
    helpdesk: Intercom, world: IntercomTicketWorld, category: str
) -> None:
    """Neither their words, however they are stored, nor ours, nor a state go to what is linked to the ticket."""
    conversations = [world.create_conversation(f"Hi {one}") for one in range(2)]
    ticket = open_ticket(world, category)
    world.tickets.link(number(ticket), *conversations)
    world.agent_note(ticket, "It is the database")
    world.agent_reply(ticket, "Found it")
    assert (await helpdesk.update([ticket], NOTE, once=ONCE))[0].outcome is ChangeOutcome.DONE
    assert (await helpdesk.update([ticket], SOLVED, once=ONCE))[0].outcome is ChangeOutcome.DONE
    (found,) = await helpdesk.read([ticket])
    assert found.status is TicketStatus.SOLVED
    assert found.parent is None
    said = await helpdesk.comments(found, found.created_at)
    assert [one.text for one in said] == ["It is the database", "Found it", NOTE.private_note]
    assert not any(one.is_public for one in said)
    assert [world.inbox.parts[one] for one in conversations] == [[], []]


async def test_a_back_office_ticket_of_one_conversation(
    helpdesk: Intercom, world: IntercomTicketWorld
) -> None:
    """It came from there."""
    conversation, ticket = world.create_conversation("Hi"), open_ticket(world, "Back-office")
    world.tickets.link(number(ticket), conversation)
    (found,) = await helpdesk.read([ticket])
    assert found.parent == conversation


@pytest.mark.parametrize("change", [{"is_shared": False}, {"category": "Partner"}, {"category": None}])
async def test_a_ticket_that_no_customer_may_see(
    helpdesk: Intercom, world: IntercomTicketWorld, change: dict[str, object]
) -> None:
    """What is not told to be shown is not answered."""
    ticket = open_ticket(world)
    world.tickets.tickets[number(ticket)] |= {**change, "ticket_type": {"type": "ticket_type", "id": "53"}}
    (outcome,) = await helpdesk.update([ticket], REPLY, once=ONCE)
    assert outcome.outcome is ChangeOutcome.REFUSED
    assert world.public_replies(ticket) == []
    (found,) = await helpdesk.read([ticket])
    assert not found.is_reachable


async def test_nobody_to_reply_to(helpdesk: Intercom, world: IntercomTicketWorld) -> None:
    """A ticket without a contact takes notes."""
    ticket = open_ticket(world)
    world.tickets.tickets[number(ticket)]["contacts"]["contacts"].clear()
    assert (await helpdesk.update([ticket], REPLY, once=ONCE))[0].outcome is ChangeOutcome.REFUSED
    assert (await helpdesk.update([ticket], NOTE, once=ONCE))[0].outcome is ChangeOutcome.DONE


async def test_a_contact_of_this_minute(helpdesk: Intercom, world: IntercomTicketWorld) -> None:
    """The search does not know it yet: it is asked for by itself. A deleted one has an id alone."""
    ticket, other = open_ticket(world), open_ticket(world)
    world.tickets.unindexed.update(world.tickets.contacts)
    gone = world.tickets.customer(number(other))["id"]
    del world.tickets.contacts[gone]
    found = await helpdesk.read([ticket, other])
    assert [one.requester.email for one in found] == ["ada@customer.example", ""]
    assert found[1].requester.id == gone


async def test_a_conversation_that_was_made_a_ticket(helpdesk: Intercom, world: IntercomTicketWorld) -> None:
    """Its first message is the body, and no comment; the conversation, should it still be found, is that ticket."""
    since = world.now()
    conversation, ticket = world.create_conversation("Hi"), open_ticket(world, body="")
    own = number(ticket)
    world.tickets.parts[own].clear()
    world.customer_reply(ticket, "Every card is refused")
    world.let_time_pass(60)
    world.customer_reply(ticket, "Any news?")
    (found,) = await helpdesk.read([ticket])
    assert found.body == "Every card is refused"
    said = await helpdesk.comments(found, found.created_at)
    assert [one.text for one in said] == ["Any news?"]
    both = {one.ref.id: one async for one in helpdesk.changed_since(since)}
    assert (both[conversation].gone, both[conversation].merged_into) == (Departure.MERGED, ticket)
    assert both[ticket].gone is None


async def test_a_conversation_of_the_same_number_is_another(
    helpdesk: Intercom, world: IntercomTicketWorld
) -> None:
    """The control: begun at another time."""
    since = world.now()
    world.create_conversation("Hi")
    world.let_time_pass(5)
    open_ticket(world)
    assert {one.gone async for one in helpdesk.changed_since(since)} == {None}


async def test_a_title_is_not_needed(helpdesk: Intercom, world: IntercomTicketWorld) -> None:
    """A ticket without attributes is called by its type."""
    ticket = open_ticket(world)
    world.tickets.tickets[number(ticket)]["ticket_attributes"] = {}
    (found,) = await helpdesk.read([ticket])
    assert (found.subject, found.body) == ("Request", "")


@pytest.mark.parametrize("shows_oldest", [False, True])
async def test_what_is_not_shown_is_not_sent_again(
    helpdesk: Intercom, world: IntercomTicketWorld, shows_oldest: bool
) -> None:
    """A ticket shows 500 parts, and nobody says which: "not among them" is neither "done" nor "not done"."""
    world.tickets.shows_oldest = shows_oldest
    ticket = open_ticket(world)
    for turn in range(MOST_PARTS):
        world.customer_reply(ticket, f"Hello {turn}")
    with pytest.raises(Refused, match="a person must see"):
        await helpdesk.was_done(ticket, ONCE)
    if shows_oldest:
        with pytest.raises(Unknown, match="more parts than Intercom shows"):
            await helpdesk.update([ticket], REPLY, once=ONCE)
        with pytest.raises(Refused, match="a person must see"):
            await helpdesk.was_done(ticket, ONCE)
    else:
        assert (await helpdesk.update([ticket], REPLY, once=ONCE))[0].outcome is ChangeOutcome.DONE
        assert await helpdesk.was_done(ticket, ONCE)
    assert world.public_replies(ticket) == [REPLY.public_reply]


async def test_a_workspace_without_tickets(world: IntercomTicketWorld) -> None:
    """The check says what to do; switched off, conversations go on and nothing asks for tickets."""
    world.fake.has_tickets = False
    desk = connect(world)
    with pytest.raises(NotAllowed, match="reads_tickets"):
        await desk.check()
    await desk.aclose()
    conversation, ticket = world.create_conversation("Hi"), open_ticket(world)
    desk = connect(world, reads_tickets=False)
    assert "no tickets" in await desk.check()
    assert [one.ref.id async for one in desk.changed_since(world.now())] == [conversation]
    assert [one.ref.id for one in await desk.read([ticket, conversation])] == [conversation]
    assert (await desk.update([ticket], NOTE, once=ONCE))[0].outcome is ChangeOutcome.GONE
    await desk.aclose()


async def test_another_tag_than_asked_for() -> None:
    """No reading shows a ticket's tags: the answer has to name the one that was put on."""
    ticket = {"id": "1", "category": "Customer", "updated_at": 1, "created_at": 1}
    answers = Scripted([{"id": "991"}, ticket, {"id": "5"}, {"id": "6"}])
    desk = Intercom("intercom/a", settings(), transport=answers)
    (outcome,) = await desk.update(["ticket-1"], TicketChange(add_tags=("a",)), once=ONCE)
    assert outcome.outcome is ChangeOutcome.REFUSED
    assert "another tag" in outcome.detail
    await desk.aclose()


async def test_a_tag_that_is_gone(helpdesk: Intercom, world: IntercomTicketWorld) -> None:
    """It is asked for by its name once more."""
    ticket = open_ticket(world)
    await helpdesk.update([ticket], TicketChange(add_tags=("inc_42",)), once=ONCE)
    assert world.tags(ticket) == ["inc_42"]
    world.inbox.tags.clear()
    (outcome,) = await helpdesk.update([ticket], TicketChange(add_tags=("inc_42",)), once=ONCE)
    assert outcome.outcome is ChangeOutcome.GONE
    (outcome,) = await helpdesk.update([ticket], TicketChange(add_tags=("inc_42",)), once=ONCE)
    assert outcome.outcome is ChangeOutcome.DONE


async def test_a_lost_answer_to_a_contact(helpdesk: Intercom, world: IntercomTicketWorld) -> None:
    """Who wrote is read again: a ticket is not told without its customer because a call failed once."""
    ticket = open_ticket(world)
    world.faults.arm(FaultKind.DROP_REPLY, where="/contacts/search")
    (found,) = await helpdesk.read([ticket])
    assert found.requester.email == "ada@customer.example"
