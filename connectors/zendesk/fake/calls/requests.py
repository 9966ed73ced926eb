"""The fake Zendesk's requests: tickets as the one who made them sees them, without what is private.

https://developer.zendesk.com/api-reference/ticketing/tickets/ticket-requests/
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from connectors.zendesk.fake.calls import asking
from connectors.zendesk.fake.calls.asking import Unacceptable
from connectors.zendesk.fake.calls.ticket_writes import TicketWrites
from connectors.zendesk.fake.desk import Desk
from connectors.zendesk.fake.records import FakeTicket
from connectors.zendesk.fake.wire import comment_json, ticket_json

Endpoint = Callable[[Request], Awaitable[Response]]
_SHOWN = (
    "id",
    "subject",
    "description",
    "status",
    "custom_status_id",
    "priority",
    "type",
    "requester_id",
    "via",
)
_SHOWN_TOO = (
    "organization_id",
    "assignee_id",
    "group_id",
    "due_at",
    "created_at",
    "updated_at",
    "custom_fields",
)


class RequestsApi:
    """An agent sees everybody's."""

    def __init__(self, desk: Desk, writes: TicketWrites) -> None:
        self._desk = desk
        self._writes = writes

    def routes(self) -> list[tuple[str, str, Endpoint]]:
        """Its paths under api/v2: method, path and endpoint."""
        return [
            ("GET", "requests", self._list),
            ("POST", "requests", self._create),
            ("GET", "requests/search", self._search),
            ("GET", "requests/open", self._open),
            ("GET", "requests/solved", self._solved),
            ("GET", "requests/{id:int}", self._show),
            ("PUT", "requests/{id:int}", self._update),
            ("GET", "requests/{id:int}/comments", self._comments),
            ("GET", "users/{user:int}/requests", self._of_user),
        ]

    def _page(self, request: Request, wanted: Callable[[FakeTicket], bool]) -> Response:
        found = [ticket for ticket in self._desk.tickets.values() if wanted(ticket)]
        return asking.page(request, "requests", found, lambda ticket: _shown(ticket, asking.address(request)))

    def _known(self, request: Request) -> FakeTicket:
        ticket = self._desk.tickets.get(request.path_params["id"])
        if ticket is None:
            raise Unacceptable(asking.missing())
        return ticket

    async def _list(self, request: Request) -> Response:
        statuses = request.query_params.get("status", "").split(",")
        return self._page(request, lambda ticket: statuses == [""] or ticket.status in statuses)

    async def _open(self, request: Request) -> Response:
        return self._page(request, lambda ticket: ticket.status in ("new", "open", "pending", "hold"))

    async def _solved(self, request: Request) -> Response:
        return self._page(request, lambda ticket: ticket.status in ("solved", "closed"))

    async def _of_user(self, request: Request) -> Response:
        user = request.path_params["user"]
        if user not in self._desk.users:
            return asking.missing()
        return self._page(request, lambda ticket: ticket.requester_id == user)

    async def _search(self, request: Request) -> Response:
        wanted = request.query_params.get("query", "").casefold()
        return self._page(
            request, lambda ticket: wanted in f"{ticket.subject}\n{ticket.description}".casefold()
        )

    async def _show(self, request: Request) -> Response:
        return JSONResponse({"request": _shown(self._known(request), asking.address(request))})

    async def _create(self, request: Request) -> Response:
        ticket = self._writes.create(await asking.body(request, "request"), channel="web")
        return JSONResponse({"request": _shown(ticket, asking.address(request))}, 201)

    async def _update(self, request: Request) -> Response:
        """A comment, always public, and whether it is solved."""
        ticket, body = self._known(request), await asking.body(request, "request")
        change: dict[str, Any] = {"status": "solved"} if body.get("solved") else {}
        if isinstance(body.get("comment"), dict):
            change["comment"] = body["comment"] | {"public": True}
        self._writes.change(ticket, change)
        return JSONResponse({"request": _shown(ticket, asking.address(request))})

    async def _comments(self, request: Request) -> Response:
        found = [comment for comment in self._known(request).comments if comment.public]
        return asking.page(
            request, "comments", found, lambda comment: comment_json(comment, asking.address(request))
        )


def _shown(ticket: FakeTicket, where: str) -> dict[str, Any]:
    shown = ticket_json(ticket, where)
    own = {"url": f"{where}/api/v2/requests/{ticket.id}.json", "can_be_solved_by_me": False, "solved": False}
    return {name: shown[name] for name in (*_SHOWN, *_SHOWN_TOO)} | own | {"is_public": True}
