"""How many deliveries are read at once."""

from __future__ import annotations

import pytest

from tasks.stages.drain import LARGEST, SMALLEST, ChunkSize


@pytest.mark.parametrize(
    ("now", "seconds", "then"),
    [
        (100, 0.2, 200),
        (100, 2.0, 100),
        (200, 20.0, 100),
        (LARGEST, 0.2, LARGEST),
        (SMALLEST, 20.0, SMALLEST),
    ],
    ids=["quick", "as it should be", "slow", "large enough", "small enough"],
)
def test_a_chunk_is_as_large_as_is_handled_in_a_second_or_two(now: int, seconds: float, then: int):
    size = ChunkSize(now=now)
    size.took(seconds)
    assert size.now == then
