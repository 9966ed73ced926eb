"""The inside of the fake PagerDuty: incidents, alerts and who is woken, by PagerDuty's own rules.

- Deduplication is by (routing key, dedup key) and holds while the alert is open: then a trigger adds to the
  incident and wakes nobody. After it was resolved the same key opens a new incident and wakes somebody again.
- Acknowledging or resolving what is not open, or with another routing key, is dropped without a word.
- An acknowledgement by an integration leaves the assignee; one by a person makes that person the assignee.
- A merge resolves the one incident and moves its alerts into the other.
- A disabled service, and one in maintenance, takes events and wakes nobody.
- What is resolved cannot be changed; an open incident's key cannot be used for a second one of its service.

https://developer.pagerduty.com/docs/send-alert-event
https://developer.pagerduty.com/api-reference/8a0e1aa2ec666-update-an-incident
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

RESOLVED = "Incident Already Resolved"
SAME_KEY = "Open incident with matching dedup key already exists on this service"


class NotPossible(Exception):
    """What PagerDuty refuses with 400 and the code 2002, in its words."""


@dataclass(frozen=True, slots=True)
class FakePage:
    """Somebody's telephone rang."""

    key: str
    summary: str
    at: datetime
    target: str
    person: str


@dataclass(frozen=True, slots=True)
class FakeNote:
    """What somebody wrote on an incident."""

    id: str
    content: str
    by: str
    at: datetime


@dataclass(frozen=True, slots=True)
class FakeLogEntry:
    """What happened to an incident, by PagerDuty's word for it (`assign_log_entry`). `by` is a person, "" for time
    itself, None for an integration."""

    id: str
    kind: str
    incident: FakeIncident
    by: str | None
    at: datetime
    text: str = ""
    to: tuple[str, ...] = ()


@dataclass(slots=True)
class FakeAlert:
    """One event of the Events API: `key` is its dedup_key, `target` the service that it was sent to."""

    id: str
    key: str
    target: str
    event: dict[str, Any]
    created_at: datetime
    is_open: bool = True


@dataclass(slots=True)
class FakeIncident:
    """An incident as the account has it. `acknowledged_by` are names; an integration's is `Events API V2`.

    `level` is the rung of its escalation policy; `policy` the id of one that was chosen for it, "" for its service's.
    `own_key` is the key that it was opened with over the REST API.
    """

    id: str
    number: int
    title: str
    target: str
    created_at: datetime
    status: str = "triggered"
    assignees: list[str] = field(default_factory=list)
    acknowledged_by: list[str] = field(default_factory=list)
    alerts: list[FakeAlert] = field(default_factory=list)
    notes: list[FakeNote] = field(default_factory=list)
    merged_into: FakeIncident | None = None
    unseen_reads: int = 0
    urgency: str = "high"
    priority: str = ""
    policy: str = ""
    level: int = 1
    body: str = ""
    own_key: str = ""
    snoozed_until: datetime | None = None
    changed_at: datetime | None = None
    changed_by: str | None = None
    status_updates: list[FakeNote] = field(default_factory=list)
    responder_requests: list[dict[str, Any]] = field(default_factory=list)
    subscribers: list[dict[str, Any]] = field(default_factory=list)
    custom_fields: dict[str, Any] = field(default_factory=dict)
    conference_bridge: dict[str, Any] | None = None

    @property
    def key(self) -> str:
        """The key that it was opened with, or that of its first alert."""
        return self.own_key or (self.alerts[0].key if self.alerts else "")


Publish = Callable[[str, FakeIncident, str | None, Mapping[str, Any]], None]
"""Tells subscribers: event type, incident, the acting person (None: our integration), what else to say."""

WhoIsOnCall = Callable[[str, int, str], Sequence[str]]
"""The names behind a target at a level of its escalation policy, or of the policy with the given id."""

INTEGRATION = "Events API V2"
_LOGGED = {
    "incident.triggered": "trigger_log_entry",
    "incident.acknowledged": "acknowledge_log_entry",
    "incident.unacknowledged": "unacknowledge_log_entry",
    "incident.reassigned": "assign_log_entry",
    "incident.delegated": "delegate_log_entry",
    "incident.escalated": "escalate_log_entry",
    "incident.annotated": "annotate_log_entry",
    "incident.resolved": "resolve_log_entry",
}


