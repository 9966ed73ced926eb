"""A status page of files: what was said is recorded in our store first, and the folder is written from there.

So a folder that is lost is written again whole, and the folder is read back before anything counts as said.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from typing import ClassVar

from connectors.staticpage.folder import PageFolder
from connectors.staticpage.formats.atom import feed
from connectors.staticpage.formats.html import FEED, FIRST_PAGE, HISTORY, JSON, first_page, history_page
from connectors.staticpage.mapping import first_day, shown_updates, status_json, view
from connectors.staticpage.settings import StaticPageSettings
from incidents.errors import Unknown
from incidents.models import PublicText, Severity
from incidents.public_incident import PublicFile, PublicState, StatusRecord
from incidents.status_page import PublicFiles, StatusPage

MEDIA_TYPES = {
    FIRST_PAGE: "text/html; charset=utf-8",
    HISTORY: "text/html; charset=utf-8",
    JSON: "application/json",
    FEED: "application/atom+xml; charset=utf-8",
}


def utc_now() -> datetime:
    """The clock of this machine."""
    return datetime.now(UTC)


class StaticPage(StatusPage, PublicFiles):
    """One page. `name` is the connection's (`staticpage/main`), `record` where what it says is kept."""

    vendor: ClassVar[str] = "staticpage"
    index_lag = 0.0

    def __init__(
        self,
        name: str,
        settings: StaticPageSettings,
        *,
        record: StatusRecord,
        clock: Callable[[], datetime] = utc_now,
    ) -> None:
        self.name = name
        self._settings = settings
        self._record = record
        self._clock = clock
        self._folder = PageFolder(settings.folder, name=name)

    async def check(self) -> str:
        """Whether the folder is ours and as it should be; it is mended, and that is said."""
        mended = await self._publish()
        shown = shown_updates(await self._folder.read(JSON) or b"")
        served = f", served at /status/{self.name.partition('/')[2]}/" if self.is_served else ""
        written = f"; written anew: {', '.join(mended)}" if mended else ""
        return (
            f"{len(shown)} public incidents in {self._settings.folder}{served}{written}{await self._closed()}"
        )

    async def _closed(self) -> str:
        """What a web server of an operator's may stumble over; the gateway is none."""
        closed = None if self.is_served else await self._folder.closed()
        if closed is None:
            return ""
        return (
            f"; not everybody may enter {closed}: a web server that may not shows nothing;"
            " chmod 755 it, or choose another folder"
        )

    async def aclose(self) -> None:
        """There is nothing open between two calls."""

    async def open(
        self, title: PublicText, text: PublicText, severity: Severity, *, services: Sequence[str], once: str
    ) -> str:
        now = self._clock()
        made = await self._record.open(title, text, severity, services=services, once=once, now=now)
        await self._publish()
        return made

    async def post_update(self, id: str, text: PublicText, state: PublicState, *, once: str) -> None:
        await self._record.add(id, text, state, once=once, now=self._clock())
        await self._publish()

    async def resolve(self, id: str, text: PublicText, *, once: str) -> None:
        await self.post_update(id, text, PublicState.RESOLVED, once=once)

    async def find(self, once: str) -> str | None:
        found = await self._record.opened_with(once)
        return found if found is not None and found in await self._shown() else None

    async def was_done(self, id: str, once: str) -> bool:
        said = await self._record.update_with(id, once)
        return said is not None and said in (await self._shown()).get(id, set())

    async def restore(self) -> bool:
        return bool(await self._publish())

    @property
    def is_served(self) -> bool:
        return self._settings.served

    async def public_file(self, name: str) -> PublicFile | None:
        name = name or FIRST_PAGE
        if name not in MEDIA_TYPES:
            return None
        content = await self._folder.read(name)
        return None if content is None else PublicFile(content=content, media_type=MEDIA_TYPES[name])

    async def _publish(self) -> list[str]:
        """Write what differs from the record; returns the files' names.

        The record is read while nobody else writes: who is last to write has the newest.
        """
        owner = await self._record.owner()
        async with self._folder.taken(owner) as folder:
            now = self._clock()
            since = first_day(now, max(self._settings.history_days, self._settings.days))
            shown = view(await self._record.incidents(resolved_since=since), self._settings, now=now)
            # The first page last: it is what people look at, and it names the others.
            files = {
                JSON: status_json(shown),
                FEED: feed(shown, name=self.name, owner=owner),
                HISTORY: history_page(shown),
                FIRST_PAGE: first_page(shown),
            }
            return await folder.write(files)

    async def _shown(self) -> dict[str, set[str]]:
        content = await self._folder.read(JSON)
        if content is None:
            return {}
        try:
            return shown_updates(content)
        except ValueError as error:
            raise Unknown(f"{self._settings.folder}/{JSON} cannot be read: {error}") from error
