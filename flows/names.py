"""How runs are named and tagged."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from uuid import UUID

from prefect import tags
from prefect.client.orchestration import get_client
from prefect.runtime import flow_run

from incidents.models import Incident

SHOWN = 3
"""So many incidents stand in a name; it is read in a list of two hundred."""

renamed: ContextVar[str | None] = ContextVar("renamed", default=None)
"""What the run we are in has called itself since it began."""


async def rename_run(name: str) -> None:
    """Give the run we are in a name that says what it found; outside a run there is nothing to name."""
    if flow_run.id is None:
        return
    renamed.set(name)
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


def several(names: Sequence[str]) -> str:
    """`INC-1, INC-2, INC-3 and 4 more`."""
    more = len(names) - SHOWN
    return f"{', '.join(names[:SHOWN])}{f' and {more} more' if more > 0 else ''}"


def found_words(count: int, what: str, incidents: Sequence[int]) -> str:
    """`3 tickets, INC-7`: how many came, and which incidents it was about; `nothing new`."""
    if not count and not incidents:
        return "nothing new"
    counted = f"{count} {what}{'' if count == 1 else 's'}"
    return f"{counted}, {several([f'INC-{number}' for number in incidents])}" if incidents else counted
