"""The states of Intercom's tickets: made by the house, of four categories, and seen by customers."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from connectors.intercom import Intercom
from connectors.intercom.fake.tickets import WITH_ENGINEERS
from incidents.models import ChangeOutcome, TicketChange, TicketStatus
from tests.connectors.intercom.conftest import connect
from tests.connectors.intercom.ticket_world import IntercomTicketWorld, number, open_ticket
from tests.contracts.helpdesk import NOTE, ONCE, REPLY

SOLVED = TicketChange(status=TicketStatus.SOLVED)


@pytest.fixture
def world() -> IntercomTicketWorld:
    return IntercomTicketWorld()


@pytest.fixture
async def helpdesk(world: IntercomTicketWorld) -> AsyncIterator[Intercom]:
    connected = connect(world)
    yield connected
    await connected.aclose()


async def test_a_state_of_ones_own_is_kept(helpdesk: Intercom, world: IntercomTicketWorld) -> None:
    """Of several states of a category the ticket keeps the one it has."""
    ticket = open_ticket(world)
    state = world.tickets.state_for(number(ticket), WITH_ENGINEERS)
    world.tickets.set(number(ticket), state, None, tells=False)
    before = len(world.tickets.parts[number(ticket)])
    await helpdesk.update([ticket], TicketChange(status=TicketStatus.OPEN), once=ONCE)
    (found,) = await helpdesk.read([ticket])
    assert (found.status, found.source_status) == (TicketStatus.OPEN, "With engineers")
    assert len(world.tickets.parts[number(ticket)]) == before


@pytest.mark.parametrize(
    ("category", "named", "label"),
    [
        ("Customer", [], "In progress"),
        ("Customer", [WITH_ENGINEERS], "With engineers"),
        # Its type does not have that one.
        ("Tracker", [WITH_ENGINEERS], "In progress"),
    ],
)
async def test_which_state_is_set(
    world: IntercomTicketWorld, category: str, named: list[str], label: str
) -> None:
    """The eldest of the type, or the one that the settings name."""
    desk = connect(world, ticket_state_ids=named)
    ticket = open_ticket(world, category)
    await desk.update([ticket], TicketChange(status=TicketStatus.WAITING_FOR_VENDOR), once=ONCE)
    (found,) = await desk.read([ticket])
    # Customers read the label: "waiting on you" would be untrue.
    assert (found.status, found.source_status) == (TicketStatus.OPEN, label)
    await desk.aclose()


async def test_a_state_that_was_archived_since(helpdesk: Intercom, world: IntercomTicketWorld) -> None:
    """The states are read again: the next try does it."""
    first, second = open_ticket(world), open_ticket(world)
    await helpdesk.update([first], SOLVED, once=ONCE)
    resolved = next(one for one in world.tickets.states if one["category"] == "resolved")
    resolved["archived"] = True
    world.tickets.states.append({**resolved, "id": "9001", "archived": False})
    assert (await helpdesk.update([second], SOLVED, once=ONCE))[0].outcome is ChangeOutcome.REFUSED
    assert (await helpdesk.update([second], SOLVED, once=ONCE))[0].outcome is ChangeOutcome.DONE


async def test_a_type_without_such_a_state(helpdesk: Intercom, world: IntercomTicketWorld) -> None:
    """Told with what to do; a state that was made meanwhile is found."""
    ticket = open_ticket(world)
    kept = list(world.tickets.states)
    world.tickets.states = [one for one in kept if one["category"] != "resolved"]
    (outcome,) = await helpdesk.update([ticket], SOLVED, once=ONCE)
    assert outcome.outcome is ChangeOutcome.REFUSED
    assert "no state of the category resolved" in outcome.detail
    world.tickets.states = kept
    assert (await helpdesk.update([ticket], SOLVED, once=ONCE))[0].outcome is ChangeOutcome.DONE


BOT = {"type": "bot", "id": "991267767", "name": "Fin", "email": "operator@fake.example"}


async def test_an_answer_to_a_resolved_ticket(helpdesk: Intercom, world: IntercomTicketWorld) -> None:
    """Intercom leaves the state: whose word was the last decides, until it is settled anew. A bot's is no answer."""

    async def status() -> TicketStatus:
        (found,) = await helpdesk.read([ticket])
        return found.status

    ticket = open_ticket(world)
    await helpdesk.update([ticket], SOLVED, once="a")
    world.customer_reply(ticket, "Still broken")
    assert await status() is TicketStatus.OPEN
    world.agent_note(ticket, "Oh")
    world.tickets.write(number(ticket), BOT, "We have received your message", is_note=False)
    assert await status() is TicketStatus.OPEN
    world.agent_reply(ticket, "Try again")
    assert await status() is TicketStatus.SOLVED
    world.customer_reply(ticket, "No")
    # As in conversations: an answer that opens.
    world.tickets.parts[number(ticket)][-1]["part_type"] = "open"
    assert await status() is TicketStatus.OPEN
    await helpdesk.update([ticket], SOLVED, once="b")
    assert await status() is TicketStatus.SOLVED
    assert world.tickets.tickets[number(ticket)]["open"] is False


async def test_closed_in_the_inbox(helpdesk: Intercom, world: IntercomTicketWorld) -> None:
    """Whichever state it has, nobody works on it; opening it keeps that state."""
    ticket = open_ticket(world)
    state = world.tickets.state_for(number(ticket), WITH_ENGINEERS)
    world.tickets.set(number(ticket), state, False, tells=False)
    (found,) = await helpdesk.read([ticket])
    assert found.status is TicketStatus.SOLVED
    await helpdesk.update([ticket], TicketChange(status=TicketStatus.OPEN), once=ONCE)
    (found,) = await helpdesk.read([ticket])
    assert (found.status, found.source_status) == (TicketStatus.OPEN, "With engineers")


async def test_what_is_settled_is_not_settled_again(helpdesk: Intercom, world: IntercomTicketWorld) -> None:
    """Each setting is a part that customers see."""
    ticket = open_ticket(world)
    for status in (TicketStatus.SOLVED, TicketStatus.CLOSED, TicketStatus.SOLVED):
        await helpdesk.update([ticket], TicketChange(status=status), once=ONCE)
    kinds = [one["part_type"] for one in world.tickets.parts[number(ticket)]]
    assert kinds == ["ticket_state_updated_by_admin"] * 2 + ["close"]


async def test_customers_are_told_by_replies_alone(helpdesk: Intercom, world: IntercomTicketWorld) -> None:
    """A state is set quietly: thousands would be mailed of it."""
    ticket = open_ticket(world)
    for status in (TicketStatus.OPEN, TicketStatus.WAITING_FOR_CUSTOMER, TicketStatus.SOLVED):
        await helpdesk.update([ticket], TicketChange(status=status), once=ONCE)
    await helpdesk.update([ticket], NOTE, once="note")
    assert world.tickets.notified == []
    await helpdesk.update([ticket], REPLY, once="reply")
    assert world.tickets.notified == [number(ticket)]
