"""Close: a person's word that an incident is over, by a form."""

from __future__ import annotations

from typing import Annotated

from prefect import flow
from prefect.runtime import flow_run
from pydantic import Field

from flows.by_hand.fields import IncidentMeant, Person
from flows.following.follow import Followers
from flows.telling import telling
from incidents.decisions.closing.word import ClosingWord
from incidents.texts.team import team_reads, worded
from tasks import resources
from tasks.reading import incident_meant
from tasks.stages.approvals import commit_closing

Why = Annotated[str, Field(min_length=1, max_length=500)]


def _run_name() -> str:
    return f"close {flow_run.parameters.get('incident', '')}"


@telling("{incident} stays as it was.", is_named_by_answer=True)
@flow(name="close", flow_run_name=_run_name)
async def close(incident: IncidentMeant, by: Person, why: Why) -> str:
    """Say by name that an incident is over: instead of a proof, or of customers' last messages that did not arrive.

    Args:
        incident: Which incident: INC-42, or a ticket of it by its number (#4711) or address.
        by: Who says so; it stands in the incident's story.
        why: How you know, or who was told by hand.
    """
    about = await incident_meant(incident)
    with team_reads(resources.policy().language.team):
        where = worded("by form")
    found = await commit_closing(about.id, ClosingWord(by=by, why=why, where=where))
    followers = Followers(is_under_way=True)
    followers.start([about.id])
    await followers.finish()
    return found.said
