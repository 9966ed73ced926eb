"""Closure: proven fixed, every affected customer told once, the tickets solved."""

from __future__ import annotations

from prefect import flow

from flows.names import IncidentName, stage_run_name
from incidents.models import IncidentState
from tasks.deliver.deliver import deliver
from tasks.reading import incident_named
from tasks.stages.commit import commit_closure
from tasks.stages.gather import probe
from tasks.stages.story import tell_story


@flow(name="closure", flow_run_name=stage_run_name)
async def closure(incident: IncidentName) -> str:
    """Look again; when it is proven fixed, tell everybody and close.

    Args:
        incident: Which incident, such as INC-42.
    """
    before = await incident_named(incident)
    looks = await probe(before.service) if before.state is IncidentState.RESOLVED else []
    after = await commit_closure(before.id, list(looks))
    await deliver(after.id)
    await tell_story(after.id)
    return f"{after.name} {after.state}"
