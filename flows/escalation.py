"""Escalation: a pre-configured action resolves it, or the right engineers get it, with context."""

from __future__ import annotations

from typing import Annotated

from prefect import flow
from pydantic import Field

from flows.following.stage import IncidentNames, for_each, stage_run_name
from flows.telling import telling
from incidents.effects import Wanted
from incidents.models import Incident, IncidentState
from tasks.deliver.deliver import deliver
from tasks.stages.affected import list_customers
from tasks.stages.commit import commit_escalation
from tasks.stages.gather import probe
from tasks.stages.story import tell_story

Requester = Annotated[str | None, Field(max_length=100)]


async def _tell(after: Incident) -> None:
    await list_customers(after.id)
    await deliver(after.id)
    await tell_story(after.id)


@telling("{incident}: engineers may not have been woken.")
@flow(name="escalation", flow_run_name=stage_run_name)
async def escalation(incident: IncidentNames, escalate_now_for: Requester = None) -> str:
    """Try the service's action and look again; page the owning team if that did not help.

    Args:
        incident: Which incident, such as INC-42; several are parted by commas.
        escalate_now_for: Who asks to escalate now: no action is tried, no proof awaited. Empty: the usual way.
    """

    async def wake(before: Incident) -> Incident:
        # Whose page has waited may work again.
        has_waited = before.held_until is not None and escalate_now_for is None
        first = await probe(before.service) if has_waited else []
        after = await commit_escalation(before.id, list(first), escalate_now_for)
        await deliver(after.id, Wanted.WAKING)
        if after.state is IncidentState.MITIGATING and after.held_until is None:
            looks = await probe(after.service)
            after = await commit_escalation(after.id, list(looks))
            await deliver(after.id, Wanted.WAKING)
        return after

    escalated = await for_each(incident, wake, _tell)
    return "; ".join(f"{after.name} {after.state}" for after in escalated)
