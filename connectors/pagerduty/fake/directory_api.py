"""The fake PagerDuty's calls on what an administrator sets up: users, services, schedules, and who is on call.

https://developer.pagerduty.com/api-reference/c96e889522dd6-list-users and the pages beside it.
"""

from __future__ import annotations

import secrets
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from connectors.pagerduty.fake import asking
from connectors.pagerduty.fake.account import FakeAccount
from connectors.pagerduty.fake.directory import (
    KINDS,
    FakeDirectory,
    InvalidInput,
    RecordKind,
    UnknownRecord,
    reference,
)

ABILITIES = ("sso", "teams", "event_rules", "urgencies", "preview_incident_alert_split", "status_updates")
ONLY_USERS = "This endpoint cannot be called with an account-level access token."
Endpoint = Callable[[Request], Any]


class DirectoryApi:
    """`me` is the user whose key is used, None for an account-level key. `subscribed` hears of webhook subscriptions
    made, changed and (None) removed."""

    def __init__(
        self,
        account: FakeAccount,
        directory: FakeDirectory,
        *,
        me: str | None,
        subscribed: Callable[[str, Mapping[str, Any] | None], None],
        ping: Callable[[str], None],
    ) -> None:
        self._account = account
        self._directory = directory
        self._me = me
        self._subscribed = subscribed
        self._ping = ping

    def routes(self) -> Sequence[tuple[str, str, Endpoint]]:
        """Method, path and endpoint."""
        routes: list[tuple[str, str, Endpoint]] = [
            ("GET", "/users/me", self._users_me),
            ("GET", "/users/{id}/contact_methods", self._contact_methods),
            ("GET", "/users/{id}/notification_rules", self._notification_rules),
            ("POST", "/services/{id}/integrations", self._add_integration),
            ("GET", "/services/{id}/integrations/{integration}", self._integration),
            ("GET", "/schedules/{id}/users", self._schedule_users),
            ("GET", "/teams/{id}/members", self._members),
            ("PUT", "/teams/{id}/users/{user}", self._join_team),
            ("DELETE", "/teams/{id}/users/{user}", self._leave_team),
            ("POST", "/webhook_subscriptions/{id}/enable", self._enable),
            ("POST", "/webhook_subscriptions/{id}/ping", self._send_ping),
            ("GET", "/oncalls", self._on_calls),
            ("GET", "/abilities", self._abilities),
            ("GET", "/abilities/{ability}", self._ability),
        ]
        for kind in KINDS.values():
            routes += self._of(kind)
        return routes

    def _of(self, kind: RecordKind) -> list[tuple[str, str, Endpoint]]:
        every, one = f"/{kind.plural}", f"/{kind.plural}/{{id}}"

        async def found(request: Request) -> Response:
            records = self._directory.find(kind.plural, request.query_params.get("query", ""))
            records = [record for record in records if self._is_wanted(request, record)]
            return asking.page(
                request, kind.plural, records, lambda record: self._shown(request, kind, record)
            )

        async def get(request: Request) -> Response:
            record = self._directory.get(kind.plural, request.path_params["id"])
            return JSONResponse({kind.singular: self._shown(request, kind, record)})

        async def add(request: Request) -> Response:
            fields = _taken(kind, await asking.body(request, kind.singular))
            record = self._directory.add(kind.plural, fields)
            shown = self._shown(request, kind, record)
            if kind.singular == "webhook_subscription":
                # Shown this once, as at PagerDuty.
                secret = secrets.token_hex(32)
                shown["delivery_method"] = shown["delivery_method"] | {"secret": secret}
                self._subscribed(record["id"], record | {"secret": secret})
            return JSONResponse({kind.singular: shown}, 201)

        async def change(request: Request) -> Response:
            fields = _changeable(kind, await asking.body(request, kind.singular))
            record = self._directory.change(kind.plural, request.path_params["id"], fields)
            if kind.singular == "webhook_subscription":
                self._subscribed(record["id"], record)
            return JSONResponse({kind.singular: self._shown(request, kind, record)})

        async def remove(request: Request) -> Response:
            self._directory.remove(kind.plural, request.path_params["id"])
            if kind.singular == "webhook_subscription":
                self._subscribed(request.path_params["id"], None)
            return Response(status_code=204)

        reads: list[tuple[str, str, Endpoint]] = [("GET", every, found), ("GET", one, get)]
        if kind.is_fixed:
            return reads
        return [*reads, ("POST", every, add), ("PUT", one, change), ("DELETE", one, remove)]

    def _is_wanted(self, request: Request, record: Mapping[str, Any]) -> bool:
        teams, services = asking.several(request, "team_ids"), asking.several(request, "service_ids")
        is_of_team = not teams or bool(set(teams) & set(asking.ids_of(record.get("teams"))))
        return is_of_team and (
            not services or bool(set(services) & set(asking.ids_of(record.get("services"))))
        )

    def _shown(self, request: Request, kind: RecordKind, record: Mapping[str, Any]) -> dict[str, Any]:
        shown: dict[str, Any] = self._directory.shown(dict(record))
        if kind.singular == "service":
            shown["status"] = self._status_of(record)
            shown["integrations"] = [
                {
                    "id": one["id"],
                    "type": f"{one['type']}_reference",
                    "summary": one["summary"],
                    "self": one["self"],
                }
                for one in record["integrations"]
            ]
            if "integrations" in asking.several(request, "include"):
                shown["integrations"] = list(record["integrations"])
        if kind.singular == "schedule":
            del shown["overrides"]
            on_call = [one["id"] for one in self._directory.on_schedule(record["id"])]
            shown["final_schedule"] = {
                "name": "Final Schedule",
                "rendered_schedule_entries": [
                    {"user": self._directory.refer("users", one)} for one in on_call
                ],
            }
        return shown

    def _status_of(self, service: Mapping[str, Any]) -> str:
        """A service's status says how it is, not only what was set."""
        if service["status"] == "disabled":
            return "disabled"
        if self._directory.in_maintenance(service["id"]):
            return "maintenance"
        target = self._directory.target_of(service["id"])
        states = {one.status for one in self._account.incidents if one.target == target}
        return "critical" if "triggered" in states else "warning" if "acknowledged" in states else "active"

    async def _users_me(self, request: Request) -> Response:
        if self._me is None:
            # A sentence instead of the usual object: clients tell the kind of key by it.
            return JSONResponse({"error": ONLY_USERS}, 400)
        user = self._directory.user_named(self._me)
        return JSONResponse({"user": self._directory.shown(user)})

    async def _contact_methods(self, request: Request) -> Response:
        user = self._directory.get("users", request.path_params["id"])
        return JSONResponse({"contact_methods": [_mailbox(user)]})

    async def _notification_rules(self, request: Request) -> Response:
        user = self._directory.get("users", request.path_params["id"])
        rule = {
            **reference("assignment_notification_rule", f"{user['id']}R1", "0 minutes: channel email"),
            "type": "assignment_notification_rule",
            "start_delay_in_minutes": 0,
            "urgency": "high",
            "contact_method": {"id": _mailbox(user)["id"], "type": "email_contact_method_reference"},
        }
        return JSONResponse({"notification_rules": [rule]})

    async def _add_integration(self, request: Request) -> Response:
        """An Events API v2 integration has a routing key that works from now on."""
        service = self._directory.get("services", request.path_params["id"])
        fields = await asking.body(request, "integration")
        if not fields.get("type"):
            raise InvalidInput("Type can't be blank.")
        key = secrets.token_hex(16)
        integration = self._directory.integrate(service, fields, key)
        self._account.targets[key] = self._directory.target_of(service["id"])
        return JSONResponse({"integration": integration}, 201)

    async def _integration(self, request: Request) -> Response:
        service = self._directory.get("services", request.path_params["id"])
        for integration in service["integrations"]:
            if integration["id"] == request.path_params["integration"]:
                return JSONResponse({"integration": integration})
        raise UnknownRecord(request.path_params["integration"])

    async def _schedule_users(self, request: Request) -> Response:
        schedule = self._directory.get("schedules", request.path_params["id"])
        users = [self._directory.get("users", one["id"]) for one in schedule["users"]]
        return JSONResponse({"users": [self._directory.shown(user) for user in users]})

    async def _members(self, request: Request) -> Response:
        team = self._directory.get("teams", request.path_params["id"])
        found = [
            {
                "user": self._directory.refer("users", user["id"]),
                "role": user.get("team_roles", {}).get(team["id"]),
            }
            for user in self._directory.records["users"].values()
            if team["id"] in asking.ids_of(user["teams"])
        ]
        return asking.page(request, "members", found, lambda member: member)

    async def _join_team(self, request: Request) -> Response:
        team = self._directory.get("teams", request.path_params["id"])
        user = self._directory.get("users", request.path_params["user"])
        role = "responder"
        if await request.body():
            role = str((await asking.whole_body(request)).get("role") or role)
        if team["id"] not in asking.ids_of(user["teams"]):
            user["teams"] = [*user["teams"], {"id": team["id"], "type": "team_reference"}]
        user["team_roles"] = {**user.get("team_roles", {}), team["id"]: role}
        return Response(status_code=204)

    async def _leave_team(self, request: Request) -> Response:
        team = self._directory.get("teams", request.path_params["id"])
        user = self._directory.get("users", request.path_params["user"])
        if team["id"] not in asking.ids_of(user["teams"]):
            raise UnknownRecord(user["id"])
        user["teams"] = [one for one in user["teams"] if one["id"] != team["id"]]
        return Response(status_code=204)

    async def _enable(self, request: Request) -> Response:
        record = self._directory.get("webhook_subscriptions", request.path_params["id"])
        record["delivery_method"]["temporarily_disabled"] = False
        self._subscribed(record["id"], record)
        return JSONResponse({"webhook_subscription": self._directory.shown(record)})

    async def _send_ping(self, request: Request) -> Response:
        self._ping(self._directory.get("webhook_subscriptions", request.path_params["id"])["id"])
        return Response(status_code=202)

    async def _on_calls(self, request: Request) -> Response:
        """Who would be woken now, rung by rung of every escalation policy."""
        found: list[dict[str, Any]] = []
        for policy in self._directory.records["escalation_policies"].values():
            for level, rule in enumerate(policy["escalation_rules"], start=1):
                schedules = [one["id"] for one in rule["targets"] if one["type"].startswith("schedule")]
                found += [
                    {
                        "escalation_policy": self._directory.refer("escalation_policies", policy["id"]),
                        "escalation_level": level,
                        "schedule": self._directory.refer("schedules", schedules[0]) if schedules else None,
                        "user": self._directory.refer_to(name),
                        "start": None,
                        "end": None,
                    }
                    for name in self._directory.on_call("", level, policy["id"])
                ]
        for field in ("user", "escalation_policy", "schedule"):
            wanted = asking.several(request, f"{field}_ids")
            found = [one for one in found if not wanted or (one[field] or {}).get("id") in wanted]
        if "users" in asking.several(request, "include"):
            found = [one | {"user": self._directory.get("users", one["user"]["id"])} for one in found]
        return asking.page(request, "oncalls", found, lambda one: one)

    async def _abilities(self, request: Request) -> Response:
        return JSONResponse({"abilities": list(ABILITIES)})

    async def _ability(self, request: Request) -> Response:
        if request.path_params["ability"] not in ABILITIES:
            raise UnknownRecord(request.path_params["ability"])
        return Response(status_code=204)


def _mailbox(user: Mapping[str, Any]) -> dict[str, Any]:
    own_id = f"{user['id']}C1"
    return {
        "id": own_id,
        "type": "email_contact_method",
        "summary": "Default",
        "self": f"{user['self']}/contact_methods/{own_id}",
        "html_url": None,
        "label": "Default",
        "address": user["email"],
    }


def _taken(kind: RecordKind, fields: dict[str, Any]) -> dict[str, Any]:
    """A new subscription's delivery method as it is shown from then on: without the secret."""
    given = fields.get("delivery_method")
    if kind.singular != "webhook_subscription" or not isinstance(given, dict):
        return fields
    kept = {"id": f"PDM{secrets.token_hex(3).upper()}", "secret": None, "temporarily_disabled": False}
    return {
        **fields,
        "delivery_method": {**given, **kept, "custom_headers": given.get("custom_headers", [])},
    }


def _changeable(kind: RecordKind, fields: dict[str, Any]) -> dict[str, Any]:
    """ "This operation does not support updating the `delivery_method`", says the description of webhooks."""
    if kind.singular != "webhook_subscription":
        return fields
    return {name: value for name, value in fields.items() if name != "delivery_method"}
