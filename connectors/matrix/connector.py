"""Matrix as a chat room, and as a source of commands that is listened to.

A message carries its `once` in its content, and the transaction it is sent under is made of `once` and content: the
server itself then makes no second one, as long as the token is of the same device. An answer of 200 may still be about
an older event (the same transaction, used for something else), so each message is read back.

https://spec.matrix.org/v1.16/client-server-api/
"""

from __future__ import annotations

import contextlib
from collections.abc import AsyncGenerator, Mapping, Sequence
from functools import partial
from typing import Any, ClassVar

import httpx

from connectors.kit.auth.ways import BearerToken
from connectors.kit.fields import record
from connectors.kit.http import VendorHttp
from connectors.kit.pacing import Pace
from connectors.kit.read_back import read_back
from connectors.kit.recent import RecentlyUsed
from connectors.matrix import mapping
from connectors.matrix.answers import Forbidden, explain
from connectors.matrix.client_api import ClientApi
from connectors.matrix.incoming.listening import PATIENCE, RoomListener
from connectors.matrix.incoming.said import events_in
from connectors.matrix.rooms.incident_rooms import IncidentRooms
from connectors.matrix.rooms.naming import RoomState, WantedRoom, directly_to, room_url
from connectors.matrix.settings import MatrixSettings
from incidents.errors import NotAllowed, NotFound, Refused, Unknown
from incidents.events import Event, Heard, Lane, Verified
from incidents.models import ChatMessage, Room
from incidents.ports import ChatRoom, ListeningSource

HISTORY_PAGES = 20  # older posts are not looked for: a doubled post beats one that never comes
TRANSACTIONS = 2


