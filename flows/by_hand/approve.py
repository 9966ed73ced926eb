"""Approve: a person's yes or no to what waits for it, by a form."""

from __future__ import annotations

from typing import Annotated

from prefect import flow
from prefect.runtime import flow_run
from pydantic import Field

from flows.by_hand.fields import AskedFor, IncidentMeant, Person, Reason
from flows.following.follow import Followers
from flows.telling import telling
from incidents.approval import Ruling
from incidents.texts.team import team_reads, worded
from tasks import resources
from tasks.reading import incident_meant
from tasks.stages.approvals import commit_approval

Which = Annotated[str, Field(max_length=100)]


def _run_name() -> str:
    given = flow_run.parameters
    return f"{'approve' if given.get('is_approved', True) else 'deny'} {given.get('incident', '')}"


@telling("What waits for a person about {incident} still waits.", is_named_by_answer=True)
@flow(name="approve", flow_run_name=_run_name)
async def approve(
    incident: IncidentMeant,
    by: Person,
    *,
    is_approved: bool = True,
    subject: AskedFor = AskedFor.WHATEVER,
    which: Which = "",
    why: Reason = "",
) -> str:
    """Say yes or no to what is asked for about an incident. The first answer counts; a later one is told which.

    Args:
        incident: Which incident: INC-42, or a ticket of it by its number (#4711) or address.
        by: Who decides; it stands in the incident's story.
        is_approved: Yes, or no.
        subject: What is asked for; needed where several things are.
        which: The action's name, where several are asked for.
        why: The reason, if you like.
    """
    about = await incident_meant(incident)
    with team_reads(resources.policy().language.team):
        where = worded("by form")
    said = await commit_approval(
        about.id,
        Ruling(subject=subject.subject, which=which, is_yes=is_approved, by=by, where=where, why=why),
    )
    followers = Followers(is_under_way=True)
    followers.start([about.id])
    await followers.finish()
    return said
