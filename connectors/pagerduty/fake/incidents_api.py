"""The fake PagerDuty's calls on incidents: list, open, change one or many, merge, snooze, notes, log entries.

https://developer.pagerduty.com/api-reference/9d0b4b12e36f9-list-incidents and the pages beside it.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from connectors.pagerduty.fake import asking
from connectors.pagerduty.fake.account import (
    FakeAccount,
    FakeIncident,
    FakeLogEntry,
    FakeNote,
    NotPossible,
)
from connectors.pagerduty.fake.directory import FakeDirectory, InvalidInput, UnknownRecord
from connectors.pagerduty.fake.wire import Wire

MOST_AT_ONCE = 250
LONGEST_SNOOZE = 604_800
URGENCIES = ("high", "low")
WhoAsks = Callable[[Request], str]
"""The name of the user that a change is made as. Raises `InvalidInput` when nobody has the address in `From`."""


class IncidentsApi:
    """`who` says as whom a change is made."""

    def __init__(
        self,
        account: FakeAccount,
        directory: FakeDirectory,
        wire: Wire,
        clock: Callable[[], datetime],
        who: WhoAsks,
    ) -> None:
        self._account = account
        self._directory = directory
        self._wire = wire
        self._clock = clock
        self._who = who

    def routes(self) -> Sequence[tuple[str, str, Callable[[Request], Any]]]:
        """Method, path and endpoint."""
        one = "/incidents/{id}"
        return (
            ("GET", "/incidents", self._list),
            ("POST", "/incidents", self._open),
            ("PUT", "/incidents", self._change_many),
            ("GET", one, self._get),
            ("PUT", one, self._change),
            ("PUT", f"{one}/merge", self._merge),
            ("POST", f"{one}/snooze", self._snooze),
            ("GET", f"{one}/notes", self._notes),
            ("POST", f"{one}/notes", self._add_note),
            ("PUT", f"{one}/notes/{{note}}", self._change_note),
            ("DELETE", f"{one}/notes/{{note}}", self._delete_note),
            ("GET", f"{one}/log_entries", self._log_entries),
            ("GET", "/log_entries", self._log_entries),
            ("GET", "/log_entries/{entry}", self._log_entry),
        )

    def known(self, request: Request) -> FakeIncident:
        """The incident of the path. Raises `UnknownRecord`."""
        incident = self._account.get(request.path_params["id"])
        if incident is None:
            raise UnknownRecord(request.path_params["id"])
        return incident

    async def _list(self, request: Request) -> Response:
        key = request.query_params.get("incident_key")
        found = list(self._account.find(key)) if key is not None else list(reversed(self._account.incidents))
        if request.query_params.get("date_range") != "all":
            since, until = asking.span(request, self._clock(), days=30)
            found = [one for one in found if since <= one.created_at <= until]
        found = [one for one in found if self._is_wanted(request, one)]
        field, _, direction = request.query_params.get("sort_by", "incident_number").partition(":")
        sorts = {
            "created_at": _made,
            "resolved_at": _changed,
            "urgency": _urgency,
            "incident_number": _number,
        }
        if field not in sorts:
            raise InvalidInput(f"Sort by {field} is not supported.")
        # The second sort leaves equals as the first one put them: of one moment's incidents, by their numbers.
        found.sort(key=_number, reverse=direction == "desc")
        found.sort(key=sorts[field], reverse=direction == "desc")
        return asking.page(request, "incidents", found, lambda one: self._shown(request, one))

    def _is_wanted(self, request: Request, incident: FakeIncident) -> bool:
        service = self._directory.service_of(incident.target)
        users = [self._directory.refer_to(name)["id"] for name in incident.assignees]
        facts: dict[str, Sequence[str]] = {
            "statuses": [incident.status],
            "urgencies": [incident.urgency],
            "service_ids": [service["id"]],
            "team_ids": asking.ids_of(service["teams"]),
            "user_ids": users,
            "priority_ids": [incident.priority],
        }
        for name, values in facts.items():
            wanted = asking.several(request, name)
            if wanted and not set(wanted) & set(values):
                return False
        return True

    def _shown(self, request: Request, incident: FakeIncident) -> dict[str, Any]:
        """With what `include[]` asks for in full."""
        shown = self._wire.incident(incident)
        wanted = asking.several(request, "include")
        if "services" in wanted:
            shown["service"] = self._directory.service_of(incident.target)
        if "escalation_policies" in wanted:
            shown["escalation_policy"] = self._directory.policy_of(incident.target, incident.policy)
        if "teams" in wanted:
            shown["teams"] = [self._directory.get("teams", one["id"]) for one in shown["teams"]]
        if "assignees" in wanted or "users" in wanted:
            for assignment in shown["assignments"]:
                assignment["assignee"] = self._directory.get("users", assignment["assignee"]["id"])
        first = next((one for one in self._account.log if one.incident is incident), None)
        if first is not None:
            entry = self._wire.log_entry(first)
            in_full = "first_trigger_log_entries" in wanted
            shown["first_trigger_log_entry"] = (
                entry
                if in_full
                else {"id": entry["id"], "type": "trigger_log_entry_reference", "self": entry["self"]}
            )
        return shown

    async def _get(self, request: Request) -> Response:
        return JSONResponse({"incident": self._shown(request, self.known(request))})

    async def _open(self, request: Request) -> Response:
        by, fields = self._who(request), await asking.body(request, "incident")
        title, service = str(fields.get("title") or ""), fields.get("service") or {}
        if not title.strip() or not service.get("id"):
            raise InvalidInput("Title can't be blank." if service.get("id") else "Service cannot be empty.")
        policy = fields.get("escalation_policy") or {}
        incident = self._account.open(
            self._target(service),
            title,
            by,
            key=str(fields.get("incident_key") or ""),
            body=str((fields.get("body") or {}).get("details") or ""),
            assignees=self._assignees(fields),
            urgency=self._urgency(fields.get("urgency") or "high"),
            priority=self._priority(fields.get("priority")),
            policy=self._policy(policy),
        )
        return JSONResponse({"incident": self._shown(request, incident)}, 201)

    async def _change(self, request: Request) -> Response:
        incident, by = self.known(request), self._who(request)
        self._apply(incident, await asking.body(request, "incident"), by)
        return JSONResponse({"incident": self._shown(request, incident)})

    async def _change_many(self, request: Request) -> Response:
        """All or none, as far as that can be seen beforehand."""
        by, changes = self._who(request), await asking.bodies(request, "incidents")
        if len(changes) > MOST_AT_ONCE:
            raise InvalidInput(f"At most {MOST_AT_ONCE} incidents can be changed at once.")
        chosen: list[tuple[FakeIncident, dict[str, Any]]] = []
        for fields in changes:
            incident = self._account.get(str(fields.get("id")))
            if incident is None:
                raise UnknownRecord(str(fields.get("id")))
            if incident.status == "resolved":
                raise NotPossible("Incident Already Resolved")
            chosen.append((incident, fields))
        for incident, fields in chosen:
            self._apply(incident, fields, by)
        return JSONResponse({"incidents": [self._shown(request, incident) for incident, _ in chosen]})

    def _apply(self, incident: FakeIncident, fields: dict[str, Any], by: str) -> None:
        if incident.status == "resolved":
            raise NotPossible("Incident Already Resolved")
        status = fields.get("status")
        if status not in (None, incident.status, "acknowledged", "resolved"):
            raise InvalidInput(f"Status {status} is not acknowledged or resolved.")
        changes = self._words_of(fields)
        service = fields.get("service") or {}
        target = self._target(service) if service else incident.target
        self._account.describe(incident, by, **changes)
        if target != incident.target:
            self._account.hand_over(incident, target, by)
        if "conference_bridge" in fields:
            incident.conference_bridge = fields["conference_bridge"]
        self._move(incident, fields, by)
        if status == "acknowledged":
            self._account.acknowledge(incident, by)
        elif status == "resolved":
            if fields.get("resolution"):
                self._account.add_note(incident, by, f"Resolution Note: {fields['resolution']}")
            self._account.resolve(incident, by)

    def _words_of(self, fields: dict[str, Any]) -> dict[str, str]:
        changes: dict[str, str] = {}
        if fields.get("title"):
            changes["title"] = str(fields["title"])
        if fields.get("urgency"):
            changes["urgency"] = self._urgency(fields["urgency"])
        if "priority" in fields:
            changes["priority"] = self._priority(fields["priority"])
        return changes

    def _move(self, incident: FakeIncident, fields: dict[str, Any], by: str) -> None:
        """To another rung, another policy or other people."""
        policy, level = self._policy(fields.get("escalation_policy") or {}), fields.get("escalation_level")
        is_moved = policy not in ("", self._directory.policy_of(incident.target, incident.policy)["id"])
        if is_moved or level is not None:
            self._account.escalate(incident, int(level or 1), by, policy=policy if is_moved else "")
        if people := self._assignees(fields):
            self._account.assign(incident, people, by)

    async def _merge(self, request: Request) -> Response:
        into, by = self.known(request), self._who(request)
        sources = []
        for fields in await asking.bodies(request, "source_incidents"):
            source = self._account.get(str(fields.get("id")))
            if source is None or source is into:
                raise InvalidInput("Source incidents must be other incidents of this account.")
            sources.append(source)
        for source in sources:
            self._account.merge(source, into, by)
        return JSONResponse({"incident": self._shown(request, into)})

    async def _snooze(self, request: Request) -> Response:
        incident, by = self.known(request), self._who(request)
        seconds = (await asking.whole_body(request)).get("duration")
        if not isinstance(seconds, int) or not 1 <= seconds <= LONGEST_SNOOZE:
            raise InvalidInput(f"Duration must be between 1 and {LONGEST_SNOOZE} seconds.")
        self._account.snooze(incident, seconds, by)
        return JSONResponse({"incident": self._shown(request, incident)}, 201)

    # Notes and the log

    async def _notes(self, request: Request) -> Response:
        return JSONResponse({"notes": [self._wire.note(note) for note in self.known(request).notes]})

    async def _add_note(self, request: Request) -> Response:
        incident, by = self.known(request), self._who(request)
        content = (await asking.body(request, "note")).get("content")
        if not content:
            raise InvalidInput("Content can't be blank.")
        return JSONResponse(
            {"note": self._wire.note(self._account.add_note(incident, by, str(content)))}, 201
        )

    async def _change_note(self, request: Request) -> Response:
        incident, note = self._known_note(request)
        content = (await asking.body(request, "note")).get("content")
        if not content:
            raise InvalidInput("Content can't be blank.")
        changed = FakeNote(note.id, str(content), note.by, note.at)
        incident.notes[incident.notes.index(note)] = changed
        return JSONResponse({"note": self._wire.note(changed)})

    async def _delete_note(self, request: Request) -> Response:
        incident, note = self._known_note(request)
        incident.notes.remove(note)
        return Response(status_code=204)

    def _known_note(self, request: Request) -> tuple[FakeIncident, FakeNote]:
        incident = self.known(request)
        for note in incident.notes:
            if note.id == request.path_params["note"]:
                return incident, note
        raise UnknownRecord(request.path_params["note"])

    async def _log_entries(self, request: Request) -> Response:
        """Newest first; `is_overview` leaves out who was notified."""
        found = self._account.log
        if "id" in request.path_params:
            incident = self.known(request)
            found = [entry for entry in found if entry.incident is incident]
        if request.query_params.get("since") or request.query_params.get("until"):
            since, until = asking.span(request, self._clock(), days=30)
            found = [entry for entry in found if since <= entry.at <= until]
        if asking.is_yes(request, "is_overview"):
            found = [entry for entry in found if entry.kind != "notify_log_entry"]
        return asking.page(request, "log_entries", found[::-1], lambda one: self._shown_entry(request, one))

    async def _log_entry(self, request: Request) -> Response:
        for entry in self._account.log:
            if entry.id == request.path_params["entry"]:
                return JSONResponse({"log_entry": self._shown_entry(request, entry)})
        raise UnknownRecord(request.path_params["entry"])

    def _shown_entry(self, request: Request, entry: FakeLogEntry) -> dict[str, Any]:
        shown = self._wire.log_entry(entry)
        if "incidents" in asking.several(request, "include"):
            shown["incident"] = self._wire.incident(entry.incident)
        return shown

    # What bodies name

    def _target(self, service: dict[str, Any]) -> str:
        try:
            return self._directory.target_of(str(service["id"]))
        except UnknownRecord:
            raise InvalidInput("Service Not Found") from None

    def _assignees(self, fields: dict[str, Any]) -> list[str]:
        found = [str((one.get("assignee") or {}).get("id")) for one in fields.get("assignments") or ()]
        try:
            return [self._directory.get("users", one)["name"] for one in found]
        except UnknownRecord:
            raise InvalidInput("Assignee Not Found") from None

    def _priority(self, priority: dict[str, Any] | None) -> str:
        if not priority:
            return ""
        if str(priority.get("id")) not in self._directory.records["priorities"]:
            raise InvalidInput("Priority Not Found")
        return str(priority["id"])

    def _policy(self, policy: dict[str, Any]) -> str:
        if policy and str(policy.get("id")) not in self._directory.records["escalation_policies"]:
            raise InvalidInput("Escalation Policy Not Found")
        return str(policy.get("id") or "")

    def _urgency(self, urgency: Any) -> str:
        if urgency not in URGENCIES:
            raise InvalidInput("Urgency must be high or low.")
        return str(urgency)


def _number(incident: FakeIncident) -> Any:
    return incident.number


def _made(incident: FakeIncident) -> Any:
    return incident.created_at


def _changed(incident: FakeIncident) -> Any:
    return incident.changed_at


def _urgency(incident: FakeIncident) -> Any:
    return incident.urgency
