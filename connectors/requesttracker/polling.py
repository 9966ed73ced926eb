"""What changed since a time, by searches, in whose times no zone can be named.

RT reads a search's time in the profile zone of the user who asks, and without one in the server's. A zone in the text
is ignored, a trailing Z takes the time of day away, and what it cannot read is 1970: always 200. Times in answers are
UTC. So we ask in UTC, and before each round the newest ticket must be found by its own time, not by the next second.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from typing import Any

from connectors.kit.fields import any_text, records, utc_time
from connectors.requesttracker.api import RtApi
from connectors.requesttracker.mapping import FIELDS, id_from
from connectors.requesttracker.settings import RequestTrackerSettings
from incidents.errors import NotAllowed, Unreachable

OVERLAP = timedelta(seconds=2)
TRIES = 3
_TIMES = {"fields": "LastUpdated"}
UTC_ZONES = frozenset({"", "UTC", "Etc/UTC", "GMT", "Etc/GMT", "Universal", "Zulu"})
_CURE = "set the time zone of this user to UTC: in RT under Admin, Users, its name, Timezone"


class Polling:
    """Finds changed tickets as one user."""

    def __init__(self, api: RtApi, settings: RequestTrackerSettings) -> None:
        self._api = api
        self._settings = settings

    async def changed_since(self, since: datetime) -> AsyncIterator[dict[str, Any]]:
        """Items of searches, oldest change first, each state once; a few from shortly before. Raises `NotAllowed` where
        RT reads our times in another zone.
        """
        await self.require_utc()
        start = since - OVERLAP
        known: set[tuple[str, str]] = set()
        while True:
            # By the time reached, not by a page's number: what changes meanwhile goes to the end, the rest moves up.
            newest = start
            async for page in self._api.pages("tickets", self._query(start)):
                for item in page:
                    state = (any_text(item.get("id")), any_text(item.get("LastUpdated")))
                    newest = max(newest, utc_time(item.get("LastUpdated"), of="requesttracker"))
                    if state not in known:
                        known.add(state)
                        yield item
                if newest > start and len(page) > 0:
                    break
            if newest == start:
                return
            start = newest

    async def require_utc(self) -> None:
        """Raises `NotAllowed` where a search's times are not read as UTC."""
        zone = any_text((await self._api.get(f"user/{self._settings.user}")).get("Timezone"))
        if zone not in UTC_ZONES:
            raise NotAllowed(f"requesttracker: {self._settings.user!r} has the time zone {zone!r}; {_CURE}")
        for _ in range(TRIES):
            newest = await self._newest()
            if newest is None:
                return
            ticket, at = newest
            is_found = await self._finds(ticket, at)
            is_found_later = await self._finds(ticket, at + timedelta(seconds=1))
            if is_found and not is_found_later:
                return
            if await self._newest() == newest:
                raise NotAllowed(f"requesttracker: RT reads our times in another zone than UTC; {_CURE}")
        raise Unreachable(
            "requesttracker: the newest ticket changes too quickly to see in which zone times are read"
        )

    async def _newest(self) -> tuple[str, datetime] | None:
        asked = {"query": "id > 0", "orderby": "LastUpdated", "order": "DESC", "per_page": "1", **_TIMES}
        found = records((await self._api.get("tickets", asked)).get("items"))
        ticket = id_from(found[0].get("id")) if found else None
        return (
            None if ticket is None else (ticket, utc_time(found[0].get("LastUpdated"), of="requesttracker"))
        )

    async def _finds(self, ticket: str, at: datetime) -> bool:
        asked = {"query": f"id = {ticket} AND LastUpdated >= '{_asked(at)}'", **_TIMES}
        return bool(records((await self._api.get("tickets", asked)).get("items")))

    def _query(self, since: datetime) -> dict[str, str]:
        query = f"LastUpdated >= '{_asked(since)}'"
        if self._settings.queues:
            queues = " OR ".join(f"Queue = '{name}'" for name in self._settings.queues)
            query = f"{query} AND ({queues})"
        return {"query": query, "orderby": "LastUpdated", "order": "ASC", **FIELDS}


def _asked(at: datetime) -> str:
    """A time as a search takes it: whole seconds and no zone."""
    return at.astimezone(UTC).strftime("%Y-%m-%d %H:%M:%S")
