"""Closure: proven fixed, every affected customer told once, the tickets solved."""

from __future__ import annotations

from prefect import flow

from flows.following.stage import IncidentNames, for_each, stage_run_name
from flows.telling import telling
from incidents.models import Incident, IncidentState
from tasks.deliver.deliver import deliver
from tasks.stages.commit import commit_closure
from tasks.stages.gather import probe
from tasks.stages.story import tell_story


async def _look(before: Incident) -> Incident:
    looks = await probe(before.service) if before.state is IncidentState.RESOLVED else []
    return await commit_closure(before.id, list(looks))


async def _tell(after: Incident) -> None:
    await deliver(after.id)
    await tell_story(after.id)


@telling("{incident}: customers may not have been told that it works again.")
@flow(name="closure", flow_run_name=stage_run_name)
async def closure(incident: IncidentNames) -> str:
    """Look again; when it is proven fixed, tell everybody and close.

    Args:
        incident: Which incident, such as INC-42; several are parted by commas.
    """
    return "; ".join(f"{after.name} {after.state}" for after in await for_each(incident, _look, _tell))
