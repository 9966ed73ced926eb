"""Split: a ticket that does not belong to its incident goes on in another one, by a form."""

from __future__ import annotations

from typing import Annotated

from prefect import flow
from prefect.runtime import flow_run
from pydantic import Field

from flows.by_hand.fields import IncidentMeant, Person, Reason
from flows.following.follow import Followers
from flows.telling import telling
from incidents.decisions.merging.merge import Merging
from incidents.decisions.merging.split import Splitting
from tasks.reading import incident_meant
from tasks.stages.merging import commit_split

TicketName = Annotated[str, Field(min_length=1, max_length=200, examples=["4711", "zendesk/support#4711"])]
ServiceName = Annotated[str, Field(max_length=100)]


def _run_name() -> str:
    return f"split a ticket off {flow_run.parameters.get('incident', '')}"


@telling("{incident} stays as it was.", is_named_by_answer=True)
@flow(name="split", flow_run_name=_run_name)
async def split(
    incident: IncidentMeant,
    ticket: TicketName,
    by: Person,
    *,
    into: IncidentMeant | None = None,
    service: ServiceName = "",
    why: Reason = "",
) -> str:
    """Split a ticket off an incident that it does not belong to. Its customer hears nothing more about that one.

    Args:
        incident: Which incident it is of now: INC-2, or a ticket of it.
        ticket: The ticket's number, or its whole name.
        by: Who says that it does not belong; it stands in the story of both.
        into: Which incident it belongs to, such as INC-9 or a ticket of it; empty for a new one.
        service: The service of the new one, if it is another service.
        why: The reason, if you like.
    """
    source = await incident_meant(incident)
    target = None if into is None else (await incident_meant(into)).id
    said = Merging(by=by, why=why)
    done = await commit_split(
        source.id, Splitting(ticket=ticket, said=said, into=target, service=service or None)
    )
    followers = Followers(is_under_way=True)
    followers.start([done.source, done.target])
    await followers.finish()
    return done.said
