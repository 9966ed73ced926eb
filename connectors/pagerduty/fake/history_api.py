"""What the fake PagerDuty looks back on: who was notified, what was changed, its kinds of incident, raw analytics.

https://developer.pagerduty.com/api-reference/050f9d6a5cd9c-list-notifications and
https://developer.pagerduty.com/api-reference/c2d493e995071-get-raw-data-multiple-incidents
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from connectors.pagerduty.fake import asking
from connectors.pagerduty.fake.account import FakeAccount, FakeIncident
from connectors.pagerduty.fake.directory import FakeDirectory, InvalidInput, UnknownRecord, stamp, time_from
from connectors.pagerduty.fake.events_api import EventsApi

MOST_RAW = 1000


class HistoryApi:
    """Nothing here changes anything."""

    def __init__(
        self,
        account: FakeAccount,
        directory: FakeDirectory,
        events: EventsApi,
        *,
        clock: Callable[[], datetime],
        known: Callable[[Request], FakeIncident],
    ) -> None:
        self._account = account
        self._directory = directory
        self._events = events
        self._clock = clock
        self._known = known

    def routes(self) -> Sequence[tuple[str, str, Callable[[Request], Any]]]:
        """Method, path and endpoint."""
        return (
            ("GET", "/notifications", self._notifications),
            ("GET", "/incidents/types", self._types),
            ("GET", "/incidents/{id}/related_change_events", self._related_changes),
            ("GET", "/services/{id}/change_events", self._changes_of_service),
            ("POST", "/analytics/raw/incidents", self._raw),
            ("GET", "/analytics/raw/incidents/{id}", self._raw_one),
        )

    async def _notifications(self, request: Request) -> Response:
        since, until = asking.span(request, self._clock(), days=30)
        found = [
            {
                "id": f"PNOTIFY{number}",
                "type": "phone_notification",
                "started_at": stamp(page.at),
                "status": "success",
                "user": self._directory.refer_to(page.person),
            }
            for number, page in enumerate(self._account.pages, start=1)
            if since <= page.at <= until
        ]
        return asking.page(request, "notifications", found, lambda one: one)

    async def _types(self, request: Request) -> Response:
        base = {
            "id": "PTYPE1",
            "type": "incident_type",
            "name": "incident_default",
            "display_name": "Base Incident",
        }
        return JSONResponse({"incident_types": [base | {"enabled": True, "description": "", "parent": None}]})

    async def _related_changes(self, request: Request) -> Response:
        return self._changes(request, self._known(request).target)

    async def _changes_of_service(self, request: Request) -> Response:
        return self._changes(request, self._directory.target_of(request.path_params["id"]))

    def _changes(self, request: Request, target: str) -> Response:
        found = [
            one for one in self._events.changes if self._account.targets.get(one["routing_key"]) == target
        ]
        return asking.page(request, "change_events", found[::-1], lambda one: one)

    async def _raw(self, request: Request) -> Response:
        """Filtered by when they were made and by service; pages go on after the last id."""
        body = await asking.whole_body(request)
        filters, limit = body.get("filters") or {}, body.get("limit", 100)
        if not isinstance(limit, int) or not 1 <= limit <= MOST_RAW:
            raise InvalidInput(f"Limit must be between 1 and {MOST_RAW}.")
        found = [one for one in self._account.incidents if self._is_meant(one, filters)]
        if body.get("order", "desc") == "desc":
            found.reverse()
        ids = [one.id for one in found]
        start = ids.index(body["starting_after"]) + 1 if body.get("starting_after") in ids else 0
        page = found[start : start + limit]
        edges = {"first": page[0].id, "last": page[-1].id} if page else {"first": None, "last": None}
        more = {"limit": limit, "more": start + limit < len(found), "filters": filters}
        return JSONResponse({"data": [self._shown(one) for one in page], **edges, **more})

    def _is_meant(self, incident: FakeIncident, filters: dict[str, Any]) -> bool:
        since, until = filters.get("created_at_start"), filters.get("created_at_end")
        services = filters.get("service_ids") or []
        return (
            (not since or time_from(since) <= incident.created_at)
            and (not until or incident.created_at < time_from(until))
            and (not services or self._directory.service_of(incident.target)["id"] in services)
        )

    async def _raw_one(self, request: Request) -> Response:
        incident = self._account.get(request.path_params["id"])
        if incident is None:
            raise UnknownRecord(request.path_params["id"])
        return JSONResponse(self._shown(incident))

    def _shown(self, incident: FakeIncident) -> dict[str, Any]:
        """Seconds until somebody had it, and until it was over."""
        first = next((one for one in self._log(incident) if one.kind == "acknowledge_log_entry"), None)
        last = next((one for one in self._log(incident)[::-1] if one.kind == "resolve_log_entry"), None)
        service = self._directory.service_of(incident.target)
        return {
            "id": incident.id,
            "incident_number": incident.number,
            "description": incident.title,
            "created_at": stamp(incident.created_at),
            "resolved_at": stamp(last.at) if last else None,
            "urgency": incident.urgency,
            "service_id": service["id"],
            "service_name": service["name"],
            "seconds_to_first_ack": int((first.at - incident.created_at).total_seconds()) if first else None,
            "seconds_to_resolve": int((last.at - incident.created_at).total_seconds()) if last else None,
            "status": incident.status,
        }

    def _log(self, incident: FakeIncident) -> list[Any]:
        return [entry for entry in self._account.log if entry.incident is incident]
