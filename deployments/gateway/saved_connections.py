"""The connections as the operator saved them in Prefect: one call a vendor, whatever the number."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Mapping

import httpx
from prefect.client.orchestration import PrefectClient
from prefect.client.schemas.objects import BlockDocument
from prefect.exceptions import PrefectException

from blocks.catalogue import BLOCKS
from incidents.errors import Unreachable

PAGE = 200
READ_SECONDS = 15.0


async def read_saved(client: PrefectClient) -> Mapping[str, str]:
    """Settings, secrets included, as JSON by connection name; whether they are valid is not looked at here.

    Not by `Block.load`: it tells Prefect of each block, each time, that it was loaded. Raises `Unreachable` while
    Prefect is away, or when something else answers in its place.
    """
    settings: dict[str, str] = {}
    try:
        async with asyncio.timeout(READ_SECONDS):
            for vendor in BLOCKS:
                for document in await _documents(client, vendor):
                    settings[f"{vendor}/{document.name}"] = json.dumps(document.data, sort_keys=True)
    except (httpx.HTTPError, PrefectException, RuntimeError, ValueError, OSError) as error:
        # RuntimeError: Prefect's client says so when it cannot reach its server.
        raise Unreachable(type(error).__name__) from error
    return settings


async def _documents(client: PrefectClient, vendor: str) -> list[BlockDocument]:
    documents: list[BlockDocument] = []
    while len(documents) % PAGE == 0:
        try:
            page = await client.read_block_documents_by_type(
                vendor, offset=len(documents), limit=PAGE, include_secrets=True
            )
        except httpx.HTTPStatusError as error:
            # Prefect's client has no error of its own for a type that is not registered yet.
            if error.response.status_code == httpx.codes.NOT_FOUND:
                return []
            raise
        if not page:
            break
        documents += page
    return [document for document in documents if document.name]
