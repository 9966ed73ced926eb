"""Following incidents: deliver what is due, run stage after stage, until only the world can go on."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine, Iterable
from datetime import timedelta
from typing import Any

from prefect import Flow

from flows.closure import closure
from flows.escalation import escalation
from flows.names import tagged
from flows.validation import validation
from incidents.models import Incident, Stage
from tasks import resources
from tasks.deliver.deliver import deliver
from tasks.reading import incident_named, sources_of
from tasks.stages.story import tell_story
from tasks.waits import patience

# A stage due this soon is waited for; a later one is the recover flow's.
_PATIENCE = timedelta(seconds=30)

_STAGES: dict[Stage, Flow[Any, Coroutine[Any, Any, str]]] = {
    Stage.VALIDATION: validation,
    Stage.ESCALATION: escalation,
    Stage.CLOSURE: closure,
}


async def follow(incident_id: int) -> None:
    """Bring one incident as far as it can go now. Each stage is a flow run of its own below this one."""
    incident = await incident_named(f"INC-{incident_id}")
    with tagged(incident, await sources_of(incident_id)):
        if not _is_due(incident):
            await deliver(incident_id)
        posted = False
        while (stage := await _next(incident_id)) is not None:
            name = f"{stage} {incident.name} {incident.service}"
            await _STAGES[stage].with_options(flow_run_name=name)(incident.name)
            posted = True
        if not posted:
            await tell_story(incident_id)


async def _next(incident_id: int) -> Stage | None:
    """The stage that is due, after waiting for it if it is due soon."""
    incident = await incident_named(f"INC-{incident_id}")
    if incident.next_stage is None or incident.next_stage_at is None:
        return None
    wait = incident.next_stage_at - resources.utc_now()
    if wait > patience(_PATIENCE):
        return None
    if wait > timedelta(0):
        await asyncio.sleep(wait.total_seconds())
        incident = await incident_named(f"INC-{incident_id}")
    return incident.next_stage if _is_due(incident) else None


def _is_due(incident: Incident) -> bool:
    return incident.next_stage_at is not None and incident.next_stage_at <= resources.utc_now()


class Followers:
    """Follows incidents beside a drain that goes on: one follower each, told again when there is more."""

    def __init__(self) -> None:
        self._tasks: dict[int, asyncio.Task[None]] = {}
        self._again: set[int] = set()

    def start(self, incident_ids: Iterable[int]) -> None:
        """Follow each in the background, until `finish`; one that is under way already is followed once more after
        it.
        """
        for incident_id in incident_ids:
            running = self._tasks.get(incident_id)
            if running is not None and not running.done():
                self._again.add(incident_id)
            else:
                self._tasks[incident_id] = asyncio.create_task(self._run(incident_id))

    async def _run(self, incident_id: int) -> None:
        while True:
            self._again.discard(incident_id)
            await follow(incident_id)
            if incident_id not in self._again:
                return

    async def finish(self) -> None:
        """Wait for all; raises the first failure, after every other incident had its turn."""
        outcomes = await asyncio.gather(*self._tasks.values(), return_exceptions=True)
        for outcome in outcomes:
            if isinstance(outcome, BaseException):
                raise outcome
