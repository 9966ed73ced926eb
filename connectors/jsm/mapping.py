"""The JSON of Jira Service Management and our words; plain functions.

https://developer.atlassian.com/cloud/jira/service-desk/rest/intro/ and, for issues, the platform's `/rest/api/3`.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any

from connectors.jsm.settings import ServiceManagementSettings
from connectors.kit.atlassian.documents import text_of
from connectors.kit.atlassian.site import key_from, person_id
from connectors.kit.fields import any_text, items, record, text, utc_time
from connectors.kit.marks import carries_mark, unmarked
from incidents.errors import Unrecognised
from incidents.models import Author, Comment, Contact, Origin, Ticket, TicketRef, TicketStatus
from incidents.texts.tongues import time_zone

FIELDS = (
    "summary,description,status,reporter,assignee,priority,labels,created,updated,duedate,project,"
    "statuscategorychangedate,resolutiondate"
)
_ID = re.compile(r"[1-9][0-9]{0,17}", re.ASCII)
_STATUS = {
    "waiting for support": TicketStatus.OPEN,
    "in progress": TicketStatus.OPEN,
    "escalated": TicketStatus.OPEN,
    "waiting for customer": TicketStatus.WAITING_FOR_CUSTOMER,
    "pending": TicketStatus.WAITING_FOR_VENDOR,
    "resolved": TicketStatus.SOLVED,
    "done": TicketStatus.SOLVED,
    "closed": TicketStatus.CLOSED,
    "canceled": TicketStatus.CLOSED,
    "cancelled": TicketStatus.CLOSED,
}
"""Statuses that service projects come with, by their English names."""
_NEVER_SET = frozenset({"canceled", "cancelled"})
"""Read as closed; a request that is done was not cancelled, so we cancel none."""
_CATEGORY = {"new": TicketStatus.NEW, "indeterminate": TicketStatus.OPEN, "done": TicketStatus.SOLVED}
# What else will do where no status of that meaning can be reached.
_ALSO = {
    TicketStatus.SOLVED: (TicketStatus.CLOSED,),
    TicketStatus.CLOSED: (TicketStatus.SOLVED,),
    TicketStatus.WAITING_FOR_VENDOR: (TicketStatus.WAITING_FOR_CUSTOMER,),
    TicketStatus.OPEN: (TicketStatus.NEW,),
    TicketStatus.NEW: (TicketStatus.OPEN,),
}


def id_from(value: object) -> str | None:
    """An issue's number, which it keeps when it is moved and its key does not; None for what cannot be one."""
    return value if isinstance(value, str) and _ID.fullmatch(value) else None


def status_of(issue: Mapping[str, Any], settings: ServiceManagementSettings) -> TicketStatus:
    """What its status means: the operator's word for it, the product's own, or its category."""
    status = record(record(issue.get("fields")).get("status"))
    return _meaning(status, settings)


def transition_for(
    transitions: Sequence[Mapping[str, Any]], wanted: TicketStatus, settings: ServiceManagementSettings
) -> tuple[str, str] | None:
    """The id of the first transition to a status that means this, or will do for it, with that status' name; one
    without a screen is preferred, since a screen may ask for fields."""
    ways = sorted(transitions, key=lambda one: one.get("hasScreen") is True)
    for meaning in (wanted, *_ALSO.get(wanted, ())):
        for one in ways:
            to = record(one.get("to"))
            if text(to.get("name")).casefold() in _NEVER_SET:
                continue
            if _meaning(to, settings) is meaning and text(one.get("id")):
                return text(one.get("id")), text(to.get("name"))
    return None


def settled_at(issue: Mapping[str, Any]) -> datetime | None:
    """Since when its status is an end; None where Jira does not say."""
    fields = record(issue.get("fields"))
    for name in ("statuscategorychangedate", "resolutiondate"):
        if isinstance(fields.get(name), str):
            return utc_time(fields.get(name), of="jsm")
    return None


def requester_of(issue: Mapping[str, Any]) -> Contact:
    """Whose request it is; an address that its owner hides is left out."""
    reporter = record(record(issue.get("fields")).get("reporter"))
    return Contact(
        id=person_id(reporter),
        name=text(reporter.get("displayName")),
        email=text(reporter.get("emailAddress")),
        time_zone=time_zone(text(reporter.get("timeZone"))),
    )


