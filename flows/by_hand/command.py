"""Command: the same words as in a note or in chat, by a form."""

from __future__ import annotations

from typing import Annotated

from prefect import flow
from prefect.runtime import flow_run
from pydantic import Field

from flows.by_hand.fields import Person
from flows.following.follow import Followers
from flows.telling import telling
from tasks.stages.commands import commit_command

Words = Annotated[str, Field(min_length=1, max_length=4_000, examples=["escalate INC-42 sev1 because ..."])]
Ticket = Annotated[str, Field(max_length=200, examples=["4711", "zendesk/support#4711"])]


def _run_name() -> str:
    return f"command {str(flow_run.parameters.get('words', ''))[:40]}"


@telling("What was asked for was not done: {words}", is_named_by_answer=True)
@flow(name="command", flow_run_name=_run_name)
async def command(words: Words, by: Person, ticket: Ticket = "") -> str:
    """Say to Liaison what can be said in a private note or in chat; `help` lists it. What came of it is the result.

    Args:
        words: The command, such as: status INC-42.
        by: Who says it; it stands in the incident's story.
        ticket: The ticket that it is said about, by number or whole name; empty if it names an incident.
    """
    done = await commit_command(words, by, ticket)
    followers = Followers(is_under_way=True)
    followers.start(done.incidents)
    await followers.finish()
    return done.said
