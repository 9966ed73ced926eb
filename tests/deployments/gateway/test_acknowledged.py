"""A vendor who wants to read something reads it, once the delivery is on disk; and a secret in the address counts."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from blocks.connect import settings_json
from blocks.salesforce import SalesforceBlock
from connectors.salesforce.webhook import ACK, HEADER
from deployments.gateway.app import Gateway
from incidents.store.connections import Mirror
from incidents.store.database import Database
from tests.connectors.salesforce.conftest import SalesforceWorld, settings
from tests.contracts.webhook_source import FIRST
from tests.deployments.gateway.conftest import PACE, Clock, Sender, Store, open_gateway
from tests.deployments.gateway.prefect_api import PrefectApi
from tests.deployments.gateway.vendors import NOW

PATH = "/hooks/salesforce/support"
SECRET = FIRST.decode()


@pytest.fixture
async def gateway(database: Database, key: str, clock: Clock, prefect: PrefectApi) -> AsyncIterator[Gateway]:
    saved = {
        "salesforce/support": settings_json(SalesforceBlock.model_validate(settings(), from_attributes=True))
    }
    async with database.transaction() as tx:
        await Mirror(key).save(tx, saved, now=NOW)
    async with open_gateway(database, key, connect=prefect.connect, clock=clock, pace=PACE) as gateway:
        yield gateway


@pytest.fixture
def message() -> bytes:
    world = SalesforceWorld()
    world.create_ticket("Cannot pay", "x", name="Ada", email="ada@customer.example")
    return world.fake.outbound.message()


async def test_an_ack_is_said_of_what_is_stored(sender: Sender, store: Store, message: bytes) -> None:
    """Also of what is known already: else Salesforce sends it for a day."""
    for receipt in ("new", "duplicate"):
        answer = await sender.http.post(f"{PATH}?{SECRET}", content=message)
        assert (answer.status_code, answer.content) == (200, ACK.body)
        assert answer.headers["content-type"] == ACK.content_type
        assert answer.headers["liaison-receipt"] == receipt
    (row,) = await store.deliveries()
    assert SECRET.encode() not in row.body
    assert SECRET not in repr(row)


@pytest.mark.parametrize("query", ["", "?", "?wrong", f"?x={SECRET}", f"?{SECRET}&x", f"?{SECRET.upper()}"])
async def test_without_the_secret_nothing_is_stored_or_acknowledged(
    sender: Sender, store: Store, message: bytes, query: str
) -> None:
    answer = await sender.http.post(f"{PATH}{query}", content=message)
    assert answer.status_code == 401
    assert b"Ack" not in answer.content
    assert await store.deliveries() == []


async def test_a_proxy_shows_it_in_a_header(sender: Sender, store: Store, message: bytes) -> None:
    answer = await sender.http.post(PATH, content=message, headers={HEADER: SECRET})
    assert answer.content == ACK.body
    assert len(await store.deliveries()) == 1
