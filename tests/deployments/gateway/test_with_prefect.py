"""With a real Prefect server: what is saved there is what the gateway verifies by."""

from __future__ import annotations

from uuid import uuid4

import pytest
from prefect.client.orchestration import PrefectClient

from blocks.connect import block_from_json, open_connector
from deployments.gateway.saved_connections import read_saved
from incidents.ports import WebhookSource
from incidents.store.database import Database
from tests.deployments.gateway.vendors import NOW, SETTINGS, VENDORS


@pytest.fixture
async def saved(prefect_client: PrefectClient) -> dict[str, str]:
    """The settings by the names they were saved under, unique to this test."""
    names: dict[str, str] = {}
    for vendor in VENDORS:
        name = f"{vendor.connection}-{uuid4().hex[:8]}"
        block = block_from_json(name, SETTINGS[vendor.connection])
        await block.save(name.partition("/")[2], client=prefect_client)
        names[vendor.connection] = name
    return names


def no_store() -> Database:
    raise AssertionError("none of these keeps its tickets with us")


async def test_blocks_are_read_with_their_secrets(prefect_client: PrefectClient, saved: dict[str, str]):
    """What Prefect hands out verifies what the vendor signs, for every vendor."""
    settings = await read_saved(prefect_client)
    for vendor in VENDORS:
        name = saved[vendor.connection]
        source = open_connector(name, block_from_json(name, settings[name]), no_store)
        assert isinstance(source, WebhookSource)
        verified = source.verify(vendor.sign(vendor.event), vendor.event, now=NOW)
        assert verified.body == vendor.event
