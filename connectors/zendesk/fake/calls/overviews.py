"""What the fake Zendesk's account has at large: tags, problems, languages, what agents were told, ticket metric events.

https://developer.zendesk.com/api-reference/ticketing/ticket-management/tags/, `.../tickets/tickets/#list-problems`,
`.../ticket-management/incremental_exports/` and `.../account-configuration/locales/`
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from connectors.zendesk.fake.calls import asking
from connectors.zendesk.fake.desk import Desk
from connectors.zendesk.fake.wire import organization_json, stamp, tickets_json

Endpoint = Callable[[Request], Awaitable[Response]]
_ENGLISH = {
    "id": 1,
    "locale": "en-US",
    "name": "English",
    "native_name": "English",
    "rtl": False,
    "default": True,
}


class Overviews:
    """Each is counted when it is asked for."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk

    def routes(self) -> list[tuple[str, str, Endpoint]]:
        """Its paths under api/v2: method, path and endpoint."""
        return [
            ("GET", "tags", self._tags),
            ("GET", "problems", self._problems),
            ("GET", "locales", self._locales),
            ("GET", "locales/current", self._locale),
            ("GET", "incremental/ticket_metric_events", self._metric_events),
            ("GET", "incremental/organizations", self._organizations),
        ]

    async def _tags(self, request: Request) -> Response:
        counts = Counter(tag for ticket in self._desk.tickets.values() for tag in ticket.tags)
        found = [{"name": name, "count": count} for name, count in counts.most_common()]
        return asking.page(request, "tags", found, lambda tag: tag)

    async def _problems(self, request: Request) -> Response:
        found = [ticket for ticket in self._desk.tickets.values() if ticket.type == "problem"]
        shown = tickets_json(found, self._desk, asking.address(request), "")["tickets"]
        return asking.page(request, "tickets", shown, lambda ticket: ticket)

    async def _locales(self, request: Request) -> Response:
        return JSONResponse({"locales": [_ENGLISH], "count": 1, "next_page": None, "previous_page": None})

    async def _locale(self, request: Request) -> Response:
        return JSONResponse({"locale": _ENGLISH})

    async def _metric_events(self, request: Request) -> Response:
        """First replies and solutions only."""
        start, events = self._start(request), list[dict[str, Any]]()
        for ticket in self._desk.tickets.values():
            happened = (
                ("reply_time", "activate", ticket.created_at),
                ("reply_time", "fulfill", ticket.first_reply_at),
                ("requester_wait_time", "fulfill", ticket.solved_at),
            )
            events += [
                {"ticket_id": ticket.id, "metric": metric, "instance_id": 1, "type": kind, "time": stamp(at)}
                for metric, kind, at in happened
                if at is not None and at >= start
            ]
        events.sort(key=lambda event: event["time"])
        numbered = [event | {"id": number} for number, event in enumerate(events, start=1)]
        answer = {"ticket_metric_events": numbered, "count": len(numbered), "end_of_stream": True}
        return JSONResponse(answer | {"next_page": None, "end_time": None})

    async def _organizations(self, request: Request) -> Response:
        start, where = self._start(request), asking.address(request)
        every = self._desk.organizations.values()
        found = [organization_json(one, where) for one in every if one.created_at >= start]
        answer = {"organizations": found, "count": len(found), "end_of_stream": True}
        return JSONResponse(answer | {"next_page": None, "end_time": None})

    def _start(self, request: Request) -> datetime:
        try:
            return datetime.fromtimestamp(int(request.query_params["start_time"]), UTC)
        except (KeyError, ValueError):
            refused = asking.refused(400, "BadRequest", "start_time is needed")
            raise asking.Unacceptable(refused) from None
