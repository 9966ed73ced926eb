"""Boston's 311 requests of 2011 as a history for the breach model: one row a request, at its opening.

`queue`, `case_title` and `type` are the final values and not read. `department` is the head of the final queue in
97.8 % of the rows: it is kept apart, so that figures can be told with it and without.
"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pandas as pd

from insights.breach.load import load_columns
from insights.breach.roles import Roles

CUT = pd.Timestamp("2011-10-01")
_OPENING = (
    "case_enquiry_id", "open_dt", "target_dt", "department", "subject", "reason", "source", "neighborhood",
    "police_district", "pwd_district", "ward", "fire_district", "location_zipcode", "location", "latitude", "longitude",
)  # fmt: skip
_LENGTHS = [float("-inf"), 1, 24.5, 49, 97, 170, 400, 800, 1600, 3000, float("inf")]
_QUEUES = (
    "reason", "reason_length", "reason_source", "reason_neighborhood", "reason_district", "location",
    "reason_location", "neighborhood",
)  # fmt: skip
_MEASURES = ("turnover", "overdue", "pace", "last_hour", "last_day")
_DERIVED = (
    "target_hours",
    "hour",
    "weekday",
    "target_weekday",
    "target_hour",
    "target_rest",
    "at_a_crossing",
)
STRICT = Roles(
    case="case_enquiry_id",
    known_at="open_dt",
    label="overdue",
    settled_at="target_dt",
    categorical=(
        "reason", "subject", "source", "neighborhood", "police_district", "pwd_district", "ward", "fire_district",
        "location_zipcode",
    ),
    numeric=(
        *_DERIVED, "latitude", "longitude", *(f"{key}_{measure}" for key in ("all", *_QUEUES) for measure in _MEASURES),
    ),
)  # fmt: skip
ROLES = replace(STRICT, categorical=(*STRICT.categorical, "department"))


def read_requests(folder: Path) -> pd.DataFrame:
    """What was known at opening, in the order of time."""
    requests = pd.read_csv(folder / "requests.csv.gz", usecols=list(_OPENING), low_memory=False)
    for column in ("open_dt", "target_dt"):
        requests[column] = pd.to_datetime(requests[column])
    return requests.sort_values(["open_dt", "case_enquiry_id"], kind="stable", ignore_index=True)


def read_endings(folder: Path) -> pd.DataFrame:
    """When each request was closed, if it was, and whether that was in time."""
    endings = pd.read_csv(folder / "outcomes.csv.gz", usecols=["case_enquiry_id", "closed_dt", "ontime"])
    endings["closed_dt"] = pd.to_datetime(endings["closed_dt"])
    return endings


def features(requests: pd.DataFrame, endings: pd.DataFrame) -> pd.DataFrame:
    """The requests with their calendar and the load of their queues; an ending counts from its own time on."""
    frame = requests.copy()
    hours = (frame["target_dt"] - frame["open_dt"]).dt.total_seconds() / 3600
    frame["target_hours"] = hours
    frame["hour"] = frame["open_dt"].dt.hour + frame["open_dt"].dt.minute / 60
    frame["weekday"] = frame["open_dt"].dt.day_of_week
    frame["target_weekday"] = frame["target_dt"].dt.day_of_week
    frame["target_hour"] = frame["target_dt"].dt.hour + frame["target_dt"].dt.minute / 60
    # What a target adds to whole days: weekends and office hours are in it.
    frame["target_rest"] = hours % 24
    frame["at_a_crossing"] = frame["location"].str.startswith("INTERSECTION").astype(float)
    frame["reason_length"] = frame["reason"] + "|" + pd.cut(hours, _LENGTHS).astype(str)
    for name, column in (("source", "source"), ("location", "location")):
        frame[f"reason_{name}"] = frame["reason"] + "|" + frame[column].astype(str)
    frame["reason_neighborhood"] = frame["reason_length"] + "|" + frame["neighborhood"].astype(str)
    frame["reason_district"] = frame["reason_length"] + "|" + frame["pwd_district"].astype(str)
    return frame.join(_load(frame, endings))


def _load(frame: pd.DataFrame, endings: pd.DataFrame) -> pd.DataFrame:
    opened = frame.assign(at=frame["open_dt"], is_open=True)
    closed = frame.merge(endings.dropna(subset="closed_dt"), on="case_enquiry_id")
    # A request cannot end before it is there.
    closed["at"] = closed[["closed_dt", "open_dt"]].max(axis=1)
    closed["is_open"] = False
    log = pd.concat([opened, closed], ignore_index=True)
    load = load_columns(log, _QUEUES, case="case_enquiry_id", at="at", is_open="is_open", due="target_dt")
    return load.iloc[: len(frame)].set_axis(frame.index)


def history(folder: Path) -> pd.DataFrame:
    """Requests with a target and a verdict; the others still counted as load."""
    endings = read_endings(folder)
    frame = features(read_requests(folder), endings).merge(endings, on="case_enquiry_id")
    frame["overdue"] = (frame["ontime"] == "OVERDUE").astype(int)
    return frame[frame["target_dt"].notna() & frame["ontime"].notna()].reset_index(drop=True)


def split(frame: pd.DataFrame) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Requests whose target had passed by the cut, and those opened after it.

    Not "closed by the cut": those that closed soon are a censored sample.
    """
    return frame[frame["target_dt"] < CUT], frame[frame["open_dt"] >= CUT]
