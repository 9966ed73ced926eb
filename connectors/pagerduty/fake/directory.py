"""What an administrator has set up in the fake PagerDuty: users, teams, services, schedules, escalation policies.

Each is a record as the REST API gives it, kept by its id; what one says of another is a reference
(`{"id": ..., "type": "user_reference"}`), which is filled in when it is shown.

https://developer.pagerduty.com/api-reference/ (each resource's page) and
https://developer.pagerduty.com/docs/rest-api-v2-overview#resource-references
"""

from __future__ import annotations

import copy
import itertools
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

API = "https://api.pagerduty.com"
WEB = "https://acme.pagerduty.com"
BOT = "Liaison Bot"
SILENT = frozenset({"disabled", "maintenance"})


class InvalidInput(Exception):
    """What PagerDuty refuses with 400, `Invalid Input Provided`, and a line for each thing that is wrong."""


class UnknownRecord(LookupError):
    """Nothing of this kind has this id: 404."""


@dataclass(frozen=True, slots=True)
class RecordKind:
    """One kind of record: the words of its paths, what it must have, and what `query` looks into."""

    plural: str
    singular: str
    required: tuple[str, ...] = ("name",)
    named_by: str = "name"
    is_fixed: bool = False
    """Whether it can only be read: PagerDuty's own list."""


KINDS = {
    kind.plural: kind
    for kind in (
        RecordKind("users", "user", ("name", "email")),
        RecordKind("teams", "team"),
        RecordKind("services", "service", ("name", "escalation_policy")),
        RecordKind("escalation_policies", "escalation_policy", ("name", "escalation_rules")),
        RecordKind("schedules", "schedule", ("name", "time_zone", "schedule_layers")),
        RecordKind("business_services", "business_service"),
        RecordKind(
            "maintenance_windows", "maintenance_window", ("start_time", "end_time", "services"), "description"
        ),
        RecordKind(
            "webhook_subscriptions",
            "webhook_subscription",
            ("delivery_method", "events", "filter"),
            "description",
        ),
        RecordKind("tags", "tag", ("label",), "label"),
        RecordKind("extensions", "extension", ("name", "extension_objects", "extension_schema")),
        RecordKind("extension_schemas", "extension_schema", is_fixed=True),
        RecordKind("vendors", "vendor", is_fixed=True),
        RecordKind("priorities", "priority", is_fixed=True),
    )
}
_PLURALS = {kind.singular: kind.plural for kind in KINDS.values()}
_VENDORS = ("Amazon CloudWatch", "Datadog", "Email", "Prometheus", "Zendesk")
_DEFAULTS: dict[str, dict[str, Any]] = {
    "user": {"role": "user", "time_zone": "Etc/UTC", "job_title": None, "teams": [], "description": None},
    "service": {"status": "active", "description": None, "teams": [], "integrations": []},
    "escalation_policy": {"num_loops": 0, "teams": [], "services": []},
    "schedule": {"description": None, "users": [], "escalation_policies": [], "overrides": []},
    "webhook_subscription": {"active": True, "description": None},
}


def reference(kind: str, id: str, summary: str) -> dict[str, Any]:
    """How PagerDuty names a thing from elsewhere; `kind` is its singular (`escalation_policy`)."""
    plural = _PLURALS.get(kind, f"{kind}s")
    return {
        "id": id,
        "type": f"{kind}_reference",
        "summary": summary,
        "self": f"{API}/{plural}/{id}",
        "html_url": f"{WEB}/{plural}/{id}",
    }


def user_id(name: str) -> str:
    """The id of a user that the account begins with."""
    return "P" + name.upper().replace(" ", "")


