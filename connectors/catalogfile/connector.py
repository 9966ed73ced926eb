"""A `ServiceCatalog` out of the files that engineers keep beside their code, in Backstage's format."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Sequence
from typing import ClassVar

from connectors.catalogfile.files import CatalogFolder, ReadFile
from connectors.catalogfile.mapping import ServiceGraph
from connectors.catalogfile.settings import CatalogFileSettings
from incidents.errors import NotFound
from incidents.ports import ServiceCatalog
from incidents.service_catalog.services import CatalogService

_MOST_TOLD = 10


class CatalogFile(ServiceCatalog):
    """One folder. `name` is the connection's, such as `catalogfile/main`; `clock` is monotonic seconds."""

    vendor: ClassVar[str] = "catalogfile"

    def __init__(
        self, name: str, settings: CatalogFileSettings, *, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self.name = name
        self._settings = settings
        self._folder = CatalogFolder(settings)
        self._clock = clock
        self._turn = asyncio.Lock()
        self._read: tuple[float, ReadFile, ServiceGraph] | None = None

    async def owner(self, service: str) -> str:
        """A team of the settings' namespace by name, of another one as `namespace/name`, a person as `user:name`."""
        return (await self._service(service)).owner

    async def dependencies(self, service: str) -> Sequence[str]:
        """By `dependsOn`, by the others' `dependencyOf`, and by APIs: who consumes one needs those who provide it."""
        return (await self._service(service)).depends_on

    async def services(self) -> Sequence[CatalogService]:
        _, graph = await self._fresh()
        return graph.services()

    async def check(self) -> str:
        """How many services there are, and what could not be read. Raises like any other call."""
        read, graph = await self._fresh()
        told = [f"{len(graph.services())} services in {self._settings.folder}", *read.unread[:_MOST_TOLD]]
        more = len(read.unread) - _MOST_TOLD
        return "\n".join([*told, *([f"and {more} more that could not be read"] if more > 0 else [])])

    async def aclose(self) -> None:
        """Nothing is open between two looks."""

    async def _service(self, service: str) -> CatalogService:
        read, graph = await self._fresh()
        entity = graph.find(service)
        if entity is None:
            broken = (
                f"; {len(read.unread)} entries could not be read, see `liaison check`" if read.unread else ""
            )
            raise NotFound(f"{self.name}: the catalogue has no service {service[:80]!r}{broken}")
        return graph.service(entity)

    async def _fresh(self) -> tuple[ReadFile, ServiceGraph]:
        async with self._turn:
            known = self._read
            if known is None or self._clock() - known[0] >= self._settings.fresh_seconds:
                read = await asyncio.to_thread(self._folder.read)
                graph = ServiceGraph(
                    read.entities, kinds=self._settings.kinds, namespace=self._settings.namespace
                )
                known = self._read = (self._clock(), read, graph)
            return known[1], known[2]
