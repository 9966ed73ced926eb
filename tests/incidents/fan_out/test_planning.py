"""Who is told first, and in which calls."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from connectors.kit.pacing import MARGIN, Pace
from incidents.fan_out.budget import UNLIMITED, Budget, Limit
from incidents.fan_out.planning import FanOut, Untold, in_order, plan_fan_out

NOW = datetime(2026, 11, 30, 10, 0, tzinfo=UTC)
ENDS = NOW + timedelta(minutes=20)
A_HUNDRED = Budget(limits=(Limit(calls=100, seconds=60),), alone=(1,), most=1)


def one(
    number: int, *, due: float | None = None, weight: int = 1, is_message: bool = True, alike: str = "a"
) -> Untold:
    """`due` in minutes from now."""
    due_at = None if due is None else NOW + timedelta(minutes=due)
    return Untold(id=number, alike=alike, due_at=due_at, weight=weight, is_message=is_message)


@pytest.mark.parametrize(
    ("untold", "order"),
    [
        # Nobody is promised anything: who came first.
        ([one(1), one(2)], [1, 2]),
        # The weightier tier first.
        ([one(1), one(2, weight=5), one(3, weight=3)], [2, 3, 1]),
        # A promise that would break meanwhile goes before any tier, the soonest first.
        ([one(1, weight=9), one(2, due=19), one(3, due=4)], [3, 2, 1]),
        # One that can be kept goes before those that are broken; these before everybody else.
        ([one(1, weight=9), one(2, due=-3), one(3, due=10)], [3, 2, 1]),
        # Broken ones by tier, then by how long they have been broken.
        ([one(1, due=-3), one(2, due=-9), one(3, due=-1, weight=2)], [3, 2, 1]),
        # One that nobody breaks within the twenty minutes counts only among equals.
        ([one(1, due=300), one(2), one(3, weight=2), one(4, due=30)], [3, 4, 1, 2]),
        # At the same moment the tier decides.
        ([one(1, due=5), one(2, due=5, weight=2)], [2, 1]),
        # Customers before agents.
        ([one(1, is_message=False, due=1, weight=9), one(2)], [2, 1]),
    ],
)
def test_order(untold: list[Untold], order: list[int]):
    assert [found.id for found in in_order(untold, now=NOW, ends_at=ENDS)] == order


def plan(untold: list[Untold], budget: Budget) -> FanOut:
    return plan_fan_out(untold, budget, now=NOW)


def test_nothing_is_left():
    assert plan([], A_HUNDRED) == FanOut()


def test_a_round_of_single_calls():
    """Twenty at a time, though a hundred fit; the others have their places, and the end is known."""
    found = plan([one(number) for number in range(250)], A_HUNDRED)
    assert found.now == tuple((number,) for number in range(20))
    assert (found.next_in, found.ends_in) == (0.0, 120.0)
    assert {found.later[number] for number in range(20, 100)} == {0.0}
    assert {found.later[number] for number in range(100, 200)} == {60.0}
    assert found.later[249] == 120.0


def test_the_window_is_full():
    """The next round is when five fit; a run for each single place would cost more than it tells earlier."""
    made = tuple(float(at) for at in range(-50, 0)) * 2
    full = replace(A_HUNDRED, limits=(Limit(calls=100, seconds=60, made=tuple(sorted(made))),))
    found = plan([one(number) for number in range(50)], full)
    assert (found.now, found.next_in) == ((), 12.0)
    assert found.later[0] == 12.0, "what fits sooner is not due sooner: nobody would send it"
    few = plan([one(number) for number in range(3)], full)
    assert few.next_in == 11.0, "three wait for three places"


def test_a_small_limit_has_small_rounds():
    """Else the last place of a window would wait for the first of the next one."""
    found = plan(
        [one(number) for number in range(30)],
        Budget(limits=(Limit(calls=10, seconds=60),), alone=(1,), most=1),
    )
    assert len(found.now) == 2


def test_calls_for_many():
    """Those who are told the same share a call, the most urgent ones the first call."""
    bulk = Budget(limits=(Limit(calls=100, seconds=60),), alone=(1,), together=(5,), most=2, at_once=25)
    untold = [one(1), one(2, alike="b"), one(3), one(4, weight=9), one(5, alike="b"), one(6)]
    assert plan(untold, bulk).now == ((4, 1), (2, 5), (3, 6))


def test_all_at_once_where_nothing_is_limited():
    found = plan([one(number) for number in range(2_000)], replace(UNLIMITED, at_once=25))
    assert [len(call) for call in found.now] == [100] * 20
    assert (found.later, found.ends_in) == ({}, 0.0)


def test_what_waits_behind_another_counts_for_the_end_only():
    """A message behind a note on the same ticket cannot go now, and costs a place all the same."""
    behind = [replace(one(number), is_next=False) for number in range(100, 200)]
    found = plan([one(number, is_message=False) for number in range(100)] + behind, A_HUNDRED)
    assert found.ends_in == 60.0
    assert all(number < 100 for call in found.now for number in call)
    assert set(found.later) == set(range(20, 100))
    only_behind = plan(behind, A_HUNDRED)
    assert (only_behind.now, only_behind.next_in) == ((), None)


def test_whom_the_wait_would_cost_a_promise_is_told_before_a_gold_customer():
    """The last of 250 breaks in half a minute; told in the order they came, it would wait for two."""
    untold = [one(number, weight=3) for number in range(249)] + [one(249, due=0.5)]
    assert plan(untold, A_HUNDRED).now[0] == (249,)
    # Where all are told within the first minute, there is no need.
    assert plan([one(1, weight=3), one(2, due=3)], A_HUNDRED).now == ((1,), (2,))


def test_a_call_that_does_not_fit_keeps_none_behind_it_going_round_and_round():
    """A shared call costs more than is left, a single one behind it would fit: nothing goes, and there is a wait."""
    made = tuple(float(at) for at in range(-8, 0))
    bulk = Budget(
        limits=(Limit(calls=10, seconds=60, made=made),), alone=(1,), together=(5,), most=2, at_once=2
    )
    found = plan([one(1), one(2), one(3, alike="b")], bulk)
    assert found.now == ()
    assert found.next_in == 54.0
    assert min(found.later.values()) == 54.0, "none is due before its round"


@pytest.mark.parametrize(("alike", "together"), [("", 19), ("the same", 6)])
def test_a_round_is_a_fifth_of_what_its_own_calls_may_cost(alike: str, together: int):
    """What a call for many would cost makes the rounds of single ones no smaller: a small round is as much work as a
    large one, and a look at who reads a change is shared within a round only."""
    limits = (Limit(calls=100, seconds=60), Limit(calls=195, seconds=60))
    budget = Budget(limits=limits, alone=(1, 2), together=(0, 6), most=2)
    found = plan([one(number, alike=alike or str(number)) for number in range(200)], budget)
    assert len(found.now) == together


@pytest.mark.parametrize("each", [0.0, 0.02, 0.1])
@pytest.mark.parametrize(("tickets", "windows"), [(96, 0), (100, 0), (101, 1), (500, 4), (2_000, 19)])
def test_no_window_is_left_unused(tickets: int, windows: int, each: float):
    """Round after round by the pace's own clock: as many full windows as the limit needs, and not one more.

    The limit on all calls makes rounds of eight, of which a hundred is no multiple. `each`: seconds a call takes."""
    now = 0.0
    updates, requests = (Pace(calls, 60, clock=lambda: now) for calls in (100, 200))
    left = list(range(tickets))
    while left:
        limits = (updates.limit(), requests.limit())
        budget = Budget(limits=limits, alone=(1, 1), together=(0, 5), at_once=25)
        # What is far behind changes nothing, and planning it takes its time.
        found = plan([one(number, alike=str(number)) for number in left[:150]], budget)
        if not found.now:
            assert found.next_in is not None
            now += max(found.next_in, 0.001)
            continue
        for _ in found.now:
            assert updates.take() == requests.take() == 0.0, "no call waits in the connector"
            now += each / 5
        del left[: len(found.now)]
    assert 60 * windows <= now < (60 * MARGIN + each) * windows + 10 * each + 2
