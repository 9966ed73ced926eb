"""Drill: `kill -9` of the gateway, the worker and the Prefect server in the middle of outages; nothing may come of it.

Outage follows outage, each with a burst of tickets, an action that fails, a page, an acknowledgement, a fix and
the messages to its customers; up to three are under way at a time. In each round a new one begins, and at a random
moment one of the processes is killed. In the end every ticket that a webhook told of is linked, each outage
is one incident that rang one telephone once, all are closed, and no customer was told the same twice.
"""

from __future__ import annotations

import asyncio
import os
import random
import signal
from collections import Counter
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field, replace

import httpx

from bench.result import Result, progress
from bench.sandbox import Sandbox, open_sandbox, until
from deployments.machine.processes import Child
from incidents.models import IncidentState
from incidents.store.cases import load_case
from incidents.store.database import Database

KILLS = 20
TICKETS = 30
AT_ONCE = 3
# What a killed worker held is free after its leases; the next kill may come before that.
PATIENCE = 600.0
QUIET_SECONDS = 6.0


@dataclass(kw_only=True)
class Drill:
    """`faults` are sentences, one for each promise that was broken."""

    kills: Counter[str] = field(default_factory=Counter)
    outages: int = 0
    tickets: int = 0
    messages: int = 0
    held: int = 0
    faults: list[str] = field(default_factory=list)


async def kills(each: int = KILLS) -> Sequence[Result]:
    """Raises AssertionError when a promise was broken."""
    found = await drill(each)
    for fault in found.faults:
        progress(f"BROKEN: {fault}")
    if found.faults:
        raise AssertionError(f"{len(found.faults)} promises broken, first: {found.faults[0]}")
    count = sum(found.kills.values())
    counted = f"{found.tickets} tickets of {found.outages} outages, {found.messages} messages to customers"
    held = f", {found.held} left to a person" if found.held else ""
    return [
        Result(name="kills_survived", value=count, unit="kills", ratio=1.0, against=counted + held, n=count)
    ]


async def drill(each: int, *, seed: int = 7) -> Drill:
    """Kill the gateway and the worker so many times each, in turns."""
    return await drill_rounds(["gateway", "worker"] * each, seed=seed)