def ticket_from(
    issue: Mapping[str, Any], connection: str, settings: ServiceManagementSettings, status: TicketStatus
) -> Ticket:
    """An issue as a ticket. Raises `Unrecognised` without an id, a key or a time."""
    own_id, key = id_from(issue.get("id")), key_from(issue.get("key"))
    if own_id is None or key is None:
        raise Unrecognised("jsm: an issue without an id or a key")
    fields = record(issue.get("fields"))
    updated_at = utc_time(fields.get("updated"), of="jsm")
    requester = requester_of(issue)
    labels = tuple(text(one) for one in items(fields.get("labels")) if text(one))
    return Ticket(
        ref=TicketRef(connection=connection, id=own_id),
        subject=text(fields.get("summary")),
        body=text_of(fields.get("description")),
        status=status,
        source_status=text(record(fields.get("status")).get("name")),
        requester=requester,
        version=int(updated_at.timestamp() * 1000),
        created_at=utc_time(fields.get("created"), of="jsm"),
        updated_at=updated_at,
        assignee=text(record(fields.get("assignee")).get("displayName")) or None,
        priority=text(record(fields.get("priority")).get("name")) or None,
        product=_product(fields, settings),
        tier=_tier(labels, settings.tier_label_prefix),
        tags=labels,
        url=f"{settings.address}/browse/{key}",
        # The product tells whoever reported it; of what nobody reported it tells nobody.
        is_reachable=bool(requester.id),
    )


def own_comment(comments: Iterable[Mapping[str, Any]], mark: str, own_id: str) -> dict[str, Any] | None:
    """The comment that we wrote with this key."""
    for one in comments:
        if person_id(one.get("author")) == own_id and carries_mark(text_of(one.get("body")), mark):
            return dict(one)
    return None


def is_public(comment: Mapping[str, Any]) -> bool:
    """Whether customers read it: not what is internal, nor what a role or a group alone reads."""
    return comment.get("jsdPublic") is not False and not record(comment.get("visibility"))


def comment_from(comment: Mapping[str, Any], customer: str, own_id: str) -> Comment:
    """A comment. Who reported the request is its customer, and whoever has an account for customers only; words of
    apps and rules are automatic. Raises `Unrecognised` without a time."""
    author = record(comment.get("author"))
    who, is_shown = person_id(author), is_public(comment)
    kind = text(author.get("accountType"))
    origin = Origin.AUTOMATIC if kind == "app" and who != own_id else Origin.PERSON
    if who and who == own_id:
        by = Author.LIAISON
    elif is_shown and (who == customer or kind == "customer"):
        by = Author.CUSTOMER
    else:
        by = Author.AGENT
    return Comment(
        id=any_text(comment.get("id")),
        author=by,
        author_name=text(author.get("displayName")),
        is_public=is_shown,
        text=unmarked(text_of(comment.get("body"))),
        at=utc_time(comment.get("created"), of="jsm"),
        origin=origin,
        author_id=text(author.get("accountId")),
        # Jira does not tell a comment that came by mail from one that was typed.
        is_signed_in=None if by is Author.AGENT and not is_shown and kind != "customer" else False,
    )


def _meaning(status: Mapping[str, Any], settings: ServiceManagementSettings) -> TicketStatus:
    word = text(status.get("name")).casefold()
    own = {name.casefold(): meaning for name, meaning in settings.statuses.items()}
    category = text(record(status.get("statusCategory")).get("key"))
    return own.get(word) or _STATUS.get(word) or _CATEGORY.get(category, TicketStatus.OPEN)


def _product(fields: Mapping[str, Any], settings: ServiceManagementSettings) -> str | None:
    value = fields.get(settings.product_field) if settings.product_field else None
    # A list of choices has objects with a value, a text is itself.
    return text(record(value).get("value")) or text(value) or None


def _tier(labels: Sequence[str], prefix: str) -> str | None:
    found = (one.removeprefix(prefix) for one in labels if prefix and one.startswith(prefix))
    return next(found, None) or None
