"""A small PagerDuty: Events API v2, REST API and V3 webhooks on one ASGI app, for tests, demo and drills.

    fake = FakePagerDuty(routing_keys={"": DEFAULT_KEY, "payments": OTHER_KEY}, webhook_url=..., deliver=...)
    connector = PagerDuty("pagerduty/main", settings, transport=InProcess(fake.app))
    fake.acknowledge(fake.incidents[0].id, by="Jane Doe")

The rules of paging are in `fake_account`, those of webhooks in `fake_subscription`. As at the real one,
`incident_key` is null in what it says of an incident paged through the Events API (`shows_keys=True` is the
other behaviour its documentation shows), and listings without `date_range=all` end a month ago.
"""

from __future__ import annotations

import itertools
import json
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route
from starlette.types import ASGIApp

from connectors.kit.fakes.faults import Faults, FaultyApp
from connectors.pagerduty.fake.account import (
    FakeAccount,
    FakeIncident,
    FakeNote,
    FakePage,
)
from connectors.pagerduty.fake.subscription import (
    Deliver,
    FakeSubscription,
    post,
)
from connectors.pagerduty.fake.wire import (
    alert_json,
    event_json,
    incident_json,
    note_json,
    webhook_data,
)

API_TOKEN = "fake-api-token"
FROM_EMAIL = "liaison@example.com"
ROUTING_KEY = "0123456789abcdef0123456789abcdef"
SIGNING_SECRET = "fake-pagerduty-signing-secret"
PEOPLE = {"Liaison Bot": FROM_EMAIL, "Jane Doe": "jane@example.com", "Omar Haddad": "omar@example.com"}
MINUTE = timedelta(minutes=1)


