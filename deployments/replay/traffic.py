"""The order a log is sent in: as it was, or the way the internet delivers it: some twice, some late."""

from __future__ import annotations

from collections.abc import Sequence
from random import Random
from typing import TypeVar

# A second coming may be far behind the first: what was handled long ago must be known again, too.
AGAIN_WITHIN = 1000

Item = TypeVar("Item")


def with_duplicates(items: Sequence[Item], probability: float, random: Random) -> list[Item]:
    """Each item may come once more, at once or up to `AGAIN_WITHIN` places later."""
    places = [(float(place), item) for place, item in enumerate(items)]
    again = [
        (place + random.uniform(0, AGAIN_WITHIN), item)
        for place, item in enumerate(items)
        if random.random() < probability
    ]
    # Sorting keeps the order of equals, so a copy never overtakes its original.
    return [item for _, item in sorted([*places, *again], key=lambda placed: placed[0])]


def out_of_order(items: Sequence[Item], most: int, random: Random) -> list[Item]:
    """Each item up to `most` places later than it was; nobody is later than that."""
    late = [(place + random.randint(0, most), item) for place, item in enumerate(items)]
    # Whatever sorts before an item had its place at most `most` behind it.
    return [item for _, item in sorted(late, key=lambda placed: placed[0])]
