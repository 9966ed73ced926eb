"""Twice and late: nothing is lost on the way, and nobody is later than was asked for."""

from __future__ import annotations

from collections import Counter
from random import Random

from hypothesis import given
from hypothesis import strategies as st

from deployments.replay.traffic import AGAIN_WITHIN, out_of_order, with_duplicates

SIZES = st.integers(0, 300)
SEEDS = st.integers(0, 2**32)


@given(size=SIZES, most=st.integers(0, 80), seed=SEEDS)
def test_shuffling_keeps_everybody_and_makes_nobody_later_than_asked(size: int, most: int, seed: int) -> None:
    line = out_of_order(range(size), most, Random(seed))
    assert sorted(line) == list(range(size))
    assert all(place - was <= most for place, was in enumerate(line))


@given(size=SIZES, probability=st.floats(0, 1), seed=SEEDS)
def test_a_duplicate_is_one_more_of_what_came_before(size: int, probability: float, seed: int) -> None:
    """The originals keep their order, each has one copy at most, and it comes after it and not too late."""
    line = with_duplicates(range(size), probability, Random(seed))
    first = list(dict.fromkeys(line))
    assert first == list(range(size))
    assert set(Counter(line).values()) <= {1, 2}
    # A copy that belongs `AGAIN_WITHIN` originals later has their copies, as many again, before it.
    last = {item: place for place, item in enumerate(line)}
    assert all(last[item] - line.index(item) <= 2 * AGAIN_WITHIN + 1 for item in first)


@given(size=SIZES, most=st.integers(0, 80), probability=st.floats(0, 1), seed=SEEDS)
def test_the_same_seed_gives_the_same_line(size: int, most: int, probability: float, seed: int) -> None:
    def line() -> list[int]:
        random = Random(seed)
        return out_of_order(with_duplicates(range(size), probability, random), most, random)

    assert line() == line()


def test_the_bounds_of_what_can_be_asked_for() -> None:
    assert with_duplicates(range(50), 0.0, Random(1)) == list(range(50))
    assert Counter(with_duplicates(range(50), 1.0, Random(1))) == Counter([*range(50), *range(50)])
    assert out_of_order(range(50), 0, Random(1)) == list(range(50))


def test_lateness_happens() -> None:
    """A bound alone would be kept by doing nothing."""
    line = out_of_order(range(1000), 50, Random(1))
    assert max(place - was for place, was in enumerate(line)) > 25
    again = with_duplicates(range(5000), 0.2, Random(1))
    assert 900 < len(again) - 5000 < 1100
