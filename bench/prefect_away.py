"""Drill: Prefect is away for minutes, dead or hanging, in the middle of outages; people are paged all the same.

Three services. One was paged before and is fixed meanwhile: its customers hear of it. One breaks a moment before, so
that a run hangs in the middle of its way to the page: somebody is paged, and when they take it on, customers hear. One
had a promise that is broken meanwhile: its room hears. Each within 60 s of its moment. Then Prefect is back: it is told
what was done, no telephone rings twice and no customer hears the same twice.

The control is the same without the worker's stand-in: then nobody is paged until Prefect is back.
"""

from __future__ import annotations

import asyncio
import os
import signal
import time
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from enum import StrEnum

from prefect.artifacts import Artifact
from prefect.settings import temporary_settings

from bench.result import Result, progress
from bench.sandbox import Sandbox, TookTooLong, open_sandbox, until
from connectors.slack.fake import rendering

WITHIN = 60.0
"""Seconds from the moment to the effect: what is promised."""
PATIENCE = 240.0
EVERY = 60.0
"""Seconds between two services that break while Prefect stays away."""
RESPONSE = 120.0
"""Seconds until the promise of the third service is broken."""
_POLICY = {
    "sla": {"targets": {level: {"response": f"{RESPONSE:g}s", "resolution": "10h"} for level in range(1, 5)}},
    "closure": {"proofs": 1, "proof_interval": "5s"},
}


class Absence(StrEnum):
    """How Prefect is away."""

    DEAD = "dead"
    HANGS = "hangs"


@dataclass(kw_only=True)
class Found:
    """Seconds from each moment to its effect; `faults` are sentences, one for each promise that was broken."""

    seconds: dict[str, float] = field(default_factory=dict)
    faults: list[str] = field(default_factory=list)


async def prefect_away() -> Sequence[Result]:
    """Raises AssertionError when a promise was broken."""
    results: list[Result] = []
    for absence in Absence:
        found = await drill(absence)
        for fault in found.faults:
            progress(f"BROKEN: {fault}")
        if found.faults:
            raise AssertionError(f"{len(found.faults)} promises broken, first: {found.faults[0]}")
        for what, seconds in found.seconds.items():
            results.append(
                Result(
                    name=f"prefect_{absence}_{what}",
                    value=round(seconds, 1),
                    unit="s",
                    ratio=None,
                    against=f"promised within {WITHIN:g} s",
                    n=1,
                )
            )
    paged = await is_anybody_paged_without_the_stand_in()
    results.append(
        Result(
            name="prefect_dead_without_stand_in_paged",
            value=float(paged),
            unit="people",
            ratio=None,
            against=f"paged within {WITHIN:g} s of the tickets while Prefect is away",
            n=1,
        )
    )
    return results


