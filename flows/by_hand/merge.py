"""Merge: two incidents that are one become one, by a form."""

from __future__ import annotations

from prefect import flow
from prefect.runtime import flow_run

from flows.by_hand.fields import IncidentMeant, Person, Reason
from flows.following.follow import Followers
from flows.telling import telling
from incidents.decisions.merging.merge import Merging
from tasks.reading import incident_meant
from tasks.stages.merging import commit_merge


def _run_name() -> str:
    given = flow_run.parameters
    return f"merge {given.get('incident', '')} into {given.get('into', '')}"


@telling("{incident} and {into} stay as they were.", is_named_by_answer=True)
@flow(name="merge", flow_run_name=_run_name)
async def merge(incident: IncidentMeant, into: IncidentMeant, by: Person, why: Reason = "") -> str:
    """Merge an incident into another one, which goes on with all that belonged to it. Said twice, it is done once.

    Args:
        incident: Which one ends: INC-7, or a ticket of it by its number (#4711) or address.
        into: Which one goes on, named alike.
        by: Who says that they are one; it stands in the story of both.
        why: The reason, if you like.
    """
    loser, survivor = await incident_meant(incident), await incident_meant(into)
    done = await commit_merge(loser.id, survivor.id, Merging(by=by, why=why))
    followers = Followers(is_under_way=True)
    followers.start([done.loser, done.survivor])
    await followers.finish()
    return done.said
