"""RT's JSON and our words, both ways; plain functions.

Shapes: https://docs.bestpractical.com/rt/5.0.3/RT/REST2.html; lifecycles:
https://docs.bestpractical.com/rt/5.0.3/customizing/lifecycles.html. What RT 5.0.3 really does stands in README.md.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from connectors.kit.fields import any_text, items, record, records, utc_time
from connectors.kit.marks import mark_of
from connectors.requesttracker.settings import RequestTrackerSettings
from incidents.errors import Unrecognised
from incidents.models import Contact, Departure, Ticket, TicketRef, TicketStatus

DELETED = "deleted"
NOBODY = "Nobody"
FIELDS = {
    "fields": "Subject,Status,Queue,Created,LastUpdated,Due,Owner,Requestor,Priority,CustomFields",
    "fields[Queue]": "Name",
    "fields[Owner]": "Name,RealName",
    # Not the requestor's id: that is the user's name, which stays the old address when the address changes.
    "fields[Requestor]": "Name,RealName,EmailAddress",
}
_STATUS = {
    "new": TicketStatus.NEW,
    "open": TicketStatus.OPEN,
    "stalled": TicketStatus.WAITING_FOR_CUSTOMER,
    "resolved": TicketStatus.SOLVED,
    "rejected": TicketStatus.CLOSED,
    DELETED: TicketStatus.CLOSED,
}
_WORD = {
    TicketStatus.NEW: "new",
    TicketStatus.OPEN: "open",
    TicketStatus.WAITING_FOR_CUSTOMER: "stalled",
    TicketStatus.WAITING_FOR_VENDOR: "stalled",
    TicketStatus.SOLVED: "resolved",
    TicketStatus.CLOSED: "resolved",
}
_ID = re.compile(r"[1-9][0-9]{0,17}", re.ASCII)
_NEVER = "1970-01-01"
_FOR_COLLEAGUES = "; liaison-for=colleagues"


def id_from(value: object) -> str | None:
    """A ticket's or transaction's id as text, or None for what cannot be one; ids go into paths, so digits only."""
    text = str(value) if isinstance(value, int) and not isinstance(value, bool) else value
    return text if isinstance(text, str) and _ID.fullmatch(text) else None


def ticket_from(data: Any, body: str, connection: str, settings: RequestTrackerSettings) -> Ticket:
    """One item of a search made with `FIELDS`. Raises `Unrecognised` without an id or a time."""
    ticket_id = id_from(data.get("id"))
    if ticket_id is None:
        raise Unrecognised("requesttracker: a ticket without an id")
    updated_at = utc_time(data.get("LastUpdated"), of="requesttracker")
    requester = _requester(data)
    source_status = any_text(data.get("Status"))
    fields = {
        any_text(one.get("name")): items(one.get("values")) for one in records(data.get("CustomFields"))
    }
    due = any_text(data.get("Due"))
    priority = any_text(data.get("Priority"))
    return Ticket(
        ref=TicketRef(connection=connection, id=ticket_id),
        subject=any_text(data.get("Subject")),
        body=body,
        status=status_from(source_status, settings),
        source_status=source_status,
        requester=requester,
        version=int(updated_at.timestamp() * 1000),
        created_at=utc_time(data.get("Created"), of="requesttracker"),
        updated_at=updated_at,
        assignee=_owner(record(data.get("Owner"))),
        group=any_text(record(data.get("Queue")).get("Name")) or None,
        priority=None if priority in ("", "0") else priority,
        product=_first(fields, settings.product_field),
        tier=_first(fields, settings.tier_field),
        tags=tuple(any_text(one) for one in fields.get(settings.tag_field, [])) if settings.tag_field else (),
        url=f"{settings.address}/Ticket/Display.html?id={ticket_id}",
        due_at=utc_time(due, of="requesttracker") if due and not due.startswith(_NEVER) else None,
        gone=Departure.DELETED if source_status == DELETED else None,
        # A ticket may have no requestor at all: RT takes "Jane Doe" or "jane@" for none, and says nothing.
        is_reachable=bool(requester.email),
    )


def status_from(word: str, settings: RequestTrackerSettings) -> TicketStatus:
    """What a status means. One that nobody told us of is not taken for an ending: the ticket counts as open."""
    return settings.statuses.get(word) or _STATUS.get(word, TicketStatus.OPEN)


def status_word(status: TicketStatus, settings: RequestTrackerSettings) -> str:
    """How to set it: the operator's own word for it, where there is one."""
    own = (word for word, meaning in settings.statuses.items() if meaning is status)
    return next(own, _WORD[status])


def content_type(once: str, *, is_private: bool = False) -> str:
    """Plain text, with our mark as a parameter of the type, and whether it is for colleagues only: stored with the
    message, and shown to nobody."""
    return f"text/plain; liaison={mark_of(once)}{_FOR_COLLEAGUES if is_private else ''}"


def is_note(attachment: Mapping[str, Any]) -> bool:
    """Whether this message of ours was for colleagues only."""
    return "liaison-for" in any_text(attachment.get("Headers"))


def carries(attachment: Mapping[str, Any], once: str) -> bool:
    """Whether this attachment is the message sent with `once`, by its stored headers."""
    return mark_of(once) in any_text(attachment.get("Headers"))


def name_of(user: Any) -> str:
    """A user as an answer refers to it: its name, which is its id there."""
    return any_text(record(user).get("Name") or record(user).get("id"))


def headers_of(text: str) -> list[tuple[str, str]]:
    """A stored message's headers, unfolded."""
    unfolded = re.sub(r"\r?\n[ \t]+", " ", text)
    pairs = (line.partition(":") for line in unfolded.splitlines())
    return [(name, value.strip()) for name, colon, value in pairs if colon]


def _requester(data: Any) -> Contact:
    people = records(data.get("Requestor"))
    first = people[0] if people else {}
    return Contact(
        id=name_of(first),
        name=any_text(first.get("RealName")),
        email=any_text(first.get("EmailAddress")),
    )


def _owner(owner: Mapping[str, Any]) -> str | None:
    name = name_of(owner)
    return None if name in ("", NOBODY) else any_text(owner.get("RealName")) or name


def _first(fields: Mapping[str, list[Any]], name: str) -> str | None:
    values = fields.get(name, []) if name else []
    return any_text(values[0]) or None if values else None
