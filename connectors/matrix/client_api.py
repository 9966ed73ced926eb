"""The client-server API of one homeserver, call by call.

https://spec.matrix.org/v1.16/client-server-api/
"""

from __future__ import annotations

import json
from collections.abc import AsyncGenerator, Mapping
from typing import Any
from urllib.parse import quote

from connectors.kit.fields import record, text
from connectors.kit.http import VendorHttp
from connectors.kit.pagination import ByCursor, pages
from connectors.matrix.answers import MatrixRefused, all_objects, objects, required
from incidents.errors import NotFound, Refused, Unknown

PAGE = 100
VERSION = "v3"
# Without `end` there is nothing before.
_BACKWARDS: ByCursor[Any] = ByCursor(cursor=lambda page: text(record(page).get("end")), param="from")


class ClientApi:
    """What one access token may do. Every id is quoted: it is never a path, whatever is in it."""

    def __init__(self, http: VendorHttp) -> None:
        self._http = http

    async def whoami(self) -> dict[str, Any]:
        """Whose token it is: `user_id`, and `device_id` where it has one."""
        answer = await self._http.call("GET", path("account", "whoami"))
        required(answer.data, "user_id", str, "whoami")
        return record(answer.data)

    async def create_room(self, wanted: Mapping[str, Any]) -> str:
        """The new room's id. Raises `Unknown` where it may have been made; and that a refusal came does not prove that
        it was not: Synapse 1.163 answers 403 for somebody it may not invite, and leaves the room behind.
        """
        answer = await self._http.call("POST", path("createRoom"), json=wanted, is_repeatable=False)
        room_id = record(answer.data).get("room_id")
        if not isinstance(room_id, str):
            raise Unknown("matrix createRoom: answered without room_id")
        return room_id

    async def room_of(self, alias: str) -> str | None:
        """The id of the room that the alias names, if there is one."""
        try:
            answer = await self._http.call("GET", path("directory", "room", alias))
        except NotFound:
            return None
        found: str = required(answer.data, "room_id", str, "directory")
        return found

    async def join(self, room: str) -> str:
        """Be in a room, by its id or alias; returns the id. Who is in already stays in.

        Raises `Forbidden` where we are not let in, and `NotFound` where there is no such room.
        """
        try:
            answer = await self._http.call("POST", path("join", room), json={}, is_repeatable=True)
        except MatrixRefused as refusal:
            # Synapse's word for a room that no server it could ask knows.
            if refusal.code in ("M_UNKNOWN", "M_INVALID_PARAM"):
                raise NotFound(str(refusal)) from refusal
            raise
        found: str = required(answer.data, "room_id", str, "join")
        return found

    async def leave(self, room_id: str) -> None:
        """Be in a room no longer."""
        await self._http.call("POST", path("rooms", room_id, "leave"), json={}, is_repeatable=True)

    async def invite(self, room_id: str, user_id: str) -> None:
        """Let somebody in. Synapse refuses it for who is in already."""
        await self._http.call(
            "POST", path("rooms", room_id, "invite"), json={"user_id": user_id}, is_repeatable=True
        )

    async def state(self, room_id: str) -> list[dict[str, Any]]:
        """Everything that holds in the room, as events."""
        answer = await self._http.call("GET", path("rooms", room_id, "state"))
        return all_objects(answer.data, "state")

    async def state_content(self, room_id: str, kind: str) -> dict[str, Any] | None:
        """What holds in the room of one kind, if anything does."""
        try:
            answer = await self._http.call("GET", path("rooms", room_id, "state", kind, ""))
        except NotFound:
            return None
        return record(answer.data)

    async def set_state(self, room_id: str, kind: str, content: Mapping[str, Any]) -> None:
        """Let this hold in the room; what holds already makes no other event."""
        await self._http.call(
            "PUT", path("rooms", room_id, "state", kind, ""), json=content, is_repeatable=True
        )

    async def send(
        self, room_id: str, content: Mapping[str, Any], *, transaction: str, is_repeatable: bool
    ) -> str:
        """Send a message. The same transaction from the same device is the same message: the answer is then the first
        one's id, whatever the content is now.
        """
        where = path("rooms", room_id, "send", "m.room.message", transaction)
        answer = await self._http.call("PUT", where, json=content, is_repeatable=is_repeatable)
        event_id = record(answer.data).get("event_id")
        if not isinstance(event_id, str):
            raise Unknown("matrix send: answered without event_id")
        return event_id

    async def event(self, room_id: str, event_id: str) -> dict[str, Any]:
        """One event as it was sent; an edit does not change it. Raises `NotFound`."""
        answer = await self._http.call("GET", path("rooms", room_id, "event", event_id))
        required(answer.data, "type", str, "event")
        return record(answer.data)

    async def members(self, room_id: str) -> frozenset[str]:
        """Who is in the room now."""
        answer = await self._http.call("GET", path("rooms", room_id, "joined_members"))
        return frozenset(required(answer.data, "joined", dict, "joined_members"))

    async def history(
        self, room_id: str, wanted: Mapping[str, Any], *, start: str = "", end: str = "", most: int
    ) -> AsyncGenerator[list[dict[str, Any]], None]:
        """Page after page of events, the newest first: from `start`, else from now, back to `end`; so many at most."""
        asked = {"dir": "b", "limit": str(PAGE), "filter": _compact(wanted)}
        asked |= {"from": start} if start else {}
        asked |= {"to": end} if end else {}
        where = path("rooms", room_id, "messages")
        async for page in pages(self._read, where, asked, by=_BACKWARDS, most=most, stops_at_most=True):
            yield objects(page, "chunk", "messages")

    async def _read(self, where: str, asked: dict[str, str]) -> Any:
        return (await self._http.call("GET", where, params=asked)).data

    async def sync(self, wanted: Mapping[str, Any], *, since: str | None, patience: float) -> dict[str, Any]:
        """What is new since then; waits for news up to so many seconds. Raises `Refused` for a `since` that the server
        does not know (any more).
        """
        params = {
            "filter": _compact(wanted),
            "timeout": str(round(patience * 1000)),
            "set_presence": "offline",
        }
        params |= {"since": since} if since is not None else {}
        answer = await self._http.call("GET", f"/_matrix/client/{VERSION}/sync", params=params)
        required(answer.data, "next_batch", str, "sync")
        return record(answer.data)


def path(*parts: str) -> str:
    """The address of a call. Raises `Refused` for a part that would lead elsewhere."""
    if any(part in (".", "..") for part in parts):
        raise Refused("matrix: an id of dots alone names nothing")
    return "/".join([f"/_matrix/client/{VERSION}", *(quote(part, safe="") for part in parts)])


def _compact(wanted: Mapping[str, Any]) -> str:
    return json.dumps(wanted, separators=(",", ":"))
