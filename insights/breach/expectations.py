"""What a history of promises must be like before breach risk is learnt from it."""

from __future__ import annotations

from datetime import timedelta

from insights.breach.promises import PROMISES
from insights.quality.once_a_case import once_a_case
from insights.quality.training import TrainingExpectations

# A promise is learnt from when its due time has passed: the newest of those is older than the newest ticket.
FRESH = timedelta(days=45)


def breach_expectations() -> TrainingExpectations:
    """Of promises whose due time has passed."""
    return TrainingExpectations(
        time=PROMISES.known_at,
        fresh=FRESH,
        complete={PROMISES.case: 0.0, "metric": 0.0, "elapsed_share": 0.0},
        ranges={"elapsed_share": (0.0, 1.0), "target_hours": (0.0, None), "left_hours": (0.0, None)},
        orders=((PROMISES.known_at, PROMISES.settled_at),),
        labels=(once_a_case(PROMISES.label),),
    )
