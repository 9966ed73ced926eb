"""Any part of an installation dies while customers write: nothing is lost, nothing happens twice."""

from __future__ import annotations

import asyncio
import json
from collections import Counter
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from signal import SIGKILL, SIGTERM
from typing import Any, cast

import pytest
from prefect.client.orchestration import get_client
from prefect.settings import temporary_settings
from sqlalchemy import text
from starlette.applications import Starlette
from starlette.routing import Mount

from bench.kills import Drill, Outage
from bench.result import progress
from bench.sandbox import Sandbox, _policy, until
from blocks.http import HttpBlock
from blocks.mail import MailBlock
from connectors.http.fake.app import FakeService
from connectors.http.settings import HealthProbe
from connectors.kit.fakes.loopback import serving
from deployments.demo.world import open_world, save_connections
from deployments.worker.identity import Identity
from incidents.models import IncidentState
from incidents.store.cases import load_case
from incidents.store.database import Database
from incidents.store.inbox.listening import read_place
from tests.connectors.mail.world import NAME, Clock, a_mail, mail_settings
from tests.real.mail_servers import DovecotServer, dovecot
from tests.real.roles.site import START_SECONDS, Site, open_site, start_the_rest

pytestmark = [
    pytest.mark.real,
    # Dovecot is on loopback.
    pytest.mark.filterwarnings("ignore:Requiring AUTH while not requiring TLS:UserWarning"),
]

KILLS = (
    ("gateway-1", SIGKILL),
    ("worker-1", SIGKILL),
    ("api-1", SIGKILL),
    ("listener", SIGKILL),
    ("redis", SIGKILL),
    ("worker-2", SIGTERM),
    ("services", SIGKILL),
    ("gateway-2", SIGTERM),
    ("api-2", SIGTERM),
    ("worker-3", SIGKILL),
    ("nginx", SIGTERM),
)
"""A second between two; a part is back before the next one goes."""
OUTAGES = 4
TICKETS = 12
MAILS = 6
ALL_OF_IT_SECONDS = 420.0


@dataclass(frozen=True)
class Town:
    """The installation, the fakes around it, and customers who write mails about one service of their own."""

    site: Site
    sandbox: Sandbox
    mail: DovecotServer

    async def customers_mail(self, service: str, count: int) -> None:
        """So many, a while apart, so that the listener is killed among them."""
        for number in range(count):
            data = a_mail(
                f"{service} does not work for me.",
                name=f"Customer {number}",
                email=_customer(number),
                subject=f"{service} does not work",
                message_id=f"{service}-{number}@customer.example",
            )
            await self.mail.deliver(data, folder="INBOX", at=datetime.now(UTC))
            await asyncio.sleep(3)


