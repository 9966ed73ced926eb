"""The connections as the operator saved them in Prefect: one call a vendor, whatever the number."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass

import httpx
from prefect.blocks.core import Block
from prefect.client.orchestration import PrefectClient
from prefect.client.schemas.objects import BlockDocument
from prefect.exceptions import PrefectException

from blocks.catalogue import BLOCKS
from blocks.connect import settings_json
from incidents.errors import Unreachable

PAGE = 200
READ_SECONDS = 15.0

Connect = Callable[[], AbstractAsyncContextManager[PrefectClient]]
"""`prefect.client.orchestration.get_client`, or a test's own."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Saved:
    """Settings, secrets included, as JSON by connection name. `unusable` are saved too, but not valid now."""

    settings: Mapping[str, str]
    unusable: frozenset[str]


async def read_saved(connect: Connect) -> Saved:
    """Raises `Unreachable` while Prefect is away."""
    settings: dict[str, str] = {}
    unusable: set[str] = set()
    try:
        async with asyncio.timeout(READ_SECONDS), connect() as client:
            for vendor, block_class in BLOCKS.items():
                for document in await _documents(client, vendor):
                    name = f"{vendor}/{document.name}"
                    # Not `Block.load`: it would tell Prefect each minute of each block that it was loaded.
                    found = _settings(block_class, document)
                    if found is None:
                        unusable.add(name)
                    else:
                        settings[name] = found
    except (httpx.HTTPError, PrefectException, RuntimeError, OSError) as error:
        # RuntimeError: Prefect's client says so when it cannot reach its server.
        raise Unreachable(type(error).__name__) from error
    return Saved(settings=settings, unusable=frozenset(unusable))


async def _documents(client: PrefectClient, vendor: str) -> list[BlockDocument]:
    documents: list[BlockDocument] = []
    while len(documents) % PAGE == 0:
        try:
            page = await client.read_block_documents_by_type(
                vendor, offset=len(documents), limit=PAGE, include_secrets=True
            )
        except httpx.HTTPStatusError as error:
            if error.response.status_code == httpx.codes.NOT_FOUND:  # the type is not registered yet
                return []
            raise
        if not page:
            break
        documents += page
    return [document for document in documents if document.name]


def _settings(block_class: type[Block], document: BlockDocument) -> str | None:
    try:
        return settings_json(block_class.model_validate(document.data))
    except ValueError:  # pydantic's; its text may quote the secret it refused
        return None
