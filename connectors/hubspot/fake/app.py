"""A HubSpot of our own: tickets with contacts, notes, threads and a late search, faulty on demand, with its webhooks.

`FakeHubSpot` is what tests and drills hold: `.app` is the ASGI app, `.portal` acts as customers and colleagues would.
It was made from HubSpot's documentation, and was never held against a real portal. Records answer by the dated paths
and by those of versions 3 and 4, as at HubSpot.
"""

from __future__ import annotations

import json
from collections import deque
from collections.abc import Awaitable, Callable, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route
from starlette.types import ASGIApp

from connectors.hubspot.fake.portal import APP, COLLEAGUE, PORTAL, USER, HubSpotPortal
from connectors.hubspot.webhook import signed_headers
from connectors.kit.fakes.delivery import Deliver, post
from connectors.kit.fakes.faults import Faults, FaultyApp

ACCESS_TOKEN = "pat-fake-hubspot-access-token"
CLIENT_SECRET = "fake-hubspot-client-secret"
SCOPES = (
    "oauth", "tickets", "conversations.read", "conversations.write",
    "crm.objects.contacts.read", "crm.objects.contacts.write",
)  # fmt: skip
ATTEMPTS, A_DELIVERY = 10, 100
Endpoint = Callable[[Request], Awaitable[Response]]
_OF = {"notes": "crm.objects.contacts.write", "contacts": "crm.objects.contacts.read", "tickets": "tickets"}


def utc_now() -> datetime:
    """The clock of this machine."""
    return datetime.now(UTC)


