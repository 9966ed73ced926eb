"""What all stages have in common: one run for one incident, or for several at once where many wait for it.

In a calm hour a run has one incident. When a whole city writes, runs of their own would cost more than all that is
done in them.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from typing import Annotated

from prefect.runtime import flow_run
from pydantic import Field

from flows.following.line import give_way
from flows.names import several
from incidents.models import Incident, Stage
from incidents.telemetry.spans import span
from incidents.telemetry.subject import about
from tasks.reading import incident_named, origin_of

AT_ONCE = 10
"""So many incidents share a run at most."""

# What it is for is told in the flows' "Args", where the forms of the Prefect UI take descriptions from.
IncidentNames = Annotated[
    str, Field(pattern=r"^INC-[0-9]{1,18}(, INC-[0-9]{1,18}){0,99}$", examples=["INC-42", "INC-42, INC-43"])
]


@dataclass(frozen=True, kw_only=True, slots=True)
class Company:
    """Who is in a run, as the one who made it knows: the incidents by name, and whom to tell when one has had what
    could not wait, and when it is through."""

    incidents: Mapping[str, Incident]
    begun: Callable[[str], None]
    ended: Callable[[str], None]


_company: ContextVar[Company | None] = ContextVar("company", default=None)


@contextmanager
def in_company(company: Company) -> Iterator[None]:
    """Runs made inside are of these incidents."""
    token = _company.set(company)
    try:
        yield
    finally:
        _company.reset(token)


def stage_run_name() -> str:
    """`validation INC-42 checkout`: what somebody reads in a list of two hundred runs."""
    names = parted(flow_run.parameters.get("incident", ""))
    company = _company.get()
    if len(names) == 1:
        known = company.incidents.get(names[0]) if company is not None else None
        return f"{flow_run.flow_name} {names[0]}{f' {known.service}' if known is not None else ''}"
    return f"{flow_run.flow_name} {several(names)}"


def parted(incidents: str) -> Sequence[str]:
    """`INC-1, INC-2` as two names, each once."""
    return list(dict.fromkeys(name.strip() for name in incidents.split(",")))


async def for_each(
    incidents: str,
    first: Callable[[Incident], Awaitable[Incident]],
    rest: Callable[[Incident], Awaitable[None]],
    *,
    passes_to: Stage | None = None,
) -> Sequence[Incident]:
    """Do `first` for each of them, then let more pressing things pass, and do the `rest`.

    An incident that is due for the stage `passes_to` has no rest: that stage sees to it. One that fails keeps the
    others from nothing; raises the first failure at the end.
    """
    failures: list[BaseException] = []

    async def begin(name: str) -> Incident:
        before = await incident_named(name)
        with about(name), span(told(name), follows=[await origin_of(before)]):
            after = await first(before)
        _begun(name)
        if passes_to is not None and after.next_stage is passes_to:
            _through(name)
        return after

    async def end(name: str, after: Incident) -> None:
        if passes_to is None or after.next_stage is not passes_to:
            with about(name), span(f"{told(name)}, the rest", follows=[await origin_of(after)]):
                await rest(after)
            _through(name)

    def told(name: str) -> str:
        return f"{flow_run.flow_name or 'stage'} {name}"

    names = parted(incidents)
    begun = await asyncio.gather(*(begin(name) for name in names), return_exceptions=True)
    failures += [found for found in begun if isinstance(found, BaseException)]
    after = {name: found for name, found in zip(names, begun, strict=True) if isinstance(found, Incident)}
    if any(passes_to is None or one.next_stage is not passes_to for one in after.values()):
        await give_way()
        ended = await asyncio.gather(*(end(name, one) for name, one in after.items()), return_exceptions=True)
        failures += [found for found in ended if isinstance(found, BaseException)]
    if failures:
        raise failures[0]
    return list(after.values())


def _begun(name: str) -> None:
    company = _company.get()
    if company is not None:
        company.begun(name)


def _through(name: str) -> None:
    company = _company.get()
    if company is not None:
        company.ended(name)
