"""RT as a helpdesk: what every helpdesk keeps."""

from __future__ import annotations

import pytest

from connectors.requesttracker import RequestTrackerSettings
from incidents.errors import Unknown, Unreachable
from incidents.models import TicketStatus
from tests.connectors.requesttracker.conftest import settings
from tests.contracts.budgeted import BudgetedContract
from tests.contracts.helpdesk import HelpdeskContract
from tests.contracts.lost_answers import TicketStatesContract
from tests.contracts.private_notes import PrivateNotesContract


class TestRequestTrackerSetsStates(TicketStatesContract):
    """All of the contract."""


class TestRequestTrackerIsAHelpdesk(HelpdeskContract, BudgetedContract):
    # The ticket is read before it is changed: where that fails, nothing was done for sure.
    unanswered_write = (Unknown, Unreachable)


class TestRequestTrackerKeepsNotesPrivate(PrivateNotesContract):
    # RT has no call that takes a reply back.
    hides = False


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"password": None}, "either the password or a token"),
        ({"token": "1-14-abcdef"}, "either the password or a token"),
        ({"base_url": "http://rt.acme.test"}, "must be https"),
        ({"signing_secrets": ["short"]}, "16 bytes"),
        ({"queues": ["it's"]}, "no quotes"),
        ({"user": "../root"}, "user"),
    ],
)
def test_a_setting_that_cannot_work_is_named(change: dict[str, object], words: str) -> None:
    """Before the first call, and without quoting a secret."""
    with pytest.raises(ValueError, match=words) as caught:
        settings(**change)
    assert "fake-rt-password" not in str(caught.value)


def test_own_lifecycles() -> None:
    """The operator says what their words mean; nobody's word is taken for an ending without."""
    known = RequestTrackerSettings.model_validate(
        settings().model_dump() | {"statuses": {"fixed": TicketStatus.SOLVED}}
    )
    assert known.statuses == {"fixed": TicketStatus.SOLVED}
