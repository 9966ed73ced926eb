"""Zendesk's JSON and our words, both ways; plain functions.

Shapes: https://developer.zendesk.com/api-reference/ticketing/tickets/tickets/ and `.../ticket_audits/`; side-loads:
https://developer.zendesk.com/documentation/ticketing/using-the-zendesk-api/side_loading/
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from connectors.kit.fields import any_text, items, record, records, utc_time, whole
from connectors.zendesk.settings import ZendeskSettings
from incidents.errors import Unrecognised
from incidents.models import (
    OUR_KEYS,
    Contact,
    Departure,
    Ticket,
    TicketRef,
    TicketStatus,
)
from incidents.texts.tongues import language_tag, time_zone
from incidents.ticket_words import Kinship

SIDE_LOADS = "users,groups,organizations,metric_sets"
ONCE = "liaison_once"
PRIVATE = "liaison_private"
DELETED = "deleted"
MERGED = "closed_by_merge"
# https://developer.zendesk.com/documentation/ticketing/reference-guides/via-types: the channels whose answers go out by
# mail. By the others (chats, messengers) a public comment goes back the way the customer came.
BY_MAIL = frozenset({"web", "web_form", "web_service", "api", "email", "mail", "voice", "phone"})

_STATUS = {
    "new": TicketStatus.NEW,
    "open": TicketStatus.OPEN,
    "pending": TicketStatus.WAITING_FOR_CUSTOMER,
    "hold": TicketStatus.WAITING_FOR_VENDOR,
    "solved": TicketStatus.SOLVED,
    "closed": TicketStatus.CLOSED,
}
_WORD = {status: word for word, status in _STATUS.items()}
_TICKET_ID = re.compile(r"[0-9]{1,20}", re.ASCII)
# Zendesk renders Liquid in agents' comments: a customer's `{{ticket...}}` quoted by us would be executed.
_LIQUID = re.compile(r"\{(?=[{%])")
_WORD_JOINER = "\u2060"


@dataclass(frozen=True, kw_only=True, slots=True)
class SideLoads:
    """The records an answer brought along, by id."""

    users: Mapping[str, Any] = field(default_factory=dict)
    groups: Mapping[str, Any] = field(default_factory=dict)
    organizations: Mapping[str, Any] = field(default_factory=dict)
    metrics: Mapping[str, Any] = field(default_factory=dict)


def tickets_from(
    data: Any, connection: str, settings: ZendeskSettings, *, with_deleted: bool = False
) -> list[Ticket]:
    """The tickets of an answer with side-loads. Deleted ones (exports still name them) are left out, or gone."""
    if not isinstance(data, dict) or not isinstance(data.get("tickets"), list):
        raise Unrecognised("zendesk: the answer has no list of tickets")
    side = SideLoads(
        users=_by_id(data.get("users")),
        groups=_by_id(data.get("groups")),
        organizations=_by_id(data.get("organizations")),
        metrics=_by_id(data.get("metric_sets"), key="ticket_id"),
    )
    return [
        ticket_from(ticket, side, connection, settings)
        for ticket in records(data["tickets"])
        if with_deleted or ticket.get("status") != DELETED
    ]


def version_of(updated_at: datetime) -> int:
    """A ticket's version, by when it was changed."""
    return int(updated_at.timestamp() * 1000)


def ticket_from(data: Any, side: SideLoads, connection: str, settings: ZendeskSettings) -> Ticket:
    """One ticket. Raises `Unrecognised` without an id, a time, or a status we know."""
    ticket_id = ticket_id_from(data.get("id"))
    if ticket_id is None:
        raise Unrecognised("zendesk: a ticket without an id")
    updated_at = utc_time(data.get("updated_at"), of="zendesk")
    requester = _named(side.users, data.get("requester_id"))
    metrics = record(data.get("metric_set")) or side.metrics.get(ticket_id) or {}
    tags = tuple(any_text(tag) for tag in items(data.get("tags")))
    source_status = any_text(data.get("status"))
    via = record(data.get("via"))
    channel = any_text(via.get("channel")) or None
    email = any_text(requester.get("email"))
    parent, kinship = _origins(data, via)
    outbound_key = _outbound_key(data)
    return Ticket(
        ref=TicketRef(connection=connection, id=ticket_id),
        subject=any_text(data.get("subject")),
        body="" if outbound_key else any_text(data.get("description")),
        status=TicketStatus.CLOSED if source_status == DELETED else status_from(source_status),
        source_status=source_status,
        requester=Contact(
            id=any_text(data.get("requester_id")),
            name=any_text(requester.get("name")),
            email=email,
            language=language_tag(any_text(requester.get("locale"))),
            time_zone=time_zone(any_text(requester.get("iana_time_zone"))),
        ),
        version=version_of(updated_at),
        created_at=utc_time(data.get("created_at"), of="zendesk"),
        updated_at=updated_at,
        assignee=_name(side.users, data.get("assignee_id")),
        group=_name(side.groups, data.get("group_id")),
        priority=any_text(data.get("priority")) or None,
        product=_product(data, tags, settings),
        channel=channel,
        tier=_tier(requester, _named(side.organizations, data.get("organization_id")), tags, settings),
        tags=tags,
        url=f"{settings.address}/agent/tickets/{ticket_id}",
        # A "station" is a stop: the first assignee is one, so each further stop is a reassignment.
        reassignments=max(0, (whole(metrics.get("assignee_stations")) or 0) - 1),
        reopens=whole(metrics.get("reopens")) or 0,
        due_at=utc_time(data["due_at"], of="zendesk") if data.get("due_at") else None,
        gone=_departure(source_status, tags, requester),
        parent=parent,
        kinship=kinship,
        # A requester who was not side-loaded may well have an address.
        is_reachable=bool(email) or not requester or channel not in BY_MAIL,
        outbound_key=outbound_key,
    )


