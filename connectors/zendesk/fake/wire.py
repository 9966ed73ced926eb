"""How the fake Zendesk spells its records: API answers and webhook payloads."""

from __future__ import annotations

import html
import uuid
from collections.abc import Iterable
from datetime import datetime
from random import Random
from typing import Any
from urllib.parse import quote

from connectors.zendesk.fake.desk import Desk
from connectors.zendesk.fake.records import (
    Attachment,
    FakeAudit,
    FakeComment,
    FakeGroup,
    FakeOrganization,
    FakeTicket,
    FakeUser,
)

# The status that each category begins with; closed tickets are of the category solved.
# https://developer.zendesk.com/api-reference/ticketing/tickets/custom_ticket_statuses/
DEFAULT_STATUSES = {"new": 101, "open": 102, "pending": 103, "hold": 104, "solved": 105, "closed": 105}
_LOCALE_IDS = {"en-US": 1, "es": 2, "de": 8, "fr": 16, "en-GB": 1176}


def stamp(time: datetime) -> str:
    """Whole seconds, as Zendesk answers."""
    return time.strftime("%Y-%m-%dT%H:%M:%SZ")


def ticket_json(ticket: FakeTicket, address: str) -> dict[str, Any]:
    """A ticket as the API gives it."""
    fields = [{"id": key, "value": value} for key, value in ticket.custom_fields.items()]
    return {
        "id": ticket.id,
        "url": f"{address}/api/v2/tickets/{ticket.id}.json",
        "external_id": ticket.external_id,
        "type": ticket.type,
        "subject": ticket.subject,
        "raw_subject": ticket.subject,
        "description": ticket.description,
        "status": ticket.status,
        "custom_status_id": ticket.custom_status_id or DEFAULT_STATUSES.get(ticket.status),
        "priority": ticket.priority,
        "recipient": ticket.recipient,
        "requester_id": ticket.requester_id,
        "submitter_id": ticket.submitter_id or ticket.requester_id,
        "assignee_id": ticket.assignee_id,
        "group_id": ticket.group_id,
        "organization_id": ticket.organization_id,
        "collaborator_ids": list(ticket.collaborator_ids),
        "follower_ids": list(ticket.follower_ids),
        "email_cc_ids": list(ticket.email_cc_ids),
        "problem_id": ticket.problem_id,
        "has_incidents": False,
        "is_public": any(comment.public for comment in ticket.comments),
        "tags": list(ticket.tags),
        "custom_fields": fields,
        "fields": fields,
        "satisfaction_rating": ticket.satisfaction or {"score": "unoffered"},
        "ticket_form_id": ticket.ticket_form_id,
        "brand_id": ticket.brand_id,
        "followup_ids": [],
        "via": _via(ticket),
        "created_at": stamp(ticket.created_at),
        "updated_at": stamp(ticket.updated_at),
        "due_at": stamp(ticket.due_at) if ticket.due_at is not None else None,
        "generated_timestamp": int(ticket.updated_at.timestamp()),
    }


def comment_json(comment: FakeComment, address: str) -> dict[str, Any]:
    """A comment as the API gives it; its HTML is the text, escaped."""
    return {
        "id": comment.id,
        "type": "Comment",
        "author_id": comment.author_id,
        "body": comment.body,
        "plain_body": comment.body,
        "html_body": f'<div class="zd-comment" dir="auto"><p dir="auto">{html.escape(comment.body)}</p></div>',
        "public": comment.public,
        "attachments": [attachment_json(one, address) for one in comment.attachments],
        "audit_id": comment.id,
        "via": {"channel": "web", "source": {"from": {}, "to": {}, "rel": None}},
        "created_at": stamp(comment.created_at),
        "metadata": {"system": {"client": "fake"}, "custom": {}},
    }