class FakePagerDuty:
    """One account. `pages` are the telephones that rang; `deliveries` the webhooks sent.

    `routing_keys` and `on_call` are by target ("" the default). `visible_after` is how many look-ups by key
    miss an incident just made. `retry_delays` are the seconds between attempts of a webhook.
    """

    def __init__(
        self,
        *,
        routing_keys: Mapping[str, str] | None = None,
        on_call: Mapping[str, str] | None = None,
        webhook_url: str | None = None,
        deliver: Deliver = post,
        signing_secrets: Sequence[str] = (SIGNING_SECRET,),
        retry_delays: Sequence[float] = (1.0, 5.0, 30.0, 120.0),
        visible_after: int = 0,
        shows_keys: bool = False,
        events_a_minute: int = 120,
        requests_a_minute: int = 960,
        clock: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self.faults = Faults()
        self.subscription = FakeSubscription(
            url=webhook_url, secrets=signing_secrets, deliver=deliver, retry_delays=retry_delays
        )
        self.account = FakeAccount(
            routing_keys=routing_keys or {"": ROUTING_KEY},
            people=PEOPLE,
            on_call=on_call or {"": "Jane Doe"},
            clock=clock,
            publish=self._publish,
            visible_after=visible_after,
        )
        self._clock = clock
        self._shows_keys = shows_keys
        self._limits = {"events": events_a_minute, "rest": requests_a_minute}
        self._calls: dict[str, deque[datetime]] = {}
        self._event_ids = itertools.count(1)
        self.app: ASGIApp = FaultyApp(
            Starlette(
                routes=[
                    Route("/v2/enqueue", self._enqueue, methods=["POST"]),
                    Route("/users", self._authorized(self._users)),
                    Route("/incidents", self._authorized(self._list)),
                    Route("/incidents/{id}", self._authorized(self._get)),
                    Route("/incidents/{id}/alerts", self._authorized(self._alerts)),
                    Route("/incidents/{id}/notes", self._authorized(self._notes)),
                    Route("/incidents/{id}/notes", self._authorized(self._add_note), methods=["POST"]),
                ]
            ),
            self.faults,
        )

    @property
    def pages(self) -> Sequence[FakePage]:
        """Every time somebody was woken, oldest first."""
        return self.account.pages

    @property
    def incidents(self) -> Sequence[FakeIncident]:
        """All incidents, open or not, oldest first."""
        return self.account.incidents

    # What people do in the app

    def acknowledge(self, incident_id: str, by: str = "Jane Doe") -> None:
        """`by` takes it over. Like all that people do here, fails on an unknown incident."""
        self.account.acknowledge(self._known(incident_id), by)

    def unacknowledge(self, incident_id: str) -> None:
        """The acknowledgement times out."""
        self.account.unacknowledge(self._known(incident_id))

    def reassign(self, incident_id: str, to: str, by: str = "Jane Doe") -> None:
        """`by` gives it to somebody else, who is woken."""
        self.account.reassign(self._known(incident_id), to, by)

    def resolve(self, incident_id: str, by: str = "Jane Doe") -> None:
        """`by` says that it is over."""
        self.account.resolve(self._known(incident_id), by)

    def reopen(self, incident_id: str, by: str = "Jane Doe") -> None:
        """`by` says that it is not over."""
        self.account.reopen(self._known(incident_id), by)

    def merge(self, incident_id: str, into: str, by: str = "Jane Doe") -> None:
        """`by` says that it is the same as another, which goes on alone."""
        self.account.merge(self._known(incident_id), self._known(into), by)

    def add_note(self, incident_id: str, by: str, text: str) -> FakeNote:
        """`by` writes on it; returns the note."""
        return self.account.add_note(self._known(incident_id), by, text)

    def ping(self) -> None:
        """The subscription's test button."""
        data = {"message": "Hello from your friend Pagey!", "type": "ping"}
        self.subscription.send(event_json("pagey.ping", self._next_id(), self._clock(), data))

    async def settle(self) -> None:
        """Return when every webhook was delivered or dropped."""
        await self.subscription.settle()

    # The wire

    async def _enqueue(self, request: Request) -> Response:
        try:
            event = json.loads(await request.body())
            key, action, dedup = event["routing_key"], event["event_action"], event.get("dedup_key", "")
        except (ValueError, KeyError, AttributeError):
            return _refuse_event("Event object format is unrecognized")
        if key not in self.account.targets:
            return _refuse_event("Invalid routing key")
        if not self._fits(f"events {key}", self._limits["events"]):
            return JSONResponse({"status": "throttle exceeded", "message": "Too many events"}, 429)
        if why := _flaw(event):
            return _refuse_event(why)
        dedup = event["dedup_key"] = dedup or f"generated-{self._next_id()}"
        target = self.account.targets[key]
        if action == "trigger":
            self.account.trigger(target, event)
        else:
            self.account.follow_up(action, target, dedup)
        return JSONResponse({"status": "success", "message": "Event processed", "dedup_key": dedup}, 202)

    async def _users(self, request: Request) -> Response:
        query = request.query_params.get("query", "").casefold()
        users = [
            {"id": f"PUSER{number}", "type": "user", "name": name, "email": email}
            for number, (name, email) in enumerate(self.account.people.items())
            if query in name.casefold() or query in email.casefold()
        ]
        return JSONResponse({"users": users, "limit": 25, "offset": 0, "more": False})

    async def _list(self, request: Request) -> Response:
        key = request.query_params.get("incident_key")
        found = self.account.find(key) if key is not None else list(reversed(self.incidents))
        if request.query_params.get("date_range") != "all":
            month_ago = self._clock() - timedelta(days=30)
            found = [incident for incident in found if incident.created_at >= month_ago]
        if request.query_params.get("sort_by") != "created_at:desc":
            found = list(reversed(found))
        shown = [incident_json(incident, shows_key=self._shows_keys) for incident in found[:25]]
        return JSONResponse({"incidents": shown, "limit": 25, "offset": 0, "more": len(found) > 25})

    async def _get(self, request: Request) -> Response:
        incident = self.account.get(request.path_params["id"])
        if incident is None:
            return _error(404, 2100, "Not Found")
        return JSONResponse({"incident": incident_json(incident, shows_key=self._shows_keys)})

    async def _alerts(self, request: Request) -> Response:
        incident = self.account.get(request.path_params["id"])
        if incident is None:
            return _error(404, 2100, "Not Found")
        return JSONResponse({"alerts": [alert_json(alert) for alert in incident.alerts], "more": False})

    async def _notes(self, request: Request) -> Response:
        incident = self.account.get(request.path_params["id"])
        if incident is None:
            return _error(404, 2100, "Not Found")
        return JSONResponse({"notes": [note_json(note) for note in incident.notes]})

    async def _add_note(self, request: Request) -> Response:
        incident = self.account.get(request.path_params["id"])
        if incident is None:
            return _error(404, 2100, "Not Found")
        emails = {email: name for name, email in self.account.people.items()}
        by = emails.get(request.headers.get("from", ""))
        if by is None:
            return _error(400, 1008, "Requester User Not Found")
        content = json.loads(await request.body()).get("note", {}).get("content")
        if not content:
            return _error(400, 2001, "Invalid Input Provided")
        return JSONResponse({"note": note_json(self.account.add_note(incident, by, content))}, 201)

    def _authorized(self, endpoint: Callable[[Request], Any]) -> Callable[[Request], Any]:
        async def guarded(request: Request) -> Response:
            if request.headers.get("authorization") != f"Token token={API_TOKEN}":
                return _error(401, 2006, "Authentication failed")
            limit = self._limits["rest"]
            is_fitting = self._fits("rest", limit)
            answer = await endpoint(request) if is_fitting else _error(429, 2020, "Rate Limit Exceeded")
            assert isinstance(answer, Response)  # noqa: S101  the routes above return nothing else
            answer.headers["ratelimit-limit"] = str(limit)
            answer.headers["ratelimit-remaining"] = str(limit - len(self._calls["rest"]))
            answer.headers["ratelimit-reset"] = "20"
            return answer

        return guarded

    def _fits(self, who: str, limit: int) -> bool:
        """Whether one more call stays within the limit over the last 60 seconds."""
        now, calls = self._clock(), self._calls.setdefault(who, deque())
        while calls and now - calls[0] >= MINUTE:
            calls.popleft()
        if len(calls) >= limit:
            return False
        calls.append(now)
        return True

    def _publish(self, kind: str, incident: FakeIncident, by: str | None, more: Mapping[str, Any]) -> None:
        data = webhook_data(incident, more.get("note"), shows_key=self._shows_keys)
        event = event_json(kind, self._next_id(), self._clock(), data, by=by, client=more.get("client"))
        self.subscription.send(event)

    def _next_id(self) -> str:
        return f"01FAKE{next(self._event_ids):020d}"

    def _known(self, incident_id: str) -> FakeIncident:
        incident = self.account.get(incident_id)
        if incident is None:
            raise LookupError(f"no incident {incident_id}")
        return incident


def _flaw(event: dict[str, Any]) -> str | None:
    """Why PagerDuty would refuse the event, with the documented limits."""
    action, dedup, payload = event["event_action"], event.get("dedup_key", ""), event.get("payload", {})
    if action not in ("trigger", "acknowledge", "resolve"):
        return "'event_action' is unknown"
    if len(dedup) > 255 or (action != "trigger" and not dedup):
        return "'dedup_key' is missing or too long (maximum is 255 characters)"
    if action == "trigger":
        if not payload.get("source") or payload.get("severity") not in (
            "critical",
            "error",
            "warning",
            "info",
        ):
            return "'payload.source' or 'payload.severity' is missing or invalid"
        if not 0 < len(payload.get("summary", "")) <= 1024:
            return "'payload.summary' is missing or too long (maximum is 1024 characters)"
    return None


def _refuse_event(why: str) -> Response:
    return JSONResponse(
        {"status": "invalid event", "message": "Event object is invalid", "errors": [why]}, 400
    )


def _error(status: int, code: int, message: str) -> Response:
    return JSONResponse({"error": {"message": message, "code": code, "errors": []}}, status)
