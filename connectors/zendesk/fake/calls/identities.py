"""The fake Zendesk's calls on who a user is: identities, merging two users into one, those who were deleted.

https://developer.zendesk.com/api-reference/ticketing/users/user_identities/ and
https://developer.zendesk.com/api-reference/ticketing/users/users/#merge-end-users
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from connectors.zendesk.fake.calls import asking
from connectors.zendesk.fake.calls.asking import Unacceptable
from connectors.zendesk.fake.desk import Desk
from connectors.zendesk.fake.records import FakeUser
from connectors.zendesk.fake.wire import user_json

Endpoint = Callable[[Request], Awaitable[Response]]


class Identities:
    """A user's first identity is their e-mail, with the user's own id."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk

    def routes(self) -> list[tuple[str, str, Endpoint]]:
        """Its paths under api/v2: method, path and endpoint."""
        every, one = "users/{id:int}/identities", "users/{id:int}/identities/{identity:int}"
        return [
            ("GET", every, self._list),
            ("POST", every, self._add),
            ("GET", one, self._show),
            ("PUT", one, self._change),
            ("DELETE", one, self._remove),
            ("PUT", f"{one}/make_primary", self._make_primary),
            ("PUT", f"{one}/verify", self._verify),
            ("PUT", "users/{id:int}/merge", self._merge),
            ("GET", "deleted_users", self._deleted),
            ("DELETE", "deleted_users/{id:int}", self._erase),
        ]

    def _user(self, request: Request) -> FakeUser:
        user = self._desk.users.get(request.path_params["id"])
        if user is None:
            raise Unacceptable(asking.missing())
        return user

    def _of(self, user: FakeUser) -> list[dict[str, Any]]:
        first = {"id": user.id, "user_id": user.id, "type": "email", "value": user.email}
        return [first | {"primary": True, "verified": True}, *user.identities]

    def _known(self, request: Request) -> tuple[FakeUser, dict[str, Any]]:
        user = self._user(request)
        for identity in self._of(user):
            if identity["id"] == request.path_params["identity"]:
                return user, identity
        raise Unacceptable(asking.missing())

    async def _list(self, request: Request) -> Response:
        return asking.page(request, "identities", self._of(self._user(request)), lambda one: one)

    async def _show(self, request: Request) -> Response:
        return JSONResponse({"identity": self._known(request)[1]})

    async def _add(self, request: Request) -> Response:
        user, body = self._user(request), await asking.body(request, "identity")
        if not body.get("type") or not body.get("value"):
            return asking.invalid("value", "Value: cannot be blank", "BlankValue")
        own = {"id": self._desk.next_id(), "user_id": user.id, "primary": False, "verified": False}
        user.identities.append(own | {"type": body["type"], "value": body["value"]})
        return JSONResponse({"identity": user.identities[-1]}, 201)

    async def _change(self, request: Request) -> Response:
        user, identity = self._known(request)
        body = await asking.body(request, "identity")
        if identity["primary"] and body.get("value"):
            self._desk.move_user(user, str(body["value"]))
        identity.update({name: body[name] for name in ("value", "verified") if name in body})
        return JSONResponse({"identity": identity})

    async def _remove(self, request: Request) -> Response:
        user, identity = self._known(request)
        if identity["primary"]:
            return asking.invalid("base", "The primary identity cannot be deleted")
        user.identities.remove(identity)
        return Response(status_code=204)

    async def _make_primary(self, request: Request) -> Response:
        """The e-mail that was first becomes one of the others."""
        user, identity = self._known(request)
        if not identity["primary"] and identity["type"] == "email":
            user.identities.remove(identity)
            user.identities.append(identity | {"value": user.email, "primary": False, "verified": True})
            self._desk.move_user(user, str(identity["value"]))
        return asking.page(request, "identities", self._of(user), lambda one: one)

    async def _verify(self, request: Request) -> Response:
        _, identity = self._known(request)
        identity["verified"] = True
        return JSONResponse({"identity": identity})

    async def _merge(self, request: Request) -> Response:
        """The tickets and the address of the one go over to the other."""
        source, body = self._user(request), await asking.body(request, "user")
        target = self._desk.users.get(body.get("id", 0))
        if target is None or target is source:
            return asking.missing()
        if source.is_staff or target.is_staff:
            return asking.refused(403, "Forbidden", "Agents and administrators cannot be merged")
        for ticket in self._desk.tickets.values():
            ticket.requester_id = target.id if ticket.requester_id == source.id else ticket.requester_id
        own = {"id": self._desk.next_id(), "user_id": target.id, "type": "email", "value": source.email}
        target.identities.append(own | {"primary": False, "verified": True})
        self._desk.remove_user(source)
        return JSONResponse({"user": user_json(target, asking.address(request))})

    async def _deleted(self, request: Request) -> Response:
        found = [user for user in self._desk.users.values() if not user.active]
        where = asking.address(request)
        return asking.page(request, "deleted_users", found, lambda user: user_json(user, where))

    async def _erase(self, request: Request) -> Response:
        """Name and address are gone for good; what they wrote stays."""
        user = self._user(request)
        if user.active:
            return asking.missing()
        user.name, user.email, user.phone = "Permanently deleted user", "", None
        user.identities.clear()
        return JSONResponse({"deleted_user": user_json(user, asking.address(request))})
