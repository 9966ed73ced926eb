"""The moment that a promise means: the next such time, and never one that is rather past."""

from __future__ import annotations

from datetime import UTC, datetime, time, timedelta

import pytest

from incidents.commands.moments import moment_meant
from incidents.commands.words import PromiseBy
from incidents.errors import Refused

NOW = datetime(2026, 3, 28, 12, 0, tzinfo=UTC)
MINUTE = timedelta(minutes=1)


@pytest.mark.parametrize(
    ("promise", "zone", "now", "moment"),
    [
        (PromiseBy(at=time(14, 30)), "UTC", NOW, datetime(2026, 3, 28, 14, 30, tzinfo=UTC)),
        (PromiseBy(at=time(14, 30)), "Europe/Berlin", NOW, datetime(2026, 3, 28, 13, 30, tzinfo=UTC)),
        (
            PromiseBy(at=time(14, 30), zone="UTC"),
            "Europe/Berlin",
            NOW,
            datetime(2026, 3, 28, 14, 30, tzinfo=UTC),
        ),
        # Over midnight, and over the night in which Berlin's clocks go forward.
        (PromiseBy(at=time(0, 30)), "UTC", NOW.replace(hour=23), datetime(2026, 3, 29, 0, 30, tzinfo=UTC)),
        (
            PromiseBy(at=time(6)),
            "Europe/Berlin",
            NOW.replace(hour=22),
            datetime(2026, 3, 29, 4, 0, tzinfo=UTC),
        ),
        (PromiseBy(after=45 * MINUTE), "UTC", NOW, NOW + 45 * MINUTE),
    ],
)
def test_the_next_such_time(promise, zone, now, moment):
    assert moment_meant(promise, now=now, zone=zone) == moment


@pytest.mark.parametrize("promise", [PromiseBy(at=time(11, 59)), PromiseBy(after=timedelta(hours=13))])
def test_what_has_passed_or_is_too_far(promise):
    """A day ahead is rather a slip of the finger."""
    with pytest.raises(Refused, match="12 hours"):
        moment_meant(promise, now=NOW, zone="UTC")
