"""As much of Alertmanager 0.25 as is used: alerts, silences and webhooks, with what the real one does not tell.

A test fires and ends alerts by hand and says when the receiver is notified; no rules are evaluated, and there is one
group. An alert that ends while it is silenced is never told as resolved, and neither is anything after a crash
(`crash` is kill -9). The same POST of a silence makes two; an unknown one is deleted with a 500.
"""

from __future__ import annotations

import hashlib
import json
import re
import uuid
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

import httpx
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route
from starlette.types import ASGIApp

from connectors.kit.fakes.faults import Faults, FaultyApp

VERSION = "0.25.0"
NO_END = "0001-01-01T00:00:00Z"


@dataclass(slots=True)
class FakeFiringAlert:
    """One alert, from its last start on."""

    labels: Mapping[str, str]
    annotations: Mapping[str, str]
    starts_at: datetime
    updated_at: datetime
    ends_at: datetime | None = None
    told: str | None = None
    """The status that the receiver was last told."""

    @property
    def fingerprint(self) -> str:
        """The same for the same labels, whenever it fires."""
        return hashlib.sha256(json.dumps(sorted(self.labels.items())).encode()).hexdigest()[:16]


@dataclass(slots=True)
class FakeSilence:
    """A silence as it was posted, and until when."""

    id: str
    body: Mapping[str, Any]
    ends_at: datetime

    def covers(self, labels: Mapping[str, str]) -> bool:
        """Whether all of its matchers match."""
        return all(_matches(one, labels.get(one["name"], "")) for one in self.body["matchers"])