async def drill(absence: Absence, *, lasting: float = 0.0) -> Found:
    """One absence of Prefect, from before to after: as long as these outages take, and `lasting` seconds at least.

    While it lasts, one more service breaks each minute.
    """
    found = Found()
    later = int(lasting // EVERY)
    async with open_sandbox(services=3 + later, policy_changes=_POLICY) as sandbox:
        fixed, fresh, promised, *more = (_Outage(sandbox, sandbox.fresh_service()) for _ in range(3 + later))
        await fixed.begin(3)
        await fixed.until_paged()
        fixed.acknowledge()
        await fixed.until_replies(1)
        await promised.begin(1)
        await promised.until_paged()
        # A run has begun, and has still to page.
        await fresh.begin(5)
        await fresh.until_opened()
        async with _away(sandbox, absence):
            progress(f"Prefect is away ({absence})")
            async with asyncio.TaskGroup() as group:
                group.create_task(_fix(fixed, found))
                group.create_task(_page_and_acknowledge(fresh, found))
                group.create_task(_break_promise(promised, found))
                group.create_task(_break_more(more, lasting, found))
        progress(f"Prefect is back; what happened meanwhile: {found.seconds}")
        await _until_told(sandbox)
        await sandbox.until_idle()
        for outage in (fixed, fresh, promised, *more):
            await outage.judge(found)
    found.faults += [
        f"{what}: after {seconds:.0f} s" for what, seconds in found.seconds.items() if seconds > WITHIN
    ]
    return found


async def is_anybody_paged_without_the_stand_in() -> bool:
    """The control: whether the page of a new outage leaves in its time although Prefect is away and nobody stands in.

    Raises `TookTooLong` if it does not leave either when Prefect is back.
    """
    async with open_sandbox(
        services=2, policy_changes=_POLICY, extra_env={"LIAISON_EMERGENCY_AFTER": "0"}
    ) as sandbox:
        outage, later = (_Outage(sandbox, sandbox.fresh_service()) for _ in range(2))
        await outage.begin(1)
        await outage.until_paged()
        async with _away(sandbox, Absence.DEAD):
            await later.begin(1)
            try:
                await later.until_paged(WITHIN)
            except TookTooLong:
                paged = False
            else:
                paged = True
        await later.until_paged()
    return paged


async def _fix(outage: _Outage, found: Found) -> None:
    began = time.monotonic()
    outage.resolve()
    await outage.until_replies(2)
    found.seconds["fixed_customers_told"] = time.monotonic() - began


async def _page_and_acknowledge(outage: _Outage, found: Found) -> None:
    await outage.until_paged()
    found.seconds["paged"] = time.monotonic() - outage.began
    began = time.monotonic()
    outage.acknowledge()
    await outage.until_replies(1)
    found.seconds["acknowledged_customers_told"] = time.monotonic() - began


async def _break_more(outages: Sequence[_Outage], lasting: float, found: Found) -> None:
    """The slowest page of them counts."""
    ends = time.monotonic() + lasting
    for outage in outages:
        await outage.begin(1)
        await outage.until_paged()
        seconds = time.monotonic() - outage.began
        outage.acknowledge()
        found.seconds["later_paged"] = max(seconds, found.seconds.get("later_paged", 0.0))
        await asyncio.sleep(max(0.0, EVERY - seconds))
    await asyncio.sleep(max(0.0, ends - time.monotonic()))


async def _break_promise(outage: _Outage, found: Found) -> None:
    await outage.until("the breach is told", outage.is_breach_told)
    # Its clock began a little later, when its ticket was taken in.
    found.seconds["breach_told"] = time.monotonic() - outage.began - RESPONSE


@asynccontextmanager
async def _away(sandbox: Sandbox, absence: Absence) -> AsyncIterator[None]:
    child = sandbox.stack.processes["prefect server"]
    if absence is Absence.HANGS:
        os.killpg(child.pid, signal.SIGSTOP)
        try:
            yield
        finally:
            os.killpg(child.pid, signal.SIGCONT)
    else:
        os.killpg(child.pid, signal.SIGKILL)
        await child.stop()
        yield
        await sandbox.stack.start_prefect()


async def _until_told(sandbox: Sandbox) -> None:
    with temporary_settings(sandbox.stack.prefect_access):

        async def is_told() -> bool:
            artifact = await Artifact.aget("emergency")
            return artifact is not None and "Paged by pagerduty/demo" in str(artifact.data)

        await until("Prefect is told what was done", is_told, PATIENCE, every=1.0)


class _Outage:
    """One service with its customers and its engineer."""

    def __init__(self, sandbox: Sandbox, service: str) -> None:
        self._sandbox = sandbox
        self._service = service
        self._tickets: list[int] = []
        self._incident: int | None = None
        self.began = 0.0

    async def begin(self, tickets: int) -> None:
        """It breaks, and so many customers write."""
        self._sandbox.break_service(self._service)
        self.began = time.monotonic()
        self._tickets += self._sandbox.write_tickets(self._service, tickets)
        # The webhooks leave.
        await asyncio.sleep(0)

    async def until_opened(self) -> None:
        """A run has taken its tickets in."""

        async def is_open() -> bool:
            return bool(await self._sandbox.incidents_of(self._service))

        await until(f"{self._service}: it is opened", is_open, PATIENCE, every=0.01)

    async def until_paged(self, seconds: float = PATIENCE) -> None:
        """Its telephone had rung."""
        await self.until("somebody is paged", self._is_paged, seconds)

    def acknowledge(self) -> None:
        self._sandbox.world.pagerduty.acknowledge(self._page, "Jane Doe")

    def resolve(self) -> None:
        self._sandbox.mend_service(self._service)
        self._sandbox.world.pagerduty.resolve(self._page, "Jane Doe")

    async def until_replies(self, count: int) -> None:
        """Every customer had so many messages."""

        async def had() -> bool:
            return all(len(self._replies(ticket)) >= count for ticket in self._tickets)

        await self.until(f"customers had {count} messages", had)

    async def is_breach_told(self) -> bool:
        posts = self._sandbox.world.slack.messages(f"inc-{self._incident}-{self._service}")
        return any("SLA: First response missed" in rendering.shown(post) for post in posts)

    async def judge(self, found: Found) -> None:
        """In time, and nothing twice."""
        incidents = await self._sandbox.incidents_of(self._service)
        rung = [self._sandbox.pages_of(incident) for incident in incidents]
        if rung != [1]:
            found.faults.append(f"{self._service}: {len(incidents)} incidents, telephones rung: {rung}")
        for ticket in self._tickets:
            found.faults += [
                f"{self._service}: the customer of #{ticket} was told {count} times: {text[:60]!r}"
                for text, count in Counter(self._replies(ticket)).items()
                if count > 1
            ]

    async def until(self, what: str, holds: Callable[[], Awaitable[bool]], seconds: float = PATIENCE) -> None:
        await until(f"{self._service}: {what}", holds, seconds, every=0.2)

    def _replies(self, ticket: int) -> Sequence[str]:
        return self._sandbox.world.zendesk.public_replies(ticket)

    async def _is_paged(self) -> bool:
        for incident in await self._sandbox.incidents_of(self._service):
            if self._sandbox.pages_of(incident):
                self._incident = incident
                return True
        return False

    @property
    def _page(self) -> str:
        pager = self._sandbox.world.pagerduty
        return next(page.id for page in pager.incidents if f":INC-{self._incident}:" in page.key)
