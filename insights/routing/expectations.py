"""What a history of tickets must be like before routing learns from it."""

from __future__ import annotations

from datetime import timedelta

from insights.quality.once_a_case import once_a_case
from insights.quality.training import TrainingExpectations
from insights.routing.ticket_frame import TIME

FRESH = timedelta(days=14)
MOST_WITHOUT_SUBJECT = 0.2
"""The share of tickets that may have no first line: mail without a subject is common, a lost column is not."""


def routing_expectations(label: str) -> TrainingExpectations:
    """Of tickets that have this label."""
    return TrainingExpectations(
        time=TIME,
        unique="ticket",
        fresh=FRESH,
        complete={"subject": MOST_WITHOUT_SUBJECT, "connection": 0.0, label: 0.0},
        labels=(once_a_case(label),),
    )
