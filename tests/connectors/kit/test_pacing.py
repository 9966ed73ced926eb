"""Pacing: no window holds more than the vendor allows; who gives up leaves no debt."""

from __future__ import annotations

import asyncio
from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connectors.kit.pacing import Pace
from incidents.errors import Busy
from incidents.fan_out.budget import Budget, slots
from incidents.fan_out.standing_back import standing_back


class Clock:
    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


def test_as_many_as_are_allowed_then_a_window_later():
    """Ten in ten seconds: ten at once, and each further one when its place of a window ago is free."""
    clock = Clock()
    pace = Pace(10, 10, clock=clock)
    for _ in range(10):
        assert pace.take() == 0.0
        clock.now += 0.5
    assert [pace.take() for _ in range(3)] == pytest.approx([5.2, 5.7, 6.2])


def test_how_many_fit_now():
    """Who waits has a place already."""
    clock = Clock()
    pace = Pace(2, 10, clock=clock)
    assert pace.free() == 2
    for left in (1, 0, 0):
        pace.take()
        assert pace.free() == left
    clock.now += 10.3
    assert pace.free() == 1


def test_a_quiet_time_gives_one_window():
    """A quiet hour allows as many at once as any window does, not more."""
    clock = Clock()
    pace = Pace(2, 10, clock=clock)
    for _ in range(4):
        pace.take()
    clock.now += 3600
    assert [pace.take() for _ in range(3)] == pytest.approx([0.0, 0.0, 10.2])


@given(st.lists(st.tuples(st.floats(0, 3), st.booleans()), max_size=80), st.integers(1, 7))
def test_no_window_holds_more_than_are_allowed(asked, calls):
    """However they ask, and whoever gives up: never more in a window, and nobody waits where there is room."""
    clock = Clock()
    pace = Pace(calls, 10, clock=clock)
    sent: list[float] = []
    for passed, is_patient in asked:
        clock.now += passed
        if is_patient:
            sent.append(clock.now + pace.take())
        else:
            with suppress(Busy):
                asyncio.run(pace.wait(at_most=0))
                sent.append(clock.now)
    sent.sort()
    assert all(later - earlier >= 9.99 for earlier, later in zip(sent, sent[calls:], strict=False))
    if sent:
        clock.now = sent[-1] + 10.3
        assert pace.take() == 0.0


async def test_too_long_a_wait_is_told_and_costs_nothing():
    """Who cannot wait so long hears when to come again, and keeps nobody behind him waiting."""
    clock = Clock()
    pace = Pace(1, 60, clock=clock)
    await pace.wait(at_most=1)
    for _ in range(3):
        with pytest.raises(Busy) as busy:
            await pace.wait(at_most=1)
        assert busy.value.retry_after == pytest.approx(61.2)


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
    assert pace.take() == pytest.approx(61.2)


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


async def _in_order_of_going(pace: Pace, front: int, back: int) -> list[str]:
    """Who stands back is there first; the names of all in the order in which they went."""
    went: list[str] = []

    async def go(name: str) -> None:
        await pace.wait()
        went.append(name)

    async with asyncio.TaskGroup() as tasks:
        with standing_back():
            for _ in range(back):
                tasks.create_task(go("back"))
        await asyncio.sleep(0)
        for _ in range(front):
            tasks.create_task(go("front"))
    return went


async def test_who_stands_back_goes_after_the_others():
    """Though it came first: of four places three are for those who do not, and what is spared is theirs alone."""
    went = await _in_order_of_going(Pace(4, 0.02, spare=1), front=6, back=20)
    assert went[:3] == ["back"] * 3
    assert went[3] == "front", "the spare place"
    assert went[4:].index("back") <= 4, "customers are told, however much there is to read"
    assert went.index("front", 4) == 4 or went[5] == "front"
    assert len(went) == 26
    last = max(place for place, name in enumerate(went) if name == "front")
    assert went[:last].count("back") <= 3 + 3


async def test_alone_it_has_all_but_what_is_spared():
    """Nobody reads: nothing is kept from the customers but the spare place."""
    pace = Pace(10, 60, spare=1)
    with standing_back():
        for _ in range(9):
            await pace.wait(at_most=0)
        with pytest.raises(Busy):
            await pace.wait(at_most=1)
    assert pace.free() == 1
    await pace.wait(at_most=0)


async def test_its_share_is_kept_for_who_stands_back():
    """Whoever reads without end would else keep every customer waiting."""
    pace = Pace(4, 0.02)

    async def read() -> None:
        while True:
            await pace.wait()

    readers = [asyncio.create_task(read()) for _ in range(5)]
    with standing_back():
        async with asyncio.timeout(5):
            for _ in range(5):
                await pace.wait()
    for reader in readers:
        reader.cancel()
    await asyncio.gather(*readers, return_exceptions=True)


async def test_those_who_wait_are_in_the_plan():
    """Whoever plans changes counts on no place that somebody waits for already."""
    clock = Clock()
    pace = Pace(2, 60, clock=clock)
    await pace.wait()
    await pace.wait()
    with standing_back():
        waiting = [asyncio.create_task(pace.wait()) for _ in range(2)]
        await asyncio.sleep(0)
    assert pace.limit().made == pytest.approx((0, 0, 61.2, 61.2))
    for task in waiting:
        task.cancel()
    await asyncio.gather(*waiting, return_exceptions=True)
    assert pace.limit().made == pytest.approx((0, 0))


async def test_what_stands_back_goes_when_the_plan_says():
    """The places that are spared for others are in no plan: what was planned for now does not wait in the connector."""
    clock = Clock()
    pace = Pace(40, 60, spare=5, clock=clock)
    places = slots(Budget(limits=(pace.limit(),), alone=(1,), most=1), [1] * 36)
    assert places == pytest.approx([0.0] * 35 + [61.2])
    with standing_back():
        for _ in range(35):
            await pace.wait(at_most=0.0)
        with pytest.raises(Busy):
            await pace.wait(at_most=61.0)


async def test_who_gave_up_before_its_turn_is_passed_over():
    """Its place goes to the next one who waits."""
    pace = Pace(1, 0.02)
    await pace.wait()
    first, second = (asyncio.create_task(pace.wait()) for _ in range(2))
    await asyncio.sleep(0)
    first.cancel()
    async with asyncio.timeout(5):
        await second
    assert first.cancelled()


@pytest.mark.parametrize("spare", [-1, 2, 3])
def test_impossible_spare(spare):
    """A pace that spares all it has tells nobody anything."""
    with pytest.raises(ValueError, match="spares"):
        Pace(2, 60, spare=spare)
