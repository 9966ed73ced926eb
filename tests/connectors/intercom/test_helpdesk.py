"""Intercom on its fake: what the contract of a helpdesk asks."""

from __future__ import annotations

import pytest

from incidents.errors import Unknown, Unreachable
from tests.connectors.intercom.conftest import STATES, IntercomWorld
from tests.contracts.budgeted import BudgetedContract
from tests.contracts.helpdesk import HelpdeskContract
from tests.contracts.lost_answers import TicketStatesContract
from tests.contracts.private_notes import PrivateNotesContract


class TestIntercomIsAHelpdesk(HelpdeskContract, BudgetedContract):
    # A conversation is read before it is changed, and that read says "surely not".
    unanswered_write = (Unknown, Unreachable)


class TestIntercomSetsStates(TicketStatesContract):
    @pytest.fixture
    def world(self) -> IntercomWorld:
        world = IntercomWorld()
        world.update_path = STATES
        return world


class TestIntercomKeepsNotesPrivate(PrivateNotesContract):
    # No described call hides a note.
    hides = False
