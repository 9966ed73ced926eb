"""The sweep's commits: an incident, or a chunk of tickets without one, to a transaction."""

from __future__ import annotations

from incidents.process.sla_sweep import Swept, refit_incident, sweep_unlinked
from incidents.process.sla_sweep import sweep_incident as sweep_one
from incidents.store.sla.refit import incidents_to_refit, refit_tickets
from tasks import resources
from tasks.retries import REPEATABLE_STORE_CALL
from tasks.runs import task

CHUNK = 500
MOST_REFITTED = 100 * CHUNK
"""So many tickets are fitted to a changed policy by one sweep; the next one goes on."""


@task(name="sweep incident", task_run_name="sweep INC-{incident_id}", **REPEATABLE_STORE_CALL)
async def sweep_incident(incident_id: int) -> Swept:
    """Tell what is due on an incident and its tickets, and write down what was broken and by whom."""
    async with resources.transaction() as step:
        return await sweep_one(step, incident_id)


@task(name="sweep tickets", **REPEATABLE_STORE_CALL)
async def sweep_tickets() -> Swept:
    """The same for tickets that belong to no incident, a chunk to a transaction."""
    total = Swept()
    while True:
        swept, seen = await sweep_some_tickets()
        total = total.plus(swept)
        if seen < CHUNK:
            return total


async def sweep_some_tickets() -> tuple[Swept, int]:
    """One chunk, and how many clocks were in it."""
    async with resources.transaction() as step:
        return await sweep_unlinked(step, limit=CHUNK)


@task(name="refit", **REPEATABLE_STORE_CALL)
async def refit() -> int:
    """Count open promises by the policy in force, if it has changed since they were last counted."""
    fitted = 0
    while fitted < MOST_REFITTED:
        async with resources.transaction() as step:
            count = await refit_tickets(step, limit=CHUNK)
        fitted += count
        if count < CHUNK:
            break
    async with resources.transaction() as step:
        numbers = await incidents_to_refit(step.connection, step.policy.sla.fingerprint, limit=CHUNK)
    for number in numbers:
        async with resources.transaction() as step:
            await refit_incident(step, number)
    return fitted + len(numbers)
