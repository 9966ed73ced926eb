"""The sync loop: what was said in our rooms since the cursor, then whatever is said, for ever.

Where more was said than the server tells at once (`limited`), the gap is read from the room's history. What we said
ourselves comes back as well, and is no news.

https://spec.matrix.org/v1.16/client-server-api/#syncing
"""

from __future__ import annotations

import contextlib
import json
import logging
from collections.abc import AsyncGenerator
from typing import Any

from connectors.kit.fields import record, text
from connectors.kit.strict_json import parse_json
from connectors.matrix.answers import Forbidden, MatrixRefused, all_objects
from connectors.matrix.client_api import ClientApi
from connectors.matrix.incoming import said
from connectors.matrix.mapping import offered
from connectors.matrix.settings import MatrixSettings
from incidents.errors import NotAllowed, Refused, Unrecognised
from incidents.events import Heard, Verified

# Less than what a call may take to answer (connectors.kit.http).
PATIENCE = 8.0
EVENTS_AT_ONCE = 50
GAP_PAGES = 100
UNKNOWN_PLACE = frozenset({"M_UNKNOWN", "M_INVALID_PARAM"})
"""What is answered to a `since` that means nothing to the server; the specification has no word of its own for it.
Synapse 1.163 says the first for a token it cannot read (`StreamToken.from_string`)."""

logger = logging.getLogger("liaison.matrix")


class RoomListener:
    """Hears all rooms that the account is in."""

    def __init__(self, api: ClientApi, settings: MatrixSettings, *, patience: float = PATIENCE) -> None:
        self._api = api
        self._settings = settings
        self._patience = patience
        nothing: dict[str, list[str]] = {"types": []}
        self._events = {"types": list(said.KINDS), "not_senders": [settings.user_id]}
        self._wanted = {
            "presence": nothing,
            "account_data": nothing,
            "room": {
                "timeline": {**self._events, "limit": EVENTS_AT_ONCE},
                "state": nothing,
                "ephemeral": nothing,
                "account_data": nothing,
            },
        }

    async def hear(self, cursor: str | None) -> AsyncGenerator[Heard, None]:
        """Without a cursor that can be read, or that the server knows, from now on."""
        since = _since(cursor)
        if since is None:
            since = await self._now()
            yield Heard(deliveries=(), cursor=_cursor(since))
        while True:
            try:
                news = await self._api.sync(self._wanted, since=since, patience=self._patience)
            except MatrixRefused as refusal:
                if refusal.code not in UNKNOWN_PLACE:
                    raise  # a proxy's no, a fault of the server's: what was said meanwhile is there afterwards
                # A server restored from a backup, or another one under the same name.
                logger.warning("matrix: where we had listened to means nothing to the server: %s", refusal)
                since = await self._now()
                yield Heard(deliveries=(), cursor=_cursor(since))
                continue
            deliveries = await self._deliveries(news, since)
            since = text(news["next_batch"])
            yield Heard(deliveries=tuple(deliveries), cursor=_cursor(since))

    async def _now(self) -> str:
        return text((await self._api.sync(self._wanted, since=None, patience=0))["next_batch"])

    async def _deliveries(self, news: dict[str, Any], since: str) -> list[Verified]:
        found: list[Verified] = []
        for room_id, room in record(record(news.get("rooms")).get("join")).items():
            for event in await self._said_in(room_id, record(record(room).get("timeline")), since):
                one = await self._delivery(room_id, event)
                found += [one] if one is not None else []
        return found

    async def _said_in(self, room_id: str, timeline: dict[str, Any], since: str) -> list[dict[str, Any]]:
        told = all_objects(timeline.get("events", []), "sync")
        if timeline.get("limited") is not True:
            return told
        missed: list[dict[str, Any]] = []
        start = text(timeline.get("prev_batch"))
        pages = self._api.history(room_id, self._events, start=start, end=since, most=GAP_PAGES)
        async with contextlib.aclosing(pages):
            async for page in pages:
                missed += page
        ids = {event.get("event_id") for event in told}
        return [event for event in reversed(missed) if event.get("event_id") not in ids] + told

    async def _delivery(self, room_id: str, event: dict[str, Any]) -> Verified | None:
        """None for talk among people, and for our own voice."""
        is_ours = event.get("sender") == self._settings.user_id
        if is_ours or "transaction_id" in record(event.get("unsigned")) or not text(event.get("event_id")):
            return None
        if said.changes_a_room(event) or said.command_in(event, self._settings) is not None:
            return said.delivery(room_id, event, incident=None)
        target = said.target_of(event)
        incident = None if target is None else await self._offer(room_id, target)
        return None if incident is None else said.delivery(room_id, event, incident=incident)

    async def _offer(self, room_id: str, event_id: str) -> str | None:
        """The incident that a message of ours offered to acknowledge, as it was sent first."""
        try:
            message = await self._api.event(room_id, event_id)
        except Forbidden:
            return None
        except NotAllowed:
            raise
        except Refused:
            # Whatever people put under a reaction as the id of a message: it must not keep us from hearing the rest.
            return None
        return offered(message) if message.get("sender") == self._settings.user_id else None


def _since(cursor: str | None) -> str | None:
    if cursor is None:
        return None
    try:
        document = parse_json(cursor.encode("utf-8", "surrogatepass"))
    except Unrecognised:
        return None
    return text(record(document).get("since")) or None


def _cursor(since: str) -> str:
    return json.dumps({"since": since})
