"""The commits of what a person says of incidents: that two are one, or that a ticket does not belong."""

from __future__ import annotations

from incidents.decisions.merging.merge import Merging
from incidents.decisions.merging.split import Splitting
from incidents.process.merging import Merged, merge
from incidents.process.splitting import SplitOff, split
from tasks import resources
from tasks.retries import REPEATABLE_STORE_CALL, STORE_CALL
from tasks.runs import task


@task(
    name="commit merge", task_run_name="merge INC-{loser_id} into INC-{survivor_id}", **REPEATABLE_STORE_CALL
)
async def commit_merge(loser_id: int, survivor_id: int, merging: Merging) -> Merged:
    """Merge the one into the other; done once, however often it is said. Raises `NotFound` and `Refused`."""
    async with resources.transaction() as step:
        return await merge(step, loser_id, survivor_id, merging)


@task(name="commit split", task_run_name="split a ticket off INC-{incident_id}", **STORE_CALL)
async def commit_split(incident_id: int, splitting: Splitting) -> SplitOff:
    """Split the ticket off. Raises `NotFound` and `Refused`."""
    async with resources.transaction() as step:
        return await split(step, incident_id, splitting)
