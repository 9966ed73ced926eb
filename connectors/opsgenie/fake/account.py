"""What the fake Opsgenie knows: alerts, who is on call, what waits to be processed. Its rules, without HTTP.

https://docs.opsgenie.com/docs/alert-api, https://support.atlassian.com/opsgenie/docs/what-is-alert-de-duplication/
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import NAMESPACE_URL, uuid5

SYSTEM = "System"
LIMITS = {
    "message": 130,
    "alias": 512,
    "entity": 512,
    "description": 15_000,
    "source": 100,
    "user": 100,
    "note": 25_000,
}
PRIORITIES = ("P1", "P2", "P3", "P4", "P5")
MOST_DETAILS = 8_000
MOST_TAGS, LONGEST_TAG = 20, 50
MOST_RESPONDERS = 50
KINDS = {"team": "name", "escalation": "name", "schedule": "name", "user": "username"}
Tell = Callable[[str, "AliasedAlert", str, str, dict[str, Any]], None]


@dataclass(frozen=True)
class AlertNote:
    """A note on an alert; `offset` is where a listing goes on."""

    text: str
    by: str
    at: datetime
    offset: str


@dataclass
class AliasedAlert:
    """An alert; `made` is the body that it was made by."""

    id: str
    tiny_id: str
    made: dict[str, Any]
    at: datetime
    is_open: bool = True
    acknowledged_by: str = ""
    closed_by: str = ""
    owner: str = ""
    count: int = 1
    snoozed_until: datetime | None = None
    notes: list[AlertNote] = field(default_factory=list)

    @property
    def alias(self) -> str:
        """Its id, where it was made without one."""
        return str(self.made.get("alias") or self.id)


@dataclass(frozen=True)
class RequestFate:
    """What became of an accepted request."""

    action: str
    is_success: bool
    status: str
    alert: AliasedAlert | None


@dataclass(frozen=True)
class Ring:
    """Somebody's telephone rang."""

    person: str
    alert: AliasedAlert


class OpsgenieAccount:
    """`on_call` has, for each responder such as `team:Payments`, whom its ladder wakes, one after the other."""

    def __init__(self, on_call: dict[str, list[str]], clock: Callable[[], datetime], tell: Tell) -> None:
        self.on_call = on_call
        self.clock = clock
        self._tell = tell
        self.alerts: list[AliasedAlert] = []
        self.rings: list[Ring] = []
        self.fates: dict[str, RequestFate] = {}
        self.waiting: list[tuple[str, Callable[[], RequestFate]]] = []
        self.unhurried = 0
        """So many further looks at a request find it unprocessed."""
        self.drops = False
        """Whether accepted requests fail when they are processed."""
        self._ids = 0

    def accept(self, work: Callable[[], RequestFate]) -> str:
        """The id of a request that will be processed."""
        request_id = self.new_id("request")
        self.waiting.append((request_id, work))
        if not self.unhurried:
            self.process()
        return request_id

    def fate(self, request_id: str) -> RequestFate | None:
        """None while it is not processed."""
        if self.unhurried:
            self.unhurried -= 1
            if not self.unhurried:
                self.process()
                return None
        return self.fates.get(request_id)

    def process(self) -> None:
        """Do what was accepted."""
        while self.waiting:
            request_id, work = self.waiting.pop(0)
            self.fates[request_id] = RequestFate("Create", False, "Failed", None) if self.drops else work()

    def find(self, identifier: str, kind: str) -> AliasedAlert | None:
        """By id or tiny id; by alias the open one alone."""
        by: dict[str, Callable[[AliasedAlert], bool]] = {
            "id": lambda alert: alert.id == identifier,
            "tiny": lambda alert: alert.tiny_id == identifier,
            "alias": lambda alert: alert.alias == identifier and alert.is_open,
        }
        return next((alert for alert in reversed(self.alerts) if by[kind](alert)), None)

    def create(self, body: dict[str, Any]) -> RequestFate:
        """A new alert, unless an open one has its alias: that counts one more and rings for nobody."""
        alias = body.get("alias")
        open_one = self.find(str(alias), "alias") if alias else None
        if open_one is not None:
            open_one.count += 1
            return RequestFate("Create", True, "Deduplicated alert", open_one)
        alert = AliasedAlert(
            id=self.new_id("alert"), tiny_id=str(len(self.alerts) + 1), made=body, at=self.clock()
        )
        self.alerts.append(alert)
        for one in body.get("responders", []):
            self._ring(alert, f"{one['type']}:{one.get(KINDS[one['type']], one.get('id'))}", 0)
        self._told("Create", alert, body)
        return RequestFate("Create", True, "Created alert", alert)

    def acknowledge(self, alert: AliasedAlert | None, body: dict[str, Any]) -> RequestFate:
        """Nobody further is woken; whoever does it owns the alert. One that is closed cannot be."""
        if alert is None or not alert.is_open:
            return RequestFate("Acknowledge", False, "Alert does not exist", None)
        if not alert.acknowledged_by:
            alert.acknowledged_by = alert.owner = str(body.get("user") or SYSTEM)
            alert.snoozed_until = None
            self._told("Acknowledge", alert, body)
        return RequestFate("Acknowledge", True, "Acknowledged alert", alert)

    def close(self, alert: AliasedAlert | None, body: dict[str, Any]) -> RequestFate:
        """It is over."""
        if alert is None or not alert.is_open:
            return RequestFate("Close", False, "Alert does not exist", None)
        alert.is_open, alert.closed_by = False, str(body.get("user") or SYSTEM)
        self._told("Close", alert, body)
        return RequestFate("Close", True, "Closed alert", alert)

    def add_note(self, alert: AliasedAlert | None, body: dict[str, Any]) -> RequestFate:
        """Open or closed alike."""
        if alert is None:
            return RequestFate("AddNote", False, "Alert does not exist", None)
        by = str(body.get("user") or SYSTEM)
        alert.notes.append(AlertNote(body["note"], by, self.clock(), self.new_id("note")))
        self._told("AddNote", alert, body, note=body["note"])
        return RequestFate("AddNote", True, "Added note", alert)

    def escalate(self, alert: AliasedAlert, step: int) -> None:
        """Time passes without an acknowledgement, or with one: that, a snooze or an end stops the ladder."""
        if alert.is_open and not alert.acknowledged_by and alert.snoozed_until is None:
            for one in alert.made.get("responders", []):
                self._ring(alert, f"{one['type']}:{one.get(KINDS[one['type']])}", step)
            self._tell("EscalateNext", alert, SYSTEM, "", {})

    def snooze(self, alert: AliasedAlert, hours: float, by: str) -> None:
        """It rings for nobody until then; `by` owns it."""
        alert.snoozed_until, alert.owner = self.clock() + timedelta(hours=hours), by
        self._tell("Snooze", alert, by, "web", {})

    def new_id(self, of: str) -> str:
        """One that no other has, the same in each run."""
        self._ids += 1
        return str(uuid5(NAMESPACE_URL, f"fake-opsgenie/{of}/{self._ids}"))

    def _ring(self, alert: AliasedAlert, responder: str, step: int) -> None:
        """A responder that is not there is dropped from the alert in silence."""
        ladder = self.on_call.get(responder, [])
        self.rings += [Ring(person, alert) for person in ladder[step : step + 1]]

    def _told(self, action: str, alert: AliasedAlert, body: dict[str, Any], **more: Any) -> None:
        self._tell(action, alert, str(body.get("user") or SYSTEM), str(body.get("source") or "web"), more)


