"""A conversation's JSON and our words, both ways; plain functions.

Shapes: https://github.com/intercom/Intercom-OpenAPI, version 2.15.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from connectors.intercom.mapping import (
    CUSTOMERS,
    NAME,
    assigned,
    contact_id,
    id_from,
    inbox_url,
    tags_of,
    tier_of,
    updated_at,
    version_of,
)
from connectors.intercom.messages.parts import words_of
from connectors.intercom.settings import IntercomSettings
from connectors.kit.fields import any_text, record, text, unix_time
from incidents.errors import Unrecognised
from incidents.models import Contact, Ticket, TicketRef, TicketStatus

_STATUS = {
    "open": TicketStatus.OPEN,
    "snoozed": TicketStatus.WAITING_FOR_CUSTOMER,
    "closed": TicketStatus.SOLVED,
}
_STATE = {
    TicketStatus.NEW: "open",
    TicketStatus.OPEN: "open",
    TicketStatus.WAITING_FOR_CUSTOMER: "snoozed",
    TicketStatus.WAITING_FOR_VENDOR: "snoozed",
    TicketStatus.SOLVED: "closed",
    TicketStatus.CLOSED: "closed",
}


def state_for(status: TicketStatus) -> str:
    """Intercom's word for a status."""
    return _STATE[status]


def ticket_from(data: Mapping[str, Any], connection: str, settings: IntercomSettings) -> Ticket:
    """One conversation. Raises `Unrecognised` without an id or a time."""
    own_id = id_from(data.get("id"))
    if own_id is None:
        raise Unrecognised("intercom: a conversation without an id")
    source = record(data.get("source"))
    tags = tags_of(data)
    requester = _requester(data)
    state = text(data.get("state"))
    return Ticket(
        ref=TicketRef(connection=connection, id=own_id),
        subject=words_of(data.get("title")) or words_of(source.get("subject")),
        body=words_of(source.get("body")),
        # A state that nobody told us of is not taken for an ending.
        status=_STATUS.get(state, TicketStatus.OPEN),
        source_status=state,
        requester=requester,
        version=version_of(data),
        created_at=unix_time(data.get("created_at"), of=NAME),
        updated_at=updated_at(data),
        assignee=assigned(data, "admin_assignee_id"),
        group=assigned(data, "team_assignee_id"),
        priority="high" if data.get("priority") == "priority" else None,
        channel=text(source.get("type")) or None,
        tier=tier_of(tags, settings.tier_tag_prefix),
        tags=tuple(tags),
        url=inbox_url(settings, own_id),
        is_reachable=bool(requester.id),
    )


def _requester(data: Mapping[str, Any]) -> Contact:
    """Who wrote first; where that was the house, the first contact, of whom a conversation tells the id alone."""
    author = record(record(data.get("source")).get("author"))
    if text(author.get("type")) in CUSTOMERS:
        return Contact(
            id=any_text(author.get("id")), name=text(author.get("name")), email=text(author.get("email"))
        )
    return Contact(id=contact_id(data), name="", email="")
