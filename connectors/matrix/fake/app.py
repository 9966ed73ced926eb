"""A small Matrix homeserver that lives in memory and speaks the client-server API: the connector runs on it unchanged.

Real, as Synapse 1.163 was seen to do it: tokens of devices, transactions of a device, 65,536 bytes an event, 429 with
`retry_after_ms`, rooms that stay though their making was refused, ids of rooms without a server, upgraded rooms, edits
beside their message, redactions that leave edits, `limited` syncs, echoes with their transaction. People act through
`say`, `react` and their like.
"""

from __future__ import annotations

import time
from collections.abc import Awaitable, Callable
from typing import Any

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.routing import Route

from connectors.kit.fakes.faults import FaultKind, Faults, FaultyApp
from connectors.kit.strict_json import parse_json
from connectors.matrix.fake.homeserver import (
    SERVER,
    FakeDevice,
    FakeEvent,
    FakeMatrixRoom,
    Homeserver,
    MatrixNo,
)
from connectors.matrix.fake.rooms import Membership
from connectors.matrix.fake.sync import Syncing
from connectors.matrix.fake.talk import Talk
from incidents.errors import Unrecognised

BOT, DEVICE, TOKEN = f"@liaison:{SERVER}", "LIAISON", "fake-matrix-access-token"
PASSWORD = "fake-password"
ANNA, BORIS = f"@anna:{SERVER}", f"@boris:{SERVER}"
FAULTS: dict[FaultKind, dict[str, object]] = {
    FaultKind.RATE_LIMIT: {
        "errcode": "M_LIMIT_EXCEEDED",
        "error": "Too Many Requests",
        "retry_after_ms": 1000,
    },
    FaultKind.UNAUTHORIZED: {"errcode": "M_UNKNOWN_TOKEN", "error": "Invalid access token passed."},
    FaultKind.MISSING: {"errcode": "M_UNRECOGNIZED", "error": "Unrecognized request"},
}
_V3, _V1 = "/_matrix/client/v3", "/_matrix/client/v1"
_ROOM = f"{_V3}/rooms/{{room}}"
Answering = Callable[[Request, FakeDevice], Awaitable[Any]]