@dataclass(slots=True)
class FakeAlertmanager:
    """`receiver` is the address webhooks go to, `token` what they show, `max_alerts` how many of a group they tell;
    `api_token` is what a proxy before the API asks for."""

    alerts: dict[str, FakeFiringAlert] = field(default_factory=dict)
    silences: list[FakeSilence] = field(default_factory=list)
    receiver: str = ""
    token: str = ""
    max_alerts: int = 0
    api_token: str | None = None
    clock: Callable[[], datetime] = lambda: datetime.now(UTC)
    faults: Faults = field(default_factory=Faults)

    def fire(self, alertname: str, *, summary: str = "", **labels: str) -> FakeFiringAlert:
        """The source sends it as firing; one that fires already is only fresher."""
        now = self.clock()
        alert = FakeFiringAlert(
            labels={"alertname": alertname, **labels},
            annotations={"summary": summary} if summary else {},
            starts_at=now,
            updated_at=now,
        )
        known = self.alerts.get(alert.fingerprint)
        if known is not None and known.ends_at is None:
            known.updated_at = now
            return known
        self.alerts[alert.fingerprint] = alert
        return alert

    def end(self, alert: FakeFiringAlert) -> None:
        """The source sends it as over."""
        alert.ends_at = alert.updated_at = self.clock()

    def silence(self, minutes: float = 60, **labels: str) -> FakeSilence:
        """By hand, at its own page."""
        matchers = [
            {"name": name, "value": value, "isRegex": False, "isEqual": True}
            for name, value in labels.items()
        ]
        ends_at = datetime.fromtimestamp(self.clock().timestamp() + 60 * minutes, UTC)
        body: dict[str, Any] = {"matchers": matchers, "createdBy": "somebody", "comment": "at work on it"}
        self.silences.append(FakeSilence(id=str(uuid.uuid4()), body=body, ends_at=ends_at))
        return self.silences[-1]

    def crash(self) -> None:
        """kill -9 and a start: no alerts, and nothing known of what was told. Silences are on its disk."""
        self.alerts.clear()

    def notification(self) -> bytes | None:
        """What the receiver is told now; None where there is nothing new."""
        shown = [alert for alert in self.alerts.values() if not self._is_silenced(alert)]
        news = [alert for alert in shown if _status(alert) != alert.told]
        told = [alert for alert in shown if alert.ends_at is None or alert.told == "firing"]
        # One that was silenced when it ended is forgotten, and so is one that came and went between two flushes.
        for alert in list(self.alerts.values()):
            if alert.ends_at is not None:
                del self.alerts[alert.fingerprint]
        if not news or not told:
            return None
        for alert in told:
            alert.told = _status(alert)
        return self._webhook(told)

    def _webhook(self, told: Sequence[FakeFiringAlert]) -> bytes:
        kept = told[: self.max_alerts] if self.max_alerts else told
        body: dict[str, Any] = {
            "receiver": "liaison",
            "status": "firing" if any(alert.ends_at is None for alert in told) else "resolved",
            "alerts": [
                {
                    "status": _status(alert),
                    "labels": dict(alert.labels),
                    "annotations": dict(alert.annotations),
                    "startsAt": _written(alert.starts_at),
                    "endsAt": NO_END if alert.ends_at is None else _written(alert.ends_at),
                    "generatorURL": "http://prometheus.example/graph?g0.expr=up+%3D%3D+0",
                    "fingerprint": alert.fingerprint,
                }
                for alert in kept
            ],
            "groupLabels": {},
            "commonLabels": {},
            "commonAnnotations": {},
            "externalURL": "http://alertmanager.example",
            "version": "4",
            "groupKey": "{}:{}",
            "truncatedAlerts": len(told) - len(kept),
        }
        return json.dumps(body).encode()

    async def notify(self, *, transport: httpx.AsyncBaseTransport | None = None) -> int | None:
        """Tell the receiver what is new, as a group is flushed; returns what it answered."""
        body = self.notification()
        if body is None:
            return None
        return await self.send(body, transport=transport)

    async def send(self, body: bytes, *, transport: httpx.AsyncBaseTransport | None = None) -> int:
        """A webhook with this body, whenever it was made."""
        headers = {"Authorization": f"Bearer {self.token}", "Content-Type": "application/json"}
        headers["User-Agent"] = f"Alertmanager/{VERSION}"
        async with httpx.AsyncClient(transport=transport, trust_env=False) as client:
            return (await client.post(self.receiver, content=body, headers=headers)).status_code

    @property
    def app(self) -> ASGIApp:
        """The API, with its faults."""
        routes = [
            Route("/api/v2/status", self._status),
            Route("/api/v2/alerts", self._alerts),
            Route("/api/v2/silences", self._silences),
            Route("/api/v2/silences", self._post_silence, methods=["POST"]),
            Route("/api/v2/silence/{id}", self._silence),
            Route("/api/v2/silence/{id}", self._expire, methods=["DELETE"]),
        ]
        return FaultyApp(_Guarded(Starlette(routes=routes), self), self.faults)

    async def _status(self, _: Request) -> Response:
        return JSONResponse({"cluster": {"status": "disabled"}, "versionInfo": {"version": VERSION}})

    async def _alerts(self, request: Request) -> Response:
        shows = {name: request.query_params.get(name, "true") == "true" for name in ("active", "silenced")}
        listed = []
        for alert in self.alerts.values():
            silenced_by = [one.id for one in self._in_force() if one.covers(alert.labels)]
            if alert.ends_at is None and shows["silenced" if silenced_by else "active"]:
                listed.append(self._listed(alert, silenced_by))
        return JSONResponse(listed)

    def _listed(self, alert: FakeFiringAlert, silenced_by: Sequence[str]) -> dict[str, Any]:
        ends = datetime.fromtimestamp(alert.updated_at.timestamp() + 240, UTC)
        return {
            "annotations": dict(alert.annotations),
            "endsAt": _cut(ends),
            "fingerprint": alert.fingerprint,
            "receivers": [{"name": "liaison"}],
            "startsAt": _cut(alert.starts_at),
            "status": {
                "inhibitedBy": [],
                "silencedBy": list(silenced_by),
                "state": "suppressed" if silenced_by else "active",
            },
            "updatedAt": _cut(alert.updated_at),
            "generatorURL": "http://prometheus.example/graph?g0.expr=up+%3D%3D+0",
            "labels": dict(alert.labels),
        }

    async def _silences(self, _: Request) -> Response:
        return JSONResponse([self._shown(one) for one in self.silences])

    async def _post_silence(self, request: Request) -> Response:
        try:
            body = json.loads(await request.body())
            ends_at = datetime.fromisoformat(body["endsAt"])
            needed = body["startsAt"], body["createdBy"], body["comment"], body["matchers"]
            names = [(one["name"], one["value"], one["isRegex"]) for one in body["matchers"]]
        except (ValueError, KeyError, TypeError) as error:
            return JSONResponse({"code": 602, "message": str(error)}, status_code=422)
        if not all(needed) or all(not value for _, value, _ in names):
            told = "silence invalid: at least one matcher must not match the empty string"
            return JSONResponse(told, status_code=400)
        if ends_at <= self.clock():
            return JSONResponse("failed to create silence: end time can't be in the past", status_code=400)
        self.silences.append(FakeSilence(id=str(uuid.uuid4()), body=body, ends_at=ends_at))
        return JSONResponse({"silenceID": self.silences[-1].id})

    async def _silence(self, request: Request) -> Response:
        found = [one for one in self.silences if one.id == request.path_params["id"]]
        return JSONResponse(self._shown(found[0])) if found else Response(status_code=404)

    async def _expire(self, request: Request) -> Response:
        found = [one for one in self.silences if one.id == request.path_params["id"]]
        if not found:
            return JSONResponse("silence not found", status_code=500)
        found[0].ends_at = min(found[0].ends_at, self.clock())
        return Response(status_code=200)

    def _shown(self, silence: FakeSilence) -> dict[str, Any]:
        state = "active" if silence in self._in_force() else "expired"
        return {
            **silence.body,
            "id": silence.id,
            "endsAt": _cut(silence.ends_at),
            "status": {"state": state},
            "updatedAt": _cut(self.clock()),
        }

    def _in_force(self) -> list[FakeSilence]:
        return [one for one in self.silences if one.ends_at > self.clock()]

    def _is_silenced(self, alert: FakeFiringAlert) -> bool:
        return any(one.covers(alert.labels) for one in self._in_force())


class _Guarded:
    """The proxy before the API, where there is one."""

    def __init__(self, app: ASGIApp, server: FakeAlertmanager) -> None:
        self._app = app
        self._server = server

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        token = self._server.api_token
        if token is not None and Request(scope).headers.get("authorization") != f"Bearer {token}":
            await Response(status_code=401)(scope, receive, send)
            return
        await self._app(scope, receive, send)


def _matches(matcher: Mapping[str, Any], value: str) -> bool:
    """Anchored at both ends, as the real one does it."""
    wanted = str(matcher["value"])
    is_equal = re.fullmatch(wanted, value) is not None if matcher["isRegex"] else wanted == value
    return is_equal is bool(matcher.get("isEqual", True))


def _status(alert: FakeFiringAlert) -> str:
    return "firing" if alert.ends_at is None else "resolved"


def _written(at: datetime) -> str:
    """As the webhook has it, finer than the API."""
    return at.astimezone(UTC).isoformat().replace("+00:00", "Z")


def _cut(at: datetime) -> str:
    return at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%f")[:-3] + "Z"
