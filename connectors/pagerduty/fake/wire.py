"""How the fake PagerDuty says things: the JSON of incidents, alerts, notes, log entries and webhooks.

Shapes: https://developer.pagerduty.com/api-reference/ and https://developer.pagerduty.com/docs/webhooks-overview
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from connectors.pagerduty.fake.account import (
    INTEGRATION,
    FakeAlert,
    FakeIncident,
    FakeLogEntry,
    FakeNote,
)
from connectors.pagerduty.fake.directory import FakeDirectory, reference


@dataclass(frozen=True)
class Wire:
    """`shows_key` says whether an incident that was paged through the Events API shows its `incident_key`."""

    directory: FakeDirectory
    shows_key: bool

    def incident(self, incident: FakeIncident) -> dict[str, Any]:
        """As the REST API shows it."""
        at = _time(incident.created_at)
        closed = [alert for alert in incident.alerts if not alert.is_open]
        waits = [] if incident.snoozed_until is None else [_wait(incident.snoozed_until)]
        return {
            **self._common(incident),
            "incident_number": incident.number,
            "summary": f"[#{incident.number}] {incident.title}",
            "description": incident.title,
            "updated_at": _time(incident.changed_at or incident.created_at),
            "resolved_at": self._resolved_at(incident),
            "assigned_via": "escalation_policy",
            "assignments": [{"at": at, "assignee": self._user(name)} for name in incident.assignees],
            "acknowledgements": [
                {"at": _time(incident.changed_at or incident.created_at), "acknowledger": self.agent(name)}
                for name in incident.acknowledged_by
            ],
            "last_status_change_at": _time(incident.changed_at or incident.created_at),
            "last_status_change_by": self.agent(incident.changed_by or INTEGRATION),
            "pending_actions": waits,
            "body": {"type": "incident_body", "details": incident.body},
            "alert_counts": {
                "all": len(incident.alerts),
                "triggered": len(incident.alerts) - len(closed),
                "resolved": len(closed),
            },
            "is_mergeable": incident.status != "resolved",
            "conference_bridge": incident.conference_bridge,
        }

    def alert(self, incident: FakeIncident, alert: FakeAlert) -> dict[str, Any]:
        """An alert as the REST API lists it."""
        payload = alert.event["payload"]
        return {
            **reference("alert", alert.id, payload["summary"]),
            "type": "alert",
            "status": "triggered" if alert.is_open else "resolved",
            "alert_key": alert.key,
            "created_at": _time(alert.created_at),
            "severity": payload["severity"],
            "suppressed": False,
            "incident": reference("incident", incident.id, incident.title),
            "service": self._service(alert.target),
            "body": {
                "type": "alert_body",
                "details": payload.get("custom_details"),
                "cef_details": {"source_origin": payload.get("source"), "severity": payload["severity"]},
                "contexts": [
                    {"type": "link", "href": link.get("href"), "text": link.get("text")}
                    for link in alert.event.get("links") or ()
                ],
            },
        }

    def note(self, note: FakeNote) -> dict[str, Any]:
        """A note as the REST API lists it."""
        return {
            "id": note.id,
            "user": self._user(note.by),
            "content": note.content,
            "created_at": _time(note.at),
            "channel": {"type": "api", "summary": "The PagerDuty website or APIs"},
        }

    def status_update(self, update: FakeNote) -> dict[str, Any]:
        """What those who follow an incident were told."""
        return {
            "id": update.id,
            "message": update.content,
            "created_at": _time(update.at),
            "sender": self._user(update.by),
        }

    def log_entry(self, entry: FakeLogEntry) -> dict[str, Any]:
        """Something that happened, with its channel."""
        person = entry.by or (entry.text if entry.kind == "notify_log_entry" else "")
        shown: dict[str, Any] = {
            **reference(entry.kind.removesuffix("_log_entry"), entry.id, entry.kind.replace("_", " ")),
            "type": entry.kind,
            "self": f"https://api.pagerduty.com/log_entries/{entry.id}",
            "created_at": _time(entry.at),
            "agent": self._user(person) if person else self.agent(INTEGRATION),
            "channel": _channel(entry),
            "incident": reference("incident", entry.incident.id, entry.incident.title),
            "service": self._service(entry.incident.target),
            "teams": [],
            "contexts": [],
        }
        if entry.kind in ("assign_log_entry", "escalate_log_entry", "delegate_log_entry"):
            shown["assignees"] = [self._user(name) for name in entry.to]
        if entry.kind == "notify_log_entry":
            shown["user"] = self._user(entry.text)
        return shown

    def webhook_data(self, incident: FakeIncident, more: Mapping[str, Any]) -> dict[str, Any]:
        """The `data` of a webhook: the note, status update or responder that it is of, else the incident."""
        of = {"incident": reference("incident", incident.id, incident.title)}
        note, update = more.get("note"), more.get("update")
        if note is not None:
            return {**of, "id": note.id, "content": note.content, "trimmed": False, "type": "incident_note"}
        if update is not None:
            said = {"id": update.id, "message": update.content, "trimmed": False}
            return {**of, **said, "type": "incident_status_update"}
        if "responder" in more:
            user = self._user(more["responder"])
            return {**of, "user": user, "state": "pending", "message": "", "type": "incident_responder"}
        return {
            **self._common(incident),
            "number": incident.number,
            "assignees": [self._user(name) for name in incident.assignees],
            "conference_bridge": incident.conference_bridge,
        }

    def event(
        self,
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
            "agent": None if by == "" else self.agent(INTEGRATION if by is None else by),
            "client": {"name": client} if client else None,
            "data": data,
        }

    def agent(self, name: str) -> dict[str, Any]:
        """Who did something: a person, or our integration."""
        if name == INTEGRATION:
            return reference("inbound_integration", "PINTEGR", name)
        return self._user(name)

    def _common(self, incident: FakeIncident) -> dict[str, Any]:
        target = incident.merged_into
        reason = {
            "type": "merge_resolve_reason",
            "incident": target and reference("incident", target.id, target.title),
        }
        policy = self.directory.policy_of(incident.target, incident.policy)
        service = self.directory.service_of(incident.target)
        is_shown = self.shows_key or bool(incident.own_key)
        priority = self.directory.get("priorities", incident.priority) if incident.priority else None
        return {
            **reference("incident", incident.id, incident.title),
            "type": "incident",
            "status": incident.status,
            "title": incident.title,
            "incident_key": incident.key if is_shown else None,
            "created_at": _time(incident.created_at),
            "service": self._service(incident.target),
            "escalation_policy": self.directory.refer("escalation_policies", policy["id"]),
            "teams": self.directory.shown(service["teams"]),
            "priority": priority,
            "urgency": incident.urgency,
            "resolve_reason": reason if target else None,
            "incident_type": {"name": "incident_default"},
        }

    def _resolved_at(self, incident: FakeIncident) -> str | None:
        ended = incident.status == "resolved" and incident.changed_at is not None
        return _time(incident.changed_at) if ended and incident.changed_at else None

    def _service(self, target: str) -> dict[str, Any]:
        return self.directory.refer("services", self.directory.service_of(target)["id"])

    def _user(self, name: str) -> dict[str, Any]:
        return self.directory.refer_to(name)


def _wait(until: datetime) -> dict[str, Any]:
    return {"type": "unacknowledge", "at": _time(until)}


def _channel(entry: FakeLogEntry) -> dict[str, Any]:
    if entry.kind == "annotate_log_entry":
        return {"type": "note", "summary": entry.text}
    if entry.kind == "notify_log_entry":
        return {"type": "auto", "notification": {"type": "phone", "status": "success"}}
    return {"type": "api" if entry.by is None else "website", "summary": entry.incident.title}


def _time(at: datetime) -> str:
    return at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%f")[:-3] + "Z"
