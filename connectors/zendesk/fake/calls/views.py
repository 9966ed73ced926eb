"""The fake Zendesk's views and macros at work: the tickets of a view, and what a macro would make of a ticket.

https://developer.zendesk.com/api-reference/ticketing/business-rules/views/ and `.../macros/`
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from datetime import datetime
from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from connectors.zendesk.fake.calls import asking
from connectors.zendesk.fake.calls.asking import Unacceptable
from connectors.zendesk.fake.calls.setup import FakeSetup
from connectors.zendesk.fake.calls.tickets import side_loads
from connectors.zendesk.fake.desk import STATUSES, Desk
from connectors.zendesk.fake.records import FakeTicket
from connectors.zendesk.fake.wire import DEFAULT_STATUSES, stamp, ticket_json

Endpoint = Callable[[Request], Awaitable[Response]]
_KNOWN = (
    "status",
    "priority",
    "type",
    "assignee_id",
    "group_id",
    "requester_id",
    "organization_id",
    "current_tags",
)


class ViewsAndMacros:
    """A condition on a field that it does not know lets nothing through."""

    def __init__(self, desk: Desk, setup: FakeSetup, clock: Callable[[], datetime]) -> None:
        self._desk = desk
        self._setup = setup
        self._clock = clock

    def routes(self) -> list[tuple[str, str, Endpoint]]:
        """Its paths under api/v2: method, path and endpoint."""
        return [
            ("GET", "views/count_many", self._count_many),
            ("GET", "views/{id:int}/tickets", self._tickets),
            ("GET", "views/{id:int}/execute", self._execute),
            ("GET", "views/{id:int}/count", self._count),
            ("GET", "macros/{id:int}/apply", self._effect),
            ("GET", "tickets/{ticket:int}/macros/{id:int}/apply", self._effect),
        ]

    def _view(self, view_id: int) -> dict[str, Any]:
        view = self._setup.records["views"].get(view_id)
        if view is None:
            raise Unacceptable(asking.missing())
        return view

    def _in(self, view: Mapping[str, Any]) -> list[FakeTicket]:
        every, some = view["conditions"].get("all") or [], view["conditions"].get("any") or []
        return [
            ticket
            for ticket in self._desk.tickets.values()
            if all(_holds(ticket, one) for one in every)
            and (not some or any(_holds(ticket, one) for one in some))
        ]

    async def _tickets(self, request: Request) -> Response:
        found, where = self._in(self._view(request.path_params["id"])), asking.address(request)
        side = side_loads(request, found, self._desk)
        return asking.page(request, "tickets", found, lambda ticket: ticket_json(ticket, where), **side)

    async def _execute(self, request: Request) -> Response:
        view, where = self._view(request.path_params["id"]), asking.address(request)
        rows = [
            {
                "ticket_id": ticket.id,
                "subject": ticket.subject,
                "status": ticket.status,
                "priority": ticket.priority,
                "created": stamp(ticket.created_at),
                "requester_id": ticket.requester_id,
                "ticket": {
                    "id": ticket.id,
                    "subject": ticket.subject,
                    "url": ticket_json(ticket, where)["url"],
                },
            }
            for ticket in self._in(view)
        ]
        columns = [{"id": name, "title": name.capitalize()} for name in ("subject", "status", "created")]
        shown = {"id": view["id"], "title": view["title"]}
        return asking.page(request, "rows", rows, lambda row: row, columns=columns, view=shown)

    async def _count(self, request: Request) -> Response:
        return JSONResponse({"view_count": self._counted(request, request.path_params["id"])})

    async def _count_many(self, request: Request) -> Response:
        wanted = asking.ids(request, "ids" if "ids" in request.query_params else "count_many")
        found = [one for one in wanted if one in self._setup.records["views"]]
        return JSONResponse({"view_counts": [self._counted(request, one) for one in found]})

    def _counted(self, request: Request, view_id: int) -> dict[str, Any]:
        count = len(self._in(self._view(view_id)))
        where = f"{asking.address(request)}/api/v2/views/{view_id}/count.json"
        return {"view_id": view_id, "url": where, "value": count, "pretty": str(count), "fresh": True}

    async def _effect(self, request: Request) -> Response:
        """What the macro would do; nothing is changed."""
        macro = self._setup.records["macros"].get(request.path_params["id"])
        ticket = self._desk.tickets.get(request.path_params.get("ticket", 0))
        if macro is None or ("ticket" in request.path_params and ticket is None):
            return asking.missing()
        shown = {} if ticket is None else ticket_json(ticket, asking.address(request))
        return JSONResponse({"result": {"ticket": shown | _effect_of(macro["actions"], ticket)}})


def _effect_of(actions: Sequence[Mapping[str, Any]], ticket: FakeTicket | None) -> dict[str, Any]:
    effect: dict[str, Any] = {}
    for action in actions:
        name, value = str(action.get("field")), action.get("value")
        if name == "comment_value":
            text = value[-1] if isinstance(value, list) else value
            effect["comment"] = {"body": text, "public": True}
        elif name == "comment_mode_is_public":
            effect.setdefault("comment", {})["public"] = value in (True, "true")
        elif name in ("set_tags", "current_tags"):
            before = ticket.tags if ticket is not None and name == "current_tags" else []
            effect["tags"] = list(dict.fromkeys([*before, *str(value).split()]))
        else:
            effect[name] = value
            if name == "status":
                effect["custom_status_id"] = DEFAULT_STATUSES.get(str(value))
    return effect


def _holds(ticket: FakeTicket, condition: Mapping[str, Any]) -> bool:
    field, operator, value = (str(condition.get(name, "")) for name in ("field", "operator", "value"))
    if field not in _KNOWN:
        return False
    if field == "current_tags":
        has_one = bool(set(ticket.tags) & set(value.split()))
        return has_one if operator == "includes" else not has_one if operator == "not_includes" else False
    has = getattr(ticket, field)
    if field == "status" and operator in ("less_than", "greater_than") and value in STATUSES:
        mine, theirs = STATUSES.index(ticket.status), STATUSES.index(value)
        return mine < theirs if operator == "less_than" else mine > theirs
    is_same = ("" if has is None else str(has)) == value
    return is_same if operator == "is" else not is_same if operator == "is_not" else False
