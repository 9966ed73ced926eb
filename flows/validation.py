"""Validation: are customers really hit? The verdict and its evidence go on every ticket."""

from __future__ import annotations

from prefect import flow

from flows.names import IncidentName, read, stage_run_name
from incidents.models import Stage
from tasks.commit import commit_validation
from tasks.deliver import deliver
from tasks.gather import probe, probe_dependencies
from tasks.story import tell_story


@flow(name="validation", flow_run_name=stage_run_name)
async def validation(incident: IncidentName) -> str:
    """Probe the service, weigh the tickets, and write the verdict down. Safe to run again at any time."""
    before = await read(incident)
    looks = await probe(before.service)
    dependency_looks = await probe_dependencies(before.service)
    after = await commit_validation(before.id, list(looks), dependency_looks)
    if after.next_stage is not Stage.ESCALATION:
        # Otherwise notes and story wait for the page, not the page for them: escalation sees to both.
        await deliver(after.id)
        await tell_story(after.id)
    return f"{after.name} {after.state}: {after.verdict}"
