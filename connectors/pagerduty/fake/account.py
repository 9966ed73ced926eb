"""The inside of the fake PagerDuty: incidents, alerts and who is woken, by PagerDuty's own rules.

- Deduplication is by (routing key, dedup key) and holds while the alert is open: then a trigger adds to the
  incident and wakes nobody. After it was resolved the same key opens a new incident and wakes somebody again.
- Acknowledging or resolving what is not open, or with another routing key, is dropped without a word.
- An acknowledgement by an integration leaves the assignee; one by a person makes that person the assignee.
- A merge resolves the one incident and moves its alerts into the other.

https://developer.pagerduty.com/docs/send-alert-event
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any


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
    """An incident as the account has it. `acknowledged_by` are names; an integration's is `Events API V2`."""

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

    @property
    def key(self) -> str:
        """The key of its first alert."""
        return self.alerts[0].key if self.alerts else ""


Publish = Callable[[str, FakeIncident, str | None, Mapping[str, Any]], None]
"""Tells subscribers: event type, incident, the acting person (None: our integration), what else to say."""

INTEGRATION = "Events API V2"


class FakeAccount:
    """What the account knows and does; `publish` hears of every change in its order."""

    def __init__(
        self,
        *,
        routing_keys: Mapping[str, str],
        people: Mapping[str, str],
        on_call: Mapping[str, str],
        clock: Callable[[], datetime],
        publish: Publish,
        visible_after: int,
    ) -> None:
        self.targets = {key: target for target, key in routing_keys.items()}
        self.people = dict(people)
        self.incidents: list[FakeIncident] = []
        self.pages: list[FakePage] = []
        self._on_call = on_call
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
            if any(alert.key == key for alert in incident.alerts):
                if incident.unseen_reads > 0:
                    incident.unseen_reads -= 1
                else:
                    found.append(incident)
        return found

    # What the Events API does

    def trigger(self, target: str, event: dict[str, Any]) -> None:
        """A trigger event: opens an incident and wakes who is on call, unless one with the key is open."""
        key, summary = event["dedup_key"], event["payload"]["summary"]
        if self._open(target, key) is not None:
            return
        number = next(self._numbers)
        person = self._on_call.get(target, next(iter(self.people)))
        incident = FakeIncident(
            f"PINC{number}", number, summary, target, self._clock(), unseen_reads=self._visible_after
        )
        incident.assignees = [person]
        incident.alerts = [FakeAlert(f"PALERT{number}", key, target, event, self._clock())]
        self.incidents.append(incident)
        self.pages.append(FakePage(key, summary, self._clock(), target, person))
        self._publish("incident.triggered", incident, None, {"client": event.get("client")})

    def follow_up(self, action: str, target: str, key: str) -> None:
        """An acknowledge or resolve event: nothing happens without an open incident of the key, as in reality."""
        incident = self._open(target, key)
        if incident is None:
            return
        if action == "acknowledge":
            if incident.status == "triggered":
                incident.status = "acknowledged"
                incident.acknowledged_by = [INTEGRATION]
                self._publish("incident.acknowledged", incident, None, {})
            return
        for alert in incident.alerts:
            alert.is_open = alert.is_open and (alert.key, alert.target) != (key, target)
        if not any(alert.is_open for alert in incident.alerts):
            self._resolve(incident, None)

    # What people do

    def acknowledge(self, incident: FakeIncident, by: str) -> None:
        """Somebody has seen it and takes it over; it stays theirs if it was already."""
        if incident.status == "resolved" or incident.acknowledged_by == [by]:
            return
        incident.status = "acknowledged"
        incident.acknowledged_by = [by]
        incident.assignees = [by]
        self._publish("incident.acknowledged", incident, by, {})

    def unacknowledge(self, incident: FakeIncident) -> None:
        """The acknowledgement timed out: whoever is assigned is woken again."""
        incident.status = "triggered"
        incident.acknowledged_by = []
        for person in incident.assignees:
            self._ring(incident, person)
        self._publish("incident.unacknowledged", incident, "", {})

    def reassign(self, incident: FakeIncident, to: str, by: str) -> None:
        """It is given to another person, who is woken and has not acknowledged it yet."""
        incident.assignees = [to]
        incident.status = "triggered"
        incident.acknowledged_by = []
        self._ring(incident, to)
        self._publish("incident.reassigned", incident, by, {})

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
        self._publish("incident.reopened", incident, by, {})

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
        self._publish("incident.annotated", incident, by, {"note": note})
        return note

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
        self._publish("incident.resolved", incident, by, {})

    def _ring(self, incident: FakeIncident, person: str) -> None:
        self.pages.append(FakePage(incident.key, incident.title, self._clock(), incident.target, person))
