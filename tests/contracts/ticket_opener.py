"""What every `TicketOpener` must keep: the ticket is the customer's own, told by nobody of ours, and never made twice.

Subclass it in `tests/connectors/<vendor>/`, with the fixtures `world` and `helpdesk` of its other suites; `opener` is
the connector with whatever settings it needs to open tickets, and tags.
"""

from __future__ import annotations

from typing import Protocol

import pytest

from connectors.kit.fakes.faults import FaultKind
from incidents.errors import Busy, NotAllowed, Refused, Unknown
from incidents.models import Author, Contact, Ticket, TicketStatus
from incidents.ports import Helpdesk
from incidents.rehearsals.opener import TicketOpener
from tests.contracts.helpdesk_world import HelpdeskWorld

ADA = Contact(id="", name="Ada, \u00c9xample", email="customer-1@example.org")
SUBJECT = "Checkout fails [liaison-drill-ab12cd 1]"
TAG = "liaison-drill-ab12cd"


class Opener(Helpdesk, TicketOpener, Protocol):
    """A helpdesk that is one."""


class TicketOpenerContract:
    async def found(self, world: HelpdeskWorld, opener: Opener) -> list[Ticket]:
        """Every ticket there is."""
        start = world.now()
        world.let_time_pass(3_600)
        return [one async for one in opener.changed_since(start)]

    def test_is_an_opener(self, opener: Opener) -> None:
        """The class line promises the capability, and the object keeps it."""
        assert isinstance(opener, TicketOpener)

    async def test_a_ticket_of_the_customers_own(self, world: HelpdeskWorld, opener: Opener) -> None:
        """It reads as any customer's: open, with subject, words and requester, and nothing was said by us."""
        ticket_id = await opener.open_ticket(ADA, SUBJECT, "It worked before. \u00e9", tag=TAG)
        (ticket,) = await opener.read([ticket_id])
        assert (ticket.subject, ticket.body.strip()) == (SUBJECT, "It worked before. \u00e9")
        assert (ticket.requester.name, ticket.requester.email) == (ADA.name, ADA.email)
        assert ticket.status in (TicketStatus.NEW, TicketStatus.OPEN)
        assert (ticket.outbound_key, ticket.tags) == ("", (TAG,))
        said = await opener.comments(ticket, ticket.created_at)
        assert [one for one in said if one.author is not Author.CUSTOMER] == []

    async def test_the_same_customer_again(self, world: HelpdeskWorld, opener: Opener) -> None:
        """Is the same person, with two tickets."""
        first, second = [await opener.open_ticket(ADA, SUBJECT, "x", tag=TAG) for _ in range(2)]
        read = await opener.read([first, second])
        assert (len({one.ref for one in read}), len({one.requester.id for one in read})) == (2, 1)

    @pytest.mark.parametrize("kind", [FaultKind.DROP_REPLY, FaultKind.ERROR_AFTER_WORK])
    async def test_a_lost_answer(
        self, world: HelpdeskWorld, opener: Opener, kind: FaultKind, open_path: str
    ) -> None:
        """Is unknown, not repeated, and the one ticket is found by its subject."""
        world.faults.arm(kind, where=open_path)
        with pytest.raises(Unknown):
            await opener.open_ticket(ADA, SUBJECT, "x", tag=TAG)
        assert [one.subject for one in await self.found(world, opener)] == [SUBJECT]

    @pytest.mark.parametrize(
        ("kind", "error"), [(FaultKind.UNAUTHORIZED, NotAllowed), (FaultKind.RATE_LIMIT, Busy)]
    )
    async def test_not_now(
        self, world: HelpdeskWorld, opener: Opener, kind: FaultKind, error: type[Exception]
    ) -> None:
        """Nothing is opened, and later it is."""
        world.faults.arm(kind, times=None, seconds=1)
        with pytest.raises(error):
            await opener.open_ticket(ADA, SUBJECT, "x", tag=TAG)
        world.faults.clear()
        await opener.open_ticket(ADA, SUBJECT, "x", tag=TAG)
        assert len(await self.found(world, opener)) == 1

    @pytest.mark.parametrize("address", ["", "jane", "jane@", "a@b\r\nBcc: eve@evil.example", "<x>@y"])
    async def test_no_address(self, world: HelpdeskWorld, opener: Opener, address: str) -> None:
        """Said so, and nothing is opened for anybody."""
        with pytest.raises(Refused):
            await opener.open_ticket(Contact(id="", email=address), SUBJECT, "x", tag=TAG)
        assert await self.found(world, opener) == []

    async def test_hostile_words(self, world: HelpdeskWorld, opener: Opener) -> None:
        """No word makes another header, address or ticket."""
        eve = Contact(id="", name='x" <eve@evil.example>,\r\nCc: eve@evil.example', email=ADA.email)
        ticket_id = await opener.open_ticket(eve, "x\r\nBcc: eve@evil.example", "\x00\ud800 end", tag=TAG)
        (ticket,) = await opener.read([ticket_id])
        assert (ticket.requester.email, "\n" in ticket.subject) == (ADA.email, False)
        assert len(await self.found(world, opener)) == 1
