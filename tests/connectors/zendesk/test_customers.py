"""Zendesk opens tickets as customers for drills: held to the contract, and who wrote the first words."""

from __future__ import annotations

import pytest

from connectors.zendesk import Zendesk
from tests.connectors.zendesk.conftest import ZendeskWorld
from tests.contracts.ticket_opener import ADA, SUBJECT, TAG, TicketOpenerContract


class TestZendeskOpensTickets(TicketOpenerContract):
    """All of the contract."""

    @pytest.fixture
    def opener(self, helpdesk: Zendesk) -> Zendesk:
        return helpdesk

    @pytest.fixture
    def open_path(self) -> str:
        return "POST /api/v2/tickets"


async def test_the_customer_wrote_it(world: ZendeskWorld, helpdesk: Zendesk) -> None:
    """The first comment is the customer's, and so is the ticket: an end user, whom we are not."""
    ticket = world.fake.tickets[int(await helpdesk.open_ticket(ADA, SUBJECT, "x", tag=TAG))]
    assert ticket.comments[0].author_id == ticket.requester_id != world.fake.integration_user_id
    assert world.fake.api.desk.users[ticket.requester_id].role == "end-user"
    assert world.fake.public_replies(ticket.id) == []
