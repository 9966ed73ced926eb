"""The fake Zendesk's calls on people: users and their tags, groups and memberships.

https://developer.zendesk.com/api-reference/ticketing/users/users/, `.../organizations/organizations/`,
`.../groups/groups/`, `.../groups/group_memberships/`
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from datetime import datetime
from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from connectors.zendesk.fake.calls import asking
from connectors.zendesk.fake.calls.asking import Unacceptable
from connectors.zendesk.fake.calls.jobs import FakeJobs
from connectors.zendesk.fake.desk import Desk
from connectors.zendesk.fake.records import FakeUser
from connectors.zendesk.fake.wire import group_json, organization_json, user_json

Endpoint = Callable[[Request], Awaitable[Response]]
ROLES = ("end-user", "agent", "admin")
_TAKEN_AS_IS = (
    "name",
    "role",
    "external_id",
    "phone",
    "details",
    "notes",
    "time_zone",
    "locale",
    "suspended",
    "tags",
)


class UsersApi:
    """`me` is the agent whose token is used."""

    def __init__(self, desk: Desk, me: FakeUser, jobs: FakeJobs, clock: Callable[[], datetime]) -> None:
        self._desk = desk
        self._me = me
        self._jobs = jobs
        self._clock = clock

    def routes(self) -> list[tuple[str, str, Endpoint]]:
        """Its paths under api/v2: method, path and endpoint. Those with words where others have ids come first."""
        one = "users/{id:int}"
        return [
            ("GET", "users/me", self._users_me),
            ("GET", "users", self._list),
            ("POST", "users", self._create),
            ("GET", "users/show_many", self._show_many),
            ("GET", "users/search", self._search),
            ("GET", "users/autocomplete", self._search),
            ("POST", "users/create_or_update", self._create_or_update),
            ("POST", "users/create_many", self._create_many),
            ("POST", "users/create_or_update_many", self._create_or_update_many),
            ("PUT", "users/update_many", self._update_many),
            ("GET", one, self._show),
            ("PUT", one, self._update),
            ("DELETE", one, self._delete),
            ("GET", f"{one}/related", self._related),
            ("GET", f"{one}/groups", self._groups_of),
            ("GET", f"{one}/group_memberships", self._memberships),
            ("GET", f"{one}/organizations", self._organizations_of),
            *((method, f"{one}/tags", self._tags) for method in ("GET", "PUT", "POST", "DELETE")),
            ("GET", "groups", self._groups),
            ("POST", "groups", self._add_group),
            ("GET", "groups/assignable", self._groups),
            ("GET", "groups/{group:int}", self._group),
            ("PUT", "groups/{group:int}", self._change_group),
            ("DELETE", "groups/{group:int}", self._remove_group),
            ("GET", "groups/{group:int}/users", self._users_of_group),
            ("GET", "groups/{group:int}/memberships", self._memberships),
            ("GET", "group_memberships", self._memberships),
            ("POST", "group_memberships", self._join_group),
        ]

    # Users

    def _known(self, request: Request) -> FakeUser:
        user = self._desk.users.get(request.path_params["id"])
        if user is None:
            raise Unacceptable(asking.missing())
        return user

    def _page(self, request: Request, found: list[FakeUser]) -> Response:
        return asking.page(request, "users", found, lambda user: user_json(user, asking.address(request)))

    async def _users_me(self, request: Request) -> Response:
        return self._answer(request, self._me)

    async def _list(self, request: Request) -> Response:
        roles = request.query_params.getlist("role[]") + request.query_params.getlist("role")
        active = [user for user in self._desk.users.values() if user.active]
        return self._page(request, [user for user in active if not roles or user.role in roles])

    async def _show(self, request: Request) -> Response:
        return self._answer(request, self._known(request))

    async def _show_many(self, request: Request) -> Response:
        known = self._desk.users
        if "external_ids" in request.query_params:
            wanted = request.query_params["external_ids"].split(",")
            return self._page(request, [user for user in known.values() if user.external_id in wanted])
        return self._page(request, [known[one] for one in asking.ids(request) if one in known])

    async def _search(self, request: Request) -> Response:
        query = request.query_params
        active = [user for user in self._desk.users.values() if user.active]
        if "external_id" in query:
            return self._page(request, [user for user in active if user.external_id == query["external_id"]])
        wanted = (query.get("query") or query.get("name") or "").removeprefix("email:").strip('"').casefold()
        return self._page(
            request,
            [user for user in active if wanted in user.name.casefold() or wanted in user.email.casefold()],
        )

    async def _create(self, request: Request) -> Response:
        return self._answer(request, self._new(await asking.body(request, "user")), 201)

    async def _create_or_update(self, request: Request) -> Response:
        user, is_new = self._put(await asking.body(request, "user"))
        return self._answer(request, user, 201 if is_new else 200)

    async def _create_or_update_many(self, request: Request) -> Response:
        results = []
        for index, body in enumerate(await asking.bodies(request, "users")):
            user, is_new = self._put(body)
            results.append({"index": index, "id": user.id, "status": "Created" if is_new else "Updated"})
        return self._jobs.start(request, "Bulk Create User", results)

    def _put(self, body: dict[str, Any]) -> tuple[FakeUser, bool]:
        """The user of this e-mail or external id, changed, or a new one; and whether it is new."""
        known = self._desk.by_email(str(body.get("email") or ""))
        if known is None and body.get("external_id"):
            every = self._desk.users.values()
            known = next((user for user in every if user.external_id == body["external_id"]), None)
        if known is None:
            return self._new(body), True
        self._change(known, body)
        return known, False

    async def _create_many(self, request: Request) -> Response:
        results = []
        for index, body in enumerate(await asking.bodies(request, "users")):
            try:
                results.append(
                    {"index": index, "id": self._new(body).id, "action": "create", "success": True}
                )
            except Unacceptable as error:
                results.append({"index": index, "error": error.kind, "details": error.sentence})
        return self._jobs.start(request, "Bulk Create User", results)

    async def _update_many(self, request: Request) -> Response:
        results = []
        for index, body in enumerate(await asking.bodies(request, "users")):
            user = self._desk.users.get(body.get("id", 0))
            if user is not None:
                self._change(user, body)
            done = {"success": True} if user else {"error": "RecordNotFound", "details": "Not found"}
            results.append({"index": index, "id": body.get("id"), **done})
        return self._jobs.start(request, "Bulk Update User", results)

    async def _update(self, request: Request) -> Response:
        user = self._known(request)
        self._change(user, await asking.body(request, "user"))
        return self._answer(request, user)

    async def _delete(self, request: Request) -> Response:
        user = self._known(request)
        if any(
            ticket.requester_id == user.id and ticket.status != "closed"
            for ticket in self._desk.tickets.values()
        ):
            return asking.invalid("base", f"{user.name} is a requester of tickets that are not closed")
        self._desk.remove_user(user)
        return self._answer(request, user)

    def _new(self, body: dict[str, Any]) -> FakeUser:
        name, email = str(body.get("name") or ""), str(body.get("email") or "")
        if not name:
            raise Unacceptable(
                asking.invalid("name", "Name: is too short (minimum one character)", "ValueTooShort")
            )
        if email and self._desk.by_email(email) is not None:
            taken = f"Email: {email} is already being used by another user"
            raise Unacceptable(asking.invalid("email", taken, "DuplicateValue"))
        user = self._desk.user(name, email or f"unknown-{self._desk.next_id()}")
        if not email:
            self._desk.move_user(user, "")
        self._change(user, body)
        return user

    def _change(self, user: FakeUser, body: dict[str, Any]) -> None:
        if body.get("role") not in (None, *ROLES):
            raise Unacceptable(asking.invalid("role", "Role: is invalid", "InvalidValue"))
        organization = body.get("organization_id", user.organization_id)
        if organization is not None and organization not in self._desk.organizations:
            raise Unacceptable(asking.invalid("organization", "Organization: is invalid", "InvalidValue"))
        for name in _TAKEN_AS_IS:
            if name in body and (body[name] is not None or name not in ("name", "role", "tags")):
                setattr(user, name, body[name])
        user.organization_id = organization
        user.user_fields |= body.get("user_fields") or {}
        if body.get("email") and body["email"] != user.email:
            self._desk.move_user(user, body["email"])
        user.updated_at = self._clock()

    async def _related(self, request: Request) -> Response:
        user = self._known(request)
        every = self._desk.tickets.values()
        return JSONResponse(
            {
                "user_related": {
                    "assigned_tickets": sum(ticket.assignee_id == user.id for ticket in every),
                    "requested_tickets": sum(ticket.requester_id == user.id for ticket in every),
                    "ccd_tickets": sum(user.id in ticket.collaborator_ids for ticket in every),
                    "organization_subscriptions": 0,
                }
            }
        )

    async def _tags(self, request: Request) -> Response:
        user = self._known(request)
        given = [str(tag) for tag in (await asking.whole_body(request)).get("tags") or []]
        if request.method == "PUT":
            user.tags += [tag for tag in given if tag not in user.tags]
        elif request.method == "POST":
            user.tags = given
        elif request.method == "DELETE":
            user.tags = [tag for tag in user.tags if tag not in given]
        return JSONResponse({"tags": user.tags})

    async def _organizations_of(self, request: Request) -> Response:
        user, where = self._known(request), asking.address(request)
        found = [one for one in self._desk.organizations.values() if one.id == user.organization_id]
        return asking.page(request, "organizations", found, lambda one: organization_json(one, where))

    def _answer(self, request: Request, user: FakeUser, status: int = 200) -> Response:
        return JSONResponse({"user": user_json(user, asking.address(request))}, status)

    # Groups

    async def _groups(self, request: Request) -> Response:
        where = asking.address(request)
        found = list(self._desk.groups.values())
        return asking.page(request, "groups", found, lambda group: group_json(group, where))

    async def _groups_of(self, request: Request) -> Response:
        user, where = self._known(request), asking.address(request)
        found = [group for group in self._desk.groups.values() if user.id in group.members]
        return asking.page(request, "groups", found, lambda group: group_json(group, where))

    async def _group(self, request: Request) -> Response:
        group = self._desk.groups.get(request.path_params["group"])
        return (
            asking.missing()
            if group is None
            else JSONResponse({"group": group_json(group, asking.address(request))})
        )

    async def _add_group(self, request: Request) -> Response:
        body = await asking.body(request, "group")
        if not body.get("name"):
            return asking.invalid("name", "Name: cannot be blank", "BlankValue")
        group = self._desk.group(str(body["name"]))
        group.description = str(body.get("description") or "")
        return JSONResponse({"group": group_json(group, asking.address(request))}, 201)

    async def _change_group(self, request: Request) -> Response:
        group, body = self._desk.groups.get(request.path_params["group"]), await asking.body(request, "group")
        if group is None:
            return asking.missing()
        group.name = str(body.get("name") or group.name)
        group.description = str(body.get("description", group.description) or "")
        return JSONResponse({"group": group_json(group, asking.address(request))})

    async def _remove_group(self, request: Request) -> Response:
        gone = self._desk.groups.pop(request.path_params["group"], None)
        return asking.missing() if gone is None else Response(status_code=204)

    async def _users_of_group(self, request: Request) -> Response:
        group = self._desk.groups.get(request.path_params["group"])
        if group is None:
            return asking.missing()
        return self._page(request, [self._desk.users[member] for member in group.members])

    async def _memberships(self, request: Request) -> Response:
        group, user = request.path_params.get("group"), request.path_params.get("id")
        found = [
            _membership(one.id, member)
            for one in self._desk.groups.values()
            for member in one.members
            if group in (None, one.id) and user in (None, member)
        ]
        return asking.page(request, "group_memberships", found, lambda one: one)

    async def _join_group(self, request: Request) -> Response:
        body = await asking.body(request, "group_membership")
        group, user = (
            self._desk.groups.get(body.get("group_id", 0)),
            self._desk.users.get(body.get("user_id", 0)),
        )
        if group is None or user is None or not user.is_staff:
            return asking.invalid("user", "User: must be an agent, and the group there", "InvalidValue")
        if user.id not in group.members:
            group.members.append(user.id)
        return JSONResponse({"group_membership": _membership(group.id, user.id)}, 201)


def _membership(group_id: int, user_id: int) -> dict[str, Any]:
    return {"id": group_id * 1_000_000 + user_id, "group_id": group_id, "user_id": user_id, "default": True}
