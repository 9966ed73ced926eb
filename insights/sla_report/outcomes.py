"""What became of promises, as a pandas frame: a row for each clock that counts in a span of weeks, and for each update
that customers were promised (`incidents.promises.updates`) and that was kept or broken in them.

A clock counts when it has a target, was not withdrawn, and was stopped in that time, or was missed in it and is
still open. So each counts once: one that was missed counts as open in the week of its due time, and from its stop on
in the week in which it was stopped.

    key       the clock's key, or the update's
    week      the week it counts in, such as 2026-W47
    outcome   kept; missed; open: missed, and not stopped yet
    metric    first_response, next_update, mitigation, resolution
    policy    the policy it was promised by; of an update that a message promised to customers: CUSTOMER_UPDATES
    service   its incident's, or that of its ticket's incident; else none
    team      who looks after the service by today's policy, or none
    tier      its ticket's, in small letters, or none; of an incident's clock: all
    channel   likewise
    minutes   working time until it was stopped; missing where it is open
    cause     of a missed one: who had it longest and in which state, as recorded then; empty where it was kept
    held      minutes of working time that it was held so before it was missed; 0 where nobody recorded it

`insights.store.sla_outcomes` reads it, `insights.sla_report.report` counts it.
"""

from __future__ import annotations

from collections.abc import Sequence
from enum import StrEnum

import pandas as pd

NONE = "none"
ALL = "all"
NOT_RECORDED = "not recorded"
CUSTOMER_UPDATES = "updates to customers"
"""No policy can have this name, as it has spaces in it."""
COLUMNS = (
    *("key", "week", "outcome", "metric", "policy", "service", "team", "tier", "channel"),
    *("minutes", "cause", "held"),
)
_NUMBERS = frozenset({"minutes", "held"})


class PromiseOutcome(StrEnum):
    """OPEN was missed too, and is still waited for."""

    KEPT = "kept"
    MISSED = "missed"
    OPEN = "open"


def outcomes_frame(rows: Sequence[tuple[object, ...]]) -> pd.DataFrame:
    """A frame of rows in the order of COLUMNS; also of none, it has their types."""
    frame = pd.DataFrame(rows, columns=[*COLUMNS])
    return frame.astype({name: "float" if name in _NUMBERS else "str" for name in COLUMNS})