class Matrix(ChatRoom, ListeningSource):
    """One account on one homeserver. `patience`: seconds that the server is asked to wait for news."""

    vendor: ClassVar[str] = "matrix"
    lane = Lane.STATUS_SYNC
    index_lag = 2.0  # a room's history is read where it is written; Synapse's workers may be a moment behind

    def __init__(
        self,
        name: str,
        settings: MatrixSettings,
        *,
        transport: httpx.AsyncBaseTransport | None = None,
        patience: float = PATIENCE,
    ) -> None:
        self.name = name
        self._settings = settings
        self._http = self._connected(transport)
        # Who listens hears of a lost line at once, and begins anew from the cursor.
        self._ear = self._connected(transport, attempts=1)
        self._api = ClientApi(self._http)
        self._rooms = IncidentRooms(self._api, settings)
        self._listener = RoomListener(ClientApi(self._ear), settings, patience=patience)
        self._posted: RecentlyUsed[tuple[str, str], str] = RecentlyUsed(1000)
        self._pace = Pace(10, 600 / settings.messages_per_minute)

    async def check(self) -> str:
        """Raises `NotAllowed` where the token is another account's or another device's than the settings say."""
        who = await self._api.whoami()
        user, device = who["user_id"], who.get("device_id")
        if user != self._settings.user_id:
            raise NotAllowed(
                f"matrix: the token is {str(user)[:100]}'s, and the settings say another user_id"
            )
        if device is not None and device != self._settings.device_id:
            raise NotAllowed(
                f"matrix: the token is of the device {str(device)[:100]!r} and the settings name another one: log in"
                " with that of the settings, or what is sent again while both are in use is sent twice"
            )
        return f"{user} on device {device} at {self._settings.base_url}"

    async def open_room(self, name: str, topic: str, *, once: str) -> Room:
        """The room that carries this key, a new one, or the one room of the settings."""
        if self._settings.room is not None:
            return self._told(await self._rooms.fixed(self._settings.room))
        invite = tuple(self._settings.invite)
        return self._told(
            await self._rooms.open(WantedRoom(name=name, topic=topic, once=once, invite=invite))
        )

    async def post(self, room_id: str, message: ChatMessage, *, once: str) -> str:
        """Post once. Somebody may have sent us away: into a room that is open to us we come back by ourselves."""
        content = mapping.post_content(message, once=once, command=self._settings.command)
        try:
            return await self._post(room_id, content, once)
        except Forbidden as away:
            await self._rooms.come_back(room_id, away)
            return await self._post(room_id, content, once)

    async def answer(
        self, room_id: str, user_id: str, text: str, *, once: str, is_private: bool = False
    ) -> None:
        """In the room, else in a room with whoever asked alone. Matrix has no message that only one of a room's
        members sees: what is private always goes there.
        """
        said = ChatMessage(text=text)
        content = mapping.post_content(said, once=once, command=self._settings.command, kind="m.notice")
        if not is_private:
            try:
                await self._post(room_id, content, once)
            except (Forbidden, NotFound):
                if not user_id:
                    raise
            else:
                return
        if not user_id:
            raise Refused("matrix: nobody is named who could be answered alone")
        direct = await self._rooms.open(directly_to(user_id))
        await self._post(direct.id, content, once)

    async def members(self, room_id: str) -> frozenset[str]:
        """https://spec.matrix.org/v1.16/client-server-api/#get_matrixclientv3roomsroomidjoined_members"""
        return await self._api.members(room_id)

    async def group_members(self, group: str) -> frozenset[str]:
        """Who is in a space or a room, by its id (!...) or alias (#...); we must be in it, or be let in."""
        room_id = await self._api.room_of(group) if group.startswith("#") else group
        if room_id is None or not room_id.startswith("!"):
            raise NotFound(f"matrix: there is no room or space {group[:100]!r}; name its id (!...) or alias")
        try:
            return await self._api.members(room_id)
        except Forbidden:
            await self._api.join(room_id)
            return await self._api.members(room_id)

    async def edit(self, room_id: str, message_id: str, message: ChatMessage, *, once: str) -> None:
        """Set the message's whole content. Raises `NotFound` for a message that is not there or was taken back, and
        `Refused` for somebody else's: the server would keep an edit that nobody is shown.
        """
        original = await self._api.event(room_id, message_id)
        if original.get("sender") != self._settings.user_id:
            raise Refused("matrix: a message of somebody else cannot be edited")
        if not record(original.get("content")):
            raise NotFound("matrix: the message was taken back")
        content = mapping.edit_content(message, message_id, once=once, command=self._settings.command)
        await self._send(room_id, content, once, is_repeatable=True)

    async def find_post(self, room_id: str, once: str) -> str | None:
        """Looks through our newest 2,000 messages in the room."""
        ours = {"types": ["m.room.message"], "senders": [self._settings.user_id]}
        pages = self._api.history(room_id, ours, most=HISTORY_PAGES)
        async with contextlib.aclosing(pages):
            async for page in pages:
                for event in page:
                    if mapping.once_of(event) == once and isinstance(event.get("event_id"), str):
                        return str(event["event_id"])
        return None

    async def listen(self, cursor: str | None) -> AsyncGenerator[Heard, None]:
        """Commands, thumbs up, and what becomes of rooms; what people say to each other is not kept."""
        heard = self._listener.hear(cursor)
        async with contextlib.aclosing(heard):
            async for one in heard:
                yield one

    def events(self, verified: Verified) -> Sequence[Event]:
        return events_in(verified, self._settings, connection=self.name)

    async def aclose(self) -> None:
        await self._http.aclose()
        await self._ear.aclose()

    @property
    def actor(self) -> str:
        """Our account."""
        return self._settings.user_id

    async def _post(self, room_id: str, content: Mapping[str, Any], once: str) -> str:
        posted = self._posted.get((room_id, once))
        if posted is not None:
            return posted
        await self._pace.wait()
        await self._rooms.require_current(room_id)
        event_id = await self._send(room_id, content, once, is_repeatable=False)
        self._posted.put((room_id, once), event_id)
        return event_id

    async def _send(
        self, room_id: str, content: Mapping[str, Any], once: str, *, is_repeatable: bool, attempt: int = 1
    ) -> str:
        transaction = mapping.transaction_id(once, content, attempt)
        event_id = await self._api.send(
            room_id, content, transaction=transaction, is_repeatable=is_repeatable
        )
        try:
            await read_back(
                partial(self._api.event, room_id, event_id),
                partial(mapping.is_the_same, content),
                what="matrix send",
                cure=f"let no other program use the device {self._settings.device_id!r}",
            )
        except NotFound as error:
            raise Unknown("matrix send: answered with an event that is not there") from error
        except Refused:
            if attempt == TRANSACTIONS:
                raise
            # Somebody has used the transaction for something else: under another one it goes.
            return await self._send(room_id, content, once, is_repeatable=is_repeatable, attempt=attempt + 1)
        return event_id

    def _connected(self, transport: httpx.AsyncBaseTransport | None, *, attempts: int = 3) -> VendorHttp:
        return VendorHttp(
            vendor=self.vendor,
            base_url=self._settings.base_url,
            auth=BearerToken(self._settings.access_token),
            transport=transport,
            attempts=attempts,
            explain=explain,
        )

    def _told(self, state: RoomState) -> Room:
        return Room(id=state.id, name=state.name or state.id, url=room_url(state.id, self._settings))
