"""A small PagerDuty: Events API v2, REST API and V3 webhooks on one ASGI app, for tests, demo and drills.

    fake = FakePagerDuty(routing_keys={"": DEFAULT_KEY, "payments": OTHER_KEY}, webhook_url=..., deliver=...)
    connector = PagerDuty("pagerduty/main", settings, transport=InProcess(fake.app))
    fake.acknowledge(fake.incidents[0].id, by="Jane Doe")

The rules of paging are in `account`, what is set up in `directory`, the rules of webhooks in `subscription`, and the
calls in the modules whose names end in `_api`. As at the real one,
`incident_key` is null in what it says of an incident paged through the Events API (`shows_keys=True` is the
other behaviour its documentation shows), and listings without `date_range=all` end a month ago.
"""

from __future__ import annotations

import itertools
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route
from starlette.types import ASGIApp

from connectors.kit.fakes.faults import FaultKind, Faults, FaultyApp
from connectors.pagerduty.fake import asking
from connectors.pagerduty.fake.account import (
    FakeAccount,
    FakeIncident,
    FakeNote,
    FakePage,
    NotPossible,
)
from connectors.pagerduty.fake.alerts_api import AlertsApi
from connectors.pagerduty.fake.directory import BOT, FakeDirectory, InvalidInput, UnknownRecord
from connectors.pagerduty.fake.directory_api import DirectoryApi
from connectors.pagerduty.fake.events_api import EventsApi
from connectors.pagerduty.fake.history_api import HistoryApi
from connectors.pagerduty.fake.incidents_api import IncidentsApi
from connectors.pagerduty.fake.responses_api import ResponsesApi
from connectors.pagerduty.fake.shifts_api import ShiftsApi
from connectors.pagerduty.fake.subscription import Deliver, FakeSubscription, post
from connectors.pagerduty.fake.wire import Wire

API_TOKEN = "fake-api-token"
FROM_EMAIL = "liaison@example.com"
ROUTING_KEY = "0123456789abcdef0123456789abcdef"
SIGNING_SECRET = "fake-pagerduty-signing-secret"
PEOPLE = {BOT: FROM_EMAIL, "Jane Doe": "jane@example.com", "Omar Haddad": "omar@example.com"}
EVENTS_INTEGRATION = {"type": "events_api_v2_inbound_integration"}
MINUTE = timedelta(minutes=1)
METHODS = ["GET", "POST", "PUT", "PATCH", "DELETE"]
FAULTS = {
    FaultKind.RATE_LIMIT: {"error": {"message": "Rate Limit Exceeded", "code": 2020, "errors": []}},
    FaultKind.UNAUTHORIZED: {"error": {"message": "Authentication failed", "code": 2006, "errors": []}},
    FaultKind.MISSING: {"error": {"message": "Not Found", "code": 2100, "errors": []}},
}
_SELF = b'"self":"https://api.pagerduty.com/'


