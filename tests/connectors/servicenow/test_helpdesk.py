"""ServiceNow as a helpdesk, by incidents and by cases: what every helpdesk keeps."""

from __future__ import annotations

from incidents.errors import Unknown, Unreachable
from tests.contracts.budgeted import BudgetedContract
from tests.contracts.helpdesk import HelpdeskContract
from tests.contracts.lost_answers import TicketStatesContract
from tests.contracts.private_notes import PrivateNotesContract


class TestServiceNowIsAHelpdesk(HelpdeskContract):
    # The record is read before it is changed: where that fails, nothing was done for sure.
    unanswered_write = (Unknown, Unreachable)


class TestServiceNowSetsStates(TicketStatesContract):
    """All of the contract."""


class TestServiceNowKeepsNotesPrivate(PrivateNotesContract):
    # No call that an integration may make takes an entry out of the journal.
    hides = False


class TestServiceNowSaysWhatItTakes(BudgetedContract):
    """All of the contract."""
