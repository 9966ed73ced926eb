"""`kill -9` of the gateway and of the worker on a whole installation; `make bench only=kills` does it 40 times."""

from __future__ import annotations

import pytest

from bench.kills import drill


@pytest.mark.real
async def test_kills_lose_no_ticket_and_tell_nobody_twice():
    """Each process killed twice during outages: all tickets linked, one page each, every customer told once."""
    found = await drill(2)
    assert found.faults == []
    assert found.kills == {"gateway": 2, "worker": 2}
    assert found.messages > 0