class FakeHubSpot:
    """One portal. Liaison's token is `ACCESS_TOKEN`; `webhook_url` is where its app sends.

    `calls` is how many there are left in this window, `searches` how many in this second; None is without a limit.
    """

    def __init__(
        self,
        *,
        webhook_url: str = "",
        secret: str = CLIENT_SECRET,
        deliver: Deliver = post,
        clock: Callable[[], datetime] = utc_now,
        faults: Faults | None = None,
    ) -> None:
        self.faults = faults or Faults()
        self.portal = HubSpotPortal(clock, self._tell)
        self.scopes = set(SCOPES)
        self.calls: int | None = None
        self.searches: int | None = None
        self.most_found = 10_000
        self.policy = "TEN_SECONDLY_ROLLING"
        self._url, self._secret, self._deliver = webhook_url, secret, deliver
        self._waiting: deque[dict[str, Any]] = deque()
        talks = "/conversations/v3/conversations"
        routes = [
            self._route("/oauth/v2/private-apps/get/access-token-info", self._who, "POST"),
            self._route("/crm/pipelines/2026-03/tickets", self._pipelines),
            self._route("/crm/v3/pipelines/tickets", self._pipelines),
            self._route("/crm/properties/2026-03/tickets/{name}", self._property),
            self._route("/crm/associations/2026-03/tickets/contacts/batch/read", self._contacts_of, "POST"),
            self._route("/crm/v4/objects/tickets/{id}/associations/{to}", self._linked),
            self._route(f"{talks}/actors/{{actor}}", self._actor),
            self._route(f"{talks}/threads", self._threads),
            self._route(f"{talks}/threads/{{thread}}/messages", self._messages),
            self._route(f"{talks}/threads/{{thread}}/messages", self._write_message, "POST"),
        ]
        for base in ("/crm/objects/2026-03", "/crm/v3/objects"):
            routes += [
                self._route(f"{base}/tickets/search", self._search, "POST"),
                self._route(f"{base}/notes", self._write_note, "POST"),
                self._route(f"{base}/{{kind}}/batch/read", self._batch, "POST"),
                self._route(f"{base}/tickets/{{id}}/associations/{{to}}", self._linked),
                self._route(f"{base}/tickets/{{id}}", self._read),
                self._route(f"{base}/tickets/{{id}}", self._update, "PATCH"),
            ]
        self.app: ASGIApp = FaultyApp(Starlette(routes=routes), self.faults)

    async def drain_webhooks(self) -> int:
        """Send what waits, up to a hundred events at once; returns how many deliveries. A failed one is tried ten
        times."""
        sent = 0
        while self._waiting:
            events = [self._waiting.popleft() for _ in range(min(A_DELIVERY, len(self._waiting)))]
            sent += 1
            for attempt in range(ATTEMPTS):
                body = json.dumps([{**event, "attemptNumber": attempt} for event in events]).encode()
                signed = signed_headers(body, self._secret.encode(), self._url, self.portal.clock())
                headers = {"Content-Type": "application/json"} | signed
                if 200 <= await self._deliver(self._url, headers, body) < 300:
                    break
        return sent

    def _tell(self, event: dict[str, Any]) -> None:
        if self._url:
            at = int(self.portal.clock().timestamp() * 1000)
            known = {
                "eventId": 100,
                "subscriptionId": 138,
                "portalId": PORTAL,
                "appId": APP,
                "occurredAt": at,
            }
            self._waiting.append({**known, "changeSource": "CRM_UI", **event})

    def _route(self, path: str, endpoint: Endpoint, method: str = "GET") -> Route:
        async def answer(request: Request) -> Response:
            if request.headers.get("authorization") != f"Bearer {ACCESS_TOKEN}":
                return _failed(401, "INVALID_AUTHENTICATION", "Authentication credentials not found.")
            if self.calls is not None:
                if self.calls <= 0:
                    return _limited(self.policy)
                self.calls -= 1
            if scope := self._lacking(request):
                context = {"requiredGranularScopes": [scope]}
                return _failed(
                    403, "MISSING_SCOPES", "Not all scopes", errors=[{"message": "x", "context": context}]
                )
            return await endpoint(request)

        return Route(path, answer, methods=[method])

    def _lacking(self, request: Request) -> str | None:
        path = request.url.path
        needed = next((scope for part, scope in _OF.items() if f"/{part}" in path), None)
        if path.startswith("/conversations"):
            needed = f"conversations.{'read' if request.method == 'GET' else 'write'}"
        return needed if needed is not None and needed not in self.scopes else None

    async def _who(self, request: Request) -> Response:
        if (await request.json()).get("tokenKey") != ACCESS_TOKEN:
            return _failed(404, "OBJECT_NOT_FOUND", "No such token")
        return JSONResponse({"userId": USER, "hubId": PORTAL, "appId": APP, "scopes": sorted(self.scopes)})

    async def _actor(self, request: Request) -> Response:
        if request.path_params["actor"] not in (f"A-{USER}", f"A-{COLLEAGUE}"):
            return _failed(404, "OBJECT_NOT_FOUND", "No such actor")
        return JSONResponse({"id": request.path_params["actor"], "name": "Liaison", "type": "AGENT"})

    async def _property(self, request: Request) -> Response:
        if request.path_params["name"] not in self.portal.properties:
            return _failed(404, "OBJECT_NOT_FOUND", "No such property")
        return JSONResponse({"name": request.path_params["name"], "type": "string", "fieldType": "textarea"})

    async def _pipelines(self, _: Request) -> Response:
        return JSONResponse({"results": self.portal.pipelines})

    async def _read(self, request: Request) -> Response:
        row = self.portal.alive("tickets", request.path_params["id"])
        if row is None:
            return _failed(404, "OBJECT_NOT_FOUND", "resource not found")
        # Parted by commas, or one by one, as HubSpot's client has it.
        asked = ",".join(request.query_params.getlist("properties")).split(",")
        found = self._shown(row, asked)
        if request.query_params.get("associations") == "contacts":
            rows = [
                {"id": one, "type": "ticket_to_contact"}
                for one in self.portal.linked("tickets/contacts", row["id"])
            ]
            found["associations"] = {"contacts": {"results": rows}} if rows else {}
        return JSONResponse(found)

    async def _batch(self, request: Request) -> Response:
        said, kind = await request.json(), request.path_params["kind"]
        if len(said["inputs"]) > 100:
            return _failed(400, "VALIDATION_ERROR", "At most 100 inputs")
        ids = dict.fromkeys(one["id"] for one in said["inputs"])
        # A merged one's id is no record's in a list.
        rows = [self.portal.alive(kind, one) for one in ids if one not in self.portal.merged]
        found = [self._shown(row, said["properties"]) for row in rows if row is not None]
        missing = len(found) < len(ids)
        errors = {"numErrors": 1, "errors": [{"category": "OBJECT_NOT_FOUND"}]} if missing else {}
        # In no order that was asked for.
        return JSONResponse({"status": "COMPLETE", "results": found[::-1], **errors}, 207 if missing else 200)

    async def _contacts_of(self, request: Request) -> Response:
        rows = []
        for one in (await request.json())["inputs"]:
            to = [
                {"toObjectId": int(contact)} for contact in self.portal.linked("tickets/contacts", one["id"])
            ]
            rows += [{"from": {"id": one["id"]}, "to": to}] if to else []
        return JSONResponse({"status": "COMPLETE", "results": rows})

    async def _linked(self, request: Request) -> Response:
        own_id = request.path_params["id"]
        if self.portal.alive("tickets", own_id) is None:
            return _failed(404, "OBJECT_NOT_FOUND", "resource not found")
        ids = self.portal.linked(f"tickets/{request.path_params['to']}", own_id)
        return _page(request, [{"toObjectId": int(one), "associationTypes": []} for one in ids], most=500)

    async def _search(self, request: Request) -> Response:
        if self.searches is not None:
            if self.searches <= 0:
                return _limited("SECONDLY")
            self.searches -= 1
        said = await request.json()
        size, start = int(said.get("limit", 10)), int(said.get("after") or 0)
        if size > 200 or start + size > self.most_found:
            return _failed(400, "VALIDATION_ERROR", "Over the limit of a search")
        (one,) = said["filterGroups"][0]["filters"]
        since = datetime.fromtimestamp(int(one["value"]) / 1000, UTC)
        rows = [row for row in self.portal.indexed() if _time(row, one["propertyName"]) >= since]
        rows.sort(key=lambda row: _time(row, one["propertyName"]))
        page = [self._shown(row, said["properties"]) for row in rows[start : start + size]]
        following = {"paging": {"next": {"after": str(start + size)}}} if start + size < len(rows) else {}
        return JSONResponse({"total": len(rows), "results": page, **following})

    async def _update(self, request: Request) -> Response:
        said, own_id = (await request.json())["properties"], request.path_params["id"]
        row = self.portal.alive("tickets", own_id)
        if row is None:
            return _failed(404, "OBJECT_NOT_FOUND", "resource not found")
        stages = [one["id"] for pipeline in self.portal.pipelines for one in pipeline["stages"]]
        known = {*row["properties"], *self.portal.properties}
        is_wrong = said.get("hs_pipeline_stage", stages[0]) not in stages or not set(said) <= known
        if is_wrong or own_id in self.portal.locked:
            return _failed(400, "VALIDATION_ERROR", "Property values were not valid")
        self.portal.change(row["id"], said)
        return JSONResponse(self._shown(row, list(said)))

    async def _write_note(self, request: Request) -> Response:
        said = await request.json()
        tickets = [
            str(one["to"]["id"])
            for one in said.get("associations", [])
            for kind in one["types"]
            if kind["associationTypeId"] == 228
        ]
        properties = said["properties"]
        is_whole = properties.get("hs_timestamp") and len(properties.get("hs_note_body") or "") <= 65_536
        if not is_whole or any(one in self.portal.locked for one in tickets):
            return _failed(400, "VALIDATION_ERROR", "Property values were not valid")
        if any(self.portal.alive("tickets", one) is None for one in tickets):
            return _failed(404, "OBJECT_NOT_FOUND", "resource not found")
        made = self.portal.note(tickets[0], properties["hs_note_body"], is_by_app=True)
        return JSONResponse(made, 201)

    async def _threads(self, request: Request) -> Response:
        ticket = request.query_params.get("associatedTicketId")
        rows = [
            row
            for row in self.portal.threads.values()
            if self.portal.ignores_filters or row["threadAssociations"]["associatedTicketId"] == ticket
        ]
        return _page(request, rows, most=500)

    async def _messages(self, request: Request) -> Response:
        rows = self.portal.messages.get(request.path_params["thread"])
        if rows is None:
            return _failed(404, "OBJECT_NOT_FOUND", "No such thread")
        return _page(
            request, rows if request.query_params.get("sort") == "createdAt" else rows[::-1], most=100
        )

    async def _write_message(self, request: Request) -> Response:
        said, thread = await request.json(), request.path_params["thread"]
        row = self.portal.threads.get(thread)
        if row is None:
            return _failed(404, "OBJECT_NOT_FOUND", "No such thread")
        is_whole = said.get("text") and (said["type"] == "COMMENT" or _is_addressed(said, row))
        if not is_whole or row["threadAssociations"]["associatedTicketId"] in self.portal.locked:
            return _failed(400, "VALIDATION_ERROR", "The message is not valid")
        return JSONResponse(self.portal.say(thread, said, is_by_app=True), 201)

    def _shown(self, row: Mapping[str, Any], asked: Sequence[str]) -> dict[str, Any]:
        """With what was asked for: a property without a value is null, one that nobody defined is left out."""
        has = row["properties"]
        defined = {*has, "content", "hubspot_owner_id", "hs_merged_object_ids", "hs_ticket_priority"}
        shown = {
            name: has.get(name) for name in (*asked, "hs_lastmodifieddate", "createdate") if name in defined
        }
        return {**row, "properties": shown}


