"""The commit of what a person says, to a question or that it is over; and of questions that nobody answered in time."""

from __future__ import annotations

from incidents.approval import Ruling
from incidents.decisions.closing.word import ClosedByName, ClosingWord
from incidents.process.approving import approve
from incidents.process.closing import close
from incidents.process.deciding import as_it_is, decide
from tasks import resources
from tasks.retries import REPEATABLE_STORE_CALL, STORE_CALL
from tasks.runs import task


@task(name="commit approval", **STORE_CALL)
async def commit_approval(incident_id: int, ruling: Ruling) -> str:
    """Write the ruling if it is the one that counts; returns what to say to whoever ruled."""
    async with resources.transaction() as step:
        return (await approve(step, incident_id, ruling)).said


@task(name="commit closing", **STORE_CALL)
async def commit_closing(incident_id: int, word: ClosingWord) -> ClosedByName:
    """Write a person's word that it is over, if it counts; returns what came of it."""
    async with resources.transaction() as step:
        return await close(step, incident_id, word)


@task(name="expire approvals", task_run_name="expire approvals of INC-{incident_id}", **REPEATABLE_STORE_CALL)
async def expire_approvals(incident_id: int) -> None:
    """What nobody answered in time is over, as every decision on the incident finds."""
    async with resources.transaction() as step:
        await decide(step, incident_id, as_it_is)
