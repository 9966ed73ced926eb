"""A block's document outlives its type's fields: old ones stay readable, and a secret without a field goes."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import pytest
from prefect.blocks.core import Block
from prefect.client.orchestration import PrefectClient, get_client
from prefect.client.schemas.objects import BlockDocument
from prefect.settings import temporary_settings
from pydantic import SecretStr

from deployments.worker.leftovers import drop_leftovers
from tests.servers import PrefectServer

pytestmark = pytest.mark.filterwarnings("ignore:Type .* matches existing registered type:UserWarning")

SLUG = "sample-leftovers"
TOKEN, OLD_SECRET = "the-token", "the-old-signing-secret"


def of_then() -> Any:
    class Then(Block):
        """As a version before saved it."""

        _block_type_name = "Sample leftovers"
        _block_type_slug = SLUG
        url: str
        token: SecretStr
        signing_secret: SecretStr

    return Then


def of_today() -> Any:
    class Today(Block):
        """As this version reads it: a field has gone, and one has come."""

        _block_type_name = "Sample leftovers"
        _block_type_slug = SLUG
        url: str
        token: SecretStr
        region: str = "eu"

    return Today


@pytest.fixture
async def client(prefect_server: PrefectServer) -> AsyncIterator[PrefectClient]:
    with temporary_settings(prefect_server.access):
        async with get_client() as client:
            await of_then()(url="https://x.example", token=TOKEN, signing_secret=OLD_SECRET).save(
                "main", overwrite=True
            )
            yield client


async def _shown(client: PrefectClient) -> BlockDocument:
    """What the API and Prefect's pages show."""
    return await client.read_block_document_by_name("main", SLUG, include_secrets=False)


async def test_prefect_shows_a_secret_without_a_field_when_its_block_is_saved_anew(client: PrefectClient):
    """Why there is something to be done at all. When this fails, Prefect does it itself."""
    block = await of_today().aload("main")
    await block.save("main", overwrite=True)
    assert (await _shown(client)).data["signing_secret"] == OLD_SECRET


@pytest.mark.parametrize("is_saved_anew", [False, True])
async def test_it_is_taken_out_and_all_else_stays(client: PrefectClient, is_saved_anew: bool):
    today = of_today()
    await today.aregister_type_and_schema(client=client)
    if is_saved_anew:
        await (await today.aload("main")).save("main", overwrite=True)
    said = await drop_leftovers(client, [today])
    assert said == [f"{SLUG}/main: signing_secret taken out, this version has no such field"]
    full = await client.read_block_document_by_name("main", SLUG, include_secrets=True)
    assert OLD_SECRET not in full.model_dump_json()
    assert (full.data["url"], full.data["token"]) == ("https://x.example", TOKEN)
    assert TOKEN not in (await _shown(client)).model_dump_json()
    read = await today.aload("main")
    assert (read.token.get_secret_value(), read.region) == (TOKEN, "eu")
    assert await drop_leftovers(client, [today]) == []
