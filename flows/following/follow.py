"""Following incidents: deliver what is due, run stage after stage, until only the world can go on.

Each incident has a follower of its own, and they take turns: see `flows.following.line`. Those that wait for the same
stage when a turn comes share a run of it: see `flows.following.stage`.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Coroutine, Iterable, Sequence
from contextlib import AbstractAsyncContextManager, AbstractContextManager, nullcontext
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

from prefect import Flow

from flows.closure import closure
from flows.escalation import escalation
from flows.following.line import Line, Urgency
from flows.following.stage import AT_ONCE, Company, in_company
from flows.names import tagged
from flows.validation import validation
from incidents.effects import Wanted
from incidents.models import Incident, Stage
from tasks import resources
from tasks.deliver.deliver import deliver, find_due
from tasks.deliver.late_pages import send_late_pages
from tasks.reading import incident_named, sources_of
from tasks.runs import perform, without_task_runs
from tasks.stages.gather import begin_looks
from tasks.stages.story import tell_story
from tasks.waits import patience

# A stage due this soon is waited for; a later one is the recover flow's.
_PATIENCE = timedelta(seconds=30)

_STAGES: dict[Stage, Flow[Any, Coroutine[Any, Any, str]]] = {
    Stage.VALIDATION: validation,
    Stage.ESCALATION: escalation,
    Stage.CLOSURE: closure,
}
_URGENCY = {
    Stage.VALIDATION: Urgency.CHECK,
    Stage.ESCALATION: Urgency.PAGE,
    Stage.CLOSURE: Urgency.CLOSE,
}


async def _next(incident_id: int) -> Incident | None:
    """The incident, if a stage of it is due, after waiting for it if it is due soon."""
    incident = await incident_named(f"INC-{incident_id}")
    if incident.next_stage is None or incident.next_stage_at is None:
        return None
    wait = incident.next_stage_at - resources.utc_now()
    if wait > patience(_PATIENCE):
        return None
    if wait > timedelta(0):
        await asyncio.sleep(wait.total_seconds())
        incident = await incident_named(f"INC-{incident_id}")
    return incident if _is_due(incident) else None


def _is_due(incident: Incident) -> bool:
    return incident.next_stage_at is not None and incident.next_stage_at <= resources.utc_now()


@dataclass(slots=True)
class _Member:
    """An incident that waits for a run of its stage, or is in one.

    `begun` is done when it has had there what could not wait, or never will; `through` when it has had all.
    """

    incident: Incident
    begun: asyncio.Event = field(default_factory=asyncio.Event)
    through: asyncio.Future[None] = field(default_factory=lambda: asyncio.get_running_loop().create_future())

    def is_through(self) -> None:
        self.begun.set()
        if not self.through.done():
            self.through.set_result(None)

    def has_failed(self, error: Exception) -> None:
        self.begun.set()
        if not self.through.done():
            self.through.set_exception(error)

    def is_given_up(self) -> None:
        self.begun.set()
        self.through.cancel()


class Followers:
    """Follows incidents beside a drain that goes on: one follower each, told again when there is more.

    `is_under_way`: what they are followed for is not to wait behind new incidents. `line` is this process's unless
    another one is given; `at_once` incidents share a run at most. `send_late` sends an incident's pages that their
    pager has put off, and says whether there were any.
    """

    def __init__(
        self,
        *,
        is_under_way: bool = False,
        line: Line | None = None,
        at_once: int = AT_ONCE,
        send_late: Callable[[int], Awaitable[bool]] = send_late_pages,
    ) -> None:
        self._is_under_way = is_under_way
        self._at_once = at_once
        self._send_late = send_late
        self._line = line if line is not None else resources.kept(Line)
        self._followers: dict[int | None, asyncio.Task[None]] = {}
        self._again: set[int | None] = set()
        self._waiting: dict[Stage, list[_Member]] = {stage: [] for stage in _STAGES}
        self._runs: set[asyncio.Task[None]] = set()

    def start(self, incident_ids: Iterable[int | None]) -> None:
        """Follow each in the background, until `finish`; one that is under way already is followed once more after it.

        None is for what is to be sent about tickets without an incident.
        """
        for incident_id in incident_ids:
            running = self._followers.get(incident_id)
            if running is not None and not running.done():
                self._again.add(incident_id)
            else:
                self._followers[incident_id] = asyncio.create_task(self._follow(incident_id))

    async def finish(self) -> None:
        """Wait for all; raises the first failure, after every other incident had its turn."""
        try:
            outcomes = await asyncio.gather(*self._followers.values(), return_exceptions=True)
            await asyncio.gather(*self._runs)
        finally:
            for run in list(self._runs):
                run.cancel()
        for outcome in outcomes:
            if isinstance(outcome, BaseException):
                raise outcome

    async def _follow(self, incident_id: int | None) -> None:
        while True:
            self._again.discard(incident_id)
            await (deliver(None) if incident_id is None else self._bring_on(incident_id))
            if incident_id not in self._again:
                return

    async def _bring_on(self, incident_id: int) -> None:
        """Bring one incident as far as it can go now. Each stage is a flow run below the one we are in, if in one."""
        incident = await incident_named(f"INC-{incident_id}")
        is_told = False
        if not _is_due(incident):
            with tagged([incident], await sources_of([incident_id])):
                if await find_due(incident_id, Wanted.WAKING):
                    # A page that lay about does not wait with what wakes nobody.
                    async with self._place(Urgency.PAGE, incident):
                        with self._spare_task_runs():
                            await deliver(incident_id, Wanted.WAKING)
                async with self._place(Urgency.REST, incident):
                    with self._spare_task_runs():
                        await deliver(incident_id)
        while (found := await _next(incident_id)) is not None:
            is_told = not await self._run_stage(found)
        # Without a place in the line: it waits for the pager, and then for one call.
        is_told = not await self._send_late_of(incident_id) and is_told
        if not is_told:
            with tagged([incident], await sources_of([incident_id])):
                async with self._place(Urgency.REST, incident):
                    with self._spare_task_runs():
                        await tell_story(incident_id)

    def _place(self, urgency: Urgency, incident: Incident) -> AbstractAsyncContextManager[None]:
        taken = Urgency.UNDER_WAY if self._is_under_way else urgency
        return self._line.place(taken, incident, wakes_nobody=urgency is Urgency.REST)

    def _spare_task_runs(self) -> AbstractContextManager[None]:
        """Where many wait, Prefect's runs of tasks are what they wait for most."""
        return without_task_runs() if self._line.is_crowded else nullcontext()

    async def _run_stage(self, incident: Incident) -> bool:
        """Return when the incident is through the stage that it is due for, and whether pages of it were sent late."""
        assert incident.next_stage is not None  # noqa: S101 - it is due
        if incident.next_stage is Stage.VALIDATION:
            begin_looks(incident.service)
        member = _Member(incident)
        self._waiting[incident.next_stage].append(member)
        run = asyncio.create_task(self._take_turn(incident.next_stage, incident))
        self._runs.add(run)
        run.add_done_callback(self._runs.discard)
        if incident.next_stage is not Stage.ESCALATION:
            await member.through
            return False
        await member.begun.wait()
        # The rest of the stage lets everybody pass who presses more: for minutes, where a city writes. A page that was
        # put off does not wait for that.
        through, sent = await asyncio.gather(
            member.through, self._send_late_of(incident.id), return_exceptions=True
        )
        for outcome in (through, sent):
            if isinstance(outcome, BaseException):
                raise outcome
        return sent is True

    async def _send_late_of(self, incident_id: int) -> bool:
        with self._spare_task_runs():
            return await self._send_late(incident_id)

    async def _take_turn(self, stage: Stage, incident: Incident) -> None:
        """When it is this one's turn, all that wait for the same stage go with it, up to `at_once`; those whose turn
        comes later have been taken along by then."""
        async with self._place(_URGENCY[stage], incident):
            members = self._taken_along(stage, incident)
            if members:
                await self._share_a_run(stage, members)

    def _taken_along(self, stage: Stage, incident: Incident) -> Sequence[_Member]:
        waiting = self._waiting[stage]
        if all(member.incident.id != incident.id for member in waiting):
            return ()
        waiting.sort(key=lambda member: (member.incident.id != incident.id, member.incident.severity))
        members, self._waiting[stage] = waiting[: self._at_once], waiting[self._at_once :]
        return members

    async def _share_a_run(self, stage: Stage, members: Sequence[_Member]) -> None:
        by_name = {member.incident.name: member for member in members}
        incidents = [member.incident for member in members]
        company = Company(
            incidents={one.name: one for one in incidents},
            begun=lambda name: by_name[name].begun.set(),
            ended=lambda name: by_name[name].is_through(),
        )
        try:
            with (
                tagged(incidents, await sources_of([one.id for one in incidents])),
                in_company(company),
                self._spare_task_runs(),
            ):
                await perform(_STAGES[stage], ", ".join(by_name))
        except Exception as error:  # noqa: BLE001 - whatever it was, each follower that still waits is told
            for member in members:
                member.has_failed(error)
        except BaseException:
            for member in members:
                member.is_given_up()
            raise
        else:
            for member in members:
                member.is_through()