class FakeDirectory:
    """The records of one account. It begins with `people` (name and address) and, for each target of the routing keys,
    a service with an escalation policy and a schedule, on which `on_call` (by target) is first."""

    def __init__(
        self,
        people: Mapping[str, str],
        targets: Sequence[str],
        on_call: Mapping[str, str],
        clock: Callable[[], datetime],
    ) -> None:
        self.records: dict[str, dict[str, dict[str, Any]]] = {plural: {} for plural in KINDS}
        self._clock = clock
        self._numbers = itertools.count(1)
        self._services: dict[str, str] = {}
        for name, email in people.items():
            self.add("users", {"name": name, "email": email}, id=user_id(name))
        team = self.add("teams", {"name": "Engineering"})
        for number in range(1, 6):
            self.add("priorities", {"name": f"P{number}", "order": number, "description": ""})
        for vendor in _VENDORS:
            self.add("vendors", {"name": vendor})
        self.add("extension_schemas", {"name": "Generic V2 Webhook", "key": "generic_v2_webhook"})
        others = [name for name in people if name != BOT]
        for target in targets:
            first = on_call.get(target, next(iter(people)))
            second = next((name for name in others if name != first), first)
            self._services[target] = self._set_up(target or "default", first, second, team)

    def add(self, plural: str, fields: Mapping[str, Any], *, id: str | None = None) -> dict[str, Any]:
        """A new record. Raises `InvalidInput` without what it must have, or with a name or address that is taken."""
        kind = KINDS[plural]
        self._judge(kind, fields, "")
        record_id = id or f"P{kind.singular[:3].upper()}{next(self._numbers):05d}"
        record = copy.deepcopy(_DEFAULTS.get(kind.singular, {})) | dict(fields)
        record |= {"id": record_id, "type": kind.singular}
        record.setdefault("created_at", stamp(self._clock()))
        self.records[plural][record_id] = record
        self._stamp(kind, record)
        return record

    def change(self, plural: str, id: str, fields: Mapping[str, Any]) -> dict[str, Any]:
        """The record with these fields instead of its own. Raises `UnknownRecord`, `InvalidInput`."""
        record = self.get(plural, id)
        merged = record | dict(fields) | {"id": id, "type": KINDS[plural].singular}
        self._judge(KINDS[plural], merged, id)
        record.update(merged)
        self._stamp(KINDS[plural], record)
        return record

    def get(self, plural: str, id: str) -> dict[str, Any]:
        """The record itself. Raises `UnknownRecord`."""
        try:
            return self.records[plural][id]
        except KeyError:
            raise UnknownRecord(f"{plural} {id}") from None

    def remove(self, plural: str, id: str) -> None:
        """Raises `UnknownRecord` if there is no such record."""
        self.get(plural, id)
        del self.records[plural][id]

    def find(self, plural: str, query: str) -> list[dict[str, Any]]:
        """The records whose name (or, of users, address) contains the query, in the order they were made."""
        named_by, wanted = KINDS[plural].named_by, query.casefold()
        return [
            record
            for record in self.records[plural].values()
            if wanted in f"{record.get(named_by) or ''}\n{record.get('email', '')}".casefold()
        ]

    def shown(self, value: Any) -> Any:
        """The same with every reference filled in that the directory knows."""
        if isinstance(value, list):
            return [self.shown(item) for item in value]
        if not isinstance(value, dict):
            return value
        kind = str(value.get("type", "")).removesuffix("_reference")
        known = self.records.get(_PLURALS.get(kind, ""), {}).get(str(value.get("id")))
        if known is not None and str(value.get("type")).endswith("_reference"):
            return reference(kind, known["id"], known["summary"])
        return {name: self.shown(item) for name, item in value.items()}

    def refer(self, plural: str, id: str) -> dict[str, Any]:
        """A reference to a record. Raises `UnknownRecord`."""
        record = self.get(plural, id)
        return reference(KINDS[plural].singular, id, record["summary"])

    # People

    def user_named(self, name: str) -> dict[str, Any]:
        """The user of this name. Raises `UnknownRecord`."""
        for user in self.records["users"].values():
            if user["name"] == name:
                return user
        raise UnknownRecord(name)

    def name_of(self, email: str) -> str | None:
        """Whose address it is."""
        users = self.records["users"].values()
        return next((user["name"] for user in users if user["email"].casefold() == email.casefold()), None)

    def refer_to(self, name: str) -> dict[str, Any]:
        """A reference to the user of this name, known or not."""
        try:
            return self.refer("users", self.user_named(name)["id"])
        except UnknownRecord:
            return reference("user", user_id(name), name)

    # Services and who is on call for them

    def service_of(self, target: str) -> dict[str, Any]:
        """The service behind a routing key's target; a service made later is its own target."""
        return self.get("services", self._services.get(target, target))

    def target_of(self, service_id: str) -> str:
        """The target that a service is behind. Raises `UnknownRecord`."""
        self.get("services", service_id)
        return next((target for target, known in self._services.items() if known == service_id), service_id)

    def integrate(self, service: dict[str, Any], fields: Mapping[str, Any], key: str) -> dict[str, Any]:
        """A new integration of the service, whose routing key this is."""
        own_id = f"{service['id']}I{len(service['integrations']) + 1}"
        integration = {
            **fields,
            "id": own_id,
            "type": str(fields["type"]).removesuffix("_reference"),
            "summary": fields.get("name") or "Events API V2",
            "self": f"{service['self']}/integrations/{own_id}",
            "html_url": f"{service['html_url']}/integrations/{own_id}",
            "service": self.refer("services", service["id"]),
            "integration_key": key,
        }
        service["integrations"].append(integration)
        return integration

    def is_silent(self, target: str) -> bool:
        """Whether events to the service wake nobody now: it is disabled, or in a maintenance window."""
        service = self.service_of(target)
        return service["status"] == "disabled" or self.in_maintenance(service["id"])

    def in_maintenance(self, service_id: str) -> bool:
        """Whether a maintenance window of the service is open now."""
        now = self._clock()
        return any(
            service_id in [service.get("id") for service in window["services"]]
            and time_from(window["start_time"]) <= now < time_from(window["end_time"])
            for window in self.records["maintenance_windows"].values()
        )

    def policy_of(self, target: str, chosen: str = "") -> dict[str, Any]:
        """The escalation policy that a target's incidents go by, unless another was chosen for one."""
        return self.get("escalation_policies", chosen or self.service_of(target)["escalation_policy"]["id"])

    def on_call(self, target: str, level: int, policy: str = "") -> list[str]:
        """The names on a rung, counted from 1; none beyond the last."""
        rules = self.policy_of(target, policy)["escalation_rules"]
        if not 1 <= level <= len(rules):
            return []
        return [name for one in rules[level - 1]["targets"] for name in self._people(one)]

    def on_schedule(self, schedule_id: str) -> list[dict[str, Any]]:
        """Whom a schedule has on call now, as references: an override's person before its first user."""
        schedule, now = self.get("schedules", schedule_id), self._clock()
        for override in schedule["overrides"]:
            if time_from(override["start"]) <= now < time_from(override["end"]):
                return [override["user"]]
        return list(schedule["users"][:1])

    def _people(self, target: Mapping[str, Any]) -> Iterator[str]:
        if str(target.get("type", "")).startswith("schedule"):
            for user in self.on_schedule(str(target["id"])):
                yield self.get("users", user["id"])["name"]
        else:
            yield self.get("users", str(target["id"]))["name"]

    def _set_up(self, name: str, first: str, second: str, team: Mapping[str, Any]) -> str:
        users = [{"id": self.user_named(one)["id"], "type": "user_reference"} for one in (first, second)]
        of_team = [{"id": team["id"], "type": "team_reference"}]
        layers = [{"name": "Layer 1", "users": [{"user": user} for user in users]}]
        fields = {
            "name": f"{name} on call",
            "time_zone": "Etc/UTC",
            "schedule_layers": layers,
            "users": users,
        }
        schedule = self.add("schedules", fields)
        rungs = [{"id": schedule["id"], "type": "schedule_reference"}, users[1]]
        rules = [
            {"id": f"PRULE{next(self._numbers):05d}", "escalation_delay_in_minutes": 30, "targets": [rung]}
            for rung in rungs
        ]
        policy = self.add("escalation_policies", {"name": name, "escalation_rules": rules, "teams": of_team})
        reference_to_it = {"id": policy["id"], "type": "escalation_policy_reference"}
        service = self.add("services", {"name": name, "escalation_policy": reference_to_it, "teams": of_team})
        policy["services"].append({"id": service["id"], "type": "service_reference"})
        return str(service["id"])

    def _judge(self, kind: RecordKind, fields: Mapping[str, Any], id: str) -> None:
        missing = [name for name in kind.required if not fields.get(name)]
        if missing:
            raise InvalidInput(
                *(f"{name.replace('_', ' ').capitalize()} can't be blank." for name in missing)
            )
        unique = "email" if kind.singular == "user" else "name" if "name" in kind.required else ""
        for other in self.records[kind.plural].values():
            if unique and other["id"] != id and other[unique] == fields[unique]:
                raise InvalidInput(f"{unique.capitalize()} has already been taken")
        self._know_references(fields)

    def _know_references(self, value: Any) -> None:
        """Raises `InvalidInput` for a reference to what is not there."""
        if isinstance(value, list):
            for item in value:
                self._know_references(item)
        elif isinstance(value, Mapping):
            plural = _PLURALS.get(str(value.get("type", "")).removesuffix("_reference"), "")
            is_reference = str(value.get("type", "")).endswith("_reference") and plural
            if is_reference and str(value.get("id")) not in self.records[plural]:
                raise InvalidInput(f"{KINDS[plural].singular.replace('_', ' ').capitalize()} Not Found")
            for item in value.values():
                self._know_references(item)

    def _stamp(self, kind: RecordKind, record: dict[str, Any]) -> None:
        if kind.named_by == "name":
            record.setdefault("description", None)
        record["summary"] = record.get(kind.named_by) or kind.singular
        record["self"] = f"{API}/{kind.plural}/{record['id']}"
        record["html_url"] = f"{WEB}/{kind.plural}/{record['id']}"


def stamp(at: datetime) -> str:
    """Whole seconds, as the REST API writes times of records."""
    return at.strftime("%Y-%m-%dT%H:%M:%SZ")


def time_from(text: Any) -> datetime:
    """A time that a record names. Raises `InvalidInput` for what is none, or names no zone."""
    try:
        at = datetime.fromisoformat(text)
    except (TypeError, ValueError):
        raise InvalidInput(f"{text} is not a valid time") from None
    if at.tzinfo is None:
        raise InvalidInput(f"{text} names no time zone")
    return at
