"""Role by role an installation is upgraded while customers write: no webhook is refused, nothing lost or told twice."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from signal import SIGKILL

import httpx
import pytest
from sqlalchemy import text

from bench.kills import Drill, Outage
from bench.result import progress
from bench.sandbox import until
from deployments.machine.processes import Child
from incidents.store.database import Database
from incidents.store.migrate import READABLE_FROM, known_schemas, migrate
from tests.docs.documents import PROJECT
from tests.real.roles.before import Before, the_version_before
from tests.real.roles.site import START_SECONDS, WORKERS
from tests.real.roles.town import (
    ALL_OF_IT_SECONDS,
    Town,
    begin,
    judge_mail,
    open_town,
    outage_by_mail,
    who_ran,
)

pytestmark = [
    pytest.mark.real,
    # Dovecot is on loopback.
    pytest.mark.filterwarnings("ignore:Requiring AUTH while not requiring TLS:UserWarning"),
]

ROLES = ("gateway-1", "gateway-2", "listener", *WORKERS, "api-1", "api-2", "services")
OUTAGES = 4
TICKETS = 9
KNOCK_SECONDS = 0.25


@dataclass
class Watched:
    """Delivers webhooks, and counts how they were answered; 0 is no answer. What was taken last is sent again and
    again, so that there is no moment without a webhook."""

    client: httpx.AsyncClient
    answers: Counter[int] = field(default_factory=Counter)
    _last: tuple[str, bytes] | None = None

    async def __call__(self, url: str, headers: dict[str, str], body: bytes) -> int:
        try:
            status = (await self.client.post(url, headers=headers, content=body)).status_code
        except httpx.TransportError:
            status = 0
        self.answers[status] += 1
        self._last = (url, body)
        return status

    @asynccontextmanager
    async def knocking(self, town: Town) -> AsyncIterator[None]:
        async with asyncio.TaskGroup() as group:
            task = group.create_task(self._knock(town))
            yield
            task.cancel()

    async def _knock(self, town: Town) -> None:
        while True:
            if self._last is not None:
                url, body = self._last
                await self(url, town.sandbox.world.zendesk.webhooks.headers(body), body)
            await asyncio.sleep(KNOCK_SECONDS)


async def test_role_by_role_under_load(tmp_path: Path, empty_database: Database) -> None:
    """As docs/upgrade.md has it. Last comes the control: with both gateways away, a webhook is refused."""
    found = Drill()
    with the_version_before(await _readable_from(empty_database)) as before:
        progress(f"the version before is {before.name}")
        async with asyncio.timeout(ALL_OF_IT_SECONDS), _watched(tmp_path, before) as (here, watched):
            box = here.sandbox
            outages = [Outage(box, box.fresh_service(), TICKETS // 3) for _ in range(OUTAGES)]
            by_mail = box.fresh_service()
            async with watched.knocking(here), asyncio.TaskGroup() as group:
                group.create_task(outage_by_mail(here, by_mail))
                group.create_task(begin(outages[:-1], group, every=15))
                await _upgrade(here, before)
                # One that only the new version has seen.
                group.create_task(outages[-1].run())
            await box.until_idle()
            for outage in outages:
                await outage.judge(found)
            found.faults += await judge_mail(here, by_mail)
            answers = dict(watched.answers)
            await _refused_without_gateways(here, watched)
    progress(f"{answers[200]} webhooks, {found.tickets} tickets, {found.messages} messages")
    assert found.faults == []
    assert set(answers) == {200}, answers
    assert answers[200] > 200
    assert found.tickets == OUTAGES * TICKETS


@asynccontextmanager
async def _watched(folder: Path, before: Before) -> AsyncIterator[tuple[Town, Watched]]:
    async with (
        httpx.AsyncClient(timeout=30, trust_env=False) as client,
        open_town(folder, OUTAGES, code=before.code) as here,
    ):
        watched = here.sandbox.world.zendesk.webhooks.deliver = Watched(client)
        yield here, watched


async def _upgrade(here: Town, before: Before) -> None:
    site, new = here.site, PROJECT
    await site.liaison("migrate", code=new)
    if before.schema != known_schemas()[0]:
        # Whatever dies now comes back as it was, beside a store that is newer than it is.
        await site.end("worker-3", SIGKILL)
        await site.end("gateway-2", SIGKILL)
        for name in ("worker-3", "gateway-2"):
            child = site.parts[name]
            await until(f"{name} says so", lambda child=child: _has_seen_it(child), START_SECONDS)
    for name in ROLES:
        await site.replace(name, new)
        if name in WORKERS:
            pid = site.parts[name].pid
            await until(f"{name} has run something", lambda pid=pid: _has_run(here, pid), START_SECONDS)
        progress(f"{name} is new")
    await site.liaison("register", code=new)


async def _has_seen_it(child: Child) -> bool:
    return "of a newer version" in child.log_tail(1000)


async def _has_run(here: Town, pid: int) -> bool:
    return pid in await who_ran(here.site)


async def _refused_without_gateways(here: Town, watched: Watched) -> None:
    for name in ("gateway-1", "gateway-2"):
        await here.site.parts.pop(name).stop()
    watched.answers.clear()
    async with watched.knocking(here):

        async def is_refused() -> bool:
            return watched.answers[502] > 0

        await until("a webhook is refused", is_refused, 30)
    assert set(watched.answers) == {502}


async def _readable_from(database: Database) -> str:
    await migrate(database)
    async with database.transaction() as tx:
        row = await tx.execute(text("select value from meta where key = :key"), {"key": READABLE_FROM})
        return row.scalar_one()
