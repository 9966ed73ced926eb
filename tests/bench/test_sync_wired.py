"""Random edits through real connectors, on the fakes of two helpdesks and PagerDuty: all ends in one state.

`make bench only=sync_wired` plays 2,000 of these histories. Here are a few, always the same.
"""

from __future__ import annotations

from collections import Counter

import pytest

from bench.sync.figures import tally, wired
from bench.sync.history import Ended
from bench.sync.liaison import Arm
from bench.sync.wired.history import played

SEEDS = range(12)


@pytest.fixture(scope="module")
def ended() -> list[Ended]:
    return [played(seed) for seed in SEEDS]


def test_every_history_comes_to_rest_in_one_state(ended: list[Ended]):
    """As on the tools in memory: nothing lost or told twice, no two tools that differ, no more writes than proven."""
    for one in ended:
        assert (one.seed, one.is_loop, one.lost, one.wrong) == (one.seed, False, (), ())
        assert one.writes <= one.bound


def test_the_histories_are_worth_the_name(ended: list[Ended]):
    """All vendors take part, three to a history; webhooks are lost and doubled."""
    assert set(Counter(tool for one in ended for tool in one.tools)) == {
        "zendesk/d", "zammad/d", "requesttracker/d", "pagerduty",
    }  # fmt: skip
    assert {len(one.tools) for one in ended} == {3}
    assert sum(one.edits for one in ended) > 8 * len(ended)
    assert min(sum(one.dropped for one in ended), sum(one.doubled for one in ended)) > 0


def test_without_the_ledger_they_loop():
    """What is told here could fail. By the vendors' word alone these three would do: each says who did what."""
    nothing = tally(0, 2, Arm.NOTHING, wired)
    assert nothing.loops == nothing.histories
