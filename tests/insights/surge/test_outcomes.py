"""What became of a surge, by table: its own incident first, then one of its service at that time."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from insights.surge.outcomes import (
    FEWEST,
    IncidentThen,
    NotedSurge,
    SurgeEnd,
    SurgeOutcome,
    outcome_of,
    tally,
)

SINCE = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
LATER = SINCE + timedelta(days=1)
SURGE = NotedSurge(
    name="surge service=checkout 2026-03-02T09:00",
    service="checkout",
    since=SINCE,
    noted_at=SINCE + timedelta(minutes=12),
    words="12 reports where 0.8 are usual",
    is_shadow=True,
)
REAL = IncidentThen(
    name="INC-7",
    service="checkout",
    opened_at=SINCE + timedelta(minutes=30),
    was_real=True,
    is_over=True,
    surges=frozenset(),
)
TOLD = frozenset({SURGE.name})
OTHER = replace(REAL, name="INC-8", service="search")
UNKNOWN = replace(SURGE, service=None)


@pytest.mark.parametrize(
    ("surge", "known", "now", "end", "incident"),
    [
        (SURGE, [REAL], LATER, SurgeEnd.INCIDENT, "INC-7"),
        (SURGE, [], LATER, SurgeEnd.NOTHING, None),
        (SURGE, [], SINCE + timedelta(hours=1), SurgeEnd.OPEN, None),
        (SURGE, [OTHER], LATER, SurgeEnd.NOTHING, None),
        (SURGE, [replace(REAL, opened_at=SINCE - timedelta(hours=3))], LATER, SurgeEnd.NOTHING, None),
        (SURGE, [replace(REAL, opened_at=SINCE + timedelta(hours=5))], LATER, SurgeEnd.NOTHING, None),
        (SURGE, [replace(REAL, was_real=False)], LATER, SurgeEnd.NOTHING, "INC-7"),
        (SURGE, [replace(REAL, was_real=False, is_over=False)], LATER, SurgeEnd.OPEN, "INC-7"),
        (SURGE, [replace(REAL, is_over=False)], LATER, SurgeEnd.INCIDENT, "INC-7"),
        # The one that was told of it, whatever its service and however long it is open.
        (SURGE, [REAL, replace(OTHER, surges=TOLD, was_real=False)], LATER, SurgeEnd.NOTHING, "INC-8"),
        (
            SURGE,
            [replace(REAL, opened_at=SINCE - timedelta(days=2), surges=TOLD)],
            LATER,
            SurgeEnd.INCIDENT,
            "INC-7",
        ),
        (UNKNOWN, [OTHER], LATER, SurgeEnd.UNKNOWN, None),
        (UNKNOWN, [replace(OTHER, surges=TOLD)], LATER, SurgeEnd.INCIDENT, "INC-8"),
    ],
)
def test_outcomes(
    surge: NotedSurge, known: list[IncidentThen], now: datetime, end: SurgeEnd, incident: str | None
):
    found = outcome_of(surge, known, now=now)
    assert (found.end, found.incident) == (end, incident)


def test_how_much_earlier_it_was_seen():
    assert outcome_of(SURGE, [REAL], now=LATER).lead == timedelta(minutes=18)
    late = replace(REAL, opened_at=SINCE)
    assert outcome_of(SURGE, [late], now=LATER).lead == timedelta(minutes=-12)


def test_what_its_reports_have_in_common():
    assert SURGE.group == "service=checkout"


def test_of_several_incidents_the_nearest():
    far = replace(REAL, name="INC-9", opened_at=SINCE + timedelta(hours=3))
    assert outcome_of(SURGE, [far, REAL], now=LATER).incident == "INC-7"


@pytest.mark.parametrize(
    ("right", "wrong", "is_noisy"),
    [(0, FEWEST - 1, False), (0, FEWEST, True), (4, 6, True), (5, 5, False), (6, 4, False)],
)
def test_advice_needs_enough_of_them(right: int, wrong: int, is_noisy: bool):
    ends = [SurgeEnd.INCIDENT] * right + [SurgeEnd.NOTHING] * wrong + [SurgeEnd.OPEN, SurgeEnd.UNKNOWN]
    found = tally([SurgeOutcome(surge=SURGE, end=end) for end in ends])
    assert str(found) == f"{right} of {right + wrong} surges were incidents"
    assert found.is_noisy is is_noisy
