"""Rows of the campaign at their small size: the promise is kept, and the control without the guard breaks it."""

from __future__ import annotations

import os

import pytest

from bench.campaign.disk_full import NoSmallDisk
from bench.campaign.row import Size
from bench.campaign.run import DRILLS
from tests.real.programs import CODE

pytestmark = pytest.mark.real


ELSEWHERE = {
    "worker_kills": "tests/real/test_kills.py",
    "postmaster_kills": "tests/real/test_postmaster_kills.py",
    "prefect_absence": "tests/real/test_prefect_away.py",
    "restored_backup": "tests/stories/test_restore.py",
    "zombie_sender": "tests/stories/test_sent_late.py",
    "clock_skew": "tests/stories/test_clock_skew.py",
}
"""Drills that other tests run, with their controls: once is enough for every submission."""


def test_every_drill_is_run():
    assert all((CODE / test).exists() for test in ELSEWHERE.values())
    assert set(ELSEWHERE) < set(DRILLS)


@pytest.mark.parametrize("name", [name for name in DRILLS if name not in ELSEWHERE])
async def test_the_guard_keeps_what_the_control_breaks(name: str):
    try:
        row = await DRILLS[name](Size.SMALL)
    except NoSmallDisk as why:
        if os.environ.get("CI") == "true":
            raise
        pytest.skip(str(why))
    assert row.is_kept, f"{row.name}: {row.seen}"
    assert row.has_control_failed, f"{row.name}: the control proves nothing: {row.control}"
