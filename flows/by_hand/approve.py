"""Approve: a person's yes or no to what waits for it, by a form."""

from __future__ import annotations

from typing import Annotated

from prefect import flow
from prefect.runtime import flow_run
from pydantic import Field

from flows.by_hand.fields import IncidentName, Person, Reason
from flows.following.follow import Followers
from incidents.approval import ApprovalSubject, Ruling
from tasks.reading import incident_named
from tasks.stages.approvals import commit_approval

Which = Annotated[str, Field(max_length=100)]


def _run_name() -> str:
    given = flow_run.parameters
    return f"{'approve' if given.get('is_approved', True) else 'deny'} {given.get('incident', '')}"


@flow(name="approve", flow_run_name=_run_name)
async def approve(
    incident: IncidentName,
    by: Person,
    *,
    is_approved: bool = True,
    subject: ApprovalSubject = ApprovalSubject.STATUS_PAGE,
    which: Which = "",
    why: Reason = "",
) -> str:
    """Say yes or no to what is asked for about an incident. The first answer counts; a later one is told which.

    Args:
        incident: Which incident, such as INC-42.
        by: Who decides; it stands in the incident's story.
        is_approved: Yes, or no.
        subject: What is asked for.
        which: The action's name, where several are asked for.
        why: The reason, if you like.
    """
    about = await incident_named(incident)
    said = await commit_approval(
        about.id, Ruling(subject=subject, which=which, is_yes=is_approved, by=by, where="by form", why=why)
    )
    followers = Followers(is_under_way=True)
    followers.start([about.id])
    await followers.finish()
    return said
