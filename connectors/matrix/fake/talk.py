"""What is said in rooms: sent once a transaction, read, edited, related to, taken back, paged through."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import Any

from connectors.matrix.fake.homeserver import FakeDevice, FakeEvent, FakeMatrixRoom, Homeserver, MatrixNo


class Talk:
    """Messages and state, as Synapse 1.163 was seen to take and tell them."""

    def __init__(self, server: Homeserver) -> None:
        self._server = server

    def send(
        self, device: FakeDevice, room_id: str, kind: str, transaction: str, content: Mapping[str, Any]
    ) -> dict[str, Any]:
        """The same transaction of the same device in the same room is the first event, whatever is sent now."""
        server = self._server
        key = (device.user_id, device.device_id, room_id, transaction)
        known = server.transactions.get(key)
        if known is not None:
            return {"event_id": known}
        room = server.room(room_id)
        self._require_power(room, device, "events_default", 0, kind)
        relation = content.get("m.relates_to") or {}
        if relation.get("rel_type") == "m.thread":
            target = self._server.find(room, str(relation.get("event_id")))
            if target.content.get("m.relates_to"):
                raise MatrixNo(400, "M_UNKNOWN", "Cannot start threads from an event with a relation")
        event = server.add(room, kind, device.user_id, content, made_by=(device.device_id, transaction))
        server.transactions[key] = event.event_id
        return {"event_id": event.event_id}

    def set_state(
        self, device: FakeDevice, room_id: str, kind: str, key: str, content: Mapping[str, Any]
    ) -> dict[str, Any]:
        """Let this hold; equal state makes no other event."""
        room = self._server.room(room_id)
        self._require_power(room, device, "state_default", 50, kind)
        event = self._server.add(room, kind, device.user_id, content, state_key=key)
        return {"event_id": event.event_id}

    def state(self, device: FakeDevice, room_id: str) -> list[dict[str, Any]]:
        """Who was in the room once, may read it too."""
        room = self._readable(device, room_id)
        return [self._server.shown(event, device) for event in room.state.values()]

    def state_content(self, device: FakeDevice, room_id: str, kind: str, key: str) -> dict[str, Any]:
        """What holds of one kind. Raises `MatrixNo` for nothing."""
        event = self._readable(device, room_id).state.get((kind, key))
        if event is None:
            raise MatrixNo(404, "M_NOT_FOUND", "Event not found.")
        return event.content

    def event(self, device: FakeDevice, room_id: str, event_id: str) -> dict[str, Any]:
        """One event, with its first content."""
        room = self._readable(device, room_id)
        return self._server.shown(self._server.find(room, event_id), device)

    def relations(self, device: FakeDevice, room_id: str, event_id: str, kind: str) -> dict[str, Any]:
        """Edits, reactions and the like of an event, the newest first."""
        room = self._readable(device, room_id)
        found = [
            self._server.shown(one, device)
            for one in reversed(room.events)
            if (relation := one.content.get("m.relates_to") or {}).get("event_id") == event_id
            and (not kind or relation.get("rel_type") == kind)
        ]
        return {"chunk": found}

    def redact(self, device: FakeDevice, room_id: str, event_id: str, transaction: str) -> dict[str, Any]:
        """The edits of a message stay readable. What is not there is taken back all the same."""
        room = self._server.room(room_id)
        self._server.require_member(room, device.user_id)
        content = {"redacts": event_id}
        redaction = self._server.add(
            room, "m.room.redaction", device.user_id, content, made_by=(device.device_id, transaction)
        )
        for event in room.events:
            if event.event_id == event_id:
                event.content, event.redacted_because = {}, {"event_id": redaction.event_id}
        return {"event_id": redaction.event_id}

    def messages(self, device: FakeDevice, room_id: str, query: Mapping[str, str]) -> dict[str, Any]:
        """Backwards from `from` (or now) to `to`, or forwards."""
        room = self._readable(device, room_id)
        is_back = query.get("dir") == "b"
        start = (
            position(query.get("from")) if query.get("from") else (len(self._server.stream) if is_back else 0)
        )
        stop = position(query.get("to")) if query.get("to") else (0 if is_back else len(self._server.stream))
        picks = chosen(query.get("filter"))
        if is_back:
            found = [one for one in reversed(room.events) if stop < one.position <= start and picks(one)]
        else:
            found = [one for one in room.events if start < one.position <= stop and picks(one)]
        limit = int(query.get("limit", "10"))
        chunk = found[:limit]
        told: dict[str, Any] = {
            "start": f"t{start}",
            "chunk": [self._server.shown(one, device) for one in chunk],
        }
        if len(found) > limit:
            told["end"] = f"t{chunk[-1].position - 1 if is_back else chunk[-1].position}"
        return told

    def _readable(self, device: FakeDevice, room_id: str) -> FakeMatrixRoom:
        room = self._server.rooms.get(room_id)
        if room is None or room.membership(device.user_id) not in ("join", "leave"):
            raise MatrixNo(403, "M_FORBIDDEN", f"User {device.user_id} not in room {room_id}")
        return room

    def _require_power(
        self, room: FakeMatrixRoom, device: FakeDevice, action: str, default: int, kind: str
    ) -> None:
        self._server.require_member(room, device.user_id)
        if room.power(device.user_id) < room.needed(action, default, kind):
            raise MatrixNo(403, "M_FORBIDDEN", "You don't have permission to post that to the room.")


def position(token: str | None) -> int:
    """A place in the stream. Raises `MatrixNo` for a token that is none of ours."""
    if not token or token[0] not in "st" or not token[1:].isdigit():
        raise MatrixNo(400, "M_UNKNOWN", f"Invalid stream token {token!r}")
    return int(token[1:])


def chosen(wanted: str | Mapping[str, Any] | None) -> Callable[[FakeEvent], bool]:
    """What a filter of events lets through."""
    rules: Mapping[str, Any] = json.loads(wanted) if isinstance(wanted, str) else wanted or {}

    def picks(event: FakeEvent) -> bool:
        return (
            ("types" not in rules or event.kind in rules["types"])
            and ("senders" not in rules or event.sender in rules["senders"])
            and event.kind not in rules.get("not_types", [])
            and event.sender not in rules.get("not_senders", [])
        )

    return picks
