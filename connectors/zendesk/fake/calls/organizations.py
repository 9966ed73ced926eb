"""The fake Zendesk's calls on organizations and who belongs to them.

https://developer.zendesk.com/api-reference/ticketing/organizations/organizations/ and
`.../organizations/organization_memberships/`
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from connectors.zendesk.fake.calls import asking
from connectors.zendesk.fake.calls.asking import Unacceptable
from connectors.zendesk.fake.desk import Desk
from connectors.zendesk.fake.records import FakeOrganization
from connectors.zendesk.fake.wire import organization_json, user_json

Endpoint = Callable[[Request], Awaitable[Response]]
_TAKEN_AS_IS = ("name", "external_id", "details", "notes", "domain_names", "tags")


class OrganizationsApi:
    """A user belongs to one organization here, where Zendesk's larger plans allow several."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk

    def routes(self) -> list[tuple[str, str, Endpoint]]:
        """Its paths under api/v2: method, path and endpoint. Those with words where others have ids come first."""
        one = "organizations/{id:int}"
        return [
            ("GET", "organizations", self._list),
            ("POST", "organizations", self._create),
            ("GET", "organizations/search", self._search),
            ("GET", "organizations/autocomplete", self._search),
            ("GET", "organizations/show_many", self._show_many),
            ("POST", "organizations/create_or_update", self._create_or_update),
            ("GET", one, self._show),
            ("PUT", one, self._update),
            ("DELETE", one, self._delete),
            ("GET", f"{one}/users", self._users),
            ("GET", f"{one}/organization_memberships", self._memberships),
            ("GET", "users/{user:int}/organization_memberships", self._memberships),
            ("GET", "organization_memberships", self._memberships),
            ("POST", "organization_memberships", self._join),
            *((method, f"{one}/tags", self._tags) for method in ("GET", "PUT", "POST", "DELETE")),
        ]

    def _known(self, request: Request) -> FakeOrganization:
        organization = self._desk.organizations.get(request.path_params["id"])
        if organization is None:
            raise Unacceptable(asking.missing())
        return organization

    def _page(self, request: Request, found: list[FakeOrganization]) -> Response:
        where = asking.address(request)
        return asking.page(request, "organizations", found, lambda one: organization_json(one, where))

    async def _list(self, request: Request) -> Response:
        return self._page(request, list(self._desk.organizations.values()))

    async def _search(self, request: Request) -> Response:
        query, every = request.query_params, list(self._desk.organizations.values())
        if "external_id" in query:
            return self._page(request, [one for one in every if one.external_id == query["external_id"]])
        name = query.get("name", "").casefold()
        return self._page(request, [one for one in every if one.name.casefold().startswith(name)])

    async def _show_many(self, request: Request) -> Response:
        known = self._desk.organizations
        return self._page(request, [known[one] for one in asking.ids(request) if one in known])

    async def _show(self, request: Request) -> Response:
        return self._answer(request, self._known(request))

    async def _create(self, request: Request) -> Response:
        return self._answer(request, self._new(await asking.body(request, "organization")), 201)

    async def _create_or_update(self, request: Request) -> Response:
        body = await asking.body(request, "organization")
        every = self._desk.organizations.values()
        known = next((one for one in every if one.id == body.get("id") or one.name == body.get("name")), None)
        if known is None:
            return self._answer(request, self._new(body), 201)
        self._change(known, body)
        return self._answer(request, known)

    async def _update(self, request: Request) -> Response:
        organization = self._known(request)
        self._change(organization, await asking.body(request, "organization"))
        return self._answer(request, organization)

    async def _delete(self, request: Request) -> Response:
        gone = self._known(request)
        del self._desk.organizations[gone.id]
        for user in self._desk.users.values():
            user.organization_id = None if user.organization_id == gone.id else user.organization_id
        for ticket in self._desk.tickets.values():
            ticket.organization_id = None if ticket.organization_id == gone.id else ticket.organization_id
        return Response(status_code=204)

    def _new(self, body: dict[str, Any]) -> FakeOrganization:
        name = str(body.get("name") or "")
        if not name:
            raise Unacceptable(asking.invalid("name", "Name: cannot be blank", "BlankValue"))
        self._must_be_free(name, 0)
        organization = self._desk.organization(name, {})
        self._change(organization, body)
        return organization

    def _change(self, organization: FakeOrganization, body: dict[str, Any]) -> None:
        if body.get("name"):
            self._must_be_free(body["name"], organization.id)
        for name in _TAKEN_AS_IS:
            if name in body and (body[name] is not None or name in ("external_id", "details", "notes")):
                setattr(organization, name, body[name])
        organization.fields |= body.get("organization_fields") or {}

    def _must_be_free(self, name: str, own: int) -> None:
        if any(one.name == name and one.id != own for one in self._desk.organizations.values()):
            raise Unacceptable(
                asking.invalid("name", f"Name: {name} has already been taken", "DuplicateValue")
            )

    async def _users(self, request: Request) -> Response:
        organization, where = self._known(request), asking.address(request)
        found = [user for user in self._desk.users.values() if user.organization_id == organization.id]
        return asking.page(request, "users", found, lambda user: user_json(user, where))

    async def _memberships(self, request: Request) -> Response:
        organization, user = request.path_params.get("id"), request.path_params.get("user")
        found = [
            _membership(one.organization_id, one.id)
            for one in self._desk.users.values()
            if one.organization_id is not None
            and organization in (None, one.organization_id)
            and user in (None, one.id)
        ]
        return asking.page(request, "organization_memberships", found, lambda one: one)

    async def _join(self, request: Request) -> Response:
        body = await asking.body(request, "organization_membership")
        user = self._desk.users.get(body.get("user_id", 0))
        if user is None or body.get("organization_id") not in self._desk.organizations:
            return asking.invalid("organization", "Organization: is invalid", "InvalidValue")
        user.organization_id = int(body["organization_id"])
        return JSONResponse({"organization_membership": _membership(user.organization_id, user.id)}, 201)

    async def _tags(self, request: Request) -> Response:
        organization = self._known(request)
        given = [str(tag) for tag in (await asking.whole_body(request)).get("tags") or []]
        if request.method == "PUT":
            organization.tags += [tag for tag in given if tag not in organization.tags]
        elif request.method == "POST":
            organization.tags = given
        elif request.method == "DELETE":
            organization.tags = [tag for tag in organization.tags if tag not in given]
        return JSONResponse({"tags": organization.tags})

    def _answer(self, request: Request, organization: FakeOrganization, status: int = 200) -> Response:
        return JSONResponse(
            {"organization": organization_json(organization, asking.address(request))}, status
        )


def _membership(organization_id: int | None, user_id: int) -> dict[str, Any]:
    return {"id": user_id, "organization_id": organization_id, "user_id": user_id, "default": True}
