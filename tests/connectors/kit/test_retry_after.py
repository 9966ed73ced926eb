"""Retry-After: whatever a vendor writes there, the wait is sane."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from connectors.kit.answers import retry_after_seconds
from incidents.errors import Busy
from tests.connectors.kit.scripted_vendor import Vendor, http, status

NOW = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    ("header", "seconds"),
    [
        (None, 5),
        ("", 5),
        ("30", 30),
        ("2.5", 2.5),
        ("0", 1),
        ("-5", 1),
        ("864000", 3600),
        ("1e400", 3600),
        ("nan", 5),
        ("soon", 5),
        ("1, 2", 5),
        (format_datetime(NOW + timedelta(seconds=90), usegmt=True), 90),
        (format_datetime(NOW - timedelta(days=1), usegmt=True), 1),
        (format_datetime(NOW + timedelta(days=10), usegmt=True), 3600),
        ("Sun, 01 Mar 2026 12:01:30 -0000", 5),
        ("Sun, 01 Mar 2026 12:01:30 +99999999999999", 5),
    ],
)
def test_retry_after(header, seconds):
    """Seconds, a date, garbage or nothing: always a sane time within a second and an hour."""
    assert retry_after_seconds(header, now=NOW) == pytest.approx(seconds)


@settings(deadline=None)  # the machine may be busy
@given(
    st.one_of(st.text(max_size=60), st.from_regex(r"[A-Z][a-z]{2}, \d+ [A-Z][a-z]{2} \d+ \d+:\d+ [+-]\d+"))
)
def test_retry_after_of_any_text(header):
    """No header breaks it or leaves its bounds."""
    assert 1 <= retry_after_seconds(header, now=NOW) <= 3600


async def test_busy_carries_the_vendors_word():
    """The vendor's Retry-After travels with the error."""
    async with http(Vendor(status(429, **{"retry-after": "42"}))) as client:
        with pytest.raises(Busy) as caught:
            await client.call("GET", "/things")
    assert caught.value.retry_after == 42
