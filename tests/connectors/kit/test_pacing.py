"""Pacing: a burst, then a steady step; who gives up leaves no debt."""

from __future__ import annotations

import asyncio

import pytest

from connectors.kit.pacing import Pace


class Clock:
    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


def test_burst_then_steady():
    """Ten in ten seconds: ten at once, then one a second in the order of asking."""
    pace = Pace(10, 10, clock=Clock())
    assert [pace.take() for _ in range(10)] == [0.0] * 10
    assert [pace.take() for _ in range(3)] == pytest.approx([1.0, 2.0, 3.0])


def test_time_refills_up_to_the_burst():
    """A quiet hour gives one burst back, not more."""
    clock = Clock()
    pace = Pace(2, 10, clock=clock)
    for _ in range(4):
        pace.take()
    clock.now += 5
    assert pace.take() == pytest.approx(10.0)
    clock.now += 3600
    assert [pace.take() for _ in range(3)] == pytest.approx([0.0, 0.0, 5.0])


def test_never_over_the_limit_for_long():
    """Over any long stretch the calls sent are the limit's, plus one burst."""
    clock = Clock()
    pace = Pace(5, 1, clock=clock)
    due = sorted(clock.now + pace.take() for _ in range(100))
    assert due[-1] - due[0] == pytest.approx((100 - 5) / 5)


def test_clock_that_jumps_back_gives_nothing():
    """A clock set back neither crashes it nor opens it."""
    clock = Clock()
    pace = Pace(1, 1, clock=clock)
    pace.take()
    clock.now -= 10
    assert pace.take() > 0


async def test_giving_up_leaves_no_debt():
    """A hundred callers that gave up do not keep the next one waiting."""
    clock = Clock()
    pace = Pace(1, 60, clock=clock)
    await pace.wait()
    waiting = [asyncio.create_task(pace.wait()) for _ in range(100)]
    await asyncio.sleep(0)
    for task in waiting:
        task.cancel()
    await asyncio.gather(*waiting, return_exceptions=True)
    assert all(task.cancelled() for task in waiting)
    assert pace.take() == pytest.approx(60.0)


async def test_uses_the_loops_clock_by_default():
    """Without a clock of its own it waits by the event loop's, which no one sets back."""
    pace = Pace(1, 0.01)
    loop = asyncio.get_running_loop()
    start = loop.time()
    for _ in range(3):
        await pace.wait()
    assert loop.time() - start >= 0.015


@pytest.mark.parametrize(("calls", "seconds"), [(0, 1), (0.5, 1), (1, 0), (1, -1)])
def test_impossible_pace(calls, seconds):
    """A pace that lets nothing through is refused when it is made."""
    with pytest.raises(ValueError, match="at least one call"):
        Pace(calls, seconds)
