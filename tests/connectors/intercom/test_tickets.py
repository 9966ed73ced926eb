"""Intercom's tickets on its fake: what the contract of a helpdesk asks, of customers' tickets."""

from __future__ import annotations

import pytest

from incidents.errors import Unknown, Unreachable
from tests.connectors.intercom.conftest import STATES
from tests.connectors.intercom.ticket_world import IntercomTicketWorld
from tests.contracts.budgeted import BudgetedContract
from tests.contracts.helpdesk import HelpdeskContract
from tests.contracts.lost_answers import TicketStatesContract
from tests.contracts.private_notes import PrivateNotesContract


@pytest.fixture
def world() -> IntercomTicketWorld:
    return IntercomTicketWorld()


class TestIntercomsTicketsAreAHelpdesk(HelpdeskContract, BudgetedContract):
    # A ticket is read before it is changed, and that read says "surely not".
    unanswered_write = (Unknown, Unreachable)


class TestIntercomSetsTicketStates(TicketStatesContract):
    @pytest.fixture
    def world(self) -> IntercomTicketWorld:
        world = IntercomTicketWorld()
        world.update_path = STATES
        return world


class TestIntercomKeepsNotesOnTicketsPrivate(PrivateNotesContract):
    # No described call hides a note, or takes its words out.
    hides = False
