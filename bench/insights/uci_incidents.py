"""The ServiceNow log "uci_incidents" (Amaral, Fantinato, Peres 2018) as a history for the breach model.

Every column but the verdict comes from `events`, and a row knows only what was logged before it. `outcomes`, known at
the end, gives the verdict and when it fell; its other columns are not read at all.
"""

from __future__ import annotations

from pathlib import Path

import pandas as pd

from insights.breach.load import load_columns
from insights.breach.roles import Roles

CUT = pd.Timestamp("2016-04-15")
FIRST = "event_no"
_QUEUES = (
    "assignment_group", "subcategory", "category", "u_symptom", "opened_by", "location", "caller_id", "assigned_to",
    "sys_updated_by",
)  # fmt: skip
_MEASURES = ("backlog", "turnover", "age")
_NAMES = (
    "incident_state",
    "assignment_group",
    "category",
    "subcategory",
    "u_symptom",
    "location",
    "sys_updated_by",
)
_FACTS = (
    "priority", "impact", "urgency", "knowledge", "u_priority_confirmation", "reassignment_count", "reopen_count",
    "event_no",
)  # fmt: skip
_DERIVED = (
    "age_hours",
    "created_after_hours",
    "hours_since_last",
    "hour",
    "weekday",
    "hour_now",
    "same_person",
)
ROLES = Roles(
    case="number",
    known_at="at",
    label="sla_breached",
    settled_at="closed_at",
    settles_by_outcome=True,
    categorical=_NAMES,
    numeric=(*_FACTS, *_DERIVED, *(f"{key}_{measure}" for key in ("all", *_QUEUES) for measure in _MEASURES)),
)


def read_events(folder: Path) -> pd.DataFrame:
    """The log in its order of time. Within an incident time does not go back: one event does, by its stamp."""
    events = pd.read_csv(folder / "events.csv.gz", low_memory=False)
    for column in ("opened_at", "sys_created_at", "sys_updated_at"):
        events[column] = pd.to_datetime(events[column])
    events["at"] = events.groupby("number")["sys_updated_at"].cummax()
    return events.sort_values(["at", "number", "event_no"], kind="stable", ignore_index=True)


def read_verdicts(folder: Path) -> pd.DataFrame:
    """Whether each incident breached, when it closed, and whether it closed after the log's end."""
    verdicts = pd.read_csv(
        folder / "outcomes.csv.gz", usecols=["number", "closed_at", "sla_breached", "straddles_cut"]
    )
    verdicts["closed_at"] = pd.to_datetime(verdicts["closed_at"])
    return verdicts


def features(events: pd.DataFrame) -> pd.DataFrame:
    """The log with what the model looks at: the row itself, its incident's past, and the load of its queues."""
    frame = events.copy()
    frame["is_open"] = ~frame["incident_state"].isin(["Resolved", "Closed"])
    # A few first events lie up to 2.45 h before `opened_at`.
    frame["age_hours"] = ((frame["at"] - frame["opened_at"]).dt.total_seconds() / 3600).clip(lower=0)
    frame["created_after_hours"] = (frame["sys_created_at"] - frame["opened_at"]).dt.total_seconds() / 3600
    frame["hours_since_last"] = frame.groupby("number")["at"].diff().dt.total_seconds().fillna(0) / 3600
    frame["hour"] = frame["opened_at"].dt.hour + frame["opened_at"].dt.minute / 60
    frame["weekday"] = frame["opened_at"].dt.day_of_week
    frame["hour_now"] = frame["at"].dt.hour
    frame["same_person"] = frame["sys_created_by"] == frame["sys_updated_by"]
    load = load_columns(frame, _QUEUES, case="number", at="at", is_open="is_open")
    return frame.join(load)


def history(folder: Path) -> pd.DataFrame:
    return features(read_events(folder)).merge(read_verdicts(folder), on="number")


def split(frame: pd.DataFrame) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Incidents opened and closed before the cut, and those opened later."""
    settled = (frame["closed_at"] < CUT) & (frame["straddles_cut"] == 0)
    return frame[settled], frame[frame["opened_at"] >= CUT]
