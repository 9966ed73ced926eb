"""Random edits in three tools, webhooks lost, doubled and out of order: all ends in one state, in a bound of writes.

`make bench only=sync` plays 100,000 of these histories. Here are a few, always the same.
"""

from __future__ import annotations

from collections import Counter

import pytest

from bench.sync.figures import Tally, tally
from bench.sync.history import Ended, History
from bench.sync.liaison import Arm

SEEDS = range(250)


@pytest.fixture(scope="module")
def ended() -> list[Ended]:
    return [History(seed).play() for seed in SEEDS]


def test_every_history_comes_to_rest_in_one_state(ended: list[Ended]):
    """No word is lost or told twice, no tool says what another one does not, nothing goes on."""
    for one in ended:
        assert (one.seed, one.is_loop, one.lost, one.wrong) == (one.seed, False, (), ())


def test_no_history_writes_more_than_is_proven(ended: list[Ended]):
    """The bound counts what people did, not what was told how often."""
    assert all(one.writes <= one.bound for one in ended)
    assert max(one.writes / one.bound for one in ended) > 0.1, "a bound that is never neared says little"


def test_the_histories_are_worth_the_name(ended: list[Ended]):
    """All vendors take part, and webhooks are lost and doubled."""
    tools = Counter(tool for one in ended for tool in one.tools)
    assert set(tools) == {
        "zendesk/d", "zammad/d", "requesttracker/d", "http/d", "pagerduty", "roster", "marksless", "slack", "matrix",
    }  # fmt: skip
    assert {len(one.tools) for one in ended} == {3}
    assert sum(one.edits for one in ended) > 10 * len(ended)
    assert sum(one.dropped for one in ended) > len(ended)
    assert sum(one.doubled for one in ended) > len(ended)


def test_without_the_ledger_they_loop():
    """What is told here could fail: without anything that tells an echo every history goes on for ever, and where only
    the vendor's word counts, some do and many tell things twice."""
    nothing = tally(0, 5, Arm.NOTHING)
    assert nothing.loops == nothing.histories
    actor = tally(0, 60, Arm.ACTOR)
    assert 0 < actor.loops < actor.histories
    assert actor.lost > actor.histories / 4


def test_a_tally_adds_up():
    first, second = tally(0, 3), tally(3, 3)
    both = first.plus(second)
    assert both == Tally(
        histories=6,
        edits=first.edits + second.edits,
        writes=first.writes + second.writes,
        webhooks_lost=first.webhooks_lost + second.webhooks_lost,
        doubled=first.doubled + second.doubled,
        most=max(first.most, second.most),
    )
