"""The calls on the fake's tickets, their states and their contacts."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from connectors.intercom.fake.answers import failed, found_page
from connectors.intercom.fake.inbox import Inbox
from connectors.intercom.fake.tickets import TicketInbox

Endpoint = Callable[[Request], Awaitable[Response]]


class TicketEndpoints:
    """`tickets` has what they act on."""

    def __init__(self, inbox: Inbox, tickets: TicketInbox) -> None:
        self._inbox = inbox
        self._tickets = tickets

    def routes(self, guarded: Callable[[Endpoint], Endpoint]) -> list[Route]:
        """Where they are, each behind what `guarded` asks first."""
        own = "/tickets/{id}"
        return [
            Route("/tickets/search", guarded(self._search), methods=["POST"]),
            Route(own, guarded(self._read), methods=["GET"]),
            Route(own, guarded(self._update), methods=["PUT"]),
            Route(f"{own}/reply", guarded(self._reply), methods=["POST"]),
            Route(f"{own}/tags", guarded(self._add_tag), methods=["POST"]),
            Route("/ticket_states", guarded(self._states), methods=["GET"]),
            Route("/contacts/search", guarded(self._find_contacts), methods=["POST"]),
            Route("/contacts/{contact}", guarded(self._contact), methods=["GET"]),
        ]

    async def _read(self, request: Request) -> Response:
        return JSONResponse(self._tickets.shown(request.path_params["id"]))

    async def _search(self, request: Request) -> Response:
        rows = [self._tickets.shown(own_id) for own_id in self._tickets.tickets]
        return found_page(await request.json(), rows, "tickets")

    async def _reply(self, request: Request) -> Response:
        said = await request.json()
        if said.get("admin_id") != self._inbox.own["id"] or said.get("message_type") not in (
            "comment",
            "note",
        ):
            return failed(400, "parameter_invalid")
        part = self._tickets.write(
            request.path_params["id"],
            self._inbox.own,
            said["body"],
            is_note=said["message_type"] == "note",
            tells=said.get("skip_notifications") is not True,
        )
        return JSONResponse(part)

    async def _update(self, request: Request) -> Response:
        said, own_id = await request.json(), request.path_params["id"]
        if said.get("admin_id") != int(self._inbox.own["id"]):
            return failed(404, "assignee_not_found")
        state: dict[str, Any] | None = None
        if "ticket_state_id" in said:
            state = self._tickets.state_for(own_id, str(said["ticket_state_id"]))
            if state is None:
                return failed(400, "ticket_state_id_invalid")
        self._tickets.set(own_id, state, said.get("open"), tells=said.get("skip_notifications") is not True)
        return JSONResponse(self._tickets.shown(own_id))

    async def _add_tag(self, request: Request) -> Response:
        said = await request.json()
        found = self._tickets.add_tag(request.path_params["id"], str(said["id"]))
        return failed(404, "tag_not_found") if found is None else JSONResponse(found)

    async def _states(self, _: Request) -> Response:
        return JSONResponse({"type": "list", "data": self._tickets.states})

    async def _contact(self, request: Request) -> Response:
        found = self._tickets.contacts.get(request.path_params["contact"])
        return failed(404, "not_found") if found is None else JSONResponse(found)

    async def _find_contacts(self, request: Request) -> Response:
        query = (await request.json())["query"]
        if (query.get("field"), query.get("operator")) != ("id", "IN"):
            return failed(400, "parameter_invalid")
        found = [
            contact
            for own_id, contact in self._tickets.contacts.items()
            if own_id in query["value"] and own_id not in self._tickets.unindexed
        ]
        return JSONResponse({"type": "list", "data": found, "total_count": len(found)})
