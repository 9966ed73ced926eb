"""The scratch installation of a drill that was killed: nobody may write any more, and its folder has secrets in it."""

from __future__ import annotations

import asyncio
import time
from pathlib import Path

from deployments.machine.home import discard_home
from deployments.machine.process_table import ProcessTable, living
from deployments.machine.whereabouts import is_supervised

ENDED_WITHIN = 60.0
"""Seconds that the watchdog has to end what a killed drill left running."""


def is_being_played(scratch: Path) -> bool:
    """Whether the drill that made this folder is still at work."""
    return is_supervised(scratch)


async def discard(scratch: Path) -> bool:
    """Remove the folder when all that ran on it has ended, and say whether it has."""
    table, deadline = ProcessTable(scratch / "processes.json"), time.monotonic() + ENDED_WITHIN
    while any(living(row) is not None for row in table.read()):
        if time.monotonic() > deadline:
            return False
        await asyncio.sleep(0.2)
    # Not whatever a journal may name.
    if scratch.name.startswith("liaison-") and (scratch / "logs").is_dir():
        discard_home(scratch)
    return True
