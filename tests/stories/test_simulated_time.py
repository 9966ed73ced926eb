"""Four months of a real city's requests through the store and the real sweep, under a simulated clock."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from deployments.replay.requests import read_changes
from deployments.replay.simulation import POLICY, simulate
from incidents.store.database import Database
from tasks import resources
from tests.servers import PrefectServer
from tests.shared_folder import shared_path

EXPECTED = {
    "2011-08-01": (9_854, 2_942, 836, 530),
    "2011-09-01": (21_401, 4_808, 2_593, 1_398),
    "2011-10-01": (31_828, 6_752, 4_324, 2_065),
    "2011-11-01": (41_827, 8_309, 6_178, 3_057),
}
"""Received, open, broken so far, open and past target: counted from the log itself, without Liaison."""


@pytest.mark.shared
async def test_requests311(
    database: Database, prefect_server: PrefectServer, monkeypatch: pytest.MonkeyPatch
):
    """However late the sweep, here once a month: every moment it missed is counted, and at its own time."""
    changes = read_changes(shared_path("data/boston311"))
    monkeypatch.setenv("LIAISON_DATABASE_URL", database.url)
    monkeypatch.setenv("LIAISON_POLICY", str(POLICY))
    moments = [datetime.fromisoformat(day).replace(tzinfo=UTC) for day in EXPECTED]
    with prefect_server.settings():
        result = await simulate(changes, moments, every=timedelta(days=40), progress=lambda done, total: None)
        await resources.close()
    found = {
        f"{count.at:%Y-%m-%d}": (count.received, count.open, count.breached, count.open_past_target)
        for count in result.counts
    }
    assert found == EXPECTED
    assert result.sweeps == 4
