"""Merge: two incidents that are one become one, by a form."""

from __future__ import annotations

from prefect import flow
from prefect.runtime import flow_run

from flows.by_hand.fields import IncidentName, Person, Reason
from flows.following.follow import Followers
from incidents.decisions.merging.merge import Merging
from tasks.reading import incident_named
from tasks.stages.merging import commit_merge


def _run_name() -> str:
    given = flow_run.parameters
    return f"merge {given.get('incident', '')} into {given.get('into', '')}"


@flow(name="merge", flow_run_name=_run_name)
async def merge(incident: IncidentName, into: IncidentName, by: Person, why: Reason = "") -> str:
    """Merge an incident into another one, which goes on with all that belonged to it. Said twice, it is done once.

    Args:
        incident: Which one ends, such as INC-7.
        into: Which one goes on, such as INC-2.
        by: Who says that they are one; it stands in the story of both.
        why: The reason, if you like.
    """
    loser, survivor = await incident_named(incident), await incident_named(into)
    done = await commit_merge(loser.id, survivor.id, Merging(by=by, why=why))
    followers = Followers(is_under_way=True)
    followers.start([done.loser, done.survivor])
    await followers.finish()
    return done.said
