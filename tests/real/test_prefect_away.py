"""Prefect dead or hanging on a whole installation: people are paged in time (`make bench only=prefect_away` too)."""

from __future__ import annotations

import pytest

from bench.prefect_away import Absence, drill, is_anybody_paged_without_the_stand_in

pytestmark = pytest.mark.real


@pytest.mark.parametrize("absence", Absence)
async def test_everything_leaves_within_a_minute_of_its_moment_and_nothing_twice(absence: Absence):
    """Pages, acknowledgements, customers' messages and a breach; then Prefect is told."""
    found = await drill(absence)
    assert found.faults == []
    assert len(found.seconds) == 4


async def test_without_the_stand_in_nobody_is_paged():
    """The control: it is the worker's stand-in that pages."""
    assert not await is_anybody_paged_without_the_stand_in()
