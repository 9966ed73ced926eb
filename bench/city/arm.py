"""One outage of many services on one installation, measured; its last line on stdout is the `Arm` as JSON.

It runs by its path with the code of any commit that has `bench.sandbox` on PYTHONPATH, so that two commits can be
measured side by side: nothing is imported here that is younger than that.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import random
import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime

import psutil
from sqlalchemy import text

from bench.lean_post import LeanPost
from bench.plain_runs import plain_runs
from bench.result import progress
from bench.sandbox import Sandbox, open_sandbox, until

LOUD = 20
"""So many services get two thirds of all tickets."""
SENDERS = 16
ANSWER_EVERY = 15.0
"""Seconds between two engineers who take a page and mend what it is about."""
PROMISED_ANSWER = 10.0
PLAIN_PATIENCE = 600.0
CREATED = b":ticket.created"


@dataclass(kw_only=True)
class Arm:
    """What was seen of one outage. Seconds are from its first ticket; None is what had not happened when the time
    was up. `answers`: how long each acknowledged page took to reach its incident, while the outage went on."""

    services: int
    tickets: int
    acknowledged: int = 0
    acknowledged_seconds: float = 0.0
    slowest_answer_seconds: float = 0.0
    lost: int = 0
    paged: int = 0
    first_page: float | None = None
    median_page: float | None = None
    all_pages: float | None = None
    linked: int = 0
    all_linked: float | None = None
    answers: list[float | None] = field(default_factory=list)
    worker_megabytes: float = 0.0
    worker_cpu_seconds: float = 0.0
    server_cpu_seconds: float = 0.0
    flow_runs: int = 0
    plain_runs: float | None = None
    gave_up_after: float | None = None


class Post(LeanPost):
    """Posts webhooks, and remembers how they were answered."""

    def __init__(self) -> None:
        super().__init__()
        self.taken = 0
        self.last_taken = 0.0
        self.slowest = 0.0

    async def __call__(self, url: str, headers: dict[str, str], body: bytes) -> int:
        began = time.monotonic()
        status = await super().__call__(url, headers, body)
        ended = time.monotonic()
        self.slowest = max(self.slowest, ended - began)
        # Our own notes echo; what counts is customers.
        if status == 200 and CREATED in body:
            self.taken += 1
            self.last_taken = ended
        return status


class City:
    """The outage: customers who write, engineers who answer, and a stopwatch."""

    def __init__(self, sandbox: Sandbox, *, services: int, tickets: int, seconds: float, seed: int) -> None:
        self._sandbox = sandbox
        self._services = [sandbox.fresh_service() for _ in range(services)]
        self._seconds = seconds
        self._reports = spread(self._services, tickets, random.Random(seed))
        self._answered: set[str] = set()
        self._post = Post()
        self.arm = Arm(services=services, tickets=tickets)

    async def run(self, patience: float) -> Arm:
        """Return when every service has been paged for and every ticket is linked, or after `patience` seconds."""
        box, arm = self._sandbox, self.arm
        for service in self._services:
            box.break_service(service)
        box.world.zendesk.webhooks.deliver = self._post
        cpu = self._cpu()
        self._began, self._began_at = time.monotonic(), datetime.now(UTC)
        writers = asyncio.create_task(self._write())
        answers = asyncio.create_task(self._answer())
        while not await self._look():
            if self._now() > patience:
                arm.gave_up_after = patience
                break
            await asyncio.sleep(0.5)
        for task in (writers, answers):
            task.cancel()
        await asyncio.gather(writers, answers, return_exceptions=True)
        arm.worker_cpu_seconds = round(self._cpu()[0] - cpu[0], 1)
        arm.server_cpu_seconds = round(self._cpu()[1] - cpu[1], 1)
        arm.acknowledged = self._post.taken
        arm.acknowledged_seconds = round(self._post.last_taken - self._began, 1)
        arm.slowest_answer_seconds = round(self._post.slowest, 2)
        arm.lost = len(box.world.zendesk.webhooks.failed)
        self._post.close()
        return arm

    def _now(self) -> float:
        return time.monotonic() - self._began

    async def _write(self) -> None:
        """Customers write, evenly over the time; each webhook leaves at once."""
        box = self._sandbox
        sender = asyncio.create_task(box.world.zendesk.send_webhooks(SENDERS))
        try:
            for number, service in enumerate(self._reports):
                ahead = self._seconds * number / len(self._reports) - self._now()
                if ahead > 0:
                    await asyncio.sleep(ahead)
                box.write_tickets(service, 1)
            await asyncio.Event().wait()
        finally:
            sender.cancel()

    async def _answer(self) -> None:
        """Every few seconds somebody takes the newest page; it is measured until the incident says so."""
        pager = self._sandbox.world.pagerduty
        while True:
            await asyncio.sleep(ANSWER_EVERY)
            free = [page for page in pager.incidents if page.id not in self._answered]
            if not free:
                continue
            page = free[-1]
            self._answered.add(page.id)
            incident = int(page.key.rpartition(":INC-")[2].partition(":")[0])
            began = time.monotonic()
            self.arm.answers.append(None)
            place = len(self.arm.answers) - 1
            pager.acknowledge(page.id, "Jane Doe")
            await until("it is acknowledged", lambda: self._is_acknowledged(incident), 600.0, every=0.1)  # noqa: B023
            self.arm.answers[place] = round(time.monotonic() - began, 1)

    async def _is_acknowledged(self, incident: int) -> bool:
        async with self._sandbox.database.transaction() as tx:
            state = await tx.execute(
                text("select state from incidents where id = :incident"), {"incident": incident}
            )
            return bool(state.scalar_one() == "acknowledged")

    async def _look(self) -> bool:
        """Note what has happened by now; whether that is all."""
        arm, names = self.arm, set(self._services)
        async with self._sandbox.database.transaction() as tx:
            linked = await tx.execute(
                text(
                    "select count(*) from tickets t join incidents i on i.id = t.incident_id"
                    " where i.service = any(:services)"
                ),
                {"services": self._services},
            )
            arm.linked = linked.scalar_one()
            incidents = {
                f":INC-{row.id}:": row.service
                for row in await tx.execute(text("select id, service from incidents"))
            }
        paged: dict[str, float] = {}
        for page in self._sandbox.world.pagerduty.pages:
            name = f":INC-{page.key.rpartition(':INC-')[2].partition(':')[0]}:"
            if (service := incidents.get(name)) in names:
                paged.setdefault(service, (page.at - self._began_at).total_seconds())
        times = sorted(paged.values())
        arm.paged = len(times)
        arm.first_page = round(times[0], 1) if times else None
        middle = (arm.services + 1) // 2
        arm.median_page = round(times[middle - 1], 1) if len(times) >= middle else None
        arm.all_pages = round(times[-1], 1) if len(times) == arm.services else None
        if arm.linked >= arm.tickets and arm.all_linked is None:
            arm.all_linked = round(self._now(), 1)
        worker = self._process("worker")
        arm.worker_megabytes = max(arm.worker_megabytes, round(worker.memory_info().rss / 1e6))
        if int(self._now()) % 5 == 0:
            progress(
                f"{self._now():.0f} s: {arm.linked} linked, {arm.paged} paged, {arm.worker_megabytes:.0f} MB"
            )
        return arm.all_pages is not None and arm.all_linked is not None

    def _cpu(self) -> tuple[float, float]:
        """Seconds of CPU that worker and Prefect server have used."""
        used = [self._process(name).cpu_times() for name in ("worker", "prefect server")]
        return used[0].user + used[0].system, used[1].user + used[1].system

    def _process(self, name: str) -> psutil.Process:
        return psutil.Process(self._sandbox.stack.processes[name].pid)


def spread(services: Sequence[str], tickets: int, dice: random.Random) -> list[str]:
    """Whose customer writes next: every service at least once, two thirds of all about the first twenty."""
    loud, quiet = services[:LOUD], services[LOUD:] or services[:LOUD]
    rest = tickets - len(services)
    many = rest * 2 // 3
    reports = [*services, *dice.choices(loud, k=many), *dice.choices(quiet, k=rest - many)]
    dice.shuffle(reports)
    return reports


async def main(services: int, tickets: int, seconds: float, patience: float, *, is_plain: bool) -> None:
    async with open_sandbox(services=services + 1) as sandbox:
        # Everything is imported and every client open before anything is measured.
        warm = City(sandbox, services=1, tickets=1, seconds=0.0, seed=1)
        await warm.run(60.0)
        await sandbox.until_idle()
        city = City(sandbox, services=services, tickets=tickets, seconds=seconds, seed=7)
        arm = await city.run(patience)
        async with sandbox.database.transaction() as tx:
            runs = await tx.execute(text("select count(distinct run_id) from timeline"))
            arm.flow_runs = runs.scalar_one()
        if is_plain:
            await sandbox.until_idle(PLAIN_PATIENCE)
            async with plain_runs(sandbox.stack) as plain:
                await plain.seconds_for(1)
                arm.plain_runs = round(await plain.seconds_for(services), 1)
    print(json.dumps(asdict(arm)), flush=True)


if __name__ == "__main__":
    options = argparse.ArgumentParser()
    options.add_argument("--services", type=int, required=True)
    options.add_argument("--tickets", type=int, required=True)
    options.add_argument("--seconds", type=float, required=True)
    options.add_argument("--patience", type=float, required=True)
    options.add_argument("--plain", action="store_true")
    given = options.parse_args()
    asyncio.run(main(given.services, given.tickets, given.seconds, given.patience, is_plain=given.plain))
