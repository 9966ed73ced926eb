"""SLA sweep: when a promise is due, and every five minutes: warn before it is broken, escalate when it is, and keep
those to customers."""

from __future__ import annotations

from prefect import flow
from prefect.runtime import flow_run

from flows.following.follow import Followers
from flows.names import rename_run
from flows.telling import telling
from incidents.process.sla_sweep import Swept
from tasks.deliver.deliver import deliver
from tasks.now import show_now
from tasks.reading import promises_due
from tasks.sla.board import show_board
from tasks.sla.sweep import (
    refit,
    sweep_incident,
    sweep_tickets,
)
from tasks.without_prefect import run_logger


def _run_name() -> str:
    return f"sla_sweep {flow_run.scheduled_start_time:%H:%M}"


@telling("Promises to customers may be broken without a warning.")
@flow(name="sla_sweep", flow_run_name=_run_name)
async def sla_sweep() -> str:
    """Tell what is due now, each moment once; a sweep that runs late or twice tells nothing twice.

    It fails only if it could not find or commit what was due. What could not be sent is the ledger's, and the
    recover flow's, and turns the sends red.
    """
    fitted = await refit()
    due = await promises_due()
    swept = await sweep_tickets() if due.unlinked else Swept()
    followers = Followers(is_under_way=True)
    for incident_id in due.incidents:
        swept = swept.plus(await sweep_incident(incident_id))
        followers.start([incident_id])
    await show_board()
    await show_now()
    await rename_run(f"sla_sweep {_found(swept)}")
    try:
        if due.unlinked:
            await deliver(None)
        await followers.finish()
    except Exception as error:  # noqa: BLE001 - whatever happened while sending, it is told where it happened
        run_logger().warning("what was due is committed, and will be sent by recover: %s", error)
    also = f", {fitted} counted by the changed policy" if fitted else ""
    return f"{_found(swept)}{also}"


def _found(swept: Swept) -> str:
    """`3 warned, 1 breached`, or that there was nothing."""
    if not swept.warned and not swept.breached:
        return "nothing due"
    return f"{swept.warned} warned, {swept.breached} breached"
