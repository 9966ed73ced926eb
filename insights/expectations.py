"""What a training frame of Liaison's own history must be like before anything is learnt from it."""

from __future__ import annotations

from datetime import timedelta

import pandas as pd

from insights.breach.promises import PROMISES
from insights.quality.training import TrainingExpectations
from insights.routing.ticket_frame import TIME

_MOST_WITHOUT_SUBJECT = 0.2
_FRESH = timedelta(days=14)
# A promise is learnt from when its due time has passed: the newest of those is older.
_FRESH_PROMISES = timedelta(days=45)


def once_a_case(label: str) -> str:
    """The column that has the label in the first row of each case only."""
    return f"{label} (once a case)"


def with_once_a_case(rows: pd.DataFrame, label: str, groups: pd.Series) -> pd.DataFrame:
    """The rows with that column. Counted by the row, each incident's many tickets would look like drift."""
    return rows.assign(**{once_a_case(label): rows[label].where(~groups.duplicated())})


def routing_expectations(label: str) -> TrainingExpectations:
    """Of tickets that have this label."""
    return TrainingExpectations(
        time=TIME,
        unique="ticket",
        fresh=_FRESH,
        complete={"subject": _MOST_WITHOUT_SUBJECT, "connection": 0.0, label: 0.0},
        labels=(once_a_case(label),),
    )


def breach_expectations() -> TrainingExpectations:
    """Of promises whose due time has passed."""
    return TrainingExpectations(
        time=PROMISES.known_at,
        fresh=_FRESH_PROMISES,
        complete={PROMISES.case: 0.0, "metric": 0.0, "elapsed_share": 0.0},
        ranges={"elapsed_share": (0.0, 1.0), "target_hours": (0.0, None), "left_hours": (0.0, None)},
        orders=((PROMISES.known_at, PROMISES.settled_at),),
        labels=(once_a_case(PROMISES.label),),
    )


def similar_expectations() -> TrainingExpectations:
    """Of tickets that belong to an incident."""
    return TrainingExpectations(
        time=TIME, unique="ticket", fresh=_FRESH, complete={"subject": _MOST_WITHOUT_SUBJECT, "incident": 0.0}
    )
