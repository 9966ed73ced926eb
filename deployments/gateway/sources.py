"""Which connections may send us webhooks, kept fresh from Prefect and mirrored in the store."""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import Mapping
from datetime import UTC, datetime

import httpx
from prefect.client.orchestration import PrefectClient, get_client
from prefect.exceptions import ObjectNotFound, PrefectException

from blocks.catalogue import BLOCKS
from blocks.connect import block_from_json, open_connector, read_block, settings_json
from incidents.errors import LiaisonError, Unreachable
from incidents.ports import WebhookSource
from incidents.store.connections import Mirror
from incidents.store.database import Database

REFRESH_EVERY = 60.0
# Saving a block must not take a minute to work: an unknown name makes us look, but not more often than this.
LOOK_AT_MOST_EVERY = 2.0

logger = logging.getLogger("liaison.gateway")


class Sources:
    """Webhook sources by connection name."""

    def __init__(self, database: Database, mirror: Mirror) -> None:
        self._database = database
        self._mirror = mirror
        self._settings: dict[str, str] = {}
        self._sources: dict[str, WebhookSource] = {}
        self._read_at = 0.0
        self._lock = asyncio.Lock()
        self.is_loaded = False

    def get(self, name: str) -> WebhookSource | None:
        return self._sources.get(name)

    def names(self) -> list[str]:
        return sorted(self._sources)

    async def load(self) -> None:
        """Read the connections: from Prefect, or what we last knew of them while it is away.

        Raises `WrongKey` and the database's errors; then there is nothing to serve.
        """
        try:
            settings = await _from_prefect()
        except Unreachable as error:
            logger.warning("Prefect is away (%s); serving on with the connections last read", error)
            if self.is_loaded:
                return
            async with self._database.transaction() as tx:
                settings = dict(await self._mirror.load(tx))
        else:
            async with self._database.transaction() as tx:
                changed = {name: text for name, text in settings.items() if self._settings.get(name) != text}
                await self._mirror.save(tx, changed, now=datetime.now(UTC))
        self._take(settings)
        self.is_loaded = True

    async def look_for(self, name: str) -> WebhookSource | None:
        """A name we do not know may have been saved a moment ago."""
        loop = asyncio.get_running_loop()
        async with self._lock:
            if name not in self._sources and loop.time() - self._read_at > LOOK_AT_MOST_EVERY:
                with contextlib.suppress(LiaisonError, OSError):
                    await self.load()
                self._read_at = loop.time()
        return self._sources.get(name)

    async def keep_fresh(self) -> None:
        """Load again each minute, for ever. Failures keep the old connections in service."""
        while True:
            await asyncio.sleep(REFRESH_EVERY)
            try:
                await self.load()
            except (LiaisonError, OSError) as error:
                logger.warning("could not refresh the connections: %s", error)

    def _take(self, settings: Mapping[str, str]) -> None:
        for name, text in settings.items():
            if self._settings.get(name) == text:
                continue
            try:
                connector = open_connector(name, block_from_json(name, text))
            except (LiaisonError, ValueError) as error:
                # One unusable connection must not silence the others. ValueError is pydantic's; its text can
                # quote values, so only its type is told.
                logger.error("connection %s cannot be used: %s", name, type(error).__name__)
                continue
            if isinstance(connector, WebhookSource):
                self._sources[name] = connector
        for name in set(self._sources) - set(settings):
            del self._sources[name]
        self._settings = dict(settings)


async def _from_prefect() -> dict[str, str]:
    """Every saved block of our types, as JSON. Raises `Unreachable`."""
    found: dict[str, str] = {}
    try:
        async with get_client() as client:
            for vendor in BLOCKS:
                documents = await _documents(client, vendor)
                for document in documents:
                    name = f"{vendor}/{document}"
                    found[name] = settings_json(await read_block(name))
    except (httpx.HTTPError, PrefectException, RuntimeError, OSError) as error:
        raise Unreachable(f"{type(error).__name__}") from error
    return found


async def _documents(client: PrefectClient, vendor: str) -> list[str]:
    try:
        documents = await client.read_block_documents_by_type(vendor, include_secrets=False)
    except ObjectNotFound:
        return []
    return [document.name for document in documents if document.name]
