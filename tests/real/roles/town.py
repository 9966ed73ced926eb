"""The town around an installation in parts: a helpdesk, a mailbox, a pager, services, and customers who write.

One outage is told by mail alone. `Outage` of bench.kills plays those that the helpdesk hears of.
"""

from __future__ import annotations

import asyncio
import json
from collections import Counter
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, cast

from prefect.client.orchestration import get_client
from prefect.client.schemas.sorting import FlowRunSort
from prefect.settings import temporary_settings
from sqlalchemy import text
from starlette.applications import Starlette
from starlette.routing import Mount

from bench.kills import Outage
from bench.sandbox import Sandbox, _policy, until
from blocks.http import HttpBlock
from blocks.mail import MailBlock
from connectors.http.fake.app import FakeService
from connectors.http.settings import HealthProbe
from connectors.kit.fakes.loopback import serving
from deployments.demo.world import open_world, save_connections
from deployments.worker.identity import Identity
from incidents.models import IncidentState
from incidents.store.database import Database
from incidents.store.inbox.listening import read_place
from tests.connectors.mail.world import NAME, Clock, a_mail, mail_settings
from tests.docs.documents import PROJECT
from tests.real.mail_servers import DovecotServer, dovecot
from tests.real.roles.site import START_SECONDS, Site, open_site, start_the_rest

MAILS = 6
ALL_OF_IT_SECONDS = 600.0
"""More than three times what it takes on a quiet machine."""


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


async def begin(outages: Sequence[Outage], group: asyncio.TaskGroup, *, every: float) -> None:
    """One after the other, so many seconds apart."""
    for outage in outages:
        group.create_task(outage.run())
        await asyncio.sleep(every)


async def outage_by_mail(town: Town, service: str) -> None:
    """From the first mail until the incident is closed."""
    box, pager = town.sandbox, town.sandbox.world.pagerduty
    box.break_service(service)
    await town.customers_mail(service, MAILS)

    async def is_joined() -> bool:
        incidents = await box.incidents_of(service)
        return any(map(box.pages_of, incidents)) and await box.linked(service) >= MAILS

    await until(f"{service}: all mails are tickets and somebody is paged", is_joined, ALL_OF_IT_SECONDS)
    (incident,) = await box.incidents_of(service)

    async def is_closed() -> bool:
        return await box.state_of(incident) is IncidentState.CLOSED

    box.mend_service(service)
    pager.resolve(next(page.id for page in pager.incidents if f":INC-{incident}:" in page.key), "Jane Doe")
    await until(f"{service}: it is closed", is_closed, ALL_OF_IT_SECONDS)


async def judge_mail(town: Town, service: str) -> list[str]:
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


async def who_ran(site: Site) -> set[int]:
    """The processes of the last 200 runs."""
    with temporary_settings(site.prefect_access):
        client = get_client()
    async with client:
        runs = await client.read_flow_runs(sort=FlowRunSort.EXPECTED_START_TIME_DESC, limit=200)
    found = (Identity.parse(run.infrastructure_pid or "") for run in runs)
    return {one.pid for one in found if one is not None}


@asynccontextmanager
async def open_town(folder: Path, outages: int, *, code: Path = PROJECT) -> AsyncIterator[Town]:
    """With services for so many outages, and one for the mails; installed from the code in that folder."""
    names = [f"service-{number:03d}" for number in range(outages + 1)]
    services = {name: FakeService() for name in names}
    app = Starlette(routes=[Mount(f"/{name}", service.app) for name, service in services.items()])
    policy = folder / "liaison.yaml"
    policy.write_text(_policy(names, with_action=False, changes=_by_words(names)))
    policy.chmod(0o644)
    async with (
        dovecot() as post,
        open_world(duplicate_rate=0.1) as world,
        serving(app) as address,
        open_site(policy, code=code) as site,
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
