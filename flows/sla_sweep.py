"""SLA sweep: each minute, warn before a target is missed, escalate when it is, keep promises to customers."""

from __future__ import annotations

from prefect import flow
from prefect.runtime import flow_run

from flows.follow import Followers
from incidents.decisions.sla import missed
from incidents.store.cases import unsettled_incidents
from tasks import resources
from tasks.commit import commit_sla


def _run_name() -> str:
    return f"sla_sweep {flow_run.scheduled_start_time:%H:%M}"


@flow(name="sla_sweep", flow_run_name=_run_name)
async def sla_sweep() -> str:
    """Tell what is due now, each moment once; a sweep that runs late or twice tells nothing twice."""
    policy, now = resources.policy(), resources.utc_now()
    async with resources.database().transaction() as tx:
        incidents = await unsettled_incidents(tx)
    due = [
        incident
        for incident in incidents
        if missed(incident, policy, now=now)
        or (incident.next_update_at is not None and incident.next_update_at <= now)
    ]
    followers = Followers()
    for incident in due:
        await commit_sla(incident.id)
        followers.start([incident.id])
    await followers.finish()
    return f"{len(incidents)} open, {len(due)} told"
