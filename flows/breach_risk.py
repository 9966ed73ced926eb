"""Breach risk: every five minutes, judge open promises by what was learnt of past ones."""

from __future__ import annotations

from prefect import flow
from prefect.runtime import flow_run

from flows.names import rename_run
from flows.telling import telling
from tasks.insights.breach_risk import judge_promises


def _run_name() -> str:
    return f"breach_risk {flow_run.scheduled_start_time:%H:%M}"


@telling("Promises are shown by their clocks alone.")
@flow(name="breach_risk", flow_run_name=_run_name)
async def breach_risk() -> str:
    """Write down each open promise's chance to be broken; the SLA board and the sweep's order go by it when the
    policy says so."""
    judged = await judge_promises()
    found = f"{judged} promises judged" if judged else "nothing to go by yet"
    await rename_run(f"breach_risk {found}")
    return found
