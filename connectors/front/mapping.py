"""Front's JSON and our words, both ways; plain functions.

Shapes: https://dev.frontapp.com/reference/conversations; times are Unix seconds with a fraction. A conversation says of
itself neither when it changed nor what was first written: its events and its messages do.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from connectors.front.settings import FrontSettings
from connectors.kit.fields import record, records, text, unix_time
from incidents.errors import Unrecognised
from incidents.models import Contact, Departure, Ticket, TicketRef, TicketStatus
from incidents.texts.markup import text_of_markup

NAME = "front"
OPEN, WAITING, RESOLVED = "open", "waiting", "resolved"
ARCHIVED, DELETED, SPAM = "archived", "deleted", "spam"
_CATEGORY = {
    OPEN: TicketStatus.OPEN,
    WAITING: TicketStatus.WAITING_FOR_CUSTOMER,
    RESOLVED: TicketStatus.SOLVED,
}
_SET = {
    TicketStatus.NEW: OPEN,
    TicketStatus.OPEN: OPEN,
    TicketStatus.WAITING_FOR_CUSTOMER: WAITING,
    TicketStatus.WAITING_FOR_VENDOR: WAITING,
    TicketStatus.SOLVED: RESOLVED,
    TicketStatus.CLOSED: RESOLVED,
}
_GONE = {DELETED: Departure.DELETED, SPAM: Departure.SPAM}
_ID = re.compile(r"cnv_[0-9a-z]{1,40}", re.ASCII)
_CONTACT = re.compile(r"/contacts/(crd_[0-9a-z]{1,40})$", re.ASCII)


def id_from(value: object) -> str | None:
    """A conversation's id, or None for what cannot be one; ids go into paths."""
    return value if isinstance(value, str) and _ID.fullmatch(value) else None


def category_for(status: TicketStatus) -> str:
    """The category of ticket statuses that a status is set by."""
    return _SET[status]


def has_ticketing(data: Mapping[str, Any]) -> bool:
    """Whether the company gives its conversations ticket statuses."""
    return bool(text(data.get("status_id")))


def category_of(data: Mapping[str, Any]) -> str:
    """Its category; without ticketing what is archived is resolved, and all else open."""
    if has_ticketing(data):
        return text(data.get("status_category"))
    return RESOLVED if data.get("status") == ARCHIVED else OPEN


def gone_from(data: Mapping[str, Any]) -> Departure | None:
    """Whether it is in the bin."""
    return _GONE.get(text(data.get("status")))


def tags_of(data: Mapping[str, Any]) -> list[str]:
    """Their names."""
    return [name for name in (text(tag.get("name")) for tag in records(data.get("tags"))) if name]


def emitted_at(event: Mapping[str, Any]) -> datetime:
    """When an event happened. Raises `Unrecognised`."""
    return unix_time(event.get("emitted_at"), of=NAME)


def words_of(markup: Any) -> str:
    """What a reader of a message sees."""
    return text_of_markup(text(markup)).strip()


def ticket_from(
    data: Mapping[str, Any],
    first: Mapping[str, Any],
    changed: datetime | None,
    connection: str,
    settings: FrontSettings,
) -> Ticket:
    """One conversation with its first message, and when something last happened on it. Raises `Unrecognised` without
    an id or a time."""
    own_id = id_from(data.get("id"))
    if own_id is None:
        raise Unrecognised("front: a conversation without an id")
    created = unix_time(data.get("created_at"), of=NAME)
    updated = max(created, changed or created)
    tags = tags_of(data)
    requester = _requester(data)
    assignee = record(data.get("assignee"))
    return Ticket(
        ref=TicketRef(connection=connection, id=own_id),
        subject=text(data.get("subject")).strip(),
        body=words_of(first.get("body")) if first.get("is_inbound") is True else "",
        # A category that nobody told us of is not taken for an ending.
        status=_CATEGORY.get(category_of(data), TicketStatus.OPEN),
        source_status=text(data.get("status_id")) or text(data.get("status")),
        requester=requester,
        version=int(updated.timestamp() * 1000),
        created_at=created,
        updated_at=updated,
        assignee=text(assignee.get("id")) or None,
        channel=text(first.get("type")) or None,
        tier=_tier(tags, settings.tier_tag_prefix),
        tags=tuple(tags),
        url=f"https://app.frontapp.com/open/{own_id}",
        gone=gone_from(data),
        is_reachable=bool(requester.id),
    )


def _requester(data: Mapping[str, Any]) -> Contact:
    """The main recipient: by the contact's id, else by the handle that they write from."""
    recipient = record(data.get("recipient"))
    handle = text(recipient.get("handle")).strip()
    link = _CONTACT.search(text(record(record(recipient.get("_links")).get("related")).get("contact")))
    name = text(recipient.get("name")).strip()
    return Contact(id=link[1] if link else handle, name=name, email=handle if "@" in handle else "")


def _tier(tags: list[str], prefix: str) -> str | None:
    found = (tag.removeprefix(prefix) for tag in tags if prefix and tag.startswith(prefix))
    return next(found, None) or None
