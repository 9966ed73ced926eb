"""RT opens tickets as customers for drills: held to the contract, and in which queue."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from connectors.requesttracker import RequestTracker
from incidents.errors import NotAllowed, Refused
from tests.connectors.requesttracker.conftest import RequestTrackerWorld, connect
from tests.contracts.ticket_opener import ADA, SUBJECT, TAG, TicketOpenerContract


@pytest.fixture
async def opener(world: RequestTrackerWorld) -> AsyncIterator[RequestTracker]:
    connected = connect(world, queues=["General"])
    yield connected
    await connected.aclose()


class TestRequestTrackerOpensTickets(TicketOpenerContract):
    """All of the contract."""

    @pytest.fixture
    def open_path(self) -> str:
        return "POST /REST/2.0/ticket"


async def test_without_a_queue(world: RequestTrackerWorld, helpdesk: RequestTracker) -> None:
    """It is not guessed which one is for drills."""
    with pytest.raises(NotAllowed, match="queues"):
        await helpdesk.open_ticket(ADA, SUBJECT, "x", tag=TAG)


async def test_a_queue_that_is_not_ours(world: RequestTrackerWorld) -> None:
    """RT says 403; our login is as good as ever, so it is the right that is missing."""
    connected = connect(world, queues=["Sales"])
    with pytest.raises(Refused, match="CreateTicket"):
        await connected.open_ticket(ADA, SUBJECT, "x", tag=TAG)
    await connected.aclose()
