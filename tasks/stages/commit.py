"""The commit beat: decide on the locked case, and write state and intended effects in one transaction."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from prefect import task

from incidents.case import Case, Plan
from incidents.decisions import closure, escalation, validation
from incidents.models import Incident, ProbeResult
from tasks import resources
from tasks.deciding import decide_now
from tasks.retries import STORE_CALL


async def _decide(incident_id: int, decision: Callable[[Case], Plan]) -> Incident:
    async with resources.database().transaction() as tx:
        plan = await decide_now(tx, incident_id, decision)
    return plan.incident


@task(name="commit validation", **STORE_CALL)
async def commit_validation(
    incident_id: int, looks: Sequence[ProbeResult], dependency_looks: Sequence[ProbeResult]
) -> Incident:
    """Judge the claim and write the verdict, with a note for every linked ticket."""
    policy, now = resources.policy(), resources.utc_now()
    return await _decide(
        incident_id, lambda case: validation.decide(case, looks, dependency_looks, policy, now=now)
    )


@task(name="commit escalation", **STORE_CALL)
async def commit_escalation(
    incident_id: int, looks: Sequence[ProbeResult], by_hand: str | None = None
) -> Incident:
    """Write the next step towards the engineers: the action to try, or the page and all that goes with it."""
    policy, now = resources.policy(), resources.utc_now()
    return await _decide(
        incident_id, lambda case: escalation.decide(case, looks, policy, now=now, by_hand=by_hand)
    )


@task(name="commit closure", **STORE_CALL)
async def commit_closure(incident_id: int, looks: Sequence[ProbeResult]) -> Incident:
    """Write the next step towards the end: another proof, the messages to everybody, or closed."""
    policy, now = resources.policy(), resources.utc_now()
    return await _decide(incident_id, lambda case: closure.decide(case, looks, policy, now=now))
