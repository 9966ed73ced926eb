"""When the store fails, nobody is told that his delivery is safe; and it needs no restart to go on."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager

import pytest
from sqlalchemy import text

from deployments.gateway.app import Gateway
from deployments.gateway.readiness import Readiness
from incidents.store.database import Database
from incidents.store.migrate import migrate
from tests.databases import Databases
from tests.deployments.gateway.conftest import Sender, Store
from tests.deployments.gateway.prefect_api import PrefectApi
from tests.deployments.gateway.vendors import HTTP, SLACK, VENDORS


@pytest.fixture
async def database(empty_database: Database) -> Database:
    """One of its own, as these tests change more than rows."""
    await migrate(empty_database)
    return empty_database


@asynccontextmanager
async def _altered(database: Database, databases: Databases, change: str, back: str) -> AsyncIterator[None]:
    """Also for those who are connected: all connections are ended, before and after."""
    name = database.engine.url.database
    end = f"select pg_terminate_backend(pid, 5000) from pg_stat_activity where datname = '{name}'"  # noqa: S608
    await databases._run(f"alter database {name} {change}")
    await databases._run(end)
    yield
    await databases._run(f"alter database {name} {back}")
    await databases._run(end)


def _away(database: Database, databases: Databases) -> AbstractAsyncContextManager[None]:
    """The database takes no connections, as while its server restarts."""
    return _altered(database, databases, "with allow_connections false", "with allow_connections true")


async def test_the_store_goes_away_and_comes_back(
    sender: Sender, store: Store, database: Database, databases: Databases, caplog: pytest.LogCaptureFixture
):
    """503 with Retry-After as long as it is away, 200 with the first delivery after."""
    await sender.send(HTTP, id="msg_0")
    async with _away(database, databases):
        answers = await asyncio.gather(*(sender.send(vendor) for vendor in VENDORS))
        assert [answer.status_code for answer in answers] == [503] * len(VENDORS)
        assert all(int(answer.headers["Retry-After"]) > 0 for answer in answers)
        assert all("Liaison-Receipt" not in answer.headers for answer in answers)
    assert "webhooks cannot be stored" in caplog.text
    answers = await asyncio.gather(*(sender.send(vendor) for vendor in VENDORS))
    assert [answer.headers.get("Liaison-Receipt") for answer in answers] == ["new"] * len(VENDORS)
    assert len(await store.deliveries()) == 1 + len(VENDORS)


async def test_what_needs_no_store_goes_on(sender: Sender, database: Database, databases: Databases):
    """A forgery is still refused, a challenge answered, and the process alive."""
    async with _away(database, databases):
        assert (await sender.send(HTTP, secret="a-secret-that-is-not-configured")).status_code == 401
        challenge = b'{"type":"url_verification","challenge":"3eZbrw1a"}'
        assert (await sender.send(SLACK, challenge)).status_code == 200
        assert (await sender.http.get("/healthz")).status_code == 200


async def test_the_store_does_not_answer(gateway: Gateway, sender: Sender, database: Database, store: Store):
    """Neither do senders wait for ever, nor is what hung in the meantime in the way of what comes after."""
    gateway._inbox._seconds = 0.1
    async with database.transaction() as tx:
        await tx.execute(text("lock table deliveries in access exclusive mode"))
        answers = await asyncio.gather(*(sender.send(vendor) for vendor in VENDORS))
        assert [answer.status_code for answer in answers] == [503] * len(VENDORS)
    gateway._inbox._seconds = 5.0
    answers = await asyncio.gather(*(sender.send(vendor) for vendor in VENDORS))
    assert [answer.status_code for answer in answers] == [200] * len(VENDORS)
    assert len(await store.deliveries()) == len(VENDORS)


async def test_a_store_that_takes_no_writes(sender: Sender, database: Database, databases: Databases):
    """After a failover to a replica, or with a full disk that an operator made read-only."""
    setting = "set default_transaction_read_only"
    async with _altered(database, databases, f"{setting} = on", f"{setting} = off"):
        assert (await sender.send(HTTP)).status_code == 503
        # The first look only finds that the connection was ended.
        looks = [await Readiness(database).is_writable() for _ in range(2)]
        assert looks == [False, False]
    assert (await sender.send(HTTP)).headers["Liaison-Receipt"] == "new"


async def test_readiness_follows_the_store(
    gateway: Gateway, sender: Sender, database: Database, databases: Databases
):
    """A load balancer takes us out while we can only say 503, and in again afterwards."""
    now = [0.0]
    gateway._readiness = Readiness(database, clock=lambda: now[0])
    assert (await sender.http.get("/readyz")).status_code == 200
    async with _away(database, databases):
        now[0] += 1
        assert (await sender.http.get("/readyz")).status_code == 503
    now[0] += 1
    assert (await sender.http.get("/readyz")).status_code == 200


async def test_not_ready_before_any_connection_is_known(
    gateway: Gateway, sender: Sender, prefect: PrefectApi
):
    """All we could say to a webhook is 503."""
    gateway._sources.is_loaded = False
    assert (await sender.http.get("/readyz")).status_code == 503


async def test_readiness_is_not_asked_of_the_store_by_everybody(
    gateway: Gateway, sender: Sender, database: Database
):
    """The page is open to whoever reaches us; a look a second is all the store has to bear."""
    gateway._readiness = Readiness(database, clock=lambda: 0.0)
    before = await _commits(database)
    await asyncio.gather(*(sender.http.get("/readyz") for _ in range(30)))
    assert await _commits(database) - before <= 3  # one look, and our two


async def _commits(database: Database) -> int:
    async with database.transaction() as tx:
        found = await tx.execute(text("select pg_current_xact_id()::text::bigint"))
        return int(found.scalar_one())