async def drill_rounds(rounds: Sequence[str], *, tickets: int = TICKETS, seed: int = 7) -> Drill:
    """In each round begin an outage of so many tickets, in three bursts, and kill the process of that name."""
    dice = random.Random(seed)
    found = Drill(outages=len(rounds))
    async with open_sandbox(services=len(rounds), with_action=True) as sandbox:
        # Zendesk tries again for some minutes when nobody answers.
        sandbox.world.zendesk.webhooks.attempts = 200
        sandbox.world.zendesk.webhooks.retry_seconds = 0.5
        outages: list[Outage] = []
        async with asyncio.TaskGroup() as group:
            for number, name in enumerate(rounds):
                await until("an earlier outage is over", lambda: _has_room(outages), PATIENCE, every=0.5)
                outage = Outage(sandbox, sandbox.fresh_service(), tickets // 3)
                outages.append(outage)
                group.create_task(outage.run())
                await asyncio.sleep(dice.uniform(0.2, 8.0))
                await _kill(sandbox, name)
                found.kills[name] += 1
                over = sum(outage.is_over for outage in outages)
                progress(f"round {number + 1}: killed the {name}; {over} of {len(outages)} outages are over")
                await asyncio.sleep(QUIET_SECONDS)
        await sandbox.until_idle()
        for outage in outages:
            await outage.judge(found)
        found.faults += [
            f"a webhook was never acknowledged: {body[:200]!r}"
            for body in sandbox.world.zendesk.webhooks.failed
        ]
    return found


async def _has_room(outages: Sequence[Outage]) -> bool:
    return sum(not outage.is_over for outage in outages) < AT_ONCE


async def _kill(sandbox: Sandbox, name: str) -> None:
    """Kill a child and return when it serves again."""
    child: Child = sandbox.stack.processes[name]
    # The supervisor waits ever longer with a child that dies soon after its start; this drill is not about that.
    child.program = replace(child.program, longest_pause=child.program.pause)
    before = child.restarted
    # Prefect's server has processes of its own, which must not outlive it.
    (os.killpg if name == "prefect server" else os.kill)(child.pid, signal.SIGKILL)

    async def is_back() -> bool:
        return child.restarted > before and await _serves(sandbox, name)

    await until(f"the {name} is started again", is_back, 120)


async def _serves(sandbox: Sandbox, name: str) -> bool:
    if name == "gateway":
        return await _answers(f"{sandbox.stack.gateway_url}/metrics")
    if name == "prefect server":
        return await _answers(f"{sandbox.stack.prefect_api_url}/health")
    return True


async def _answers(url: str) -> bool:
    try:
        async with httpx.AsyncClient(trust_env=False) as client:
            return (await client.get(url)).status_code == 200
    except httpx.TransportError:
        return False


class Outage:
    """One service that breaks and is mended, with its customers and its engineer."""

    def __init__(self, sandbox: Sandbox, service: str, burst: int) -> None:
        self._sandbox = sandbox
        self._service = service
        self._burst = burst
        self._tickets: list[int] = []
        self.is_over = False

    async def run(self) -> None:
        """From the first ticket until the incident is closed."""
        box, pager = self._sandbox, self._sandbox.world.pagerduty
        box.break_service(self._service)
        for _ in range(3):
            self._tickets += box.write_tickets(self._service, self._burst)
            await asyncio.sleep(1)
        await self._until("all are linked and somebody is paged", self._is_joined)
        incident = (await box.incidents_of(self._service))[0]
        page = box.page_of(incident)
        pager.acknowledge(page, "Jane Doe")
        await self._until("it is acknowledged", lambda: self._is(incident, IncidentState.ACKNOWLEDGED))
        box.mend_service(self._service)
        pager.resolve(page, "Jane Doe")
        await self._until("it is closed", lambda: self._is(incident, IncidentState.CLOSED))
        self.is_over = True

    async def judge(self, found: Drill) -> None:
        box = self._sandbox
        incidents = await box.incidents_of(self._service)
        pages = [box.pages_of(incident) for incident in incidents]
        if pages != [1]:
            found.faults.append(f"{self._service}: {len(incidents)} incidents, telephones rung: {pages}")
        if (linked := await box.linked(self._service)) != len(self._tickets):
            found.faults.append(f"{self._service}: {len(self._tickets)} tickets, {linked} linked")
        found.tickets += len(self._tickets)
        unsent = await self._unsent(box.database, incidents[0])
        found.held += unsent
        for ticket in self._tickets:
            replies = Counter(box.world.zendesk.public_replies(ticket))
            found.messages += replies.total()
            found.faults += [
                f"{self._service}: the customer of #{ticket} was told {count} times: {text[:60]!r}"
                for text, count in replies.items()
                if count > 1
            ]
            if not replies and not unsent:
                found.faults.append(f"{self._service}: the customer of #{ticket} was told nothing")

    async def _unsent(self, database: Database, incident: int) -> int:
        async with database.transaction() as tx:
            return (await load_case(tx, incident)).unsent_messages

    async def _is_joined(self) -> bool:
        incidents = await self._sandbox.incidents_of(self._service)
        return any(self._sandbox.pages_of(incident) for incident in incidents) and await self._sandbox.linked(
            self._service
        ) >= len(self._tickets)

    async def _is(self, incident: int, state: IncidentState) -> bool:
        return await self._sandbox.state_of(incident) is state

    async def _until(self, what: str, holds: Callable[[], Awaitable[bool]]) -> None:
        await until(f"{self._service}: {what}", holds, PATIENCE, every=0.5)
