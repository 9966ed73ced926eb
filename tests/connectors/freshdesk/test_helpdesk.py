"""Freshdesk on its fake: what the contract of a helpdesk asks."""

from __future__ import annotations

import pytest

from incidents.errors import Unknown, Unreachable
from tests.connectors.freshdesk.conftest import PROPERTIES, FreshdeskWorld
from tests.contracts.budgeted import BudgetedContract
from tests.contracts.helpdesk import HelpdeskContract
from tests.contracts.lost_answers import TicketStatesContract
from tests.contracts.private_notes import PrivateNotesContract


class TestFreshdeskIsAHelpdesk(HelpdeskContract, BudgetedContract):
    # A ticket is read before it is changed, and that read says "surely not".
    unanswered_write = (Unknown, Unreachable)


class TestFreshdeskSetsStates(TicketStatesContract):
    @pytest.fixture
    def world(self) -> FreshdeskWorld:
        world = FreshdeskWorld()
        world.update_path = PROPERTIES
        return world


class TestFreshdeskKeepsNotesPrivate(PrivateNotesContract):
    # A note's words can be taken out, and not be hidden.
    hides = False
