"""Labelled questions from our own store: tickets of known incidents, each a question about those before it.

    ticket      its reference
    subject     its first line
    created_at  when it came
    incident    the one it turned out to be of
    repeats     1 if an earlier ticket is of the same incident, else 0
    question    its candidates with their features, and which of them are of its incident

Tickets of no incident are left out: that they have no service would tell that they repeat nothing.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

import pandas as pd

from insights.similar.report import KnownDuplicate, TicketReport

COLUMNS = ("ticket", "subject", "created_at", "incident", "repeats", "question")


@dataclass(frozen=True, kw_only=True, slots=True)
class KnownFaults:
    """Tickets in order of time, without their incidents; to which of the earlier ones each belongs and since when that
    was known; and when those were over that are.
    """

    reports: Sequence[TicketReport]
    incidents: Mapping[str, str]
    duplicates: Sequence[KnownDuplicate]
    closed: Mapping[str, datetime]


def similar_rows(known: KnownFaults, *, horizon: timedelta) -> pd.DataFrame:
    """A row a ticket. It takes some milliseconds each: not for an event loop."""
    # What similarity is made of takes a second to import: only who trains waits for it.
    from insights.similar.lessons import lessons  # noqa: PLC0415

    found = lessons(
        known.reports, known.duplicates, known.closed, horizon_hours=horizon / timedelta(hours=1), every=1
    )
    rows = [
        (
            lesson.report.id,
            lesson.report.title,
            lesson.report.opened_at,
            known.incidents[lesson.report.id],
            int(lesson.question.right.any()),
            lesson.question,
        )
        for lesson in found
    ]
    frame = pd.DataFrame(rows, columns=[*COLUMNS])
    frame["created_at"] = pd.to_datetime(frame["created_at"], utc=True)
    return frame
