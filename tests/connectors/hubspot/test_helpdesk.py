"""HubSpot on its fake: what the contract of a helpdesk asks."""

from __future__ import annotations

import pytest

from incidents.errors import Unknown, Unreachable
from tests.connectors.hubspot.conftest import STATES, HubSpotWorld
from tests.contracts.budgeted import BudgetedContract
from tests.contracts.helpdesk import HelpdeskContract
from tests.contracts.lost_answers import TicketStatesContract
from tests.contracts.private_notes import PrivateNotesContract


class TestHubSpotIsAHelpdesk(HelpdeskContract, BudgetedContract):
    # A ticket is read before it is changed, and that read says "surely not".
    unanswered_write = (Unknown, Unreachable)


class TestHubSpotSetsStates(TicketStatesContract):
    @pytest.fixture
    def world(self) -> HubSpotWorld:
        world = HubSpotWorld()
        world.update_path = STATES
        return world


class TestHubSpotKeepsNotesPrivate(PrivateNotesContract):
    # A message that was sent stays sent.
    hides = False
