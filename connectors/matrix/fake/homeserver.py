"""What the fake homeserver keeps: accounts with their devices, rooms, and one stream of events."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

SERVER = "fake.test"
MAX_EVENT_BYTES = 65_536
# What a real event has beside its content: ids, hashes, signatures, auth events.
OVERHEAD = 900


class MatrixNo(Exception):
    """A refusal in Matrix' own form."""

    def __init__(self, status: int, code: str, words: str = "", **more: Any) -> None:
        super().__init__(code)
        self.status = status
        self.body = {"errcode": code, "error": words or code, **more}


@dataclass(frozen=True, slots=True)
class FakeDevice:
    """Whose access token it is, and for which device."""

    user_id: str
    device_id: str


@dataclass(slots=True)
class FakeEvent:
    """An event in the stream. `made_by` is the device and transaction that sent it."""

    position: int
    room_id: str
    event_id: str
    kind: str
    sender: str
    at: int
    content: dict[str, Any]
    state_key: str | None = None
    made_by: tuple[str, str] | None = None
    redacted_because: dict[str, Any] | None = None


@dataclass(slots=True)
class FakeMatrixRoom:
    """`state` is what holds now, by kind and key; `events` all that was sent, oldest first."""

    id: str
    state: dict[tuple[str, str], FakeEvent] = field(default_factory=dict)
    events: list[FakeEvent] = field(default_factory=list)

    def content(self, kind: str, key: str = "") -> dict[str, Any]:
        """What holds of this kind; {} for nothing."""
        event = self.state.get((kind, key))
        return {} if event is None else event.content

    def membership(self, user_id: str) -> str:
        """`join`, `invite`, `leave`, `ban`, or "" for who was never there."""
        return str(self.content("m.room.member", user_id).get("membership", ""))

    def members(self, membership: str = "join") -> list[str]:
        """The ids of everybody with this membership."""
        return [
            key
            for (kind, key), event in self.state.items()
            if kind == "m.room.member" and event.content.get("membership") == membership
        ]

    def power(self, user_id: str) -> int:
        """How much the person may do; who made the room, everything."""
        levels = self.content("m.room.power_levels")
        return int(levels.get("users", {}).get(user_id, levels.get("users_default", 0)))

    def needed(self, action: str, default: int, kind: str = "") -> int:
        """The power that an action, or sending this kind of event, takes."""
        levels = self.content("m.room.power_levels")
        return int(levels.get("events", {}).get(kind, levels.get(action, default)))


class Homeserver:
    """`clock` is Unix seconds. `on_news` is called after each event; who waits for news waits in `wait`."""

    def __init__(self, clock: Callable[[], float]) -> None:
        self.clock = clock
        self.passwords: dict[str, str] = {}
        self.devices: dict[str, FakeDevice] = {}
        self.rooms: dict[str, FakeMatrixRoom] = {}
        self.aliases: dict[str, str] = {}
        self.transactions: dict[tuple[str, str, str, str], str] = {}
        self.forgotten_before = 0
        self.stream: list[FakeEvent] = []
        self.cuts = 0
        self._waiters: set[tuple[asyncio.AbstractEventLoop, asyncio.Event]] = set()
        self._numbers = 0

    def next_number(self) -> int:
        """Never the same twice."""
        self._numbers += 1
        return self._numbers

    def room(self, room_id: str) -> FakeMatrixRoom:
        """Raises `MatrixNo` for a room that never was."""
        room = self.rooms.get(room_id)
        if room is None:
            raise MatrixNo(404, "M_NOT_FOUND", "Unknown room")
        return room

    def require_member(self, room: FakeMatrixRoom, user_id: str) -> None:
        """Raises `MatrixNo` for who is not in the room."""
        if room.membership(user_id) != "join":
            raise MatrixNo(403, "M_FORBIDDEN", f"User {user_id} not in room {room.id}")

    def add(
        self,
        room: FakeMatrixRoom,
        kind: str,
        sender: str,
        content: Mapping[str, Any],
        *,
        state_key: str | None = None,
        made_by: tuple[str, str] | None = None,
    ) -> FakeEvent:
        """Append an event, whoever may. Equal state makes no other event. Raises `MatrixNo` for one that is too big."""
        if len(json.dumps(content, ensure_ascii=False, separators=(",", ":")).encode()) > (
            MAX_EVENT_BYTES - OVERHEAD
        ):
            raise MatrixNo(413, "M_TOO_LARGE", "event too large")
        before = room.state.get((kind, state_key)) if state_key is not None else None
        if before is not None and before.content == content and before.sender == sender:
            return before
        number = self.next_number()
        event = FakeEvent(
            position=len(self.stream) + 1,
            room_id=room.id,
            event_id=f"$event{number}",
            kind=kind,
            sender=sender,
            at=int(self.clock() * 1000) + number,
            content=dict(content),
            state_key=state_key,
            made_by=made_by,
        )
        self.stream.append(event)
        room.events.append(event)
        if state_key is not None:
            room.state[kind, state_key] = event
        self.wake()
        return event

    def find(self, room: FakeMatrixRoom, event_id: str) -> FakeEvent:
        """Raises `MatrixNo`."""
        for event in room.events:
            if event.event_id == event_id:
                return event
        raise MatrixNo(404, "M_NOT_FOUND", "Event not found.")

    def edit_of(self, room: FakeMatrixRoom, event: FakeEvent) -> FakeEvent | None:
        """The newest edit that counts: by the same sender. Somebody else's is kept and shown to nobody."""
        for one in reversed(room.events):
            relation = one.content.get("m.relates_to") or {}
            is_edit = relation.get("rel_type") == "m.replace" and relation.get("event_id") == event.event_id
            if is_edit and one.sender == event.sender and one.redacted_because is None:
                return one
        return None

    def shown(self, event: FakeEvent, device: FakeDevice) -> dict[str, Any]:
        """The event as the API tells it: with its first content, an edit beside it, and to the device that sent it
        its transaction."""
        told: dict[str, Any] = {
            "type": event.kind,
            "room_id": event.room_id,
            "event_id": event.event_id,
            "sender": event.sender,
            "origin_server_ts": event.at,
            "content": event.content,
            "unsigned": {"age": 1},
        }
        if event.state_key is not None:
            told["state_key"] = event.state_key
        by, transaction = event.made_by or ("", "")
        if (event.sender, by) == (device.user_id, device.device_id):
            told["unsigned"]["transaction_id"] = transaction
        if event.redacted_because is not None:
            told["unsigned"]["redacted_because"] = event.redacted_because
        edit = self.edit_of(self.rooms[event.room_id], event)
        if edit is not None and event.redacted_because is None:
            replaced = {"event_id": edit.event_id, "content": edit.content, "sender": edit.sender}
            told["unsigned"]["m.relations"] = {"m.replace": replaced}
        return told

    def wake(self) -> None:
        """Whoever waits looks again. People may act in another thread than the server runs in."""
        for loop, news in list(self._waiters):
            loop.call_soon_threadsafe(news.set)

    async def wait(self, seconds: float) -> None:
        """Until something may be new, or so many seconds."""
        mine = (asyncio.get_running_loop(), asyncio.Event())
        self._waiters.add(mine)
        try:
            async with asyncio.timeout(seconds):
                await mine[1].wait()
        except TimeoutError:
            pass
        finally:
            self._waiters.discard(mine)
