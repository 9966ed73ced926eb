"""The commit beat: decide on the locked case, and write state and intended effects in one transaction."""

from __future__ import annotations

from collections.abc import Sequence

from incidents.decisions import closure, validation
from incidents.models import Incident, ProbeResult
from incidents.process.deciding import decide
from incidents.process.escalating import escalate
from incidents.store.alerts import episodes_of
from tasks import resources
from tasks.retries import STORE_CALL
from tasks.runs import task


@task(name="commit validation", **STORE_CALL)
async def commit_validation(
    incident_id: int, looks: Sequence[ProbeResult], dependency_looks: Sequence[ProbeResult]
) -> Incident:
    """Judge the claim and write the verdict, with a note for every linked ticket."""
    async with resources.transaction() as step:
        alerts = await episodes_of(step.connection, incident_id)
        plan = await decide(
            step,
            incident_id,
            lambda case: validation.decide(case, looks, dependency_looks, step.basis, alerts=alerts),
        )
    return plan.incident


@task(name="commit escalation", **STORE_CALL)
async def commit_escalation(
    incident_id: int, looks: Sequence[ProbeResult], by_hand: str | None = None
) -> Incident:
    """Write the next step towards the engineers: the action to try, or the page and all that goes with it."""
    async with resources.transaction() as step:
        plan = await escalate(step, incident_id, looks, by_hand=by_hand)
    return plan.incident


@task(name="commit closure", **STORE_CALL)
async def commit_closure(incident_id: int, looks: Sequence[ProbeResult]) -> Incident:
    """Write the next step towards the end: another proof, the messages to everybody, or closed."""
    async with resources.transaction() as step:
        alerts = await episodes_of(step.connection, incident_id)
        plan = await decide(
            step, incident_id, lambda case: closure.decide(case, looks, step.basis, alerts=alerts)
        )
    return plan.incident
