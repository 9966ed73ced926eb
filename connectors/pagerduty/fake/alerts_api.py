"""The fake PagerDuty's calls on an incident's alerts: list, look at, resolve, move to another incident.

https://developer.pagerduty.com/api-reference/4bc42e7ac0c59-list-alerts-for-an-incident and the pages beside it.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from connectors.pagerduty.fake import asking
from connectors.pagerduty.fake.account import FakeAccount, FakeAlert, FakeIncident
from connectors.pagerduty.fake.directory import InvalidInput, UnknownRecord
from connectors.pagerduty.fake.incidents_api import WhoAsks
from connectors.pagerduty.fake.wire import Wire


class AlertsApi:
    """`known` finds the incident of a path."""

    def __init__(
        self, account: FakeAccount, wire: Wire, *, who: WhoAsks, known: Callable[[Request], FakeIncident]
    ) -> None:
        self._account = account
        self._wire = wire
        self._who = who
        self._known = known

    def routes(self) -> Sequence[tuple[str, str, Callable[[Request], Any]]]:
        """Method, path and endpoint."""
        every, one = "/incidents/{id}/alerts", "/incidents/{id}/alerts/{alert}"
        return (
            ("GET", every, self._alerts),
            ("PUT", every, self._change_alerts),
            ("GET", one, self._alert),
            ("PUT", one, self._change_alert),
        )

    async def _alerts(self, request: Request) -> Response:
        incident = self._known(request)
        statuses, key = asking.several(request, "statuses"), request.query_params.get("alert_key")
        found = [
            alert
            for alert in incident.alerts
            if (not statuses or ("triggered" if alert.is_open else "resolved") in statuses)
            and key in (None, alert.key)
        ]
        if request.query_params.get("sort_by", "").endswith(":desc"):
            found.reverse()
        return asking.page(request, "alerts", found, lambda alert: self._wire.alert(incident, alert))

    async def _alert(self, request: Request) -> Response:
        incident, alert = self._known_alert(request)
        return JSONResponse({"alert": self._wire.alert(incident, alert)})

    async def _change_alert(self, request: Request) -> Response:
        (incident, alert), by = self._known_alert(request), self._who(request)
        self._apply_to_alert(incident, alert, await asking.body(request, "alert"), by)
        return JSONResponse({"alert": self._wire.alert(incident, alert)})

    async def _change_alerts(self, request: Request) -> Response:
        incident, by = self._known(request), self._who(request)
        chosen = [
            (_alert_of(incident, str(fields.get("id"))), fields)
            for fields in await asking.bodies(request, "alerts")
        ]
        for alert, fields in chosen:
            self._apply_to_alert(incident, alert, fields, by)
        return JSONResponse({"alerts": [self._wire.alert(incident, alert) for alert, _ in chosen]})

    def _known_alert(self, request: Request) -> tuple[FakeIncident, FakeAlert]:
        incident = self._known(request)
        return incident, _alert_of(incident, request.path_params["alert"])

    def _apply_to_alert(
        self, incident: FakeIncident, alert: FakeAlert, fields: dict[str, Any], by: str
    ) -> None:
        other = self._account.get(str((fields.get("incident") or {}).get("id")))
        if other is not None and other is not incident:
            incident.alerts.remove(alert)
            other.alerts.append(alert)
        status = fields.get("status")
        if status not in (None, "triggered", "resolved"):
            raise InvalidInput(f"Status {status} is not triggered or resolved.")
        if status is not None:
            self._account.set_alert(other or incident, alert, is_open=status == "triggered", by=by)


def _alert_of(incident: FakeIncident, alert_id: str) -> FakeAlert:
    for alert in incident.alerts:
        if alert.id == alert_id:
            return alert
    raise UnknownRecord(alert_id)
