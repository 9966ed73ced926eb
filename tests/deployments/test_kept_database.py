"""A PostgreSQL that is killed comes back by itself, also over what its dead postmaster left behind."""

from __future__ import annotations

import asyncio
import os
import signal
from collections.abc import AsyncIterator
from pathlib import Path

import psutil
import pytest
from sqlalchemy import text

from deployments.machine.embedded_database import EmbeddedDatabase
from deployments.machine.kept_database import POSTGRES, KeeperPacing, KeptDatabase
from deployments.machine.process_table import ProcessTable
from incidents.errors import StoreFault
from incidents.store.database import Database

QUICK = KeeperPacing(look=0.02, first=0.05, longest=0.2, orphans=0.0)


@pytest.fixture
async def kept(short_folder: Path) -> AsyncIterator[KeptDatabase]:
    said: list[str] = []
    kept = KeptDatabase(
        server=EmbeddedDatabase(short_folder / "pg"),
        table=ProcessTable(short_folder / "processes.json"),
        say=said.append,
        pace=QUICK,
    )
    kept.said = said  # type: ignore[attr-defined]
    await kept.start()
    yield kept
    await kept.stop()


async def _until_restarted(kept: KeptDatabase, times: int = 1) -> None:
    async with asyncio.timeout(60):
        # Another process's death is no event of ours.
        while kept.restarted < times:  # noqa: ASYNC110
            await asyncio.sleep(0.02)


def _kill_postmaster(kept: KeptDatabase) -> int:
    pid = kept.server.pid
    assert pid is not None
    os.kill(pid, signal.SIGKILL)
    return pid


async def test_a_killed_postmaster_is_started_again_and_a_pool_goes_on(kept: KeptDatabase):
    """Nobody makes a new pool: the one that lost its connections opens others."""
    database = Database(kept.server.url("postgres"))
    await database.check_durability()
    dead = _kill_postmaster(kept)
    await _until_restarted(kept)
    with pytest.raises(StoreFault):
        await database.check_durability()
    await database.check_durability()
    await database.aclose()
    (row,) = [row for row in kept.table.read() if row.name == POSTGRES]
    assert row.pid == kept.server.pid != dead, "the watchdog must know whom to stop"


async def test_a_session_that_does_not_notice_its_postmasters_death_does_not_hold_up_the_new_one(
    kept: KeptDatabase,
):
    """It holds the shared memory, and PostgreSQL rightly refuses to start beside it."""
    database = Database(kept.server.url("postgres"))
    stuck = await database.dedicated_connection()
    session = (await stuck.execute(text("select pg_backend_pid()"))).scalar_one()
    os.kill(session, signal.SIGSTOP)
    _kill_postmaster(kept)
    await _until_restarted(kept)
    await stuck.invalidate()
    await stuck.close()
    assert not psutil.pid_exists(session) or psutil.Process(session).status() == psutil.STATUS_ZOMBIE
    assert any("that the dead PostgreSQL had left" in line for line in kept.said)  # type: ignore[attr-defined]
    await database.check_durability()
    await database.aclose()


async def test_a_stopped_one_stays_down(kept: KeptDatabase):
    """Its keeper must not take an orderly stop for a death."""
    await kept.stop()
    assert kept.server.pid is None
    assert kept.restarted == 0
    assert kept.table.read() == []
    await kept.start()


async def test_orphans_of_a_living_postmaster_are_no_orphans(kept: KeptDatabase):
    assert (kept.server.orphans(), kept.server.end_orphans()) == ([], 0)
    assert kept.server.pid is not None
