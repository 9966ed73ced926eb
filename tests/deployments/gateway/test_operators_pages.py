"""What operators, load balancers and Prometheus ask."""

from __future__ import annotations

from sqlalchemy import update

from deployments.gateway.metrics import Metrics
from deployments.gateway.notices import Notices
from deployments.gateway.set_aside import SetAside
from incidents.store.database import Database
from incidents.store.schema.tables import deliveries
from tests.deployments.gateway.conftest import Sender
from tests.deployments.gateway.vendors import HTTP


async def test_alive(sender: Sender):
    """The process answers, whatever is the matter with the store."""
    answer = await sender.http.get("/healthz")
    assert (answer.status_code, answer.text) == (200, "alive\n")


async def test_ready(sender: Sender):
    """Webhooks can be stored now."""
    assert (await sender.http.get("/readyz")).status_code == 200


async def test_metrics(sender: Sender):
    """What became of the webhooks, by connection."""
    await sender.send(HTTP)
    await sender.send(HTTP)
    await sender.send(HTTP, secret="a-secret-that-is-not-configured")
    answer = await sender.http.get("/metrics")
    assert answer.headers["content-type"].startswith("text/plain")
    for result in ("new", "duplicate", "forged_signature"):
        line = f'liaison_deliveries_total{{connection="http/desk",result="{result}"}} 1.0'
        assert line in answer.text.splitlines()
    assert "process_resident_memory_bytes" in answer.text


async def test_what_was_set_aside_is_counted_as_the_store_has_it(sender: Sender, database: Database):
    """Parked webhooks show on the dashboard; read again, they are gone. A store that is away changes nothing."""
    now = 0.0
    metrics = Metrics()
    aside = SetAside(database, metrics, Notices(), every=60, clock=lambda: now)
    parked = b'liaison_deliveries_set_aside{connection="http/desk",state="parked"} 1.0'
    await sender.send(HTTP)
    async with database.transaction() as tx:
        await tx.execute(update(deliveries).values(state="parked"))
    await aside.count()
    assert parked in metrics.exposition()
    assert b'liaison_promised_updates{outcome="kept_by_people"} 0.0' in metrics.exposition()
    async with database.transaction() as tx:
        await tx.execute(update(deliveries).values(state="done"))
    await aside.count()
    assert parked in metrics.exposition(), "the store is not counted at every look"
    now = 61.0
    await aside.count()
    assert b"liaison_deliveries_set_aside{" not in metrics.exposition()
    await SetAside(Database("postgresql+asyncpg://nobody@127.0.0.1:1/none"), metrics, Notices()).count()
