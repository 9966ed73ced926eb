"""Which connections may send us webhooks, are listened to, or have a status page that we serve: kept fresh from Prefect
and mirrored in the store."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Awaitable, Callable, Mapping
from datetime import UTC, datetime

from blocks.catalogue import BLOCKS
from blocks.connect import block_from_json, open_connector
from deployments.gateway.notices import Notices, error_words
from incidents.errors import Unreachable
from incidents.ports import ListeningSource, WebhookSource
from incidents.status_page import PublicFiles
from incidents.store.connections import Mirror
from incidents.store.database import Database

REFRESH_EVERY = 60.0
REFRESH_EVERY_AT_FIRST = 5.0
# Saving a block must not take a minute to work: an unknown name makes us look. A stranger's names shall not make
# us look all the time, nor wait for a Prefect that does not answer.
LOOK_AT_MOST_EVERY = 2.0
LOOK_SECONDS = 2.0

# Prefect takes no other names for blocks.
_DOCUMENT = re.compile(r"[a-z0-9-]{1,200}")


class Sources:
    """Webhook sources by connection name. `read` is `read_saved` with its client."""

    def __init__(
        self,
        database: Database,
        mirror: Mirror,
        notices: Notices,
        *,
        read: Callable[[], Awaitable[Mapping[str, str]]],
        refresh_every: float = REFRESH_EVERY,
        look_every: float = LOOK_AT_MOST_EVERY,
        look_seconds: float = LOOK_SECONDS,
    ) -> None:
        self._database = database
        self._mirror = mirror
        self._notices = notices
        self._read = read
        self._refresh_every = refresh_every
        self._look_every = look_every
        self._look_seconds = look_seconds
        self._settings: dict[str, str] = {}
        self._mirrored: dict[str, str] = {}
        self._sources: dict[str, WebhookSource] = {}
        self._listeners: dict[str, ListeningSource] = {}
        self._public: dict[str, PublicFiles] = {}
        self._looked_at = float("-inf")
        self._lock = asyncio.Lock()
        self.is_loaded = False
        """Whether we know any connections, or know that there are none."""

    def get(self, name: str) -> WebhookSource | None:
        """Who verifies the connection's webhooks, or None if no such connection is configured."""
        return self._sources.get(name)

    @property
    def listeners(self) -> Mapping[str, ListeningSource]:
        """The connections that are listened to, as they are configured now."""
        return self._listeners

    def public_files(self, document: str) -> PublicFiles | None:
        """The status page that is saved under this name and served by us, as its settings say."""
        found = (one for name, one in self._public.items() if name.partition("/")[2] == document)
        return next((one for one in found if one.is_served), None)

    async def load(self) -> None:
        """Read the connections: from Prefect, or what we last knew of them while it is away.

        Raises `WrongKey` and the database's errors. Whatever was served before, serves on.
        """
        async with self._lock:
            try:
                saved = await self._read()
            except Unreachable as error:
                self._notices.warn("Prefect is away (%s); serving on with the connections last read", error)
                if not self.is_loaded:
                    await self._load_mirror()
            else:
                await self._take_saved(saved)

    async def look_for(self, name: str) -> WebhookSource | None:
        """A name we do not know may have been saved a moment ago."""
        now = asyncio.get_running_loop().time()
        if now - self._looked_at >= self._look_every:
            self._looked_at = now
            try:
                async with asyncio.timeout(self._look_seconds):
                    await self.load()
            except Exception as error:  # noqa: BLE001 - whatever ails Prefect or the store, the sender comes again
                self._notices.warn("could not look for new connections: %s", error_words(error))
        return self._sources.get(name)

    async def keep_fresh(self) -> None:
        """Load again each minute, for ever. Failures keep the old connections in service."""
        while True:
            every = (
                self._refresh_every if self.is_loaded else min(self._refresh_every, REFRESH_EVERY_AT_FIRST)
            )
            await asyncio.sleep(every)
            try:
                await self.load()
            except Exception as error:  # noqa: BLE001 - this must outlive every outage
                self._notices.warn("could not refresh the connections: %s", error_words(error))

    async def _load_mirror(self) -> None:
        async with self._database.transaction() as tx:
            settings = await self._mirror.load(tx)
        self._serve(settings)
        self.is_loaded = bool(settings)

    async def _take_saved(self, settings: Mapping[str, str]) -> None:
        self._serve(settings)
        changed = {name: text for name, text in self._settings.items() if self._mirrored.get(name) != text}
        async with self._database.transaction() as tx:
            await self._mirror.save(tx, changed, now=datetime.now(UTC))
            await self._mirror.forget(tx, all_but=settings)
        self._mirrored = dict(self._settings)
        self.is_loaded = True

    def _serve(self, settings: Mapping[str, str]) -> None:
        """Make the changed connectors anew, and drop the deleted ones.

        The old ones hold nothing that needs closing: here they only verify, and never opened a socket; what a listener
        opened closes with its listening. One whose
        new settings are not valid serves on with the old: to drop it would lose what its sender sends meanwhile.
        """
        for name, text in settings.items():
            if self._settings.get(name) == text:
                continue
            try:
                connector = open_connector(name, block_from_json(name, text), lambda: self._database)
            except Exception as error:  # noqa: BLE001 - one unusable connection must not silence the others
                self._notices.error(
                    "connection %s cannot be used, edit its block: %s", name, error_words(error), subject=name
                )
                continue
            self._settings[name] = text
            if isinstance(connector, WebhookSource):
                self._sources[name] = connector
            if isinstance(connector, ListeningSource):
                self._listeners[name] = connector
            if isinstance(connector, PublicFiles):
                self._public[name] = connector
        for name in set(self._settings) - set(settings):
            del self._settings[name]
            self._sources.pop(name, None)
            self._listeners.pop(name, None)
            self._public.pop(name, None)


def can_exist(name: str) -> bool:
    """Whether a connection of this name could ever be saved."""
    vendor, _, document = name.partition("/")
    return vendor in BLOCKS and _DOCUMENT.fullmatch(document) is not None
