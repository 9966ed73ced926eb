"""The figures as people and scripts get them."""

from __future__ import annotations

from dataclasses import replace

import pytest

from deployments.replay.accounts import Mismatch
from deployments.replay.log import Standing
from deployments.replay.result import ReplayResult, render

GOOD = ReplayResult(
    events=10_921,
    tickets=3_976,
    sent=13_144,
    duplicates_sent=2_223,
    duplicates_dropped=2_223,
    put_off=0,
    events_per_second=512.34,
    accepted_per_second=1_139.5,
    drain_lag_seconds=1.234,
    longest_wait_seconds=3.456,
    lost=0,
    doubled=0,
    parked=0,
    mismatches=(),
)
STANDING = Standing(version=3, status="Resolved", reassignments=2, reopens=0)


def test_the_json_has_every_figure() -> None:
    assert GOOD.as_json() == {
        "events": 10_921,
        "tickets": 3_976,
        "sent": 13_144,
        "duplicates_sent": 2_223,
        "duplicates_dropped": 2_223,
        "put_off": 0,
        "events_per_second": 512.3,
        "accepted_per_second": 1139.5,
        "drain_lag_seconds": 1.23,
        "longest_wait_seconds": 3.46,
        "lost": 0,
        "doubled": 0,
        "parked": 0,
        "mismatched": 0,
        "ok": True,
    }


@pytest.mark.parametrize(
    "change",
    [
        {"lost": 1},
        {"doubled": 1},
        {"parked": 1},
        {"mismatches": (Mismatch(ticket="A", expected=STANDING, found=None),)},
        {"duplicates_dropped": 2_222},
    ],
)
def test_one_thing_wrong_is_not_ok(change: dict[str, object]) -> None:
    result = replace(GOOD, **change)  # type: ignore[arg-type]
    assert not result.ok
    assert result.as_json()["ok"] is False
    assert "ok          NO" in render(result)


def test_a_lost_reply_makes_one_duplicate_more_and_no_fault() -> None:
    """The sender came again with the same id because it heard nothing: dropping that one is right."""
    assert replace(GOOD, duplicates_dropped=2_224).ok


def test_people_read_the_figures_and_where_the_tickets_differ() -> None:
    other = replace(STANDING, version=2, status="Active")
    mismatches = [
        Mismatch(ticket="INC1", expected=STANDING, found=other),
        Mismatch(ticket="INC2", expected=STANDING, found=None),
    ]
    text = render(replace(GOOD, mismatches=mismatches))
    assert "10,921 on 3,976 tickets" in text
    assert "512 events/s" in text
    assert "1.23 s; longest wait 3.46 s" in text
    assert (
        "INC1: the log has 'Resolved', 2 reassignments, 0 reopens (event 3);"
        " the store has 'Active', 2 reassignments, 0 reopens (event 2)"
    ) in text
    assert (
        "INC2: the log has 'Resolved', 2 reassignments, 0 reopens (event 3); the store has no such ticket"
        in text
    )
