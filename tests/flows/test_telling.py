"""What a red run says, by what went wrong."""

from __future__ import annotations

import pytest

from flows.names import found_words, several
from flows.telling import DEFECT, failure_line, what_to_do
from incidents.errors import (
    Busy,
    LiaisonError,
    NotAllowed,
    NotFound,
    PolicyError,
    Refused,
    StoreAway,
    Unknown,
    Unreachable,
)
from tasks.retries import Postponed

CONCERNS = "INC-7: engineers may not have been woken."


@pytest.mark.parametrize(
    ("error", "cure"),
    [
        (Unreachable("pagerduty/main: no answer"), "`liaison check` says who does not answer"),
        (Busy("zendesk/eu: 429", retry_after=3), "tried again by itself, within five minutes"),
        (NotAllowed("slack/main: 401"), "Put a valid token into its block"),
        (NotFound("there is no INC-99"), "Look whether the name is right"),
        (Refused("zendesk/eu: 422"), "`liaison held`"),
        (Unknown("zendesk/eu: reset"), "messages to customers wait in `liaison held`"),
        (StoreAway("the store does not answer"), "look at PostgreSQL"),
        (PolicyError("liaison.yaml: 3: services"), "Correct the policy"),
        (Postponed("2 effects wait"), "`liaison held`"),
        (LiaisonError("odd"), "See the run's log"),
    ],
)
def test_one_line_has_what_failed_whom_it_concerns_and_what_to_do(error: Exception, cure: str):
    line = failure_line("escalation INC-7 checkout", error, CONCERNS)
    assert line.startswith(f"escalation INC-7 checkout failed: {error}. {CONCERNS} ")
    assert cure in line
    assert "\n" not in line


def test_an_error_that_is_not_ours_may_quote_anybody():
    """A parser's message has the text that it could not read."""
    line = failure_line(
        "intake", ValueError("My card 4111 1111 1111 1111\nis not charged"), "Nothing is lost."
    )
    assert line == f"intake failed: ValueError. Nothing is lost. {DEFECT}"
    assert what_to_do(KeyError("x")) == DEFECT


def test_a_long_error_is_cut():
    assert len(failure_line("intake", Refused("x" * 5_000), CONCERNS)) < 600


def test_names_count_in_words():
    assert found_words(0, "ticket", []) == "nothing new"
    assert found_words(1, "ticket", []) == "1 ticket"
    assert found_words(3, "ticket", [7]) == "3 tickets, INC-7"
    assert several([f"INC-{number}" for number in range(1, 8)]) == "INC-1, INC-2, INC-3 and 4 more"
