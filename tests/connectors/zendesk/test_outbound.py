"""Zendesk writes first: by tickets of its own, held to the contract of a mailbox, and what is Zendesk's own."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from connectors.kit.fakes.faults import FaultKind, Faults
from connectors.zendesk import Zendesk
from connectors.zendesk.fake.records import FakeTicket
from incidents.errors import NotShown, Refused, Unknown
from incidents.models import PublicText, TicketStatus
from tests.connectors.zendesk.conftest import ZendeskWorld
from tests.contracts.mailbox import JANE, MailboxContract

KEY = "liaison:ab12:INC-7:affected:opening:5e5f"
WORDS = (PublicText("Problem with Checkout"), PublicText("You use it, so we tell you."))


class WorldsPost:
    """What customers were told on tickets that the account opened for them."""

    mail_path = "POST /api/v2/tickets"
    reply_path = "PUT /api/v2/tickets"

    def __init__(self, world: ZendeskWorld) -> None:
        self._world = world
        self.faults: Faults = world.faults

    def got(self, address: str) -> Sequence[tuple[str, str]]:
        return [
            (ticket.subject, text)
            for ticket in self._of(address)
            for text in self._world.public_replies(str(ticket.id))
        ]

    def conversations(self, address: str) -> int:
        return len(self._of(address))

    def _of(self, address: str) -> list[FakeTicket]:
        user = self._world.fake.api.desk.by_email(address)
        every = self._world.fake.tickets.values()
        return [ticket for ticket in every if user is not None and ticket.requester_id == user.id]


class TestZendeskIsAMailbox(MailboxContract):
    """All of the contract."""

    @pytest.fixture
    def mailbox(self, helpdesk: Zendesk) -> Zendesk:
        return helpdesk

    @pytest.fixture
    def post(self, world: ZendeskWorld) -> WorldsPost:
        return WorldsPost(world)


async def test_a_ticket_of_our_own(world: ZendeskWorld, helpdesk: Zendesk) -> None:
    """On behalf of the customer, by us, waiting for them; read again, its words are nobody's report."""
    ticket = await helpdesk.send(JANE, *WORDS, once=KEY)
    kept = world.fake.tickets[int(ticket)]
    assert (kept.status, kept.external_id) == ("pending", KEY)
    assert kept.comments[0].author_id == world.fake.integration_user_id
    (read,) = await helpdesk.read([ticket])
    assert (read.outbound_key, read.body, read.requester.email) == (KEY, "", JANE.email)
    theirs = world.create_ticket("Cannot pay", "Cards are refused", name="Ada", email="ada@customer.example")
    world.fake.tickets[int(theirs)].external_id = "crm-17"
    (read,) = await helpdesk.read([theirs])
    assert (read.outbound_key, read.body) == ("", "Cards are refused")


async def test_an_answer_lost_for_longer_than_a_key_is_kept(world: ZendeskWorld, helpdesk: Zendesk) -> None:
    """After two hours the key is forgotten; the ticket is found by its external id."""
    world.faults.arm(FaultKind.DROP_REPLY, where="POST /api/v2/tickets")
    with pytest.raises(Unknown):
        await helpdesk.send(JANE, *WORDS, once=KEY)
    world.clock.advance(3 * 3600)
    world.fake.api.calls.clear()
    ticket = await helpdesk.send(JANE, *WORDS, once=KEY)
    assert list(world.fake.tickets) == [int(ticket)]
    assert world.fake.api.calls == ["GET /api/v2/tickets.json"]


async def test_a_look_that_finds_nothing_yet(world: ZendeskWorld, helpdesk: Zendesk) -> None:
    """A list that lags behind by a moment: the key brings the first answer again."""
    first = await helpdesk.send(JANE, *WORDS, once=KEY)
    world.fake.tickets[int(first)].external_id = None
    assert await helpdesk.send(JANE, *WORDS, once=KEY) == first
    assert len(world.fake.tickets) == 1


async def test_the_end_settles_the_ticket(world: ZendeskWorld, helpdesk: Zendesk) -> None:
    ticket = await helpdesk.send(JANE, *WORDS, once=KEY)
    await helpdesk.send(JANE, WORDS[0], PublicText("It works again."), once="end", ends=KEY)
    (read,) = await helpdesk.read([ticket])
    assert read.status is TicketStatus.SOLVED
    world.customer_reply(ticket, "It does not.")
    (read,) = await helpdesk.read([ticket])
    assert read.status is TicketStatus.OPEN
    said = (await helpdesk.comments(read, read.created_at))[-1]
    assert (said.text, said.is_a_customers_word) == ("It does not.", True)


@pytest.mark.parametrize("what", ["close", "delete_ticket", "remove_ticket"])
async def test_an_end_whose_ticket_is_over(world: ZendeskWorld, helpdesk: Zendesk, what: str) -> None:
    """It goes out by a ticket of its own: who was told that it is broken hears the end."""
    ticket = int(await helpdesk.send(JANE, *WORDS, once=KEY))
    getattr(world.fake, what)(ticket)
    anew = await helpdesk.send(JANE, WORDS[0], PublicText("It works again."), once="end", ends=KEY)
    assert int(anew) != ticket
    assert world.public_replies(anew) == ["It works again."]


async def test_a_message_that_was_hidden(world: ZendeskWorld, helpdesk: Zendesk) -> None:
    """Something of the account made a note of it: nobody was told, and it is not called done."""
    world.hide_replies()
    with pytest.raises(NotShown, match="cannot read"):
        await helpdesk.send(JANE, *WORDS, once=KEY)


async def test_a_customer_who_is_suspended(world: ZendeskWorld, helpdesk: Zendesk) -> None:
    world.fake.api.desk.user(JANE.name, JANE.email).suspended = True
    with pytest.raises(Refused):
        await helpdesk.send(JANE, *WORDS, once=KEY)
    assert not world.fake.tickets


async def test_customers_names_are_no_placeholders(world: ZendeskWorld, helpdesk: Zendesk) -> None:
    """Zendesk renders placeholders in a comment that an agent submits."""
    hostile = PublicText("Hello {{ticket.assignee.email}}")
    ticket = await helpdesk.send(JANE, hostile, hostile, once=KEY)
    kept = world.fake.tickets[int(ticket)]
    assert "{{" not in kept.subject + kept.comments[0].body