class FakeAccount:
    """What the account knows and does; `publish` hears of every change in its order."""

    def __init__(
        self,
        *,
        routing_keys: Mapping[str, str],
        on_call: WhoIsOnCall,
        is_silent: Callable[[str], bool],
        clock: Callable[[], datetime],
        publish: Publish,
        visible_after: int,
    ) -> None:
        self.targets = {key: target for target, key in routing_keys.items()}
        self.incidents: list[FakeIncident] = []
        self.pages: list[FakePage] = []
        self.log: list[FakeLogEntry] = []
        self._on_call = on_call
        self._is_silent = is_silent
        self._clock = clock
        self._publish = publish
        self._visible_after = visible_after
        self._numbers = itertools.count(1)

    def get(self, incident_id: str) -> FakeIncident | None:
        """The incident with this id, or None."""
        return next((incident for incident in self.incidents if incident.id == incident_id), None)

    def find(self, key: str) -> Sequence[FakeIncident]:
        """The incidents whose alerts have this key, newest first; one just made may not show yet."""
        found: list[FakeIncident] = []
        for incident in reversed(self.incidents):
            if incident.own_key == key or any(alert.key == key for alert in incident.alerts):
                if incident.unseen_reads > 0:
                    incident.unseen_reads -= 1
                else:
                    found.append(incident)
        return found

    # What the Events API does

    def trigger(self, target: str, event: dict[str, Any]) -> None:
        """A trigger event: opens an incident and wakes who is on call, unless one with the key is open."""
        key, summary = event["dedup_key"], event["payload"]["summary"]
        if self._is_silent(target):
            return
        found = self._open(target, key)
        if found is not None:
            return
        incident = self._new(target, summary)
        incident.unseen_reads = self._visible_after
        incident.alerts = [FakeAlert(f"PALERT{incident.number}", key, target, event, self._clock())]
        self._begin(incident, None, {"client": event.get("client")})

    def follow_up(self, action: str, target: str, key: str) -> None:
        """An acknowledge or resolve event: nothing happens without an open incident of the key, as in reality."""
        incident = self._open(target, key)
        if incident is None:
            return
        if action == "acknowledge":
            if incident.status == "triggered":
                incident.status = "acknowledged"
                incident.acknowledged_by = [INTEGRATION]
                self._tell("incident.acknowledged", incident, None, {})
            return
        for alert in incident.alerts:
            alert.is_open = alert.is_open and (alert.key, alert.target) != (key, target)
        if not any(alert.is_open for alert in incident.alerts):
            self._resolve(incident, None)

    # What people do

    def open(
        self,
        target: str,
        title: str,
        by: str,
        *,
        key: str,
        body: str,
        assignees: Sequence[str],
        **chosen: str,
    ) -> FakeIncident:
        """An incident by hand, assigned to whoever is on call unless to somebody; `chosen` are urgency, priority and
        policy. Raises `NotPossible` while one with the key is open."""
        if key and any(
            one.own_key == key and one.target == target and one.status != "resolved" for one in self.incidents
        ):
            raise NotPossible(SAME_KEY)
        incident = self._new(target, title)
        incident.own_key, incident.body = key, body
        for name, value in chosen.items():
            setattr(incident, name, value)
        incident.assignees = list(assignees)
        self._begin(incident, by, {})
        return incident

    def describe(self, incident: FakeIncident, by: str, **changes: str) -> None:
        """Change title, urgency or priority; subscribers hear of what has an event."""
        self._must_be_open(incident)
        for name, value in changes.items():
            if getattr(incident, name) != value:
                setattr(incident, name, value)
                self._tell(f"incident.{name}_updated", incident, by, {})

    def hand_over(self, incident: FakeIncident, target: str, by: str) -> None:
        """To another service; it stays with whom it is."""
        self._must_be_open(incident)
        incident.target = target
        self._tell("incident.service_updated", incident, by, {})

    def escalate(self, incident: FakeIncident, level: int, by: str, *, policy: str = "") -> None:
        """To another rung, perhaps of another policy ("delegated"); whoever is on call there is woken."""
        self._must_be_open(incident)
        incident.policy, incident.level = policy or incident.policy, level
        people = list(self._on_call(incident.target, level, incident.policy))
        if not people:
            raise NotPossible("Escalation level is out of range")
        self._assign(incident, people)
        self._tell("incident.delegated" if policy else "incident.escalated", incident, by, {})

    def snooze(self, incident: FakeIncident, seconds: int, by: str) -> None:
        """Let it rest, acknowledged, for this long."""
        self._must_be_open(incident)
        self.acknowledge(incident, by)
        incident.snoozed_until = self._clock() + timedelta(seconds=seconds)
        self._write("snooze_log_entry", incident, by)

    def ask_for_help(
        self, incident: FakeIncident, request: dict[str, Any], people: Sequence[str], by: str
    ) -> None:
        """Others are asked to respond, and woken."""
        self._must_be_open(incident)
        incident.responder_requests.append(request)
        for person in people:
            self._ring(incident, person)
            self._tell("incident.responder.added", incident, by, {"responder": person})

    def publish_status(self, incident: FakeIncident, text: str, by: str) -> FakeNote:
        """Tell those who follow the incident how it stands."""
        update = FakeNote(
            f"PUPDATE{incident.number}-{len(incident.status_updates) + 1}", text, by, self._clock()
        )
        incident.status_updates.append(update)
        self._tell("incident.status_update_published", incident, by, {"update": update})
        return update

    def set_alert(self, incident: FakeIncident, alert: FakeAlert, *, is_open: bool, by: str) -> None:
        """Resolve one alert, or take that back; the incident ends with its last open alert."""
        alert.is_open = is_open
        if incident.status != "resolved" and not any(one.is_open for one in incident.alerts):
            self._resolve(incident, by)

    def acknowledge(self, incident: FakeIncident, by: str) -> None:
        """Somebody has seen it and takes it over; it stays theirs if it was already."""
        if incident.status == "resolved" or incident.acknowledged_by == [by]:
            return
        incident.status = "acknowledged"
        incident.acknowledged_by = [by]
        incident.assignees = [by]
        self._tell("incident.acknowledged", incident, by, {})

    def unacknowledge(self, incident: FakeIncident) -> None:
        """The acknowledgement timed out: whoever is assigned is woken again."""
        incident.status, incident.snoozed_until = "triggered", None
        incident.acknowledged_by = []
        for person in incident.assignees:
            self._ring(incident, person)
        self._tell("incident.unacknowledged", incident, "", {})

    def reassign(self, incident: FakeIncident, to: str, by: str) -> None:
        """It is given to another person, who is woken and has not acknowledged it yet."""
        self.assign(incident, [to], by)

    def assign(self, incident: FakeIncident, people: Sequence[str], by: str) -> None:
        """It is given to some people, who are woken and have not acknowledged it yet."""
        self._must_be_open(incident)
        self._assign(incident, people)
        self._tell("incident.reassigned", incident, by, {})

    def resolve(self, incident: FakeIncident, by: str) -> None:
        """Somebody says that it is over; nothing happens if it was."""
        if incident.status != "resolved":
            self._resolve(incident, by)

    def reopen(self, incident: FakeIncident, by: str) -> None:
        """Somebody says that it is not over; its alerts are open again, and it is theirs."""
        incident.status = "triggered"
        incident.assignees = [by]
        for alert in incident.alerts:
            alert.is_open = True
        self._tell("incident.reopened", incident, by, {})

    def merge(self, source: FakeIncident, into: FakeIncident, by: str) -> None:
        """The alerts move to another incident, and the one they came from ends as resolved."""
        into.alerts += source.alerts
        source.alerts = []
        source.merged_into = into
        self._resolve(source, by)

    def add_note(self, incident: FakeIncident, by: str, content: str) -> FakeNote:
        """Write on an incident; returns the note."""
        note = FakeNote(f"PNOTE{incident.number}-{len(incident.notes) + 1}", content, by, self._clock())
        incident.notes.append(note)
        self._tell("incident.annotated", incident, by, {"note": note})
        return note

    def _new(self, target: str, title: str) -> FakeIncident:
        number = next(self._numbers)
        return FakeIncident(f"PINC{number}", number, title, target, self._clock())

    def _begin(self, incident: FakeIncident, by: str | None, more: Mapping[str, Any]) -> None:
        people = incident.assignees or self._on_call(incident.target, 1, incident.policy)
        incident.assignees = list(people)
        self.incidents.append(incident)
        self._tell("incident.triggered", incident, by, more)
        for person in people:
            self._ring(incident, person)

    def _assign(self, incident: FakeIncident, people: Sequence[str]) -> None:
        incident.assignees = list(people)
        incident.status = "triggered"
        incident.acknowledged_by = []
        for person in people:
            self._ring(incident, person)

    def _must_be_open(self, incident: FakeIncident) -> None:
        if incident.status == "resolved":
            raise NotPossible(RESOLVED)

    def _tell(self, kind: str, incident: FakeIncident, by: str | None, more: Mapping[str, Any]) -> None:
        incident.changed_at, incident.changed_by = self._clock(), by
        if kind in _LOGGED:
            note = more.get("note")
            self._write(_LOGGED[kind], incident, by, note.content if note else "")
        self._publish(kind, incident, by, more)

    def _write(self, kind: str, incident: FakeIncident, by: str | None, text: str = "") -> None:
        to = tuple(incident.assignees)
        entry_id = f"R{len(self.log) + 1:013d}"
        self.log.append(FakeLogEntry(entry_id, kind, incident, by, self._clock(), text, to))

    def _open(self, target: str, key: str) -> FakeIncident | None:
        for incident in self.incidents:
            if any(alert.is_open and (alert.key, alert.target) == (key, target) for alert in incident.alerts):
                return incident
        return None

    def _resolve(self, incident: FakeIncident, by: str | None) -> None:
        incident.status = "resolved"
        incident.assignees = []
        incident.acknowledged_by = []
        for alert in incident.alerts:
            alert.is_open = False
        self._tell("incident.resolved", incident, by, {})

    def _ring(self, incident: FakeIncident, person: str) -> None:
        self.pages.append(FakePage(incident.key, incident.title, self._clock(), incident.target, person))
        self._write("notify_log_entry", incident, "", person)
