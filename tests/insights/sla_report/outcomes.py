"""Outcomes of promises for tests of the report; each test names what differs."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import timedelta

import pandas as pd

from insights.sla_report.iso_week import IsoWeek
from insights.sla_report.outcomes import COLUMNS, outcomes_frame
from insights.sla_report.report import SlaReport, sla_report

WEEK = IsoWeek(2026, 47)
AFTER = WEEK.end + timedelta(hours=6)

_KEPT = {
    "week": str(WEEK),
    "outcome": "kept",
    "metric": "first_response",
    "policy": "gold",
    "service": "checkout",
    "team": "payments",
    "tier": "gold",
    "channel": "web",
    "minutes": 10.0,
    "cause": "",
    "held": 0.0,
}
_MISSED = _KEPT | {"outcome": "missed", "minutes": 90.0, "cause": "Ann: open", "held": 60.0}
_OPEN = _MISSED | {"outcome": "open", "minutes": None}


def kept(**changes: object) -> dict[str, object]:
    """A first response within 10 minutes by gold."""
    return _KEPT | changes


def missed(**changes: object) -> dict[str, object]:
    """One after 90 minutes, of which Ann had it 60."""
    return _MISSED | changes


def still_open(**changes: object) -> dict[str, object]:
    return _OPEN | changes


def frame(rows: Iterable[Mapping[str, object]]) -> pd.DataFrame:
    numbered = [{"key": str(number)} | dict(row) for number, row in enumerate(rows)]
    return outcomes_frame([tuple(row[name] for name in COLUMNS) for row in numbered])


def report(*rows: Mapping[str, object]) -> SlaReport:
    return sla_report(frame(rows), WEEK, now=AFTER)