class FakePagerDuty:
    """One account. `pages` are the telephones that rang; `deliveries` the webhooks sent.

    `routing_keys` and `on_call` are by target ("" the default). `visible_after` is how many look-ups by key
    miss an incident just made. `retry_delays` are the seconds between attempts of a webhook. `key_of` is the user
    whose key is used; with None it is an account-level key, for which `From` must say who makes a change.
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
        key_of: str | None = BOT,
        clock: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self.faults = Faults()
        self.subscription = FakeSubscription(
            url=webhook_url, secrets=signing_secrets, deliver=deliver, retry_delays=retry_delays
        )
        self.subscriptions: dict[str, FakeSubscription] = {}
        keys = routing_keys or {"": ROUTING_KEY}
        self.directory = FakeDirectory(PEOPLE, list(keys), on_call or {"": "Jane Doe"}, clock)
        for target, key in keys.items():
            self.directory.integrate(self.directory.service_of(target), EVENTS_INTEGRATION, key)
        self.account = FakeAccount(
            routing_keys=keys,
            on_call=self.directory.on_call,
            is_silent=self.directory.is_silent,
            clock=clock,
            publish=self._publish,
            visible_after=visible_after,
        )
        self._clock = clock
        self._deliver = deliver
        self._retry_delays = retry_delays
        self._key_of = key_of
        self._wire = Wire(self.directory, shows_keys)
        self._limits = {"events": events_a_minute, "rest": requests_a_minute}
        self._calls: dict[str, deque[datetime]] = {}
        self._event_ids = itertools.count(1)
        self.app: ASGIApp = FaultyApp(Starlette(routes=self._routes()), self.faults, FAULTS)

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
        self._ping(self.subscription)

    def subscribe(self, fields: Mapping[str, Any], secret: str = SIGNING_SECRET) -> str:
        """An administrator makes a webhook subscription; its id."""
        record = self.directory.add("webhook_subscriptions", fields)
        self._subscribed(record["id"], record | {"secret": secret})
        return str(record["id"])

    async def settle(self) -> None:
        """Return when every webhook was delivered or dropped."""
        for subscription in (self.subscription, *self.subscriptions.values()):
            await subscription.settle()

    # The wire

    def _routes(self) -> list[Route]:
        events = EventsApi(self.account, self._fits_events, self._next_id)
        incidents = IncidentsApi(self.account, self.directory, self._wire, self._clock, self._who)
        alerts = AlertsApi(self.account, self._wire, who=self._who, known=incidents.known)
        around = ResponsesApi(
            self.account, self.directory, self._wire, clock=self._clock, who=self._who, known=incidents.known
        )
        directory = DirectoryApi(
            self.account, self.directory, me=self._key_of, subscribed=self._subscribed, ping=self._ping_one
        )
        # Those with words where others have ids come first.
        rest = (
            *around.routes(),
            *HistoryApi(
                self.account, self.directory, events, clock=self._clock, known=incidents.known
            ).routes(),
            *incidents.routes(),
            *alerts.routes(),
            *ShiftsApi(self.directory, self._clock).routes(),
            *directory.routes(),
            *events.rest_routes(),
        )
        return [
            *(Route(path, endpoint, methods=[method]) for method, path, endpoint in events.routes()),
            *(Route(path, self._authorized(endpoint), methods=[method]) for method, path, endpoint in rest),
            Route("/{path:path}", self._authorized(_nowhere), methods=METHODS),
        ]

    def _authorized(self, endpoint: Callable[[Request], Any]) -> Callable[[Request], Any]:
        async def guarded(request: Request) -> Response:
            if request.headers.get("authorization") not in (
                f"Token token={API_TOKEN}",
                f"Bearer {API_TOKEN}",
            ):
                return asking.failure(401, 2006, "Authentication failed")
            limit = self._limits["rest"]
            if self._fits("rest", limit):
                try:
                    answer = await endpoint(request)
                except (NotPossible, InvalidInput, UnknownRecord) as error:
                    answer = asking.refused(error)
            else:
                answer = asking.failure(429, 2020, "Rate Limit Exceeded")
            assert isinstance(answer, Response)  # noqa: S101  the routes above return nothing else
            _address(request, answer)
            answer.headers["ratelimit-limit"] = str(limit)
            answer.headers["ratelimit-remaining"] = str(limit - len(self._calls["rest"]))
            answer.headers["ratelimit-reset"] = "20"
            return answer

        return guarded

    def _who(self, request: Request) -> str:
        """https://developer.pagerduty.com/docs/rest-api-v2-overview#the-from-header"""
        email = request.headers.get("from")
        name = self._key_of if email is None else self.directory.name_of(email)
        if name is None:
            missing = "From header is required" if email is None else "Requester User Not Found"
            raise InvalidInput(missing)
        return name

    def _fits_events(self, key: str) -> bool:
        return self._fits(f"events {key}", self._limits["events"])

    def _fits(self, who: str, limit: int) -> bool:
        """Whether one more call stays within the limit over the last 60 seconds."""
        now, calls = self._clock(), self._calls.setdefault(who, deque())
        while calls and now - calls[0] >= MINUTE:
            calls.popleft()
        if len(calls) >= limit:
            return False
        calls.append(now)
        return True

    # Webhooks

    def _publish(self, kind: str, incident: FakeIncident, by: str | None, more: Mapping[str, Any]) -> None:
        data = self._wire.webhook_data(incident, more)
        event = self._wire.event(kind, self._next_id(), self._clock(), data, by=by, client=more.get("client"))
        self.subscription.send(event)
        for key, subscription in self.subscriptions.items():
            if self._concerns(self.directory.get("webhook_subscriptions", key), kind, incident):
                subscription.send(event)

    def _concerns(self, record: Mapping[str, Any], kind: str, incident: FakeIncident) -> bool:
        service = self.directory.service_of(incident.target)
        scope = record["filter"].get("type", "account_reference").removesuffix("_reference")
        ids = {"account": [None], "service": [service["id"]], "team": asking.ids_of(service["teams"])}
        wanted = None if scope == "account" else record["filter"].get("id")
        return bool(record["active"]) and kind in record["events"] and wanted in ids.get(scope, [])

    def _subscribed(self, id: str, record: Mapping[str, Any] | None) -> None:
        if record is None:
            del self.subscriptions[id]
        elif id in self.subscriptions:
            self.subscriptions[id].url = record["delivery_method"].get("url")
            off = record["delivery_method"]["temporarily_disabled"]
            self.subscriptions[id].is_disabled = off or not record["active"]
        else:
            self.subscriptions[id] = FakeSubscription(
                url=record["delivery_method"].get("url"),
                secrets=[record["secret"]],
                deliver=self._deliver,
                retry_delays=self._retry_delays,
                on_disabled=lambda: self._disable(id),
            )
            self.subscriptions[id].is_disabled = not record["active"]

    def _disable(self, id: str) -> None:
        """PagerDuty gives up on the address for a while."""
        self.directory.get("webhook_subscriptions", id)["delivery_method"]["temporarily_disabled"] = True

    def _ping_one(self, id: str) -> None:
        self._ping(self.subscriptions[id])

    def _ping(self, subscription: FakeSubscription) -> None:
        data = {"message": "Hello from your friend Pagey!", "type": "ping"}
        subscription.send(self._wire.event("pagey.ping", self._next_id(), self._clock(), data))

    def _next_id(self) -> str:
        return f"01FAKE{next(self._event_ids):020d}"

    def _known(self, incident_id: str) -> FakeIncident:
        incident = self.account.get(incident_id)
        if incident is None:
            raise LookupError(f"no incident {incident_id}")
        return incident


async def _nowhere(request: Request) -> Response:
    raise UnknownRecord(request.url.path)


def _address(request: Request, answer: Response) -> None:
    """Clients follow `self`: it must lead back to where they came from."""
    base = f'"self":"{request.base_url!s}'.encode()
    answer.body = bytes(answer.body).replace(_SELF, base)
    if "content-length" in answer.headers:
        answer.headers["content-length"] = str(len(answer.body))
