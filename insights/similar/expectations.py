"""What a history of tickets must be like before it teaches which are the same fault."""

from __future__ import annotations

from datetime import timedelta

from insights.quality.training import TrainingExpectations

FRESH = timedelta(days=14)
MOST_WITHOUT_SUBJECT = 0.2


def similar_expectations() -> TrainingExpectations:
    """Of tickets that belong to an incident."""
    return TrainingExpectations(
        time="created_at",
        unique="ticket",
        fresh=FRESH,
        complete={"subject": MOST_WITHOUT_SUBJECT, "incident": 0.0},
    )
