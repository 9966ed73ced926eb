"""All rows of one size, one after the other, and what is remembered of them."""

from __future__ import annotations

import traceback
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping

from bench.campaign.disk_full import disk_full
from bench.campaign.intake_kills import intake_kills
from bench.campaign.postmaster_kills import postmaster_kills
from bench.campaign.prefect_absence import prefect_absence
from bench.campaign.restored_installation import restored_installation
from bench.campaign.row import Row, Size
from bench.campaign.slow_clients import slow_clients
from bench.campaign.stories import clock_skew, restored_backup, zombie_sender
from bench.campaign.table import load_per_core, remember, seen_now, write_table
from bench.campaign.worker_kills import worker_kills
from bench.result import Result, progress

DRILLS: Mapping[str, Callable[[Size], Awaitable[Row]]] = {
    "intake_kills": intake_kills,
    "worker_kills": worker_kills,
    "postmaster_kills": postmaster_kills,
    "prefect_absence": prefect_absence,
    "slow_clients": slow_clients,
    "disk_full": disk_full,
    "restored_backup": restored_backup,
    "restored_installation": restored_installation,
    "zombie_sender": zombie_sender,
    "clock_skew": clock_skew,
}
"""By their names on the command line, in the order of the table."""


async def campaign(size: Size, *names: str) -> AsyncIterator[Result]:
    """Run these drills, or all, and write each row into docs/reliability.md as soon as it is known.

    A figure is 1 when the promise was kept and the control broke it. Raises AssertionError at the end when one is not,
    or a drill could not be run.
    """
    load, faults = load_per_core(), []
    for name in names or DRILLS:
        progress(f"campaign: {name}, {size}")
        try:
            row = await DRILLS[name](size)
        except Exception as error:  # noqa: BLE001 - the other drills take hours, and are not to be in vain
            progress("".join(traceback.format_exception(error)))
            faults.append(f"{name} could not be run: {error}")
            continue
        is_kept = row.is_kept and row.has_control_failed
        if not is_kept:
            faults.append(f"{name}: {row.seen}; control: {row.control}")
        remember(seen_now(name, row, load=load), order=list(DRILLS))
        write_table()
        yield Result(
            name=f"campaign_{name}",
            value=float(is_kept),
            unit="kept",
            ratio=None,
            against=f"{row.seen}; control: {row.control}",
            n=1,
        )
    if faults:
        raise AssertionError("; ".join(faults))
