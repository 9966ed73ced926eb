"""Features of a candidate pair, a new report beside an old one: text, time, place, service, and the candidate's
company.

A candidate is not judged alone: one that others nearby followed, or that is the first of its incident, is likelier
to be what a person would point to.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Bools = NDArray[np.bool_]

PAIR_FEATURES = (
    "text",
    "title",
    "title_in_text",
    "hours",
    "is_open",
    "hours_since_closed",
    "distance",
    "same_address",
    "place_unknown",
    "same_service",
    "same_kind",
    "same_customer",
    "same_channel",
    "incident_size",
    "hours_since_incident_grew",
    "is_first_of_incident",
    "nearby_newer",
    "nearby_older",
    "nearby_seconds_newer",
    "nearby_seconds_older",
    "is_oldest_open_nearby",
)
"""The columns, in order. Hours, distance and counts are logarithms of one more; distances in units of 50 m."""

NEAR_KM = 0.15
ALIKE = 0.35
"""Texts from this cosine on are of one group where there is no place."""

PAUSE = 60 * 86_400.0
"""Seconds since the one before, where there is none before."""

FAR = 8.0
"""What stands for the distance where one of the places is not known: 150 km."""


@dataclass(frozen=True, kw_only=True, slots=True, eq=False)
class Candidates:
    """What is known of each candidate beside the new report, an entry each; times in hours before now."""

    text: Floats
    title: Floats
    title_in_text: Floats
    hours: Floats
    hours_since_closed: Floats
    """NaN while it is open."""
    kilometres: Floats
    """NaN where a place is not known or says nothing."""
    same_address: Bools
    same_service: Bools
    same_kind: Bools
    same_customer: Bools
    same_channel: Bools
    incident_size: Floats
    hours_since_incident_grew: Floats
    is_first_of_incident: Bools


def pair_features(found: Candidates) -> Floats:
    """A row a candidate, the columns of `PAIR_FEATURES`."""
    is_open = np.isnan(found.hours_since_closed)
    unknown = np.isnan(found.kilometres)
    distance = np.where(unknown, FAR, np.log1p(np.nan_to_num(found.kilometres) / 0.05))
    nearby = found.same_service & (
        found.same_address | (np.nan_to_num(found.kilometres, nan=np.inf) < NEAR_KM) | (found.text >= ALIKE)
    )
    company = _company(found.hours, nearby)
    columns: Sequence[Floats | Bools] = (
        found.text,
        found.title,
        found.title_in_text,
        np.log1p(found.hours),
        is_open,
        np.log1p(np.nan_to_num(found.hours_since_closed)),
        distance,
        found.same_address,
        unknown,
        found.same_service,
        found.same_kind,
        found.same_customer,
        found.same_channel,
        np.log1p(found.incident_size),
        np.log1p(found.hours_since_incident_grew),
        found.is_first_of_incident,
        *(np.log1p(one) for one in company),
        _is_oldest(found.hours, nearby & is_open),
    )
    return np.column_stack([np.asarray(column, np.float64) for column in columns])


def _is_oldest(hours: Floats, among: Bools) -> Bools:
    return np.asarray(among & (hours == np.max(hours, where=among, initial=-1.0)), np.bool_)


def _company(hours: Floats, nearby: Bools) -> tuple[Floats, Floats, Floats, Floats]:
    """For each nearby candidate: how many nearby ones are newer and older, and seconds to the next newer and older.

    A person who finds several points to the first of them more often than to any other: one after a long pause.
    """
    count = len(hours)
    newer, older, until, since = np.zeros(count), np.zeros(count), np.zeros(count), np.zeros(count)
    order = np.flatnonzero(nearby)[np.argsort(hours[nearby], kind="stable")]
    newer[order] = np.arange(len(order))
    older[order] = np.arange(len(order))[::-1]
    if len(order):
        gaps = np.diff(hours[order]) * 3600
        until[order[1:]] = gaps
        since[order[:-1]] = gaps
        since[order[-1]] = PAUSE
    return newer, older, until, since
