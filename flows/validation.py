"""Validation: are customers really hit? The verdict and its evidence go on every ticket."""

from __future__ import annotations

import asyncio

from prefect import flow

from flows.following.stage import IncidentNames, for_each, stage_run_name
from flows.telling import telling
from incidents.models import Incident, IncidentState, Stage
from tasks.deliver.deliver import deliver
from tasks.insights.precedents import tell_precedents
from tasks.stages.commit import commit_validation
from tasks.stages.gather import probe_dependencies, probe_in_time
from tasks.stages.story import tell_story
from tasks.without_prefect import run_logger


async def _precedents(incident: Incident) -> None:
    """Once, when it is new. Learning is never what stops an incident."""
    if incident.state is not IncidentState.REPORTED:
        return
    try:
        await tell_precedents(incident.id)
    except Exception:  # noqa: BLE001 - whatever is wrong with what is known, the claim is checked
        run_logger().exception("no precedents could be looked for")


async def _judge(before: Incident) -> Incident:
    looks, dependency_looks, _ = await asyncio.gather(
        probe_in_time(before.service), probe_dependencies(before.service), _precedents(before)
    )
    return await commit_validation(before.id, list(looks), dependency_looks)


async def _tell(after: Incident) -> None:
    await deliver(after.id)
    await tell_story(after.id)


@telling("{incident}: whether customers are really hit is not known yet.")
@flow(name="validation", flow_run_name=stage_run_name)
async def validation(incident: IncidentNames) -> str:
    """Probe the service, weigh the tickets, and write the verdict down. Safe to run again at any time.

    Args:
        incident: Which incident, such as INC-42; several are parted by commas.
    """
    # Notes and story wait for the page, not the page for them: escalation sees to both.
    judged = await for_each(incident, _judge, _tell, passes_to=Stage.ESCALATION)
    return "; ".join(f"{after.name} {after.state}: {after.verdict}" for after in judged)