def attachment_json(attachment: Attachment, address: str) -> dict[str, Any]:
    """A file as the API gives it, with where to get it."""
    return {
        "id": attachment.id,
        "url": f"{address}/api/v2/attachments/{attachment.id}.json",
        "file_name": attachment.name,
        "content_url": f"{address}/attachments/{attachment.id}/{quote(attachment.name)}",
        "content_type": attachment.content_type,
        "size": len(attachment.content),
        "inline": False,
        "deleted": False,
        "thumbnails": [],
    }


def metric_json(ticket: FakeTicket, address: str) -> dict[str, Any]:
    """A ticket's metrics, in calendar minutes; nothing is counted in business hours here."""
    created = ticket.created_at
    return {
        "id": ticket.id,
        "url": f"{address}/api/v2/ticket_metrics/{ticket.id}.json",
        "ticket_id": ticket.id,
        "reopens": ticket.reopens,
        "replies": sum(
            comment.public and comment.author_id != ticket.requester_id for comment in ticket.comments
        ),
        "assignee_stations": ticket.stations,
        "group_stations": int(ticket.group_id is not None),
        "created_at": stamp(created),
        "updated_at": stamp(ticket.updated_at),
        "solved_at": stamp(ticket.solved_at) if ticket.solved_at else None,
        "reply_time_in_minutes": {"calendar": _minutes(created, ticket.first_reply_at), "business": None},
        "full_resolution_time_in_minutes": {
            "calendar": _minutes(created, ticket.solved_at),
            "business": None,
        },
    }


def _minutes(start: datetime, end: datetime | None) -> int | None:
    return None if end is None else int((end - start).total_seconds() // 60)


def organization_json(organization: FakeOrganization, address: str) -> dict[str, Any]:
    """An organization as the API gives it."""
    return {
        "id": organization.id,
        "url": f"{address}/api/v2/organizations/{organization.id}.json",
        "name": organization.name,
        "external_id": organization.external_id,
        "details": organization.details,
        "notes": organization.notes,
        "domain_names": list(organization.domain_names),
        "tags": list(organization.tags),
        "organization_fields": organization.fields,
        "shared_tickets": False,
        "created_at": stamp(organization.created_at),
        "updated_at": stamp(organization.created_at),
    }


def group_json(group: FakeGroup, address: str) -> dict[str, Any]:
    """A group as the API gives it."""
    return {
        "id": group.id,
        "url": f"{address}/api/v2/groups/{group.id}.json",
        "name": group.name,
        "description": group.description,
        "deleted": False,
        "default": False,
        "is_public": True,
        "created_at": stamp(group.created_at),
        "updated_at": stamp(group.created_at),
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
        answer["organizations"] = [organization_json(desk.organizations[key], address) for key in ids]
    if "groups" in wanted:
        groups = dict.fromkeys(ticket.group_id for ticket in chosen if ticket.group_id)
        answer["groups"] = [group_json(desk.groups[key], address) for key in groups]
    if "metric_sets" in wanted:
        answer["metric_sets"] = [
            {"ticket_id": ticket.id, "reopens": ticket.reopens, "assignee_stations": ticket.stations}
            for ticket in chosen
        ]
    if "last_audits" in wanted:
        answer["last_audits"] = [audit_json(ticket, ticket.audits[-1]) for ticket in chosen if ticket.audits]
    return answer


def user_json(user: FakeUser, address: str = "") -> dict[str, Any]:
    """A user as the API gives it."""
    return {
        "id": user.id,
        "url": f"{address}/api/v2/users/{user.id}.json",
        "name": user.name,
        "email": user.email,
        "role": user.role,
        "organization_id": user.organization_id,
        "external_id": user.external_id,
        "phone": user.phone,
        "details": user.details,
        "notes": user.notes,
        "time_zone": user.time_zone,
        "iana_time_zone": user.iana_time_zone,
        "locale": user.locale,
        "locale_id": _LOCALE_IDS.get(user.locale, 1),
        "tags": list(user.tags),
        "suspended": user.suspended,
        "active": user.active,
        "verified": True,
        "shared": False,
        "moderator": False,
        "default_group_id": None,
        "user_fields": user.user_fields,
        "created_at": stamp(user.created_at),
        "updated_at": stamp(user.updated_at),
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
