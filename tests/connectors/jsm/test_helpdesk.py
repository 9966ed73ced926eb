"""Jira Service Management as a helpdesk: what every helpdesk keeps."""

from __future__ import annotations

from incidents.errors import Unknown, Unreachable
from tests.contracts.budgeted import BudgetedContract
from tests.contracts.helpdesk import HelpdeskContract
from tests.contracts.lost_answers import TicketStatesContract
from tests.contracts.private_notes import PrivateNotesContract


class TestServiceManagementIsAHelpdesk(HelpdeskContract):
    # The request is read before it is changed: where that fails, nothing was done for sure.
    unanswered_write = (Unknown, Unreachable)


class TestServiceManagementSetsStates(TicketStatesContract):
    """All of the contract."""


class TestServiceManagementKeepsNotesPrivate(PrivateNotesContract):
    hides = True


class TestServiceManagementSaysWhatItTakes(BudgetedContract):
    """All of the contract."""