async def test_any_part_may_die(tmp_path: Path) -> None:
    """Killed and restarted in the midst of outages; each ticket and mail counts once, each outage rings once."""
    found = Drill()
    async with asyncio.timeout(ALL_OF_IT_SECONDS), _town(tmp_path) as town:
        box = town.sandbox
        outages = [Outage(box, box.fresh_service(), TICKETS // 3) for _ in range(OUTAGES)]
        by_mail = box.fresh_service()
        async with asyncio.TaskGroup() as group:
            group.create_task(_outage_by_mail(town, by_mail))
            group.create_task(_begin(outages, group))
            for name, number in KILLS:
                await town.site.end(name, number)
                progress(f"{name} is back; {sum(outage.is_over for outage in outages)} outages are over")
                await asyncio.sleep(1)
        await box.until_idle()
        for outage in outages:
            await outage.judge(found)
        found.faults += [f"never acknowledged: {body[:99]!r}" for body in box.world.zendesk.webhooks.failed]
        found.faults += await _judge_mail(town, by_mail)
        processes = await _who_ran(town.site)
        logs = {log.stem: log.read_text("utf-8", "replace") for log in town.site.home.glob("*.log")}
    assert found.faults == []
    assert found.tickets == OUTAGES * TICKETS
    assert len(processes) >= 3, "all three workers took part"
    assert [part for part, log in logs.items() if "localhost:6379" in log] == [], "Redis is elsewhere"
    assert not (tmp_path / "nothing").exists(), "a role keeps nothing"


async def _begin(outages: Sequence[Outage], group: asyncio.TaskGroup) -> None:
    for outage in outages:
        group.create_task(outage.run())
        await asyncio.sleep(8)


async def _outage_by_mail(town: Town, service: str) -> None:
    box, pager = town.sandbox, town.sandbox.world.pagerduty
    box.break_service(service)
    await town.customers_mail(service, MAILS)

    async def is_joined() -> bool:
        incidents = await box.incidents_of(service)
        return any(map(box.pages_of, incidents)) and await box.linked(service) >= MAILS

    await until(f"{service}: all mails are tickets and somebody is paged", is_joined, ALL_OF_IT_SECONDS)
    (incident,) = await box.incidents_of(service)

    async def is_closed() -> bool:
        async with box.database.transaction() as tx:
            return (await load_case(tx, incident)).incident.state is IncidentState.CLOSED

    box.mend_service(service)
    pager.resolve(next(page.id for page in pager.incidents if f":INC-{incident}:" in page.key), "Jane Doe")
    await until(f"{service}: it is closed", is_closed, ALL_OF_IT_SECONDS)


async def _judge_mail(town: Town, service: str) -> list[str]:
    """Each mail one ticket, each customer told each thing once."""
    faults = []
    incidents = await town.sandbox.incidents_of(service)
    if (rung := [town.sandbox.pages_of(incident) for incident in incidents]) != [1]:
        faults.append(f"{service}: telephones rung: {rung}")
    async with town.sandbox.database.transaction() as tx:
        rows = await tx.execute(text("select count(*) from tickets where connection = :name"), {"name": NAME})
        if (tickets := rows.scalar_one()) != MAILS:
            faults.append(f"{MAILS} mails, {tickets} tickets")
    for number in range(MAILS):
        got = Counter(_words(data) for data in await town.mail.sent_to(_customer(number)))
        if not got or max(got.values()) > 1:
            faults.append(f"{_customer(number)} got {got}")
    return faults


def _words(mail: bytes) -> bytes:
    return mail.partition(b"\r\n\r\n")[2].strip()


def _customer(number: int) -> str:
    return f"customer{number}@mail.example"


async def _who_ran(site: Site) -> set[int]:
    with temporary_settings(site.prefect_access):
        client = get_client()
    async with client:
        runs = await client.read_flow_runs(limit=200)
    found = (Identity.parse(run.infrastructure_pid or "") for run in runs)
    return {one.pid for one in found if one is not None}


@asynccontextmanager
async def _town(folder: Path) -> AsyncIterator[Town]:
    names = [f"service-{number:03d}" for number in range(OUTAGES + 1)]
    services = {name: FakeService() for name in names}
    app = Starlette(routes=[Mount(f"/{name}", service.app) for name, service in services.items()])
    policy = folder / "liaison.yaml"
    policy.write_text(_policy(names, with_action=False, changes=_by_words(names)))
    policy.chmod(0o644)
    async with (
        dovecot() as post,
        open_world(duplicate_rate=0.1) as world,
        serving(app) as address,
        open_site(policy) as site,
    ):
        mail = DovecotServer(post)
        where = await mail.start(Clock())
        with temporary_settings(site.prefect_access):
            await save_connections(world)
            probe = HealthProbe(urls=[f"{address}/{{service}}/health"])
            allowed = [address.removeprefix("http://")]
            await HttpBlock(probe=probe, allow_private=allowed).save("small", overwrite=True)
            await MailBlock(**dict(mail_settings(where, look_seconds=5))).save("support", overwrite=True)
        await start_the_rest(site)
        world.point_webhooks_at(site.gateway_url)
        await _until_heard(site)
        # Both vendors try again for some minutes when nobody answers.
        world.zendesk.webhooks.attempts, world.zendesk.webhooks.retry_seconds = 200, 0.5
        database = Database(site.store_url)
        # All that outages ask of an installation.
        stack = cast(Any, site)
        box = Sandbox(world=world, stack=stack, database=database, services=services, _unused=list(names))
        try:
            yield Town(site, box, mail)
        finally:
            await database.aclose()
            await mail.stop()


async def _until_heard(site: Site) -> None:
    """What is in a mailbox before its first look is of before, and left alone."""
    database = Database(site.store_url)

    async def has_looked() -> bool:
        async with database.transaction() as tx:
            return await read_place(tx, NAME) is not None

    try:
        await until("the mailbox is heard", has_looked, START_SECONDS)
    finally:
        await database.aclose()


def _by_words(names: Sequence[str]) -> dict[str, object]:
    """By mail nobody has tags."""
    rules: list[dict[str, object]] = [{"service": name, "any_keyword": [name]} for name in names]
    return json.loads(json.dumps({"helpdesks": ["zendesk/demo", NAME], "routing": rules}))
