"""What is near is found; what is no place is none."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from insights.similar.places import (
    ANYWHERE,
    CELL_KM,
    PlaceIndex,
    degrees,
    distances,
)

SPOTS = st.tuples(st.floats(-0.01, 0.01), st.floats(-0.01, 0.01))


@given(
    town=st.tuples(st.floats(-59, 59), st.floats(-179, 179)), spots=st.lists(SPOTS, max_size=40), asked=SPOTS
)
def test_everything_within_a_cells_width_is_found(town, spots, asked):
    """In whatever town, in whatever cells; and nothing that is four widths away."""
    index = PlaceIndex()
    places = [(town[0] + up, town[1] + right) for up, right in [*spots, asked]]
    for number, place in enumerate(places):
        index.add(number, *place)
    found = index.near(*places[-1]).tolist()
    assert found == sorted(found)
    far = distances(*places[-1], *np.array(places).T)
    for number, distance in enumerate(far):
        assert number in found or distance > CELL_KM
        assert number not in found or distance < 4 * CELL_KM


def test_a_place_that_a_form_fills_in_says_nothing():
    """Where far more is reported than anywhere else nobody knows the place."""
    index = PlaceIndex()
    for number in range(ANYWHERE + 1):
        assert not index.says_nothing(1.0, 1.0)
        index.add(number, 1.0, 1.0)
    assert index.says_nothing(1.0, 1.0)
    assert index.near(1.0, 1.0).size == 0


@pytest.mark.parametrize("place", [None, (math.nan, 1.0), (91.0, 0.0), (math.inf, 0.0), (0.0, -1e9)])
def test_what_is_no_place_is_none(place):
    assert all(math.isnan(one) for one in degrees(place))
    assert PlaceIndex().says_nothing(*degrees(place))


@pytest.mark.parametrize(
    ("one", "other", "kilometres"),
    [
        ((42.3, -71.0), (42.4, -71.0), 11.12),
        ((42.499, -71.0), (42.501, -71.0), 0.222),
        ((60.0, 10.0), (60.0, 10.1), 5.56),
        ((1.0, 1.0), (1.0, 1.0), 0.0),
    ],
)
def test_distances_are_those_on_the_ground(one, other, kilometres):
    latitude, longitude = one
    [far] = distances(latitude, longitude, np.array([other[0]]), np.array([other[1]]))
    assert far == pytest.approx(kilometres, rel=0.01)
