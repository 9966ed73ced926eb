"""How the fake PagerDuty says things: the JSON of incidents, alerts, notes and webhooks.

Shapes: https://developer.pagerduty.com/api-reference/ and https://developer.pagerduty.com/docs/webhooks-overview
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from connectors.pagerduty.fake.account import (
    INTEGRATION,
    FakeAlert,
    FakeIncident,
    FakeNote,
)

API = "https://api.pagerduty.com"
WEB = "https://acme.pagerduty.com"


def incident_json(incident: FakeIncident, *, shows_key: bool) -> dict[str, Any]:
    """As the REST API shows it."""
    at = _time(incident.created_at)
    return {
        **_incident(incident, shows_key=shows_key),
        "incident_number": incident.number,
        "summary": f"[#{incident.number}] {incident.title}",
        "assignments": [{"at": at, "assignee": _user(name)} for name in incident.assignees],
        "acknowledgements": [{"at": at, "acknowledger": _agent(name)} for name in incident.acknowledged_by],
    }


def alert_json(alert: FakeAlert) -> dict[str, Any]:
    """An alert as the REST API lists it."""
    return {
        "id": alert.id,
        "type": "alert",
        "status": "triggered" if alert.is_open else "resolved",
        "alert_key": alert.key,
        "created_at": _time(alert.created_at),
        "summary": alert.event["payload"]["summary"],
        "severity": alert.event["payload"]["severity"],
        "body": {"type": "alert_body", "details": alert.event["payload"].get("custom_details")},
    }


def note_json(note: FakeNote) -> dict[str, Any]:
    """A note as the REST API lists it."""
    return {"id": note.id, "user": _user(note.by), "content": note.content, "created_at": _time(note.at)}


def webhook_data(incident: FakeIncident, note: FakeNote | None, *, shows_key: bool) -> dict[str, Any]:
    """The `data` of a webhook: the note for `incident.annotated`, else the incident."""
    if note is not None:
        reference = _reference("incident", incident.id, incident.title)
        return {
            "incident": reference,
            "id": note.id,
            "content": note.content,
            "trimmed": False,
            "type": "incident_note",
        }
    return {
        **_incident(incident, shows_key=shows_key),
        "number": incident.number,
        "assignees": [_user(name) for name in incident.assignees],
        "escalation_policy": _reference("escalation_policy", "PPOLICY", "Default"),
        "teams": [],
        "priority": None,
        "conference_bridge": None,
        "incident_type": {"name": "incident_default"},
    }


def event_json(
    kind: str,
    event_id: str,
    at: datetime,
    data: dict[str, Any],
    *,
    by: str | None = "",
    client: str | None = None,
) -> dict[str, Any]:
    """One V3 event. `by` is a person's name, "" for time itself, None for the integration we page through."""
    return {
        "id": event_id,
        "event_type": kind,
        "resource_type": kind.partition(".")[0],
        "occurred_at": _time(at),
        "agent": None if by == "" else _agent(INTEGRATION if by is None else by),
        "client": {"name": client} if client else None,
        "data": data,
    }


def _incident(incident: FakeIncident, *, shows_key: bool) -> dict[str, Any]:
    target = incident.merged_into
    reason = {
        "type": "merge_resolve_reason",
        "incident": target and _reference("incident", target.id, target.title),
    }
    return {
        **_reference("incident", incident.id, incident.title),
        "type": "incident",
        "status": incident.status,
        "title": incident.title,
        "incident_key": incident.key if shows_key else None,
        "created_at": _time(incident.created_at),
        "service": _reference("service", "PSERVICE", incident.target or "default"),
        "urgency": "high",
        "resolve_reason": reason if target else None,
    }


def _agent(name: str) -> dict[str, Any]:
    return _reference("inbound_integration", "PINTEGR", name) if name == INTEGRATION else _user(name)


def _user(name: str) -> dict[str, Any]:
    return _reference("user", "P" + name.upper().replace(" ", ""), name)


def _reference(kind: str, id: str, summary: str) -> dict[str, Any]:
    return {
        "id": id,
        "type": f"{kind}_reference",
        "summary": summary,
        "self": f"{API}/{kind}s/{id}",
        "html_url": f"{WEB}/{kind}s/{id}",
    }


def _time(at: datetime) -> str:
    return at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%f")[:-3] + "Z"
