"""Moments and spans as people read them."""

from datetime import UTC, datetime, timedelta

import pytest

from incidents.texts.times import clock, duration


@pytest.mark.parametrize(
    ("seconds", "words"),
    [
        (0, "0 s"),
        (59, "59 s"),
        (59.6, "1 min"),
        (60, "1 min"),
        (3599, "59 min"),
        (3600, "1 h 00 min"),
        (3900, "1 h 05 min"),
        (90000, "25 h 00 min"),
        (-1, "1 s ago"),
        (-720, "12 min ago"),
    ],
)
def test_durations(seconds, words):
    """Two units at most, and a moment that has passed says so."""
    assert duration(timedelta(seconds=seconds)) == words


def test_a_time_names_its_zone():
    """Readers sit in several."""
    assert clock(datetime(2026, 11, 22, 4, 5, tzinfo=UTC)) == "04:05 UTC"
