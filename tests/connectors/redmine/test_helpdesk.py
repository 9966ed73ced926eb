"""Redmine as a helpdesk: what every helpdesk keeps."""

from __future__ import annotations

import pytest

from incidents.errors import Unknown, Unreachable
from tests.connectors.redmine.conftest import HelpdeskWorld
from tests.contracts.helpdesk import HelpdeskContract
from tests.contracts.lost_answers import TicketStatesContract


class TestRedmineIsAHelpdesk(HelpdeskContract):
    # The issue is read before it is changed: where that fails, nothing was done for sure.
    unanswered_write = (Unknown, Unreachable)

    @pytest.fixture
    def world(self, helpdesk_world: HelpdeskWorld) -> HelpdeskWorld:
        return helpdesk_world


class TestRedmineSetsStates(TicketStatesContract):
    """All of the contract."""

    @pytest.fixture
    def world(self, helpdesk_world: HelpdeskWorld) -> HelpdeskWorld:
        return helpdesk_world
