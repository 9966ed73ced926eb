"""How often what similarity knows is brought up to date."""

from __future__ import annotations

import pytest

from tasks.insights.precedents import Past


@pytest.mark.parametrize(
    ("took", "rests_until"), [(0.01, 0.0), (0.19, 0.0), (0.5, 110.5)], ids=["calm", "just quick", "a storm"]
)
def test_a_long_look_at_the_past_is_not_repeated_soon(took: float, rests_until: float):
    past = Past()
    past.has_read(began=100.0, ended=100.0 + took)
    assert past.rests_until == pytest.approx(rests_until)