def _outbound_key(data: Any) -> str:
    """The key of a ticket that a Liaison opened, ours or another one that has this account."""
    key = any_text(data.get("external_id"))
    return key if key.startswith(OUR_KEYS) else ""


def _departure(status: str, tags: Sequence[str], requester: Mapping[str, Any]) -> Departure | None:
    """Deleted as exports name it; merged by the tag on a ticket that a merge has closed (into which one, only the event
    tells); suspended with its requester (`suspended` of
    https://developer.zendesk.com/api-reference/ticketing/users/users/)."""
    if status == DELETED:
        return Departure.DELETED
    if MERGED in tags:
        return Departure.MERGED
    return Departure.SUSPENDED if requester.get("suspended") is True else None


def _origins(data: Any, via: Mapping[str, Any]) -> tuple[str | None, Kinship | None]:
    """The ticket it came from: a follow-up of a closed one, a child of a side conversation.

    https://developer.zendesk.com/documentation/ticketing/reference-guides/via-object-reference: `rel` is `follow_up`
    and `from` has the ticket's id. A side conversation's child comes by the channel of that name. Zendesk itself has
    no splitting.
    """
    source = record(via.get("source"))
    parent = ticket_id_from(record(source.get("from")).get("ticket_id"))
    if via.get("channel") == "side_conversation":
        return parent, Kinship.SIDE_CONVERSATION
    if source.get("rel") == "follow_up":
        return parent or ticket_id_from(data.get("via_followup_source_id")), Kinship.FOLLOW_UP
    return None, None


def status_from(word: str) -> TicketStatus:
    """API answers say `open`, webhooks `OPEN`."""
    status = _STATUS.get(word.lower())
    if status is None:
        raise Unrecognised(f"zendesk: unknown ticket status {word[:40]!r}")
    return status


def status_word(status: TicketStatus) -> str:
    """How the API wants a status to be written."""
    return _WORD[status]


def ticket_id_from(value: object) -> str | None:
    """A ticket id as text, or None for what cannot be one; ids go into paths, so digits only."""
    text = str(value) if isinstance(value, int) and not isinstance(value, bool) else value
    return text if isinstance(text, str) and _TICKET_ID.fullmatch(text) else None


def inert(text: str) -> str:
    """The same text to a reader, no placeholder to Zendesk."""
    return _LIQUID.sub("{" + _WORD_JOINER, text)


def _tier(
    requester: Mapping[str, Any],
    organization: Mapping[str, Any],
    tags: Sequence[str],
    settings: ZendeskSettings,
) -> str | None:
    if settings.tier_field is not None:
        for fields in (organization.get("organization_fields"), requester.get("user_fields")):
            if value := _first_value(record(fields).get(settings.tier_field)):
                return value
    return _tagged(tags, settings.tier_tag_prefix)


def _product(data: Any, tags: Sequence[str], settings: ZendeskSettings) -> str | None:
    if settings.product_field_id is not None:
        for custom in records(data.get("custom_fields")):
            if custom.get("id") == settings.product_field_id and (value := _first_value(custom.get("value"))):
                return value
    return _tagged(tags, settings.product_tag_prefix)


def _first_value(value: object) -> str:
    """A field's value; of a multi-select field, whose value is a list, the first."""
    chosen = items(value) if isinstance(value, list) else [value]
    return next((str(one) for one in chosen if one not in (None, "")), "")


def _tagged(tags: Sequence[str], prefix: str) -> str | None:
    if not prefix:
        return None
    return next((tag.removeprefix(prefix) for tag in tags if tag.startswith(prefix) and tag != prefix), None)


def _by_id(found: Any, key: str = "id") -> dict[str, Any]:
    return {str(one.get(key)): one for one in records(found)}


def _named(by_id: Mapping[str, Any], id: object) -> Mapping[str, Any]:
    return by_id.get(str(id)) or {}


def _name(by_id: Mapping[str, Any], id: object) -> str | None:
    """The name behind an id; the bare id where the record was not side-loaded."""
    return None if id is None else any_text(_named(by_id, id).get("name")) or str(id)
