"""Escalation: a pre-configured action resolves it, or the right engineers get it, with context."""

from __future__ import annotations

from typing import Annotated

from prefect import flow
from pydantic import Field

from flows.names import IncidentName, stage_run_name
from incidents.models import IncidentState
from tasks.deliver.deliver import deliver
from tasks.reading import incident_named
from tasks.stages.commit import commit_escalation
from tasks.stages.gather import probe
from tasks.stages.story import tell_story

Requester = Annotated[str | None, Field(max_length=100)]


@flow(name="escalation", flow_run_name=stage_run_name)
async def escalation(incident: IncidentName, escalate_now_for: Requester = None) -> str:
    """Try the service's action and look again; page the owning team if that did not help.

    Args:
        incident: Which incident, such as INC-42.
        escalate_now_for: Who asks to escalate now: no action is tried, no proof awaited. Empty: the usual way.
    """
    before = await incident_named(incident)
    after = await commit_escalation(before.id, [], escalate_now_for)
    await deliver(after.id, is_urgent=True)
    if after.state is IncidentState.MITIGATING:
        looks = await probe(after.service)
        after = await commit_escalation(after.id, list(looks))
        await deliver(after.id, is_urgent=True)
    await deliver(after.id)
    await tell_story(after.id)
    return f"{after.name} {after.state}"