def _is_addressed(said: Mapping[str, Any], row: Mapping[str, Any]) -> bool:
    return (
        str(said.get("senderActorId", "")).startswith("A-")
        and said.get("channelId") == row["originalChannelId"]
        and said.get("channelAccountId") == row["originalChannelAccountId"]
        and all(one["deliveryIdentifiers"] for one in said.get("recipients", [{"deliveryIdentifiers": []}]))
    )


def _time(row: Mapping[str, Any], name: str) -> datetime:
    return datetime.fromisoformat(row["properties"][name])


def _page(request: Request, rows: Sequence[Any], *, most: int) -> Response:
    asked = request.query_params
    size, start = min(int(asked.get("limit", "20")), most), int(asked.get("after") or 0)
    following = {"paging": {"next": {"after": str(start + size)}}} if start + size < len(rows) else {}
    return JSONResponse({"results": list(rows[start : start + size]), **following})


def _limited(policy: str) -> Response:
    said = {"status": "error", "message": "You have reached your limit.", "errorType": "RATE_LIMIT"}
    return JSONResponse({**said, "policyName": policy, "correlationId": "c0ffee"}, 429)


def _failed(status: int, category: str, message: str, **more: Any) -> Response:
    said = {"status": "error", "message": message, "correlationId": "c0ffee", "category": category}
    return JSONResponse({**said, **more}, status)
