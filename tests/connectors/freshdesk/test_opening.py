"""Freshdesk opens tickets as customers for drills: held to the contract."""

from __future__ import annotations

import pytest

from connectors.freshdesk import Freshdesk
from tests.contracts.ticket_opener import TicketOpenerContract


class TestFreshdeskOpensTickets(TicketOpenerContract):
    """All of the contract."""

    @pytest.fixture
    def opener(self, helpdesk: Freshdesk) -> Freshdesk:
        return helpdesk

    @pytest.fixture
    def open_path(self) -> str:
        return "POST /api/v2/tickets"
