"""How runs are named and tagged."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from uuid import UUID

from prefect import tags
from prefect.client.orchestration import get_client
from prefect.runtime import flow_run

from incidents.models import Incident


async def rename_run(name: str) -> None:
    """Give the run we are in a name that says what it found; outside a run there is nothing to name."""
    if flow_run.id is None:
        return
    async with get_client() as client:
        await client.update_flow_run(UUID(flow_run.id), name=name)


@contextmanager
def tagged(incidents: Sequence[Incident], sources: Sequence[str]) -> Iterator[None]:
    """Tag the runs made inside, so that the UI finds all runs of an incident, a service, a severity, a source."""
    named = dict.fromkeys(
        tag
        for incident in incidents
        for tag in (
            f"incident:{incident.name}",
            f"service:{incident.service}",
            f"sev:{int(incident.severity)}",
        )
    )
    with tags(*named, *(f"source:{source}" for source in sources)):
        yield
