"""The fake PagerDuty's calls around an incident: responders, updates to those who follow it, its own fields.

https://developer.pagerduty.com/api-reference/1f7f3b6ec1ac8-create-a-responder-request-for-an-incident,
`.../create-a-status-update-on-an-incident`, `.../get-custom-field-values`, `.../get-past-incidents`
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from connectors.pagerduty.fake import asking
from connectors.pagerduty.fake.account import FakeAccount, FakeIncident
from connectors.pagerduty.fake.directory import FakeDirectory, InvalidInput, UnknownRecord, reference, stamp
from connectors.pagerduty.fake.incidents_api import WhoAsks
from connectors.pagerduty.fake.wire import Wire


class ResponsesApi:
    """`known` finds the incident of a path."""

    def __init__(
        self,
        account: FakeAccount,
        directory: FakeDirectory,
        wire: Wire,
        *,
        clock: Callable[[], datetime],
        who: WhoAsks,
        known: Callable[[Request], FakeIncident],
    ) -> None:
        self._account = account
        self._directory = directory
        self._wire = wire
        self._clock = clock
        self._who = who
        self._known = known
        self._fields: dict[str, dict[str, Any]] = {}

    def routes(self) -> Sequence[tuple[str, str, Callable[[Request], Any]]]:
        """Method, path and endpoint."""
        one = "/incidents/{id}"
        return (
            ("GET", "/incidents/custom_fields", self._list_fields),
            ("POST", "/incidents/custom_fields", self._add_field),
            ("GET", f"{one}/custom_fields/values", self._values),
            ("PUT", f"{one}/custom_fields/values", self._set_values),
            ("POST", f"{one}/responder_requests", self._ask),
            ("POST", f"{one}/status_updates", self._update),
            ("GET", f"{one}/status_updates/subscribers", self._subscribers),
            ("POST", f"{one}/status_updates/subscribers", self._subscribe),
            ("POST", f"{one}/status_updates/unsubscribe", self._unsubscribe),
            ("GET", f"{one}/past_incidents", self._past),
            ("GET", f"{one}/related_incidents", self._related),
        )

    async def _ask(self, request: Request) -> Response:
        incident, by, fields = self._known(request), self._who(request), await asking.whole_body(request)
        asked = [
            one.get("responder_request_target") or {} for one in fields.get("responder_request_targets") or ()
        ]
        if not asked:
            raise InvalidInput("Responder request targets can't be blank.")
        targets = []
        everybody: list[str] = []
        for one in asked:
            people = self._people(one)
            everybody += people
            waiting = [
                {
                    "state": "pending",
                    "user": self._directory.refer_to(name),
                    "incident": reference("incident", incident.id, incident.title),
                    "updated_at": stamp(self._clock()),
                    "message": fields.get("message"),
                    "requester": self._directory.refer_to(by),
                    "requested_at": stamp(self._clock()),
                }
                for name in people
            ]
            targets.append({"responder_request_target": dict(one) | {"incident_responders": waiting}})
        answer = {
            "incident": reference("incident", incident.id, incident.title),
            "requester": self._directory.refer_to(by),
            "requested_at": stamp(self._clock()),
            "message": fields.get("message"),
            "responder_request_targets": targets,
        }
        self._account.ask_for_help(incident, answer, everybody, by)
        return JSONResponse({"responder_request": answer})

    def _people(self, target: dict[str, Any]) -> list[str]:
        target_id, kind = str(target.get("id")), str(target.get("type", ""))
        try:
            if kind.startswith("escalation_policy"):
                self._directory.get("escalation_policies", target_id)
                return self._directory.on_call("", 1, target_id)
            return [self._directory.get("users", target_id)["name"]]
        except UnknownRecord:
            raise InvalidInput("Responder request target Not Found") from None

    async def _update(self, request: Request) -> Response:
        incident, by = self._known(request), self._who(request)
        message = (await asking.whole_body(request)).get("message")
        if not message:
            raise InvalidInput("Message can't be blank.")
        update = self._account.publish_status(incident, str(message), by)
        return JSONResponse({"status_update": self._wire.status_update(update)})

    async def _subscribers(self, request: Request) -> Response:
        incident = self._known(request)
        return asking.page(request, "subscribers", incident.subscribers, lambda one: one)

    async def _subscribe(self, request: Request) -> Response:
        incident = self._known(request)
        wanted = await asking.bodies(request, "subscribers")
        results = []
        for one in wanted:
            known = {"subscriber_id": one.get("subscriber_id"), "subscriber_type": one.get("subscriber_type")}
            is_new = known not in incident.subscribers
            if is_new:
                incident.subscribers.append(known)
            subscribable = {"subscribable_id": incident.id, "subscribable_type": "incident"}
            results.append({**known, **subscribable, "result": "success" if is_new else "duplicate"})
        return JSONResponse({"subscriptions": results})

    async def _unsubscribe(self, request: Request) -> Response:
        incident = self._known(request)
        leaving = [
            {"subscriber_id": one.get("subscriber_id"), "subscriber_type": one.get("subscriber_type")}
            for one in await asking.bodies(request, "subscribers")
        ]
        left = [one for one in leaving if one in incident.subscribers]
        incident.subscribers = [one for one in incident.subscribers if one not in left]
        counts = {"deleted_count": len(left), "non_existent_count": len(leaving) - len(left)}
        return JSONResponse({**counts, "unauthorized_count": 0})

    async def _list_fields(self, request: Request) -> Response:
        return JSONResponse({"fields": list(self._fields.values())})

    async def _add_field(self, request: Request) -> Response:
        fields = await asking.body(request, "field")
        missing = [
            name for name in ("name", "display_name", "data_type", "field_type") if not fields.get(name)
        ]
        if missing:
            raise InvalidInput(*(f"{name} can't be blank." for name in missing))
        if fields["name"] in [one["name"] for one in self._fields.values()]:
            raise InvalidInput("Name has already been taken")
        own_id = f"PFIELD{len(self._fields) + 1}"
        self._fields[own_id] = dict(fields) | {"id": own_id, "type": "field", "enabled": True}
        return JSONResponse({"field": self._fields[own_id]}, 201)

    async def _values(self, request: Request) -> Response:
        return JSONResponse({"custom_fields": self._values_of(self._known(request))})

    async def _set_values(self, request: Request) -> Response:
        incident, values = self._known(request), await asking.bodies(request, "custom_fields")
        chosen = {}
        for one in values:
            named = [
                known
                for known, field in self._fields.items()
                if one.get("id") == known or one.get("name") == field["name"]
            ]
            if not named:
                raise InvalidInput(f"Custom field {one.get('id') or one.get('name')} Not Found")
            chosen[named[0]] = one.get("value")
        incident.custom_fields |= chosen
        return JSONResponse({"custom_fields": self._values_of(incident)})

    def _values_of(self, incident: FakeIncident) -> list[dict[str, Any]]:
        shown = ("id", "type", "name", "display_name", "data_type", "field_type", "description")
        return [
            {name: field.get(name) for name in shown}
            | {"type": "field_value", "value": incident.custom_fields.get(known)}
            for known, field in self._fields.items()
        ]

    async def _past(self, request: Request) -> Response:
        """Resolved ones of the service with the same title; PagerDuty's own likeness is its secret."""
        incident = self._known(request)
        found = [
            one
            for one in self._account.incidents
            if one is not incident
            and one.status == "resolved"
            and one.target == incident.target
            and one.title.casefold() == incident.title.casefold()
        ]
        shown = [
            {
                "score": 100.0,
                "incident": {
                    "id": one.id,
                    "self": f"https://api.pagerduty.com/incidents/{one.id}",
                    "title": one.title,
                }
                | {"created_at": stamp(one.created_at)},
            }
            for one in found
        ]
        return JSONResponse({"past_incidents": shown[:5], "total": len(shown), "limit": 5})

    async def _related(self, request: Request) -> Response:
        """Open ones of other services that began within five minutes."""
        incident = self._known(request)
        found = [
            one
            for one in self._account.incidents
            if one is not incident
            and one.status != "resolved"
            and one.target != incident.target
            and abs((one.created_at - incident.created_at).total_seconds()) <= 300
        ]
        shown = [{"incident": self._wire.incident(one), "relationships": []} for one in found]
        return JSONResponse({"related_incidents": shown})
