"""How runs are named and tagged, and how incidents are typed into the forms of the Prefect UI."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Annotated
from uuid import UUID

from prefect import tags
from prefect.client.orchestration import get_client
from prefect.runtime import flow_run
from pydantic import Field

from incidents.models import Incident

# What it is for is told in the flows' "Args", where the forms of the Prefect UI take descriptions from.
IncidentName = Annotated[str, Field(pattern=r"^INC-[0-9]{1,18}$", examples=["INC-42"])]


def stage_run_name() -> str:
    """`validation INC-42`: what somebody reads in a list of two hundred runs."""
    incident = flow_run.parameters.get("incident", "")
    return f"{flow_run.flow_name} {incident}"


async def rename_run(name: str) -> None:
    """Give the run we are in a name that says what it found; outside a run there is nothing to name."""
    if flow_run.id is None:
        return
    async with get_client() as client:
        await client.update_flow_run(UUID(flow_run.id), name=name)


@contextmanager
def tagged(incident: Incident, sources: Sequence[str]) -> Iterator[None]:
    """Tag the runs made inside, so that the UI finds all runs of an incident, a service, a severity, a source."""
    named = (f"incident:{incident.name}", f"service:{incident.service}", f"sev:{int(incident.severity)}")
    with tags(*named, *(f"source:{source}" for source in sources)):
        yield
