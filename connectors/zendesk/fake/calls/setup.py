"""What an administrator has set up in the fake Zendesk: views, macros, fields, forms, custom statuses.

Each is a record as its API gives it. Views and macros work; triggers are kept, and never run; what the account does
not have at all (automations, targets) is an empty list that nothing can be added to.
https://developer.zendesk.com/api-reference/ticketing/business-rules/views/, `.../macros/`,
`.../tickets/ticket_fields/`, `.../tickets/custom_ticket_statuses/`
"""

from __future__ import annotations

import itertools
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from connectors.zendesk.fake.calls import asking
from connectors.zendesk.fake.wire import DEFAULT_STATUSES, stamp

Endpoint = Callable[[Request], Awaitable[Response]]
CATEGORIES = ("new", "open", "pending", "hold", "solved")


@dataclass(frozen=True, slots=True)
class SetupKind:
    """One kind of record: the words of its paths, what it must have, and what may be done with it."""

    plural: str
    singular: str
    required: tuple[str, ...] = ("title",)
    may: tuple[str, ...] = ("POST", "PUT", "DELETE")


KINDS = {
    kind.plural: kind
    for kind in (
        SetupKind("views", "view"),
        SetupKind("macros", "macro"),
        SetupKind("ticket_fields", "ticket_field", ("title", "type")),
        SetupKind("ticket_forms", "ticket_form", ("name",)),
        SetupKind("user_fields", "user_field", ("key", "title", "type")),
        SetupKind("organization_fields", "organization_field", ("key", "title", "type")),
        SetupKind("brands", "brand", may=()),
        SetupKind("custom_statuses", "custom_status", ("status_category", "agent_label"), ("POST", "PUT")),
        SetupKind("triggers", "trigger", ("title", "conditions", "actions")),
        SetupKind("automations", "automation", may=()),
        SetupKind("targets", "target", may=()),
        SetupKind("recipient_addresses", "recipient_address", may=()),
    )
}
_SYSTEM_FIELDS = ("subject", "description", "status", "tickettype", "priority", "group", "assignee")


class FakeSetup:
    """The records, by kind and id."""

    def __init__(self, clock: Callable[[], datetime]) -> None:
        self.records: dict[str, dict[int, dict[str, Any]]] = {plural: {} for plural in KINDS}
        self._clock = clock
        self._ids = itertools.count(501)
        for category in CATEGORIES:
            label = "On-hold" if category == "hold" else category.capitalize()
            fields = {
                "status_category": category,
                "agent_label": label,
                "end_user_label": label,
                "default": True,
            }
            self.add("custom_statuses", fields, id=DEFAULT_STATUSES[category])
        for name in _SYSTEM_FIELDS:
            self.add("ticket_fields", {"title": name.capitalize(), "type": name, "removable": False})
        self.add("ticket_forms", {"name": "Default Ticket Form", "default": True, "end_user_visible": True})
        self.add("brands", {"name": "Fake", "subdomain": "fake", "default": True})
        unsolved = [{"field": "status", "operator": "less_than", "value": "solved"}]
        self.add("views", {"title": "All unsolved tickets", "conditions": {"all": unsolved, "any": []}})
        takes = [
            {"field": "status", "value": "pending"},
            {"field": "comment_value", "value": "We look into it."},
        ]
        self.add("macros", {"title": "Looking into it", "actions": takes})

    def routes(self) -> list[tuple[str, str, Endpoint]]:
        """Its paths under api/v2: method, path and endpoint."""
        return [route for kind in KINDS.values() for route in self._of(kind)]

    def category_of(self, custom_status_id: Any) -> str | None:
        """The status that a custom status stands for, or None for an unknown one."""
        record = self.records["custom_statuses"].get(custom_status_id)
        return None if record is None else str(record["status_category"])

    def _of(self, kind: SetupKind) -> list[tuple[str, str, Endpoint]]:
        records, one = self.records[kind.plural], f"{kind.plural}/{{id:int}}"

        async def found(request: Request) -> Response:
            chosen = list(records.values())
            if request.url.path.endswith("/active"):
                chosen = [record for record in chosen if record["active"]]
            return asking.page(request, kind.plural, chosen, lambda record: _shown(request, kind, record))

        async def show(request: Request) -> Response:
            record = records.get(request.path_params["id"])
            return asking.missing() if record is None else self._answer(request, kind, record)

        async def add(request: Request) -> Response:
            fields = await asking.body(request, kind.singular)
            self._judge(kind, fields)
            return self._answer(request, kind, self.add(kind.plural, fields), status=201)

        async def change(request: Request) -> Response:
            record = records.get(request.path_params["id"])
            if record is None:
                return asking.missing()
            fields = await asking.body(request, kind.singular)
            self._judge(kind, record | fields)
            record.update(fields, id=record["id"], updated_at=stamp(self._clock()))
            return self._answer(request, kind, record)

        async def remove(request: Request) -> Response:
            gone = records.pop(request.path_params["id"], None)
            return asking.missing() if gone is None else Response(status_code=204)

        writes = {"POST": (kind.plural, add), "PUT": (one, change), "DELETE": (one, remove)}
        return [
            ("GET", kind.plural, found),
            ("GET", f"{kind.plural}/active", found),
            ("GET", one, show),
            *((method, *writes[method]) for method in kind.may),
        ]

    def _judge(self, kind: SetupKind, fields: Mapping[str, Any]) -> None:
        for name in kind.required:
            if not fields.get(name):
                raise asking.Unacceptable(asking.invalid(name, f"{name}: cannot be blank", "BlankValue"))
        if kind.singular == "custom_status" and fields["status_category"] not in CATEGORIES:
            wrong = asking.invalid("status_category", "Status category: is invalid", "InvalidValue")
            raise asking.Unacceptable(wrong)

    def add(self, plural: str, fields: Mapping[str, Any], *, id: int | None = None) -> dict[str, Any]:
        """A new record of the kind, with whatever is given; the record."""
        made, record_id = stamp(self._clock()), id or next(self._ids)
        record = {"active": True, "position": len(self.records[plural]), **fields}
        record = _with_conditions(plural, record) | {"id": record_id, "created_at": made, "updated_at": made}
        self.records[plural][record_id] = record
        return record

    def _answer(
        self, request: Request, kind: SetupKind, record: dict[str, Any], status: int = 200
    ) -> Response:
        return JSONResponse({kind.singular: _shown(request, kind, record)}, status)


def _with_conditions(plural: str, record: dict[str, Any]) -> dict[str, Any]:
    """A new view names `all` and `any`; the record has them under `conditions`."""
    if plural != "views" or "conditions" in record:
        return record
    conditions = {name: list(record.pop(name, None) or []) for name in ("all", "any")}
    return record | {"conditions": conditions}


def _shown(request: Request, kind: SetupKind, record: Mapping[str, Any]) -> dict[str, Any]:
    return {**record, "url": f"{asking.address(request)}/api/v2/{kind.plural}/{record['id']}.json"}
