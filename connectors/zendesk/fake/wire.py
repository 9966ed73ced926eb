"""How the fake Zendesk spells its records: API answers and webhook payloads."""

from __future__ import annotations

import uuid
from collections.abc import Iterable
from datetime import datetime
from random import Random
from typing import Any

from connectors.zendesk.fake.desk import (
    Desk,
    FakeAudit,
    FakeTicket,
    FakeUser,
)


def stamp(time: datetime) -> str:
    """Whole seconds, as Zendesk answers."""
    return time.strftime("%Y-%m-%dT%H:%M:%SZ")


def ticket_json(ticket: FakeTicket, address: str) -> dict[str, Any]:
    """A ticket as the API gives it."""
    return {
        "id": ticket.id,
        "url": f"{address}/api/v2/tickets/{ticket.id}.json",
        "subject": ticket.subject,
        "description": ticket.description,
        "status": ticket.status,
        "priority": ticket.priority,
        "requester_id": ticket.requester_id,
        "submitter_id": ticket.requester_id,
        "assignee_id": ticket.assignee_id,
        "group_id": None,
        "organization_id": ticket.organization_id,
        "tags": list(ticket.tags),
        "custom_fields": [{"id": key, "value": value} for key, value in ticket.custom_fields.items()],
        "via": _via(ticket),
        "created_at": stamp(ticket.created_at),
        "updated_at": stamp(ticket.updated_at),
        "due_at": stamp(ticket.due_at) if ticket.due_at is not None else None,
        "generated_timestamp": int(ticket.updated_at.timestamp()),
    }


def _via(ticket: FakeTicket) -> dict[str, Any]:
    if ticket.followup_of is None:
        return {"channel": ticket.channel, "source": {"from": {}, "to": {}, "rel": None}}
    rel = None if ticket.channel == "side_conversation" else "follow_up"
    source = {"from": {"ticket_id": ticket.followup_of}, "to": {}, "rel": rel}
    return {"channel": ticket.channel, "source": source}


def tickets_json(tickets: Iterable[FakeTicket], desk: Desk, address: str, include: str) -> dict[str, Any]:
    """Tickets with the side-loads asked for."""
    chosen = list(tickets)
    wanted = set(include.split(","))
    answer: dict[str, Any] = {"tickets": [ticket_json(ticket, address) for ticket in chosen]}
    if "users" in wanted:
        ids = dict.fromkeys(
            user for ticket in chosen for user in (ticket.requester_id, ticket.assignee_id) if user
        )
        answer["users"] = [user_json(desk.users[user]) for user in ids]
    if "organizations" in wanted:
        ids = dict.fromkeys(ticket.organization_id for ticket in chosen if ticket.organization_id)
        answer["organizations"] = [
            {
                "id": key,
                "name": desk.organizations[key].name,
                "organization_fields": desk.organizations[key].fields,
            }
            for key in ids
        ]
    if "groups" in wanted:
        answer["groups"] = []
    if "metric_sets" in wanted:
        answer["metric_sets"] = [
            {"ticket_id": ticket.id, "reopens": ticket.reopens, "assignee_stations": ticket.stations}
            for ticket in chosen
        ]
    return answer


def user_json(user: FakeUser) -> dict[str, Any]:
    """A user as the API gives it."""
    return {
        "id": user.id,
        "name": user.name,
        "email": user.email,
        "role": user.role,
        "organization_id": user.organization_id,
        "suspended": user.suspended,
        "user_fields": {},
    }


def audit_json(ticket: FakeTicket, audit: FakeAudit) -> dict[str, Any]:
    """An audit as the API gives it, its metadata included."""
    return {
        "id": audit.id,
        "ticket_id": ticket.id,
        "author_id": audit.author_id,
        "created_at": stamp(audit.created_at),
        "events": audit.events,
        "metadata": {"system": {"client": "fake"}, "custom": audit.custom},
        "via": {"channel": audit.channel},
    }


def event_json(
    kind: str, ticket: FakeTicket, actor: FakeUser, event: dict[str, Any], *, now: datetime, random: Random
) -> dict[str, Any]:
    """An event subscription's payload: ids as text, words in capitals, nanoseconds."""
    return {
        "account_id": 22129848,
        "id": str(uuid.UUID(int=random.getrandbits(128), version=4)),
        "type": f"zen:event-type:{kind}",
        "subject": f"zen:ticket:{ticket.id}",
        "time": now.strftime("%Y-%m-%dT%H:%M:%S.%f000Z"),
        "zendesk_event_version": "2022-11-06",
        "detail": {
            "id": str(ticket.id),
            "actor_id": str(actor.id),
            "assignee_id": None if ticket.assignee_id is None else str(ticket.assignee_id),
            "requester_id": str(ticket.requester_id),
            "submitter_id": str(ticket.requester_id),
            "organization_id": None if ticket.organization_id is None else str(ticket.organization_id),
            "subject": ticket.subject,
            "description": ticket.description,
            "status": ticket.status.upper(),
            "priority": None if ticket.priority is None else ticket.priority.upper(),
            "is_public": True,
            "tags": list(ticket.tags),
            "created_at": stamp(ticket.created_at),
            "updated_at": stamp(ticket.updated_at),
            "via": {"channel": ticket.channel},
        },
        "event": event,
    }
