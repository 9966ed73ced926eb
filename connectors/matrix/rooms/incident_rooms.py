"""Opening the room of an incident, and knowing it again.

The key stands in the room's first event (`m.room.create`), which nobody can change and which only we have sent; the
alias is made of it, so that a room whose making was not answered is found. An upgraded room is followed to the next
one, if that one says the same of the way between them.

https://spec.matrix.org/v1.16/client-server-api/#post_matrixclientv3createroom
https://spec.matrix.org/v1.16/client-server-api/#room-upgrades
"""

from __future__ import annotations

import contextlib
import logging
from typing import Any

from connectors.kit.fields import record, text
from connectors.kit.recent import RecentlyUsed
from connectors.matrix.answers import Forbidden, MatrixRefused, RoomMoved
from connectors.matrix.client_api import ClientApi
from connectors.matrix.mapping import ONCE
from connectors.matrix.rooms.naming import RoomState, WantedRoom, alias_name, title, topic_text
from connectors.matrix.settings import MatrixSettings
from incidents.errors import NotAllowed, NotFound, Refused

MOST_OF_A_NAME = 30  # rooms of one alias and its numbers
MOST_UPGRADES = 5
IN_IT = ("join", "invite", "ban")

logger = logging.getLogger("liaison.matrix")


class IncidentRooms:
    """The rooms of one account."""

    def __init__(self, api: ClientApi, settings: MatrixSettings) -> None:
        self._api = api
        self._settings = settings
        self._moved: RecentlyUsed[str, tuple[str, str]] = RecentlyUsed(1000)

    async def fixed(self, room: str) -> RoomState:
        """The one room of the settings. Raises `NotAllowed` where only the operator can help."""
        state = await self._state(await self._api.join(room))
        if state.moved_to is not None:
            raise NotAllowed(
                f"matrix: the connection's room was upgraded; name its successor {state.moved_to[:100]!r}, or its alias"
            )
        return _readable(state)

    async def open(self, wanted: WantedRoom) -> RoomState:
        """The room with this key, with its people and topic: found, followed or made. Raises `Refused` when all its
        aliases are taken by others.
        """
        state = await self._successor(wanted) or await self._create_or_find(wanted)
        await self._invite(state, wanted)
        topic = topic_text(wanted.topic)
        if topic and state.topic != topic:
            await self._api.set_state(state.id, "m.room.topic", {"topic": topic})
        return _readable(state)

    async def require_current(self, room_id: str) -> None:
        """Raises `RoomMoved` for an upgraded room: who made it can go on sending into it, and nobody is there."""
        moved = await self._api.state_content(room_id, "m.room.tombstone")
        if moved is None:
            return
        creation = await self._api.state_content(room_id, "m.room.create")
        once, successor = text(record(creation).get(ONCE)), text(moved.get("replacement_room"))
        if once and successor:
            self._moved.put(once, (room_id, successor))
        raise RoomMoved("matrix: the room was upgraded (m.room.tombstone), and people are in another one")

    async def come_back(self, room_id: str, away: Forbidden) -> None:
        """Join a room that we are not in any more, if we may; otherwise that is told as it was before.

        Raises `NotFound` for a room that nobody is in any more.
        """
        try:
            await self._api.join(room_id)
        except Forbidden:
            raise away from None

    async def _create_or_find(self, wanted: WantedRoom) -> RoomState:
        for number in range(1, MOST_OF_A_NAME + 1):
            alias = alias_name(wanted.name, wanted.once, number)
            try:
                return await self._state(await self._api.create_room(self._creation(wanted, alias)))
            except Refused as refusal:
                # Whatever it says: the room may be there, from before or from just now.
                room_id = await self._api.room_of(f"#{alias}:{self._settings.server}")
                if room_id is None:
                    raise
                if isinstance(refusal, MatrixRefused):
                    logger.info("matrix: a room is there already: %s", refusal)
            state = await self._if_ours(room_id, wanted)
            if state is not None:
                return state
        raise Refused(f"matrix: all {MOST_OF_A_NAME} aliases of {title(wanted.name)} are taken; remove some")

    def _creation(self, wanted: WantedRoom, alias: str) -> dict[str, Any]:
        """Nobody is invited here: for one who cannot be, Synapse refuses the whole, and leaves the room behind."""
        settings = self._settings
        initial: list[dict[str, Any]] = [_state_event("m.room.guest_access", {"guest_access": "forbidden"})]
        is_direct = wanted.only is not None
        if settings.space is not None and not (is_direct or settings.public_rooms):
            allowed = [{"type": "m.room_membership", "room_id": settings.space}]
            initial.append(_state_event("m.room.join_rules", {"join_rule": "restricted", "allow": allowed}))
        is_public = settings.public_rooms and not is_direct
        return {
            "room_alias_name": alias,
            "name": title(wanted.name),
            "topic": topic_text(wanted.topic),
            "preset": "public_chat" if is_public else "private_chat",
            "visibility": "private",
            "is_direct": is_direct,
            "creation_content": {ONCE: wanted.once, "m.federate": settings.federated},
            "initial_state": initial,
            # Members let colleagues in; into what concerns one person nobody lets another one.
            "power_level_content_override": {"invite": 100 if is_direct else 0},
        }

    async def _if_ours(self, room_id: str, wanted: WantedRoom) -> RoomState | None:
        """The room, or where it went, if it carries the key and we are in it; None for anybody else's."""
        try:
            state = await self._state(room_id)
        except Forbidden:
            inside = await self._look_inside(room_id)
            if inside is None:
                return None
            state = inside
        if not await self._carries(state, wanted.once):
            return None
        if wanted.only is not None and not _has_nobody_but(state, {wanted.only, self._settings.user_id}):
            return None
        if state.moved_to is not None:
            return await self._follow(state.id, state.moved_to, wanted)
        if state.members.get(self._settings.user_id) != "join":
            # A room that everybody has left cannot be entered any more.
            return await self._look_inside(room_id)
        return state

    async def _look_inside(self, room_id: str) -> RoomState | None:
        try:
            await self._api.join(room_id)
        except (Forbidden, NotFound):
            return None
        return await self._state(room_id)

    async def _carries(self, state: RoomState, once: str, *, depth: int = 0) -> bool:
        """Whether we made it with this key, or it took the place of such a one by both rooms' word."""
        if state.creator == self._settings.user_id and state.creation.get(ONCE) == once:
            return True
        before = text(record(state.creation.get("predecessor")).get("room_id"))
        if not before or depth >= MOST_UPGRADES:
            return False
        with contextlib.suppress(Forbidden, NotFound):
            old = await self._state(before)
            return old.moved_to == state.id and await self._carries(old, once, depth=depth + 1)
        return False

    async def _successor(self, wanted: WantedRoom) -> RoomState | None:
        moved = self._moved.get(wanted.once)
        return None if moved is None else await self._follow(*moved, wanted)

    async def _follow(
        self, old: str, successor: str, wanted: WantedRoom, *, depth: int = 0
    ) -> RoomState | None:
        """Into the room that took an old one's place; None where we are not let in, or it knows nothing of that."""
        state = await self._look_inside(successor) if depth < MOST_UPGRADES else None
        if state is None:
            return None
        if not await self._carries(state, wanted.once):
            logger.warning("matrix: %s names a successor that is none", old)
            await self._api.leave(successor)
            return None
        if state.moved_to is not None:
            return await self._follow(state.id, state.moved_to, wanted, depth=depth + 1)
        return state

    async def _invite(self, state: RoomState, wanted: WantedRoom) -> None:
        """One by one: somebody who cannot be invited holds up neither the room nor the others."""
        for person in wanted.invite:
            if state.members.get(person) in IN_IT:
                continue
            try:
                await self._api.invite(state.id, person)
            except (Forbidden, MatrixRefused, NotFound) as refusal:
                # Forbidden is Synapse's word for who is in already, too.
                logger.warning("matrix: %s was not invited: %s", person, refusal)

    async def _state(self, room_id: str) -> RoomState:
        found: dict[str, Any] = {
            "creator": "", "creation": {}, "name": "", "topic": "", "moved_to": None, "is_encrypted": False,
        }  # fmt: skip
        members: dict[str, str] = {}
        for event in await self._api.state(room_id):
            content = record(event.get("content"))
            match event.get("type"):
                case "m.room.create":
                    found |= {"creator": text(event.get("sender")), "creation": content}
                case "m.room.name":
                    found["name"] = text(content.get("name"))
                case "m.room.topic":
                    found["topic"] = text(content.get("topic"))
                case "m.room.tombstone":
                    found["moved_to"] = text(content.get("replacement_room"))
                case "m.room.encryption":
                    found["is_encrypted"] = True
                case "m.room.member":
                    members[text(event.get("state_key"))] = text(content.get("membership"))
        return RoomState(id=room_id, members=members, **found)


def _readable(state: RoomState) -> RoomState:
    if state.is_encrypted:
        raise NotAllowed(
            "matrix: the room is encrypted, and we could read no command in it; let the homeserver not encrypt rooms"
            " by default (Synapse: encryption_enabled_by_default_for_room_type: off), or name another room"
        )
    return state


def _has_nobody_but(state: RoomState, people: set[str]) -> bool:
    return all(
        person in people for person, membership in state.members.items() if membership in ("join", "invite")
    )


def _state_event(kind: str, content: dict[str, Any]) -> dict[str, Any]:
    return {"type": kind, "state_key": "", "content": content}
