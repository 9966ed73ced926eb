"""Salesforce on its fake: what the contracts of a helpdesk ask."""

from __future__ import annotations

import pytest

from connectors.salesforce.rest.api import ROOT
from incidents.errors import Unknown, Unreachable
from tests.connectors.salesforce.conftest import SalesforceWorld
from tests.contracts.budgeted import BudgetedContract
from tests.contracts.helpdesk import HelpdeskContract
from tests.contracts.lost_answers import TicketStatesContract
from tests.contracts.private_notes import PrivateNotesContract


class TestSalesforceIsAHelpdesk(HelpdeskContract, BudgetedContract):
    # A case is read before it is changed, and that read says "surely not".
    unanswered_write = (Unknown, Unreachable)

    @pytest.fixture(params=[False, True], ids=["comments apart", "comments touch the case"])
    def world(self, request: pytest.FixtureRequest) -> SalesforceWorld:
        """Whether a comment changes its case's own time is not documented: both must do."""
        world = SalesforceWorld()
        world.org.comments_touch = request.param
        return world


class TestSalesforceSetsStates(TicketStatesContract):
    @pytest.fixture
    def world(self) -> SalesforceWorld:
        world = SalesforceWorld()
        world.update_path = f"PATCH {ROOT}/sobjects/Case/"
        return world


class TestSalesforceKeepsNotesPrivate(PrivateNotesContract):
    """All of the contract: a comment's flag can be set back."""
