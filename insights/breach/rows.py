"""Liaison's own history as rows for the breach model: what was known of a ticket or incident after each event.

Time is working time as the SLA clock counts it (`incidents.sla.clock.elapsed`): a clock that stands still gets no
nearer to its breach.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, tzinfo

import pandas as pd

from insights.breach.load import (
    EVERYWHERE,
    MEASURES,
    load_columns,
)
from insights.breach.roles import Roles
from insights.learning import UnusableHistory

_QUEUES = ("service", "team")
_LOADS = {
    f"{queue}_{measure}": f"{'everywhere' if queue == EVERYWHERE else f'in the {queue}'}: {meaning}"
    for queue in (EVERYWHERE, *_QUEUES)
    for measure, meaning in MEASURES.items()
}
LIAISON = Roles(
    case="case",
    known_at="at",
    label="breached",
    settled_at="settled_at",
    categorical=("severity", "tier", "product", "channel", "service", "team", "state"),
    numeric=(
        "reassignments", "events", "elapsed_share", "left_hours", "target_hours", "quiet_hours", "hour", "weekday",
        *_LOADS,
    ),
    titles={
        "elapsed_share": "share of the target used up",
        "left_hours": "working hours left",
        "target_hours": "target in working hours",
        "quiet_hours": "hours since the event before",
        "hour": "hour of the day",
        "weekday": "day of the week (Monday is 0)",
        **_LOADS,
    },
)  # fmt: skip


@dataclass(frozen=True, kw_only=True, slots=True)
class CaseView:
    """A ticket or incident just after an event.

    `worked` of `target` is working time. `due_at` is the breach's time as it stood then. `breached` and `settled_at`
    are None while the verdict is open; then the row is asked about, not learnt from. `settled_at` is the due time, or
    for a case that ended before it what the due time would have been (`Roles` says why).
    """

    case: str
    at: datetime
    is_open: bool
    target: timedelta
    worked: timedelta
    due_at: datetime | None = None
    severity: int | None = None
    tier: str | None = None
    product: str | None = None
    channel: str | None = None
    service: str | None = None
    team: str | None = None
    state: str | None = None
    reassignments: int = 0
    breached: bool | None = None
    settled_at: datetime | None = None


def breach_rows(views: Iterable[CaseView], *, zone: tzinfo = UTC) -> pd.DataFrame:
    """A row a view, in the order of time, with what `LIAISON` describes.

    Give all views of the cases that are open or were in the 7 days before the rows wanted: the queues' load is counted
    from them. `zone` is where hours and weekdays are read. Raises `UnusableHistory` for a target of no time and for
    times without a zone.
    """
    ordered = sorted(views, key=lambda view: view.at.timestamp())
    for view in ordered:
        if view.target <= timedelta(0):
            raise UnusableHistory(
                f"{view.case} has a target of {view.target}; leave out what nothing was promised"
            )
        if any(at is not None and at.tzinfo is None for at in (view.at, view.due_at, view.settled_at)):
            raise UnusableHistory(f"{view.case} has a time without a time zone; Liaison's times are in UTC")
    frame = pd.DataFrame([_facts(view, zone) for view in ordered], columns=[*_FACTS])
    for column in ("at", "due_at", "settled_at"):
        frame[column] = pd.to_datetime(frame[column], utc=True)
    # Nobody asks about a case that is over, so nothing is learnt from such a row; it still counts in the load.
    frame["breached"] = frame["breached"].where(frame["is_open"], None)
    frame["events"] = frame.groupby("case").cumcount() + 1
    frame["quiet_hours"] = frame.groupby("case")["at"].diff().dt.total_seconds().fillna(0.0) / 3600
    load = load_columns(frame, _QUEUES, case="case", at="at", is_open="is_open", due="due_at")
    return frame.join(load)


_FACTS = (
    "case", "at", "is_open", "due_at", "severity", "tier", "product", "channel", "service", "team", "state",
    "reassignments", "breached", "settled_at", "elapsed_share", "left_hours", "target_hours", "hour", "weekday",
)  # fmt: skip


def _facts(view: CaseView, zone: tzinfo) -> tuple[object, ...]:
    hour = timedelta(hours=1)
    local = view.at.astimezone(zone)
    known = (getattr(view, name) for name in _FACTS if name in CaseView.__slots__)
    reckoned = (view.worked / view.target, (view.target - view.worked) / hour, view.target / hour)
    return (*known, *reckoned, local.hour + local.minute / 60, local.weekday())
