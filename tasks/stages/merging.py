"""The commit of what a person says of two incidents: that they are one."""

from __future__ import annotations

from incidents.decisions.merging.merge import Merging
from incidents.process.merging import Merged, merge
from tasks import resources
from tasks.retries import REPEATABLE_STORE_CALL
from tasks.runs import task


@task(
    name="commit merge", task_run_name="merge INC-{loser_id} into INC-{survivor_id}", **REPEATABLE_STORE_CALL
)
async def commit_merge(loser_id: int, survivor_id: int, merging: Merging) -> Merged:
    """Merge the one into the other; done once, however often it is said. Raises `NotFound` and `Refused`."""
    async with resources.transaction() as step:
        return await merge(step, loser_id, survivor_id, merging)