def refusal(body: Any, *, is_new: bool, has_note: bool = False) -> str:
    """What Opsgenie has against a body (422), or ""."""
    if not isinstance(body, dict):
        return "Body is not an object"
    tags, responders, details = (
        body.get(name, none) for name, none in (("tags", []), ("responders", []), ("details", {}))
    )
    wrong = {
        "A mandatory field is missing": (is_new and not body.get("message"))
        or (has_note and not body.get("note")),
        "A field is too long": any(len(str(body.get(name, ""))) > most for name, most in LIMITS.items()),
        "Tags are too many or too long": len(tags) > MOST_TAGS or any(len(tag) > LONGEST_TAG for tag in tags),
        "Responders are too many or of another type": len(responders) > MOST_RESPONDERS
        or any(one.get("type") not in KINDS for one in responders),
        "Details are too long": sum(len(name) + len(value) for name, value in details.items()) > MOST_DETAILS,
        "The priority is none": body.get("priority", "P3") not in PRIORITIES,
    }
    return next((why for why, is_so in wrong.items() if is_so), "")


def shown(alert: AliasedAlert) -> dict[str, Any]:
    """An alert as the API shows it."""
    report = {"acknowledgedBy": alert.acknowledged_by, "closedBy": alert.closed_by}
    return {
        "id": alert.id,
        "tinyId": alert.tiny_id,
        "alias": alert.alias,
        "message": alert.made["message"],
        "status": "open" if alert.is_open else "closed",
        "acknowledged": bool(alert.acknowledged_by),
        "isSeen": bool(alert.acknowledged_by),
        "tags": alert.made.get("tags", []),
        "snoozed": alert.snoozed_until is not None,
        **({"snoozedUntil": iso(alert.snoozed_until)} if alert.snoozed_until else {}),
        "count": alert.count,
        "lastOccurredAt": iso(alert.at),
        "createdAt": iso(alert.at),
        "updatedAt": iso(alert.at),
        "source": alert.made.get("source", ""),
        "owner": alert.owner,
        "priority": alert.made.get("priority", "P3"),
        "responders": [
            {"type": one["type"], "id": str(uuid5(NAMESPACE_URL, str(one)))}
            for one in alert.made.get("responders", [])
        ],
        "integration": {"id": "4513b7ea-3b91-438f-b7e4-e3e54af9147c", "name": "Liaison", "type": "API"},
        "report": {name: value for name, value in report.items() if value},
        "description": alert.made.get("description", ""),
        "details": alert.made.get("details", {}),
        "entity": alert.made.get("entity", ""),
    }


def iso(at: datetime) -> str:
    """A time as the API writes it."""
    return at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%f")[:-3] + "Z"
