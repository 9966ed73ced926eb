"""Freshdesk's JSON and our words, both ways; plain functions.

Shapes: https://developers.freshdesk.com/api/#tickets. Texts are HTML there, both ways.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

from connectors.freshdesk.settings import FreshdeskSettings
from connectors.kit.fields import any_text, items, record, text, utc_time, whole
from incidents.errors import Unrecognised
from incidents.models import Contact, Departure, Ticket, TicketRef, TicketStatus
from incidents.texts.markup import text_of_markup

NAME = "freshdesk"
_STATUS = {
    2: TicketStatus.OPEN,
    3: TicketStatus.WAITING_FOR_CUSTOMER,
    4: TicketStatus.SOLVED,
    5: TicketStatus.CLOSED,
    6: TicketStatus.WAITING_FOR_CUSTOMER,
    7: TicketStatus.WAITING_FOR_VENDOR,
}
"""What accounts come with: open, pending, resolved, closed, waiting on customer, waiting on third party."""
_NUMBER = {
    TicketStatus.NEW: 2,
    TicketStatus.OPEN: 2,
    TicketStatus.WAITING_FOR_CUSTOMER: 3,
    TicketStatus.WAITING_FOR_VENDOR: 7,
    TicketStatus.SOLVED: 4,
    TicketStatus.CLOSED: 5,
}
_PRIORITY = {1: "low", 2: "medium", 3: "high", 4: "urgent"}
_CHANNEL = {
    1: "email",
    2: "portal",
    3: "phone",
    7: "chat",
    9: "feedback widget",
    10: "outbound email",
}
_ID = re.compile(r"[1-9][0-9]{0,17}", re.ASCII)


def id_from(value: object) -> str | None:
    """An id as text, or None for what cannot be one; ids go into paths, so digits only."""
    found = str(value) if whole(value) is not None else value
    return found if isinstance(found, str) and _ID.fullmatch(found) else None


def status_of(ticket: Mapping[str, Any], settings: FreshdeskSettings) -> TicketStatus:
    """One that nobody told us of is not taken for an ending: the ticket counts as open."""
    number = whole(ticket.get("status"))
    if number is None:
        return TicketStatus.OPEN
    return settings.statuses.get(number) or _STATUS.get(number, TicketStatus.OPEN)


def status_number(status: TicketStatus, settings: FreshdeskSettings) -> int:
    """How to set it: the house's own number for it, where there is one."""
    own = (number for number, meaning in settings.statuses.items() if meaning is status)
    return next(own, _NUMBER[status])


def gone_from(ticket: Mapping[str, Any]) -> Departure | None:
    """Why a ticket that is still shown is none any more."""
    if ticket.get("deleted") is True:
        return Departure.DELETED
    return Departure.SPAM if ticket.get("spam") is True else None


def tags_of(ticket: Mapping[str, Any]) -> list[str]:
    """Its tags."""
    return [text(tag) for tag in items(ticket.get("tags")) if text(tag)]


def is_whole(ticket: Mapping[str, Any]) -> bool:
    """Whether a list told all of it: what lists leave out differs, and the documentation's example has no tags."""
    return "tags" in ticket and "description" in ticket and isinstance(ticket.get("requester"), dict)


def requester_of(ticket: Mapping[str, Any]) -> Contact:
    """Whose it is."""
    person = record(ticket.get("requester"))
    return Contact(
        id=any_text(ticket.get("requester_id")),
        name=text(person.get("name")),
        email=text(person.get("email")),
    )


def version_from(ticket: Mapping[str, Any]) -> int:
    """Its time of change in milliseconds; Freshdesk tells seconds. Raises `Unrecognised` where it does not."""
    return int(utc_time(ticket.get("updated_at"), of=NAME).timestamp() * 1000)


def ticket_from(
    data: Mapping[str, Any], connection: str, settings: FreshdeskSettings, *, gone: Departure | None = None
) -> Ticket:
    """One ticket; `gone` where a list says it. Raises `Unrecognised` without an id or a time."""
    ticket_id = id_from(data.get("id"))
    if ticket_id is None:
        raise Unrecognised("freshdesk: a ticket without an id")
    requester = requester_of(data)
    tags = tags_of(data)
    due = data.get("due_by")
    return Ticket(
        ref=TicketRef(connection=connection, id=ticket_id),
        subject=text(data.get("subject")),
        body=words_of(data.get("description"), data.get("description_text")),
        status=status_of(data, settings),
        source_status=any_text(data.get("status")),
        requester=requester,
        version=version_from(data),
        created_at=utc_time(data.get("created_at"), of=NAME),
        updated_at=utc_time(data.get("updated_at"), of=NAME),
        assignee=any_text(data.get("responder_id")) or None,
        group=any_text(data.get("group_id")) or None,
        priority=_PRIORITY.get(whole(data.get("priority")) or 0),
        product=_product(data, settings),
        channel=_CHANNEL.get(whole(data.get("source")) or 0),
        tier=_tier(tags, settings.tier_tag_prefix),
        tags=tuple(tags),
        url=f"{settings.base_url}/a/tickets/{ticket_id}",
        due_at=utc_time(due, of=NAME) if isinstance(due, str) else None,
        gone=gone or gone_from(data),
        is_reachable=bool(requester.email),
    )


def words_of(markup: Any, plain: Any) -> str:
    """What a reader sees. Freshdesk's own plain form of it runs lines together."""
    return text_of_markup(text(markup)).strip() or text(plain).strip()


def _product(data: Mapping[str, Any], settings: FreshdeskSettings) -> str | None:
    if settings.product_field:
        return any_text(record(data.get("custom_fields")).get(settings.product_field)) or None
    return any_text(data.get("product_id")) or None


def _tier(tags: Sequence[str], prefix: str) -> str | None:
    found = (tag.removeprefix(prefix) for tag in tags if prefix and tag.startswith(prefix))
    return next(found, None) or None
