"""The fake Zendesk's calls on many tickets at once, whose work is a job's; and on deleted ones.

https://developer.zendesk.com/api-reference/ticketing/tickets/tickets/#create-many-tickets and the calls beside it.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from connectors.zendesk.fake.calls import asking
from connectors.zendesk.fake.calls.asking import Unacceptable
from connectors.zendesk.fake.calls.jobs import FakeJobs
from connectors.zendesk.fake.calls.ticket_writes import TicketWrites
from connectors.zendesk.fake.desk import ClosedTicket, Desk
from connectors.zendesk.fake.records import FakeTicket, FakeUser

Endpoint = Callable[[Request], Awaitable[Response]]


class BulkApi:
    """`me` is the agent whose token is used."""

    def __init__(self, desk: Desk, me: FakeUser, writes: TicketWrites, jobs: FakeJobs) -> None:
        self._desk = desk
        self._me = me
        self._writes = writes
        self._jobs = jobs

    def routes(self) -> list[tuple[str, str, Endpoint]]:
        """Its paths under api/v2: method, path and endpoint."""
        deleted = "deleted_tickets"
        return [
            ("POST", "tickets/create_many", self._create_many),
            ("PUT", "tickets/update_many", self._update_many),
            ("DELETE", "tickets/destroy_many", self._delete_many),
            ("DELETE", "tickets/{id:int}", self._delete),
            ("POST", "tickets/{id:int}/merge", self._merge),
            ("GET", deleted, self._list_deleted),
            ("PUT", f"{deleted}/restore_many", self._restore_many),
            ("DELETE", f"{deleted}/destroy_many", self._destroy_many),
            ("PUT", f"{deleted}/{{id:int}}/restore", self._restore),
            ("DELETE", f"{deleted}/{{id:int}}", self._destroy),
        ]

    def _known(self, request: Request) -> FakeTicket:
        ticket = self._desk.tickets.get(request.path_params["id"])
        if ticket is None:
            raise Unacceptable(asking.missing())
        return ticket

    async def _create_many(self, request: Request) -> Response:
        bodies = await asking.bodies(request, "tickets")
        self._jobs.must_have_room()
        results = []
        for index, body in enumerate(bodies):
            try:
                ticket = self._writes.create(body)
            except Unacceptable as error:
                results.append({"index": index, **_why(error)})
            else:
                results.append({"index": index, "id": ticket.id, "action": "create", "success": True})
        return self._jobs.start(request, "Bulk Create Ticket", results)

    async def _update_many(self, request: Request) -> Response:
        """One change on the ids of the query, or a list of tickets with their own."""
        if "ids" in request.query_params:
            body = await asking.body(request, "ticket")
            changes: list[tuple[Any, dict[str, Any]]] = [(one, body) for one in asking.ids(request)]
        else:
            changes = [(body.get("id"), body) for body in await asking.bodies(request, "tickets")]
        self._jobs.must_have_room()
        results = [self._result(index, one, body) for index, (one, body) in enumerate(changes)]
        return self._jobs.start(request, "Bulk Update Ticket", results)

    def _result(self, index: int, ticket_id: Any, body: dict[str, Any]) -> dict[str, Any]:
        result: dict[str, Any] = {"index": index, "id": ticket_id}
        ticket = self._desk.tickets.get(ticket_id)
        if ticket is None:
            return result | {"error": "RecordNotFound", "details": "Not found"}
        try:
            self._writes.change(ticket, body, is_of_many=True)
        except Unacceptable as error:
            return result | _why(error)
        return result | {"action": "update", "success": True, "status": "Updated"}

    async def _merge(self, request: Request) -> Response:
        target, body = self._known(request), await asking.whole_body(request)
        sources = body.get("ids") or []
        self._jobs.must_have_room()
        results = []
        for index, source in enumerate(sources):
            result = {"index": index, "id": source}
            if source not in self._desk.tickets or source == target.id:
                results.append(result | {"error": "RecordNotFound", "details": "Not found"})
                continue
            try:
                said = {"target": body.get("target_comment"), "source": body.get("source_comment")}
                self._desk.merge(source, target.id, self._me, said=said)
            except ClosedTicket as error:
                results.append(result | {"error": "RecordInvalid", "details": str(error)})
            else:
                results.append(result | {"action": "update", "success": True, "status": "Updated"})
        return self._jobs.start(request, "Ticket Merge", results)

    # Deleted ones

    async def _delete(self, request: Request) -> Response:
        self._desk.delete(self._known(request).id, self._me)
        return Response(status_code=204)

    async def _delete_many(self, request: Request) -> Response:
        found = [one for one in asking.ids(request) if one in self._desk.tickets]
        self._jobs.must_have_room()
        for one in found:
            self._desk.delete(one, self._me)
        return self._jobs.start(
            request, "Bulk Delete Ticket", [{"id": one, "success": True} for one in found]
        )

    async def _list_deleted(self, request: Request) -> Response:
        found = list(self._desk.deleted.values())
        actor = {"id": self._me.id, "name": self._me.name}

        def show(ticket: FakeTicket) -> dict[str, Any]:
            deleted = {"id": ticket.id, "subject": ticket.subject, "actor": actor, "previous_state": "open"}
            return deleted | {"deleted_at": ticket.updated_at.isoformat(), "description": ticket.description}

        return asking.page(request, "deleted_tickets", found, show)

    async def _restore(self, request: Request) -> Response:
        if request.path_params["id"] not in self._desk.deleted:
            return asking.missing()
        self._desk.restore(request.path_params["id"], self._me)
        return JSONResponse({})

    async def _restore_many(self, request: Request) -> Response:
        for one in asking.ids(request):
            if one in self._desk.deleted:
                self._desk.restore(one, self._me)
        return JSONResponse({})

    async def _destroy(self, request: Request) -> Response:
        return self._erase(request, [request.path_params["id"]])

    async def _destroy_many(self, request: Request) -> Response:
        return self._erase(request, asking.ids(request))

    def _erase(self, request: Request, ids: Sequence[int]) -> Response:
        if not any(one in self._desk.deleted for one in ids):
            return asking.missing()
        self._jobs.must_have_room()
        found = [one for one in ids if self._desk.deleted.pop(one, None) is not None]
        results = [{"id": one, "success": True} for one in found]
        return self._jobs.start(request, "Permanently Delete Ticket", results)


def _why(error: Unacceptable) -> dict[str, str]:
    """A refusal as a job's results have it."""
    return {"error": error.kind, "details": error.sentence}
