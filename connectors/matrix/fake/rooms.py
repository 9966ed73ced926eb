"""Making rooms, and who is in them: as Synapse 1.163 was seen to."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from connectors.matrix.fake.homeserver import SERVER, FakeDevice, FakeMatrixRoom, Homeserver, MatrixNo


class Membership:
    """`federates` says whether people of other servers may be let in at all."""

    def __init__(self, server: Homeserver) -> None:
        self._server = server
        self.federates = False
        self.encrypts_by_default = False

    def create(self, device: FakeDevice, wanted: Mapping[str, Any]) -> dict[str, Any]:
        """An invitee who may not be invited fails the call, and the room is there all the same."""
        server, user = self._server, device.user_id
        name = wanted.get("room_alias_name")
        alias = f"#{name}:{SERVER}"
        if name is not None and alias in server.aliases:
            raise MatrixNo(400, "M_ROOM_IN_USE", "Room alias already taken")
        for invitee in wanted.get("invite", []):
            if not str(invitee).startswith("@") or ":" not in invitee:
                raise MatrixNo(400, "M_INVALID_PARAM", f"Invalid user_id: {invitee}")
        room = FakeMatrixRoom(f"!room{server.next_number()}")
        server.rooms[room.id] = room
        creation = {"room_version": "12", **wanted.get("creation_content", {})}
        server.add(room, "m.room.create", user, creation, state_key="")
        self._set_member(room, user, user, "join")
        levels = {
            "users": {user: 100}, "users_default": 0, "events": {"m.room.tombstone": 100}, "events_default": 0,
            "state_default": 50, "invite": 0, "kick": 50, "ban": 50, "redact": 50,
        } | dict(wanted.get("power_level_content_override", {}))  # fmt: skip
        server.add(room, "m.room.power_levels", user, levels, state_key="")
        if name is not None:
            server.aliases[alias] = room.id
            server.add(room, "m.room.canonical_alias", user, {"alias": alias}, state_key="")
        preset = wanted.get("preset") or (
            "public_chat" if wanted.get("visibility") == "public" else "private_chat"
        )
        rule = "public" if preset == "public_chat" else "invite"
        state = {
            "m.room.join_rules": {"join_rule": rule},
            "m.room.history_visibility": {"history_visibility": "shared"},
        }
        if self.encrypts_by_default:
            state["m.room.encryption"] = {"algorithm": "m.megolm.v1.aes-sha2"}
        state |= {one["type"]: one["content"] for one in wanted.get("initial_state", [])}
        state |= {f"m.room.{key}": {key: wanted[key]} for key in ("name", "topic") if wanted.get(key)}
        for kind, content in state.items():
            server.add(room, kind, user, content, state_key="")
        for invitee in wanted.get("invite", []):
            self.invite(device, room.id, {"user_id": invitee})
        return {"room_id": room.id}

    def join(self, device: FakeDevice, room: str) -> dict[str, Any]:
        """By id or alias."""
        found = self._server.rooms.get(self._server.aliases.get(room, room))
        if found is None:
            if room.startswith("#"):
                raise MatrixNo(404, "M_NOT_FOUND", f"Room alias {room} not found")
            raise MatrixNo(
                404, "M_UNKNOWN", "Can't join remote room because no servers that are in the room..."
            )
        if found.membership(device.user_id) != "join":
            if not self._may_join(found, device.user_id):
                raise MatrixNo(403, "M_FORBIDDEN", "You are not invited to this room.")
            self._set_member(found, device.user_id, device.user_id, "join")
        return {"room_id": found.id}

    def invite(self, device: FakeDevice, room_id: str, body: Mapping[str, Any]) -> dict[str, Any]:
        """Refused for who is in already, and for people of servers that we do not federate with."""
        server, room = self._server, self._server.room(room_id)
        invitee = str(body.get("user_id"))
        server.require_member(room, device.user_id)
        if room.power(device.user_id) < room.needed("invite", 0):
            raise MatrixNo(403, "M_FORBIDDEN", "You don't have permission to invite users")
        if invitee.partition(":")[2] != SERVER and not self.federates:
            raise MatrixNo(403, "M_FORBIDDEN", "Federation denied with that server.")
        if room.membership(invitee) in ("join", "ban"):
            raise MatrixNo(403, "M_FORBIDDEN", f"{invitee} is already in the room.")
        self._set_member(room, device.user_id, invitee, "invite")
        return {}

    def leave(self, device: FakeDevice, room_id: str) -> dict[str, Any]:
        """What holds in the room can still be read, as it was then."""
        self._set_member(self._server.room(room_id), device.user_id, device.user_id, "leave")
        return {}

    def kick(self, device: FakeDevice, room_id: str, body: Mapping[str, Any]) -> dict[str, Any]:
        """Send somebody out, by anybody who is in."""
        room = self._server.room(room_id)
        self._server.require_member(room, device.user_id)
        self._set_member(room, device.user_id, str(body.get("user_id")), "leave")
        return {}

    def upgrade(self, device: FakeDevice, room_id: str, version: str) -> dict[str, Any]:
        """Nobody but who upgrades is moved; the aliases are; in the old one only the powerful may speak on."""
        server, old = self._server, self._server.room(room_id)
        server.require_member(old, device.user_id)
        if old.power(device.user_id) < old.needed("state_default", 50, "m.room.tombstone"):
            raise MatrixNo(403, "M_FORBIDDEN", "You don't have permission to upgrade")
        new = FakeMatrixRoom(f"!room{server.next_number()}")
        server.rooms[new.id] = new
        tombstone = {"body": "This room has been replaced", "replacement_room": new.id}
        stone = server.add(old, "m.room.tombstone", device.user_id, tombstone, state_key="")
        predecessor = {"room_id": old.id, "event_id": stone.event_id}
        creation = {"room_version": version, "predecessor": predecessor}
        server.add(new, "m.room.create", device.user_id, creation, state_key="")
        self._set_member(new, device.user_id, device.user_id, "join")
        for kind in ("m.room.name", "m.room.topic", "m.room.join_rules", "m.room.power_levels"):
            if old.content(kind):
                server.add(new, kind, device.user_id, old.content(kind), state_key="")
        for alias, target in server.aliases.items():
            if target == old.id:
                server.aliases[alias] = new.id
        levels = old.content("m.room.power_levels") | {"events_default": 50, "invite": 50}
        server.add(old, "m.room.power_levels", device.user_id, levels, state_key="")
        return {"replacement_room": new.id}

    def _may_join(self, room: FakeMatrixRoom, user_id: str) -> bool:
        rules = room.content("m.room.join_rules")
        if room.membership(user_id) == "ban":
            return False
        if room.membership(user_id) == "invite" or rules.get("join_rule") == "public":
            return True
        allowed = [one.get("room_id") for one in rules.get("allow", [])]
        spaces = [self._server.rooms[one] for one in allowed if one in self._server.rooms]
        return rules.get("join_rule") == "restricted" and any(
            space.membership(user_id) == "join" for space in spaces
        )

    def _set_member(self, room: FakeMatrixRoom, by: str, user_id: str, membership: str) -> None:
        content = {"membership": membership, "displayname": user_id[1:].partition(":")[0]}
        self._server.add(room, "m.room.member", by, content, state_key=user_id)
