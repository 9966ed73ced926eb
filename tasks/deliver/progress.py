"""The page that shows how far an update to many tickets has come, while it takes long enough to be watched."""

from __future__ import annotations

import asyncio
from datetime import timedelta

from incidents.fan_out.planning import FanOut
from incidents.store.ledger.fan_outs import (
    FanOutProgress,
    end_fan_out,
    fan_outs_under_way,
    note_plan,
    note_shown,
    read_progress,
)
from tasks import resources
from tasks.artifacts import rewrite_page
from tasks.pages.fan_out import fan_out_page, fan_out_title
from tasks.without_prefect import is_without_prefect, run_logger

_LONG = 15.0
"""Seconds: what is over sooner nobody watches."""
_EVERY = timedelta(seconds=20)
_PATIENCE = 5.0
"""Seconds that the next round waits for a page at most: a Prefect that hangs keeps no customer waiting either."""


async def show_progress(incident_id: int | None, connection: str, plan: FanOut) -> None:
    """Keep what was planned, and show it now and then; at the end, that all are told."""
    if incident_id is None:
        return
    async with resources.transaction() as step:
        now = step.now
        is_under_way = await note_plan(
            step.connection,
            incident_id,
            connection,
            next_at=None if not plan.next_in else now + timedelta(seconds=plan.next_in),
            ends_at=now + timedelta(seconds=plan.ends_in),
            begins=plan.ends_in >= _LONG,
            now=now,
        )
        progress = await read_progress(step.connection, incident_id) if is_under_way else None
    if progress is None:
        return
    if progress.is_over or progress.shown_at is None or now - progress.shown_at >= _EVERY:
        await _show(incident_id, progress)


async def finish_fan_outs() -> None:
    """Say how it ended of those that were cut off after the last customer, or whose incident was merged."""
    async with resources.database().transaction() as tx:
        under_way = [(one, await read_progress(tx, one)) for one in await fan_outs_under_way(tx)]
    for incident_id, progress in under_way:
        if progress is not None and progress.is_over:
            await _show(incident_id, progress)


async def _show(incident_id: int, progress: FanOutProgress) -> None:
    if is_without_prefect():
        return
    incident, now = f"INC-{incident_id}", resources.utc_now()
    try:
        async with asyncio.timeout(_PATIENCE):
            await rewrite_page(
                key=f"inc-{incident_id}-told",
                markdown=fan_out_page(incident, progress, now=now),
                description=fan_out_title(incident, progress, now=now),
            )
    except Exception:  # noqa: BLE001 - whatever Prefect does: a page that nobody sees keeps no customer waiting
        run_logger().exception("how far %s is told could not be shown, and will be", incident)
        return
    async with resources.database().transaction() as tx:
        if progress.is_over:
            await end_fan_out(tx, incident_id)
        else:
            await note_shown(tx, incident_id, now=now)
