"""An Opsgenie of our own: stateful, speaking its wire protocol as documented, faulty on demand.

`FakeOpsgenie` is what tests and drills hold: `.app` is the ASGI app, the methods act as people and policies would. Its
rules are in `account`. It was made from Opsgenie's documentation and description, and never held against a real one.
"""

from __future__ import annotations

import json
import re
from collections import deque
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route
from starlette.types import ASGIApp

from connectors.kit.fakes.delivery import Deliver, post
from connectors.kit.fakes.faults import Faults, FaultyApp
from connectors.opsgenie.fake.account import SYSTEM, AliasedAlert, OpsgenieAccount, Ring, iso, refusal, shown

API_KEY = "fake-opsgenie-integration-key"
TOKEN = "fake-opsgenie-webhook-token"
RESPONDER = "team:Support"
ATTEMPTS = 3
UNLIMITED = 1_000_000
_QUERY = re.compile(r'alias: "([^"]*)"')


def utc_now() -> datetime:
    """The clock of this machine."""
    return datetime.now(UTC)


class FakeOpsgenie:
    """One account with one API integration, whose `rights` are `read` and `write`; a key of API key management, which
    makes and changes no alerts, has `read` alone. So many searches as `search_lag` says find nothing."""

    def __init__(
        self,
        *,
        on_call: dict[str, list[str]] | None = None,
        webhook_url: str = "",
        token: str = TOKEN,
        deliver: Deliver = post,
        requests_a_minute: int = UNLIMITED,
        clock: Callable[[], datetime] = utc_now,
        faults: Faults | None = None,
    ) -> None:
        self.faults = faults or Faults()
        self.deliver = deliver
        self.rights = {"read", "write"}
        self.search_lag = 0
        self.requests_a_minute = requests_a_minute
        self._url, self._token = webhook_url, token
        self._asked: deque[datetime] = deque()
        self._waiting: deque[bytes] = deque()
        self.account = OpsgenieAccount(on_call or {RESPONDER: ["jane@fake.example"]}, clock, self._tell)
        routes = [
            Route("/v2/alerts", self._create, methods=["POST"]),
            Route("/v2/alerts", self._list, methods=["GET"]),
            Route("/v2/alerts/requests/{request_id}", self._fate, methods=["GET"]),
            Route("/v2/alerts/{identifier}", self._get, methods=["GET"]),
            Route("/v2/alerts/{identifier}/notes", self._notes, methods=["GET"]),
            Route("/v2/alerts/{identifier}/{action}", self._act, methods=["POST"]),
            Route("/v2/schedules/{identifier}/on-calls", self._on_calls, methods=["GET"]),
        ]
        self.app: ASGIApp = FaultyApp(Starlette(routes=routes), self.faults)

    @property
    def alerts(self) -> list[AliasedAlert]:
        """Oldest first."""
        return self.account.alerts

    @property
    def rings(self) -> list[Ring]:
        """Whose telephone rang, oldest first."""
        return self.account.rings

    def acknowledge(self, alert: AliasedAlert, by: str) -> None:
        """A person takes it."""
        self.account.acknowledge(alert, {"user": by})

    def close(self, alert: AliasedAlert, by: str = SYSTEM) -> None:
        """A person, or by itself a policy."""
        self.account.close(alert, {"user": by})

    async def drain_webhooks(self) -> int:
        """Send every waiting webhook; returns how many."""
        sent = 0
        while self._waiting:
            body = self._waiting.popleft()
            headers = {"Content-Type": "application/json", "X-Liaison-Token": self._token}
            sent += 1
            for _ in range(ATTEMPTS):
                if 200 <= await self.deliver(self._url, headers, body) < 300:
                    break
        return sent

    def _tell(self, action: str, alert: AliasedAlert, user: str, source: str, more: dict[str, Any]) -> None:
        if not self._url:
            return
        at = int(self.account.clock().timestamp() * 1000)
        said = {
            "action": action,
            "alert": {
                "alertId": alert.id,
                "message": alert.made["message"],
                "tags": alert.made.get("tags", []),
                "tinyId": alert.tiny_id,
                "alias": alert.alias,
                "entity": alert.made.get("entity", ""),
                "createdAt": int(alert.at.timestamp() * 1000),
                "updatedAt": at * 1_000_000 + len(self._waiting),
                "username": user,
                **more,
            },
            "source": {"name": source, "type": "API" if source != "web" else "web"},
            "integrationName": "Liaison's webhook",
            "integrationId": "37c8f316-17c6-49d7-899b-9c7e540c048d",
            "integrationType": "Webhook",
        }
        self._waiting.append(json.dumps(said).encode())

    async def _create(self, request: Request) -> Response:
        body = await _body(request)
        return self._kept_out(request, "write", refusal(body, is_new=True)) or self._accepted(
            lambda: self.account.create(body)
        )

    async def _act(self, request: Request) -> Response:
        body, action = await _body(request), request.path_params["action"]
        does = {
            "acknowledge": self.account.acknowledge,
            "close": self.account.close,
            "notes": self.account.add_note,
        }.get(action)
        if does is None:
            return _error(404, "Not found")
        why = refusal(body, is_new=False, has_note=action == "notes")
        # The alert is looked for when the request is processed: what is not there is accepted all the same.
        return self._kept_out(request, "write", why) or self._accepted(
            lambda: does(self._found(request), body)
        )

    async def _get(self, request: Request) -> Response:
        alert = self._found(request)
        return self._kept_out(request, "read") or (
            _error(404, "Alert does not exist") if alert is None else self._said(shown(alert))
        )

    async def _list(self, request: Request) -> Response:
        if (kept_out := self._kept_out(request, "read")) is not None:
            return kept_out
        alerts = sorted(self.alerts, key=lambda one: one.at, reverse=True)
        if (query := request.query_params.get("query")) is not None:
            match = _QUERY.fullmatch(query)
            if match is None:
                return _error(422, "The query cannot be read")
            alerts = [one for one in alerts if one.alias == match[1]]
        if self.search_lag:
            self.search_lag -= 1
            alerts = []
        return self._said([shown(one) for one in alerts[: int(request.query_params.get("limit", "20"))]])

    async def _notes(self, request: Request) -> Response:
        if (kept_out := self._kept_out(request, "read")) is not None:
            return kept_out
        alert = self._found(request)
        if alert is None:
            return _error(404, "Alert does not exist")
        notes = alert.notes[::-1] if request.query_params.get("order") == "desc" else alert.notes
        return self._said(
            [
                {"note": one.text, "owner": one.by, "createdAt": iso(one.at), "offset": one.offset}
                for one in notes[: int(request.query_params.get("limit", "100"))]
            ]
        )

    async def _fate(self, request: Request) -> Response:
        if (kept_out := self._kept_out(request, "read")) is not None:
            return kept_out
        fate = self.account.fate(request.path_params["request_id"])
        if fate is None:
            return _error(404, "Request not found. It might not be processed, yet.")
        return self._said(
            {
                "success": fate.is_success,
                "action": fate.action,
                "processedAt": iso(self.account.clock()),
                "isSuccess": fate.is_success,
                "status": fate.status,
                "alertId": fate.alert.id if fate.alert else "",
                "alias": fate.alert.alias if fate.alert else "",
            }
        )

    async def _on_calls(self, request: Request) -> Response:
        if (kept_out := self._kept_out(request, "read")) is not None:
            return kept_out
        name = request.path_params["identifier"]
        ladder = self.account.on_call.get(f"schedule:{name}")
        if ladder is None:
            return _error(404, "No schedule exists with this name")
        parent = {"id": "d875e654-9b4e-4219-a803-0c26936d18de", "name": name, "enabled": True}
        return self._said({"_parent": parent, "onCallRecipients": ladder[:1]})

    def _found(self, request: Request) -> AliasedAlert | None:
        kind = request.query_params.get("identifierType", "id")
        return self.account.find(request.path_params["identifier"], kind)

    def _kept_out(self, request: Request, right: str, why: str = "") -> Response | None:
        if request.headers.get("Authorization") != f"GenieKey {API_KEY}":
            return _error(401, "Could not authenticate")
        now = self.account.clock()
        while self._asked and (now - self._asked[0]).total_seconds() >= 60:
            self._asked.popleft()
        if len(self._asked) >= self.requests_a_minute:
            headers = {
                "X-RateLimit-State": "THROTTLED",
                "X-RateLimit-Reason": "ACCOUNT",
                "X-RateLimit-Period-In-Sec": "60",
            }
            return _error(429, "You are making too many requests!", headers)
        self._asked.append(now)
        if right not in self.rights:
            return _error(403, "The API key has no right for this")
        return _error(422, why) if why else None

    def _accepted(self, work: Callable[[], Any]) -> Response:
        request_id = self.account.accept(work)
        said = {"result": "Request will be processed", "took": 0.302, "requestId": request_id}
        return JSONResponse(said, status_code=202, headers={"X-RateLimit-State": "OK"})

    def _said(self, data: Any) -> Response:
        said = {"data": data, "took": 0.01, "requestId": self.account.new_id("read")}
        return JSONResponse(said, headers={"X-RateLimit-State": "OK"})


async def _body(request: Request) -> Any:
    try:
        return json.loads(await request.body() or b"{}")
    except ValueError:
        return None


def _error(status: int, message: str, headers: dict[str, str] | None = None) -> Response:
    said = {"message": message, "took": 0.001, "requestId": "0f1e2d3c-0000-4000-8000-000000000000"}
    return JSONResponse(said, status_code=status, headers=headers)
