"""The commit of a command that was given by a form: carried out as one in a note is, and answered by the result."""

from __future__ import annotations

from incidents.process.obeying.done import Done
from incidents.process.obeying.forms import obey_form
from tasks import resources
from tasks.retries import STORE_CALL
from tasks.runs import task


@task(name="commit command", **STORE_CALL)
async def commit_command(words: str, by: str, ticket: str) -> Done:
    """Do it, or say why not; whoever may start Prefect's flows may say all that can be said."""
    async with resources.transaction() as step:
        return await obey_form(step, words, by=by, ticket=ticket)