class FakeMatrix:
    """One homeserver with an account for us and two people. `clock` is Unix seconds."""

    def __init__(self, *, token: str = TOKEN, clock: Callable[[], float] = time.time) -> None:
        self.faults = Faults()
        self.server = Homeserver(clock)
        self.membership = Membership(self.server)
        self.talk = Talk(self.server)
        self.syncing = Syncing(self.server)
        self.calls: list[str] = []
        self.waits: list[dict[str, Any]] = []
        self.server.passwords |= dict.fromkeys((BOT, ANNA, BORIS), PASSWORD)
        self.server.devices[token] = FakeDevice(BOT, DEVICE)
        routes = [
            Route("/_matrix/client/versions", self._versions),
            Route(f"{_V3}/login", self._login, methods=["GET", "POST"]),
            *(Route(where, self._for(call), methods=[method]) for method, where, call in self._calls()),
        ]
        app = Starlette(routes=routes, exception_handlers={404: _unrecognised, 405: _unrecognised})
        self.app = FaultyApp(app, self.faults, FAULTS)

    # What tests and drills read and set.

    def room(self, name_or_id: str) -> FakeMatrixRoom:
        """A room by its id, alias or name. Raises `LookupError`."""
        for room in reversed(self.server.rooms.values()):
            alias = room.content("m.room.canonical_alias").get("alias")
            if name_or_id in (room.id, alias, room.content("m.room.name").get("name")):
                return room
        raise LookupError(f"no room {name_or_id}")

    def messages(self, room: str) -> list[dict[str, Any]]:
        """What people see in a room, oldest first: each message as it is now, without what was taken back."""
        found = self.room(room)
        seen: list[dict[str, Any]] = []
        for event in found.events:
            relation = event.content.get("m.relates_to") or {}
            if event.kind != "m.room.message" or relation.get("rel_type") == "m.replace" or not event.content:
                continue
            edit = self.server.edit_of(found, event)
            content = event.content if edit is None else edit.content["m.new_content"]
            seen.append({"event_id": event.event_id, "sender": event.sender, "content": content})
        return seen

    def limit(self, milliseconds: int, *, times: int = 1, with_header: bool = True) -> None:
        """Let the next messages be refused with 429; older servers say how long to wait in the content only."""
        self.waits += [{"retry_after_ms": milliseconds, "with_header": with_header}] * times

    # What people do.

    def person(self, user_id: str) -> FakeDevice:
        """Somebody with a device."""
        self.server.passwords.setdefault(user_id, PASSWORD)
        return FakeDevice(user_id, f"{user_id}'s")

    def say(self, text: str, *, room: str, user: str = ANNA, **content: Any) -> FakeEvent:
        """Write a message; who writes has joined."""
        found = self._let_in(room, user)
        return self.server.add(
            found, "m.room.message", user, {"msgtype": "m.text", "body": text, "m.mentions": {}, **content}
        )

    def react(self, event_id: str, key: str, *, room: str, user: str = ANNA) -> FakeEvent:
        """Put a reaction under a message."""
        relation = {"rel_type": "m.annotation", "event_id": event_id, "key": key}
        return self.server.add(self._let_in(room, user), "m.reaction", user, {"m.relates_to": relation})

    def rename(self, room: str, name: str, *, user: str = ANNA) -> None:
        """Call a room something else."""
        self.server.add(self._let_in(room, user), "m.room.name", user, {"name": name}, state_key="")

    def upgrade(self, room: str, *, user: str = BOT, lets_in: str = "") -> FakeMatrixRoom:
        """Put another room in its place, as an administrator; `lets_in` is invited there."""
        old = self._let_in(room, user)
        levels = old.content("m.room.power_levels")
        users = levels["users"] | {user: 100}
        self.server.add(old, "m.room.power_levels", user, levels | {"users": users}, state_key="")
        device = self.person(user)
        new = self.server.rooms[self.membership.upgrade(device, old.id, "12")["replacement_room"]]
        if lets_in:
            self.membership.invite(device, new.id, {"user_id": lets_in})
        return new

    def remove(self, user_id: str, *, room: str) -> None:
        """Send somebody out of a room."""
        found = self.room(room)
        content = {"membership": "leave"}
        self.server.add(found, "m.room.member", ANNA, content, state_key=user_id)

    def purge(self, room: str) -> None:
        """Delete a room with all that is in it, as a server's administrator can."""
        found = self.room(room)
        del self.server.rooms[found.id]
        self.server.aliases = {alias: id_ for alias, id_ in self.server.aliases.items() if id_ != found.id}

    def hang_up(self) -> None:
        """Cut off everybody who waits for news."""
        self.server.cuts += 1
        self.server.wake()

    # What goes on inside.

    def _let_in(self, room: str, user: str) -> FakeMatrixRoom:
        found = self.room(room)
        self.server.passwords.setdefault(user, PASSWORD)
        if found.membership(user) != "join":
            self.server.add(found, "m.room.member", user, {"membership": "join"}, state_key=user)
        return found

    def _calls(self) -> list[tuple[str, str, Answering]]:
        return [
            ("GET", f"{_V3}/account/whoami", self._whoami),
            ("GET", f"{_V3}/sync", self._sync),
            ("POST", f"{_V3}/user/{{user}}/filter", self._filter),
            ("POST", f"{_V3}/createRoom", self._create),
            ("POST", f"{_V3}/join/{{room}}", self._join),
            ("POST", f"{_ROOM}/join", self._join),
            ("POST", f"{_ROOM}/leave", self._leave),
            ("POST", f"{_ROOM}/forget", self._nothing),
            ("POST", f"{_ROOM}/invite", self._invite),
            ("POST", f"{_ROOM}/kick", self._kick),
            ("POST", f"{_ROOM}/upgrade", self._upgrade),
            ("PUT", f"{_ROOM}/send/{{kind}}/{{transaction}}", self._send),
            ("PUT", f"{_ROOM}/redact/{{event}}/{{transaction}}", self._redact),
            ("PUT", f"{_ROOM}/typing/{{user}}", self._nothing),
            ("POST", f"{_ROOM}/receipt/{{kind}}/{{event}}", self._nothing),
            ("GET", f"{_ROOM}/state", self._state),
            ("GET", f"{_ROOM}/state/{{kind}}/{{key:path}}", self._state_content),
            ("GET", f"{_ROOM}/state/{{kind}}", self._state_content),
            ("PUT", f"{_ROOM}/state/{{kind}}/{{key:path}}", self._set_state),
            ("PUT", f"{_ROOM}/state/{{kind}}", self._set_state),
            ("GET", f"{_ROOM}/event/{{event}}", self._event),
            ("GET", f"{_V1}/rooms/{{room}}/relations/{{event}}", self._relations),
            ("GET", f"{_V1}/rooms/{{room}}/relations/{{event}}/{{kind}}", self._relations),
            ("GET", f"{_ROOM}/messages", self._messages),
            ("GET", f"{_ROOM}/joined_members", self._joined_members),
            ("GET", f"{_V3}/joined_rooms", self._joined_rooms),
            ("GET", f"{_V3}/directory/room/{{alias}}", self._alias),
            ("PUT", f"{_V3}/directory/room/{{alias}}", self._set_alias),
            ("DELETE", f"{_V3}/directory/room/{{alias}}", self._delete_alias),
        ]

    def _for(self, call: Answering) -> Callable[[Request], Awaitable[JSONResponse]]:
        async def answered(request: Request) -> JSONResponse:
            self.calls.append(f"{request.method} {request.url.path.removeprefix('/_matrix/client')}")
            try:
                return JSONResponse(await call(request, self._device(request)))
            except MatrixNo as no:
                wait = no.body.get("retry_after_ms") if no.body.pop("with_header", False) else None
                headers = None if wait is None else {"Retry-After": str(-(-int(wait) // 1000))}
                return JSONResponse(no.body, no.status, headers)

        return answered

    def _device(self, request: Request) -> FakeDevice:
        scheme, _, token = request.headers.get("authorization", "").partition(" ")
        token = token if scheme == "Bearer" else request.query_params.get("access_token", "")
        if not token:
            raise MatrixNo(401, "M_MISSING_TOKEN", "Missing access token")
        if token not in self.server.devices:
            raise MatrixNo(401, "M_UNKNOWN_TOKEN", "Invalid access token passed.", soft_logout=False)
        return self.server.devices[token]

    async def _versions(self, request: Request) -> JSONResponse:
        del request
        return JSONResponse({"versions": ["v1.1", "v1.11", "v1.12"], "unstable_features": {}})

    async def _login(self, request: Request) -> JSONResponse:
        if request.method == "GET":
            return JSONResponse({"flows": [{"type": "m.login.password"}]})
        body = await _body(request)
        user = str(body.get("user") or body.get("identifier", {}).get("user"))
        user_id = user if user.startswith("@") else f"@{user}:{SERVER}"
        if self.server.passwords.get(user_id) != body.get("password"):
            no = {"errcode": "M_FORBIDDEN", "error": "Invalid username or password"}
            return JSONResponse(no, 403)
        number = self.server.next_number()
        device = FakeDevice(user_id, str(body.get("device_id") or f"DEVICE{number}"))
        # What was logged in on the device before goes on.
        self.server.devices[f"token{number}"] = device
        return JSONResponse(
            {"user_id": user_id, "access_token": f"token{number}", "device_id": device.device_id}
        )

    async def _whoami(self, request: Request, device: FakeDevice) -> Any:
        del request
        return {"user_id": device.user_id, "device_id": device.device_id, "is_guest": False}

    async def _sync(self, request: Request, device: FakeDevice) -> Any:
        return await self.syncing.sync(device, request.query_params)

    async def _filter(self, request: Request, device: FakeDevice) -> Any:
        return self.syncing.upload(device, await _body(request))

    async def _create(self, request: Request, device: FakeDevice) -> Any:
        return self.membership.create(device, await _body(request))

    async def _join(self, request: Request, device: FakeDevice) -> Any:
        return self.membership.join(device, request.path_params["room"])

    async def _leave(self, request: Request, device: FakeDevice) -> Any:
        return self.membership.leave(device, request.path_params["room"])

    async def _nothing(self, request: Request, device: FakeDevice) -> Any:
        del request, device
        return {}

    async def _invite(self, request: Request, device: FakeDevice) -> Any:
        return self.membership.invite(device, request.path_params["room"], await _body(request))

    async def _kick(self, request: Request, device: FakeDevice) -> Any:
        return self.membership.kick(device, request.path_params["room"], await _body(request))

    async def _upgrade(self, request: Request, device: FakeDevice) -> Any:
        version = str((await _body(request)).get("new_version"))
        return self.membership.upgrade(device, request.path_params["room"], version)

    async def _send(self, request: Request, device: FakeDevice) -> Any:
        if self.waits:
            raise MatrixNo(429, "M_LIMIT_EXCEEDED", "Too Many Requests", **self.waits.pop(0))
        part = request.path_params
        return self.talk.send(device, part["room"], part["kind"], part["transaction"], await _body(request))

    async def _redact(self, request: Request, device: FakeDevice) -> Any:
        part = request.path_params
        return self.talk.redact(device, part["room"], part["event"], part["transaction"])

    async def _state(self, request: Request, device: FakeDevice) -> Any:
        return self.talk.state(device, request.path_params["room"])

    async def _state_content(self, request: Request, device: FakeDevice) -> Any:
        part = request.path_params
        return self.talk.state_content(device, part["room"], part["kind"], part.get("key", ""))

    async def _set_state(self, request: Request, device: FakeDevice) -> Any:
        part = request.path_params
        content = await _body(request)
        return self.talk.set_state(device, part["room"], part["kind"], part.get("key", ""), content)

    async def _event(self, request: Request, device: FakeDevice) -> Any:
        return self.talk.event(device, request.path_params["room"], request.path_params["event"])

    async def _relations(self, request: Request, device: FakeDevice) -> Any:
        part = request.path_params
        return self.talk.relations(device, part["room"], part["event"], part.get("kind", ""))

    async def _messages(self, request: Request, device: FakeDevice) -> Any:
        return self.talk.messages(device, request.path_params["room"], request.query_params)

    async def _joined_members(self, request: Request, device: FakeDevice) -> Any:
        room = self.server.rooms.get(request.path_params["room"])
        if room is None or room.membership(device.user_id) != "join":
            raise MatrixNo(403, "M_FORBIDDEN", f"User {device.user_id} not in room")
        return {"joined": {user: {"display_name": user[1:].partition(":")[0]} for user in room.members()}}

    async def _joined_rooms(self, request: Request, device: FakeDevice) -> Any:
        del request
        rooms = self.server.rooms.values()
        return {"joined_rooms": [room.id for room in rooms if room.membership(device.user_id) == "join"]}

    async def _alias(self, request: Request, device: FakeDevice) -> Any:
        del device
        room_id = self.server.aliases.get(request.path_params["alias"])
        if room_id is None:
            raise MatrixNo(404, "M_NOT_FOUND", "Room alias not found")
        return {"room_id": room_id, "servers": [SERVER]}

    async def _set_alias(self, request: Request, device: FakeDevice) -> Any:
        del device
        alias = request.path_params["alias"]
        if alias in self.server.aliases:
            raise MatrixNo(409, "M_UNKNOWN", f"Room alias {alias} already exists")
        self.server.aliases[alias] = str((await _body(request)).get("room_id"))
        return {}

    async def _delete_alias(self, request: Request, device: FakeDevice) -> Any:
        del device
        if self.server.aliases.pop(request.path_params["alias"], None) is None:
            raise MatrixNo(404, "M_NOT_FOUND", "Room alias not found")
        return {}


async def _body(request: Request) -> dict[str, Any]:
    body = await request.body()
    try:
        data = parse_json(body) if body else {}
    except Unrecognised as error:
        raise MatrixNo(400, "M_NOT_JSON", "Content not JSON.") from error
    if not isinstance(data, dict):
        raise MatrixNo(400, "M_BAD_JSON", "Content must be a JSON object.")
    return data


async def _unrecognised(request: Request, error: Exception) -> JSONResponse:
    del request
    status = getattr(error, "status_code", 404)
    return JSONResponse({"errcode": "M_UNRECOGNIZED", "error": "Unrecognized request"}, status)
