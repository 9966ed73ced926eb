"""The fake RT's JSON: records in full, records in lists, and pages of them."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

from starlette.requests import Request

from connectors.requesttracker.fake.desk import (
    FakeDesk,
    FakePart,
    FakeTransaction,
    StoredTicket,
    StoredUser,
    w3c,
)

NEVER = "1970-01-01T00:00:00Z"
TAG_FIELD = "Tags"
MOST = 100


def page(
    request: Request, shown: Sequence[dict[str, Any] | None], *, tells_total: bool = True
) -> dict[str, Any]:
    """One page, of at most 100 whatever is asked for. What may not be seen (None) takes its place and is left out, and
    then there is no total."""
    size = min(int(request.query_params.get("per_page", "20")), MOST)
    number = int(request.query_params.get("page", "1"))
    items = [one for one in shown[(number - 1) * size : number * size] if one is not None]
    total = len(shown) if tells_total else None
    return {
        "items": items,
        "count": len(items),
        "per_page": size,
        "page": number,
        "total": total,
        "pages": None if total is None else math.ceil(total / size),
    }


def user(found: StoredUser, *, sees_zone: bool) -> dict[str, Any]:
    """A user: the time zone only of ourselves, and only where one is set."""
    zone = {"Timezone": found.zone} if sees_zone and found.zone else {}
    return {
        "id": found.id,
        "Name": found.name,
        "RealName": found.real_name,
        "EmailAddress": found.email,
        "Privileged": int(found.is_privileged),
        **zone,
    }


def listed(desk: FakeDesk, ticket: StoredTicket) -> dict[str, Any]:
    """A ticket as a search gives it, with the fields the connector asks for."""
    return {
        "type": "ticket",
        "id": str(ticket.id),
        "Subject": ticket.subject,
        "Status": ticket.status,
        "Queue": {"type": "queue", "id": "1", "Name": ticket.queue},
        "Created": w3c(ticket.created_at),
        "LastUpdated": w3c(ticket.updated_at),
        "Due": NEVER,
        "Priority": "0",
        "Owner": {"type": "user", "id": "Nobody", "Name": "Nobody", "RealName": "Nobody in particular"},
        "Requestor": [_requester(desk.users[name]) for name in ticket.requesters],
        "CustomFields": [{"type": "customfield", "id": "1", "name": TAG_FIELD, "values": list(ticket.tags)}],
    }


def whole(desk: FakeDesk, ticket: StoredTicket) -> dict[str, Any]:
    """A ticket asked for by its id; where it was merged, the id is that of the one that took it in."""
    return listed(desk, ticket) | {"id": ticket.id}


def transaction(desk: FakeDesk, one: FakeTransaction) -> dict[str, Any]:
    """A transaction as a history gives it."""
    return {"id": str(one.id), "Type": one.kind, "Created": w3c(one.at), "Creator": _creator(desk, one)}


def part(desk: FakeDesk, one: FakeTransaction, found: FakePart) -> dict[str, Any]:
    """An attachment as a list gives it."""
    return {
        "id": str(found.id),
        "ContentType": found.content_type,
        "Filename": "",
        "Headers": found.headers,
        "TransactionId": str(one.id),
        "Created": w3c(one.at),
        "Creator": _creator(desk, one),
    }


def _creator(desk: FakeDesk, one: FakeTransaction) -> dict[str, Any]:
    """Its id is a number because the connector asks for the id as a field."""
    found = desk.users.get(one.creator)
    if found is None:
        return {"type": "user", "id": 1, "Name": one.creator, "RealName": "The RT System itself"}
    return {"type": "user", "id": found.id, "Name": found.name, "RealName": found.real_name}


def _requester(found: StoredUser) -> dict[str, Any]:
    """A user's id is its name, which stays what it was when the address changes."""
    return {
        "type": "user",
        "id": found.name,
        "Name": found.name,
        "RealName": found.real_name,
        "EmailAddress": found.email,
    }
