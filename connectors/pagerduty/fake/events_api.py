"""The fake PagerDuty's Events API: alerts and changes, as strict as the real one.

https://developer.pagerduty.com/docs/send-alert-event and https://developer.pagerduty.com/docs/send-change-event
"""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from connectors.pagerduty.fake import asking
from connectors.pagerduty.fake.account import FakeAccount

SEVERITIES = ("critical", "error", "warning", "info")


class EventsApi:
    """`fits` says whether a routing key may send one more; `changes` are the change events taken, oldest first."""

    def __init__(self, account: FakeAccount, fits: Callable[[str], bool], next_id: Callable[[], str]) -> None:
        self.changes: list[dict[str, Any]] = []
        self._account = account
        self._fits = fits
        self._next_id = next_id

    def routes(self) -> Sequence[tuple[str, str, Callable[[Request], Any]]]:
        """Method, path and endpoint of what a routing key opens."""
        return (("POST", "/v2/enqueue", self._enqueue), ("POST", "/v2/change/enqueue", self._enqueue_change))

    def rest_routes(self) -> Sequence[tuple[str, str, Callable[[Request], Any]]]:
        """Method, path and endpoint of what the REST API tells of it."""
        return (("GET", "/change_events", self._list_changes),)

    async def _enqueue(self, request: Request) -> Response:
        try:
            event = json.loads(await request.body())
            key, action, dedup = event["routing_key"], event["event_action"], event.get("dedup_key") or ""
        except (ValueError, KeyError, AttributeError, TypeError):
            return _refused("Event object format is unrecognized")
        if key not in self._account.targets:
            return _refused("Invalid routing key")
        if not self._fits(key):
            return JSONResponse({"status": "throttle exceeded", "message": "Too many events"}, 429)
        if why := _flaw(event):
            return _refused(why)
        dedup = event["dedup_key"] = dedup or f"generated-{self._next_id()}"
        target = self._account.targets[key]
        if action == "trigger":
            self._account.trigger(target, event)
        else:
            self._account.follow_up(action, target, dedup)
        return JSONResponse({"status": "success", "message": "Event processed", "dedup_key": dedup}, 202)

    async def _enqueue_change(self, request: Request) -> Response:
        try:
            event = json.loads(await request.body())
            key, payload = event["routing_key"], event["payload"]
            summary = payload["summary"]
        except (ValueError, KeyError, AttributeError, TypeError):
            return _refused("Event object format is unrecognized")
        if key not in self._account.targets:
            return _refused("Invalid routing key")
        if not isinstance(summary, str) or not 0 < len(summary) <= 1024:
            return _refused("'payload.summary' is missing or too long (maximum is 1024 characters)")
        own_id = f"PCHANGE{len(self.changes) + 1}"
        self.changes.append({"id": own_id, "type": "change_event", "routing_key": key, **payload})
        return JSONResponse({"status": "success", "message": "Change event processed"}, 202)

    async def _list_changes(self, request: Request) -> Response:
        return asking.page(request, "change_events", self.changes[::-1], lambda change: change)


def _flaw(event: dict[str, Any]) -> str | None:
    """Why PagerDuty would refuse the event, with the documented limits."""
    action, dedup, payload = event["event_action"], event.get("dedup_key") or "", event.get("payload") or {}
    if action not in ("trigger", "acknowledge", "resolve"):
        return "'event_action' is unknown"
    if len(dedup) > 255 or (action != "trigger" and not dedup):
        return "'dedup_key' is missing or too long (maximum is 255 characters)"
    if action == "trigger":
        if not payload.get("source") or payload.get("severity") not in SEVERITIES:
            return "'payload.source' or 'payload.severity' is missing or invalid"
        if not 0 < len(payload.get("summary", "")) <= 1024:
            return "'payload.summary' is missing or too long (maximum is 1024 characters)"
    return None


def _refused(why: str) -> Response:
    return JSONResponse(
        {"status": "invalid event", "message": "Event object is invalid", "errors": [why]}, 400
    )
