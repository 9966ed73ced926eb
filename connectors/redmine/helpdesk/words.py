"""Redmine's words for a ticket and ours, both ways; plain functions."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from connectors.kit.fields import any_text, items, record, records, utc_time, whole
from connectors.redmine.mapping import key_from
from connectors.redmine.settings import RedmineSettings
from incidents.errors import Unrecognised
from incidents.models import Contact, Ticket, TicketRef, TicketStatus

_STATUS = {
    "new": TicketStatus.NEW,
    "in progress": TicketStatus.OPEN,
    "feedback": TicketStatus.WAITING_FOR_CUSTOMER,
    "resolved": TicketStatus.SOLVED,
    "closed": TicketStatus.CLOSED,
    "rejected": TicketStatus.CLOSED,
}
# What else will do where no status of that meaning can be reached.
_ALSO = {
    TicketStatus.SOLVED: (TicketStatus.CLOSED,),
    TicketStatus.CLOSED: (TicketStatus.SOLVED,),
    TicketStatus.WAITING_FOR_VENDOR: (TicketStatus.WAITING_FOR_CUSTOMER,),
    TicketStatus.OPEN: (TicketStatus.NEW,),
}


def status_of(status: object, settings: RedmineSettings) -> TicketStatus:
    """What a status means: the operator's word for it, Redmine's own, or what Redmine says of its being an end."""
    word = any_text(record(status).get("name")).casefold()
    own = {name.casefold(): meaning for name, meaning in settings.statuses.items()}
    is_closed = record(status).get("is_closed") is True
    return own.get(word) or _STATUS.get(word, TicketStatus.CLOSED if is_closed else TicketStatus.OPEN)


def status_id(
    allowed: Iterable[Mapping[str, Any]], wanted: TicketStatus, settings: RedmineSettings
) -> int | None:
    """The first of the statuses that an issue may have now which means this, or will do for it."""
    statuses = list(allowed)
    for meaning in (wanted, *_ALSO.get(wanted, ())):
        for one in statuses:
            if status_of(one, settings) is meaning and whole(one.get("id")) is not None:
                return whole(one.get("id"))
    return None


def field_of(issue: Mapping[str, Any], name: str) -> dict[str, Any] | None:
    """A custom field of the issue; None where it has none of that name, or the operator named none."""
    fields = records(issue.get("custom_fields")) if name else []
    return next((one for one in fields if any_text(one.get("name")) == name), None)


def field_text(issue: Mapping[str, Any], name: str) -> str:
    """Its value as a text; the first of several."""
    value = (field_of(issue, name) or {}).get("value")
    several = items(value)
    return any_text(several[0] if several else None if isinstance(value, list) else value).strip()


def tags_of(issue: Mapping[str, Any], name: str) -> tuple[str, ...]:
    """The tags: the values of a field of many values, or the words between the commas of a text."""
    value = (field_of(issue, name) or {}).get("value")
    words = items(value) if isinstance(value, list) else any_text(value).split(",")
    return tuple(word for word in (any_text(one).strip() for one in words) if word)


def ticket_from(
    issue: Mapping[str, Any],
    connection: str,
    settings: RedmineSettings,
    *,
    requester: Contact,
    is_reachable: bool,
    status: TicketStatus,
) -> Ticket:
    """An issue of a list as a ticket. Raises `Unrecognised` without an id or a time."""
    key = key_from(issue.get("id"))
    if key is None:
        raise Unrecognised("redmine: an issue without an id")
    updated_at = utc_time(issue.get("updated_on"), of="redmine")
    return Ticket(
        ref=TicketRef(connection=connection, id=key),
        subject=any_text(issue.get("subject")),
        body=plain(issue.get("description")),
        status=status,
        source_status=any_text(record(issue.get("status")).get("name")),
        requester=requester,
        version=int(updated_at.timestamp() * 1000),
        created_at=utc_time(issue.get("created_on"), of="redmine"),
        updated_at=updated_at,
        assignee=any_text(record(issue.get("assigned_to")).get("name")) or None,
        group=any_text(record(issue.get("category")).get("name")) or None,
        priority=any_text(record(issue.get("priority")).get("name")) or None,
        product=field_text(issue, settings.product_field) or None,
        tier=field_text(issue, settings.tier_field) or None,
        tags=tags_of(issue, settings.tag_field),
        url=f"{settings.address}/issues/{key}",
        is_reachable=is_reachable,
    )


def plain(text: object) -> str:
    """A text with the ends of lines that we use; Redmine keeps those of browsers."""
    return any_text(text).replace("\r\n", "\n")
