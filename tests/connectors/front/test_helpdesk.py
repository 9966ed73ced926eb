"""Front on its fake: what the contract of a helpdesk asks."""

from __future__ import annotations

import pytest

from incidents.errors import Unknown, Unreachable
from tests.connectors.front.conftest import STATES, FrontWorld
from tests.contracts.budgeted import BudgetedContract
from tests.contracts.helpdesk import HelpdeskContract
from tests.contracts.lost_answers import TicketStatesContract
from tests.contracts.private_notes import PrivateNotesContract


class TestFrontIsAHelpdesk(HelpdeskContract, BudgetedContract):
    # A conversation is read before it is changed, and that read says "surely not".
    unanswered_write = (Unknown, Unreachable)


class TestFrontSetsStates(TicketStatesContract):
    @pytest.fixture
    def world(self) -> FrontWorld:
        world = FrontWorld()
        world.update_path = STATES
        return world


class TestFrontKeepsNotesPrivate(PrivateNotesContract):
    # A message that was sent stays sent.
    hides = False
