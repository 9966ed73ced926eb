"""Recover: when something is overdue, and every five minutes, take up what a crash, an outage or a lost bell left."""

from __future__ import annotations

from prefect import flow, tags
from prefect.runtime import flow_run

from flows.following.follow import Followers
from flows.following.look_at_pages import look_at_pages
from flows.names import rename_run, several
from flows.telling import telling
from incidents.errors import LiaisonError
from tasks.deliver.deliver import deliver
from tasks.deliver.progress import finish_fan_outs
from tasks.reading import Overdue, overdue
from tasks.ring import ring
from tasks.stages.approvals import expire_approvals
from tasks.stages.emergency import tell_emergency
from tasks.without_prefect import is_without_prefect, run_logger


def _run_name() -> str:
    return f"recover {flow_run.scheduled_start_time:%H:%M}"


@telling("What was left lying still lies there: stages, messages, pages.")
@flow(name="recover", flow_run_name=_run_name)
async def recover() -> str:
    """Deliver overdue effects, run overdue stages, look for pages that nobody has seen, let questions expire that
    nobody answered, and ring for lanes that wait without a drain; tell Prefect what was done while it was away."""
    found = await overdue()
    followers = Followers()
    followers.start(
        dict.fromkeys([*found.stages, *(incident for incident in found.effects if incident is not None)])
    )
    try:
        for failure in await look_at_pages(found.pages, followers):
            run_logger().warning("a page was not looked for, and will be again: %s", failure)
        for incident_id in found.approvals:
            try:
                await expire_approvals(incident_id)
            except LiaisonError as failure:
                run_logger().warning(
                    "a question about INC-%s did not expire, and will: %s", incident_id, failure
                )
                continue
            followers.start([incident_id])
        if None in found.effects:
            await deliver(None)
        for lane in found.lanes:
            # While Prefect is away there is no bell; the emergency's worker looks after the lanes.
            if not is_without_prefect():
                await ring(lane.value, f"recover-{lane}-{flow_run.id}")
    finally:
        # A bell that cannot be rung keeps nothing else from being done.
        await followers.finish()
    await finish_fan_outs()
    if not is_without_prefect():
        with tags("emergency"):
            for emergency in found.emergencies:
                await tell_emergency(emergency)
    await rename_run(f"recover: {_in_short(found)}")
    return (
        f"{len(found.stages)} stages, {len(found.effects)} incidents with overdue effects, "
        f"{len(found.pages)} with pages not seen yet, {len(found.lanes)} bells"
    )


def _in_short(found: Overdue) -> str:
    """`INC-2, INC-7 taken up`, or that there was nothing."""
    lay = [*found.stages, *(one for one in found.effects if one is not None), *found.pages, *found.approvals]
    incidents = [f"INC-{number}" for number in dict.fromkeys(lay)]
    said = [
        f"{several(incidents)} taken up" if incidents else "",
        "tickets without an incident taken up" if None in found.effects else "",
        f"rang for {', '.join(found.lanes)}" if found.lanes else "",
    ]
    return ", ".join(part for part in said if part) or "nothing lay about"
