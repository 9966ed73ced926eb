"""As much of Alerta 9 as is used: alerts with its ids and statuses, heartbeats, and what our plugin in it would send.

An alert's id belongs to environment, resource and event; a change of severity, the end by severity `normal` and firing
again keep the id and give another createTime. A close by hand keeps createTime. Nothing expires by itself: `housekeep`
is what a cron job calls at the real one.
"""

from __future__ import annotations

import json
import uuid
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route
from starlette.types import ASGIApp

from connectors.alerta.mapping import OVER
from connectors.kit.fakes.faults import Faults, FaultyApp

ENDS = frozenset({"normal", "ok", "cleared"})
"""Severities that close an alert."""


@dataclass(slots=True)
class FakeAlertaAlert:
    """One alert of the server, as it is now."""

    id: str
    resource: str
    event: str
    severity: str
    service: Sequence[str]
    tags: Sequence[str]
    text: str
    status: str
    create_time: datetime
    update_time: datetime
    environment: str = "Production"

    def body(self, status: str | None = None) -> dict[str, Any]:
        """As the API lists it."""
        return {
            "id": self.id,
            "href": f"http://alerta.example/alert/{self.id}",
            "resource": self.resource,
            "event": self.event,
            "environment": self.environment,
            "severity": self.severity,
            "correlate": [],
            "status": status or self.status,
            "service": list(self.service),
            "group": "Misc",
            "value": None,
            "text": self.text,
            "tags": list(self.tags),
            "attributes": {},
            "origin": "rules/monitor01",
            "type": "exceptionAlert",
            "createTime": _written(self.create_time),
            "timeout": 86400,
            "rawData": None,
            "customer": None,
            "duplicateCount": 0,
            "repeat": False,
            "receiveTime": _written(self.create_time),
            "lastReceiveId": self.id,
            "lastReceiveTime": _written(self.update_time),
            "updateTime": _written(self.update_time),
            "history": [],
        }


@dataclass(slots=True)
class FakeAlerta:
    """`told` are the bodies that the plugin has sent, or would have; `receiver` is where `notify` sends them."""

    alerts: dict[tuple[str, str], FakeAlertaAlert] = field(default_factory=dict)
    heartbeats: dict[str, str] = field(default_factory=dict)
    told: list[bytes] = field(default_factory=list)
    receiver: str = ""
    token: str = ""
    api_key: str | None = None
    clock: Callable[[], datetime] = lambda: datetime.now(UTC)
    faults: Faults = field(default_factory=Faults)

    def send(
        self,
        event: str,
        resource: str = "web01",
        *,
        severity: str = "critical",
        service: str = "checkout",
        text: str = "",
        tags: Sequence[str] = (),
    ) -> FakeAlertaAlert:
        """A monitor sends an alert."""
        now = self.clock()
        known = self.alerts.get((resource, event))
        if known is None:
            known = FakeAlertaAlert(
                str(uuid.uuid4()), resource, event, severity, [service], tags, text, "open", now, now
            )
            self.alerts[resource, event] = known
        elif known.severity != severity:
            status = "closed" if severity in ENDS else "open"
            if status != known.status:
                self._tell(known, status, changed=now)
            known.severity, known.status, known.create_time = severity, status, now
        known.update_time = now
        self._tell(known)
        return known

    def act(self, alert: FakeAlertaAlert, status: str) -> None:
        """By hand: closed, ack or shelved. A close sets the severity as well."""
        alert.status, alert.update_time = status, self.clock()
        if status == "closed":
            alert.severity = "normal"
        self._tell(alert)

    def housekeep(self) -> None:
        """Everything that is open is taken as over its time."""
        for alert in self.alerts.values():
            if alert.status == "open":
                self.act(alert, "expired")

    def delete(self, alert: FakeAlertaAlert) -> None:
        """It is gone, with its id."""
        self._tell(alert, "closed", changed=self.clock())
        del self.alerts[alert.resource, alert.event]

    def _tell(
        self, alert: FakeAlertaAlert, status: str | None = None, *, changed: datetime | None = None
    ) -> None:
        """`changed` is when, where the plugin speaks before Alerta has it."""
        body = alert.body(status)
        if changed is not None and status in OVER:
            body["updateTime"] = _written(changed)
        self.told.append(json.dumps({"version": 1, "alert": body}).encode())

    async def notify(self) -> list[int]:
        """Send what has not been sent; returns what was answered."""
        bodies, self.told = self.told, []
        headers = {"Authorization": f"Bearer {self.token}", "Content-Type": "application/json"}
        async with httpx.AsyncClient(trust_env=False) as client:
            return [
                (await client.post(self.receiver, content=body, headers=headers)).status_code
                for body in bodies
            ]

    @property
    def app(self) -> ASGIApp:
        """The API, with its faults."""
        routes = [Route("/api/alerts", self._alerts), Route("/api/heartbeats", self._heartbeats)]
        return FaultyApp(Starlette(routes=routes), self.faults)

    async def _alerts(self, request: Request) -> Response:
        if self._is_stranger(request):
            return JSONResponse(
                {"status": "error", "message": "Missing authorization API Key"}, status_code=401
            )
        order = request.query_params.get("sort-by", "createTime")
        if order != "createTime":
            told = f"Sorting by '{order}' field not supported."
            return JSONResponse({"status": "error", "message": told}, status_code=400)
        unwanted = set(request.query_params.getlist("status!"))
        listed = sorted(
            (one for one in self.alerts.values() if one.status not in unwanted),
            key=lambda one: one.create_time,
            reverse=True,
        )
        page, size = (
            int(request.query_params.get("page", "1")),
            int(request.query_params.get("page-size", "50")),
        )
        if listed and (page - 1) * size >= len(listed):
            return JSONResponse({"status": "error", "message": "page out of range"}, status_code=416)
        shown = listed[(page - 1) * size : page * size]
        return JSONResponse(
            {
                "status": "ok",
                "page": page,
                "pageSize": size,
                "more": page * size < len(listed),
                "alerts": [one.body() for one in shown],
                "total": len(listed),
            }
        )

    async def _heartbeats(self, request: Request) -> Response:
        if self._is_stranger(request):
            return JSONResponse(
                {"status": "error", "message": "Missing authorization API Key"}, status_code=401
            )
        found = [{"origin": origin, "status": status} for origin, status in self.heartbeats.items()]
        return JSONResponse({"status": "ok", "heartbeats": found, "total": len(found)})

    def _is_stranger(self, request: Request) -> bool:
        return self.api_key is not None and request.headers.get("authorization") != f"Key {self.api_key}"


def _written(at: datetime) -> str:
    at = at.astimezone(UTC) - timedelta(microseconds=at.microsecond % 1000)
    return at.strftime("%Y-%m-%dT%H:%M:%S.%f")[:-3] + "Z"
