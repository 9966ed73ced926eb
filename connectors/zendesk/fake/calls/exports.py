"""The fake Zendesk's incremental exports: what changed since a time, by cursor or by time.

https://developer.zendesk.com/api-reference/ticketing/ticket-management/incremental_exports/
"""

from __future__ import annotations

import base64
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta
from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from connectors.zendesk.fake.calls import asking
from connectors.zendesk.fake.desk import Desk
from connectors.zendesk.fake.records import FakeTicket
from connectors.zendesk.fake.wire import audit_json, tickets_json, user_json

Endpoint = Callable[[Request], Awaitable[Response]]
MOST = 1000
_NO_START = ("BadRequest", "start_time or cursor is needed")
_TOO_RECENT = ("InvalidValue", "Too recent start_time. Use a start_time older than a minute")


class ExportsApi:
    """`lag` is how long a change is not shown yet."""

    def __init__(self, desk: Desk, clock: Callable[[], datetime], lag: timedelta) -> None:
        self.lag = lag
        self._desk = desk
        self._clock = clock

    def routes(self) -> list[tuple[str, str, Endpoint]]:
        """Its paths under api/v2: method, path and endpoint."""
        return [
            ("GET", "incremental/tickets/cursor", self._by_cursor),
            ("GET", "incremental/tickets", self._by_time),
            ("GET", "incremental/ticket_events", self._events),
            ("GET", "incremental/users/cursor", self._users),
            ("GET", "incremental/users", self._users),
        ]

    async def _by_cursor(self, request: Request) -> Response:
        """Ordered by change; a start within the last minute is refused, a change within it not shown yet."""
        after, start = self._from(request)
        size = min(MOST, asking.whole(request.query_params.get("per_page"), MOST))
        found = self._changed(request, after, start)
        page = found[:size]
        last = page[-1].change if page else after
        cursor = base64.b64encode(str(last).encode()).decode()
        where = asking.address(request)
        answer = tickets_json(page, self._desk, where, request.query_params.get("include", ""))
        return JSONResponse(
            answer
            | {
                "after_cursor": cursor,
                "before_cursor": None,
                "after_url": f"{where}/api/v2/incremental/tickets/cursor.json?cursor={cursor}",
                "before_url": None,
                "end_of_stream": len(page) == len(found),
            }
        )

    async def _by_time(self, request: Request) -> Response:
        _, start = self._from(request)
        size = min(MOST, asking.whole(request.query_params.get("per_page"), MOST))
        found = self._changed(request, 0, start)
        page = found[:size]
        # Those of the page's last second come whole, or the next page would begin with them for ever.
        page += [one for one in found[size:] if page and one.updated_at <= page[-1].updated_at]
        end = int(page[-1].updated_at.timestamp()) if page else None
        where = asking.address(request)
        answer = tickets_json(page, self._desk, where, request.query_params.get("include", ""))
        is_over = len(page) == len(found)
        following = f"{where}/api/v2/incremental/tickets.json?start_time={(end or 0) + 1}"
        return JSONResponse(
            answer
            | {"count": len(page), "end_time": end, "end_of_stream": is_over}
            | {"next_page": None if is_over else following}
        )

    async def _events(self, request: Request) -> Response:
        _, start = self._from(request)
        found = [
            (ticket, audit)
            for ticket in self._desk.tickets.values()
            for audit in ticket.audits
            if start <= audit.created_at <= self._youngest()
        ]
        events: list[dict[str, Any]] = []
        for ticket, audit in found:
            shown = audit_json(ticket, audit)
            event: dict[str, Any] = {
                "id": audit.id,
                "ticket_id": ticket.id,
                "timestamp": int(audit.created_at.timestamp()),
            }
            event |= {"updater_id": audit.author_id, "created_at": shown["created_at"], "event_type": "Audit"}
            events.append(event | {"child_events": shown["events"]})
        answer = {"ticket_events": events, "count": len(events), "end_of_stream": True, "next_page": None}
        return JSONResponse(answer | {"end_time": events[-1]["timestamp"] if events else None})

    async def _users(self, request: Request) -> Response:
        """All of those that changed at once: an account of practice has few."""
        _, start = self._from(request)
        where = asking.address(request)
        found = [user_json(user, where) for user in self._desk.users.values() if user.updated_at >= start]
        answer = {"users": found, "count": len(found), "end_of_stream": True, "after_url": None}
        return JSONResponse(answer | {"after_cursor": None, "next_page": None, "end_time": None})

    def _from(self, request: Request) -> tuple[int, datetime]:
        """The change and the time after which to tell. Raises `Unacceptable`."""
        after, start = 0, datetime.min.replace(tzinfo=UTC)
        try:
            if "cursor" in request.query_params:
                after = int(base64.b64decode(request.query_params["cursor"]))
            else:
                start = datetime.fromtimestamp(int(request.query_params["start_time"]), UTC)
        except (KeyError, ValueError):
            raise asking.Unacceptable(asking.refused(400, *_NO_START)) from None
        if start > self._youngest():
            raise asking.Unacceptable(asking.refused(422, *_TOO_RECENT))
        return after, start

    def _youngest(self) -> datetime:
        return self._clock() - self.lag

    def _changed(self, request: Request, after: int, start: datetime) -> list[FakeTicket]:
        leaves_out = request.query_params.get("exclude_deleted") == "true"
        known = self._desk.tickets | ({} if leaves_out else self._desk.deleted)
        youngest = self._youngest()
        return [
            ticket
            for ticket in (known[changed] for changed in self._desk.changed if changed in known)
            if ticket.change > after and start <= ticket.updated_at <= youngest
        ]
