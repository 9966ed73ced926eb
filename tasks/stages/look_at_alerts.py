"""Looking at a monitor: what was told of its alerts may have been lost, and the end of one may never be told."""

from __future__ import annotations

from incidents.ports import AlertSource
from incidents.process.alerts import TakenAlerts, follow_look
from tasks import resources
from tasks.retries import OUTSIDE_CALL
from tasks.runs import task


@task(name="look at alerts", task_run_name="look at alerts of {connection}", **OUTSIDE_CALL)
async def look_at_alerts(connection: str) -> TakenAlerts:
    """Everything that fires there, compared with what we know. Raises `Refused` for a connection that only sends."""
    source = await resources.connect(connection, AlertSource)
    since = resources.utc_now()
    firing = await source.firing()
    async with resources.transaction() as step:
        return await follow_look(step, connection, firing, since=since)
