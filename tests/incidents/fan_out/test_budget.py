"""When changes fit into what a helpdesk takes."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connectors.kit.pacing import MARGIN, Pace
from incidents.fan_out.budget import UNLIMITED, Budget, Limit, slots

TWO_A_MINUTE = Limit(calls=2, seconds=60)
BULK = Budget(limits=(TWO_A_MINUTE, Limit(calls=12, seconds=60)), alone=(1, 1), together=(0, 5), most=100)


@pytest.mark.parametrize(
    ("budget", "changes", "places"),
    [
        (UNLIMITED, [1, 100, 100], [0, 0, 0]),
        (Budget(limits=(TWO_A_MINUTE,), alone=(1,), most=1), [1] * 5, [0, 0, 60, 60, 120]),
        # What was made half a minute ago makes room in half a minute.
        (
            Budget(limits=(Limit(calls=2, seconds=60, made=(-30, -10)),), alone=(1,), most=1),
            [1] * 3,
            [30, 50, 90],
        ),
        # Two calls a ticket: each has a window of its own.
        (Budget(limits=(TWO_A_MINUTE,), alone=(2,), most=1), [1] * 3, [0, 60, 120]),
        # Dearer than the limit: when nothing else counts.
        (Budget(limits=(TWO_A_MINUTE,), alone=(3,), most=1), [1, 1], [0, 60]),
        # A call for many costs none of the limit on single ones, and five of the others.
        (BULK, [100, 100, 100, 1, 1, 1], [0, 0, 60, 60, 60, 120]),
        (BULK, [1, 1, 1, 100], [0, 0, 60, 0]),
        (BULK, [], []),
    ],
)
def test_places(budget: Budget, changes: list[int], places: list[float]):
    assert slots(budget, changes) == pytest.approx(places)


def test_what_another_process_sent_counts():
    """Ours before it was started again, too: its calls are in the ledger, and not in this process's pace."""
    new = Budget(limits=(TWO_A_MINUTE,), alone=(1,), most=1)
    assert slots(new.knowing([(-50, 1), (-20, 1), (-70, 1)]), [1, 1]) == pytest.approx([10, 40])
    # The pace knows more: what is in the ledger are only some of them.
    full = Budget(limits=(Limit(calls=2, seconds=60, made=(-10, -5)),), alone=(1,), most=1)
    assert full.knowing([(-10, 1)]) == full


@given(
    st.lists(st.integers(0, 40), max_size=30),
    st.integers(1, 7),
    st.integers(1, 40),
)
def test_the_pace_keeps_what_the_plan_says(pauses: list[int], calls: int, asked: int):
    """The places of the plan are those that the pace gives."""
    now = 1000.0
    pace = Pace(calls, 60, clock=lambda: now)
    for pause in pauses:
        pace.take()
        now += pause
    limit = pace.limit()
    assert limit.seconds == 60 * MARGIN
    planned = slots(Budget(limits=(limit,), alone=(1,), most=1), [1] * asked)
    assert planned == pytest.approx([pace.take() for _ in range(asked)])
