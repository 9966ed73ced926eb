"""Help Scout on its fake: what the contract of a helpdesk asks."""

from __future__ import annotations

import pytest

from incidents.errors import Unknown, Unreachable
from tests.connectors.helpscout.conftest import STATES, HelpScoutWorld
from tests.contracts.budgeted import BudgetedContract
from tests.contracts.helpdesk import HelpdeskContract
from tests.contracts.lost_answers import TicketStatesContract
from tests.contracts.private_notes import PrivateNotesContract


class TestHelpScoutIsAHelpdesk(HelpdeskContract, BudgetedContract):
    # A conversation is read before it is changed, and that read says "surely not".
    unanswered_write = (Unknown, Unreachable)


class TestHelpScoutSetsStates(TicketStatesContract):
    @pytest.fixture
    def world(self) -> HelpScoutWorld:
        world = HelpScoutWorld()
        world.update_path = STATES
        return world


class TestHelpScoutKeepsNotesPrivate(PrivateNotesContract):
    # No documented call makes a note of what is public; its words are taken out.
    hides = False
