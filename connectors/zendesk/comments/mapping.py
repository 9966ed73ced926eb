"""What was written on a ticket, from its audits, and how it was made.

Audits rather than the comments' own list, because they tell by what way a comment came and what Zendesk thought of it:
https://developer.zendesk.com/api-reference/ticketing/tickets/ticket_audits/ and, for the events of an audit,
https://developer.zendesk.com/documentation/ticketing/reference-guides/ticket-audit-events-reference (`Create` events
are the first audit's, whose comment is the ticket's description). A mail that Zendesk suspended as automatic and that
an agent recovered carries the cause: https://developer.zendesk.com/documentation/ticketing/reference-guides/suspensions-reference/
What a trigger or an automation writes comes by the channel `rule`:
https://developer.zendesk.com/documentation/ticketing/reference-guides/via-types
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any

from connectors.kit.fields import any_text, record, records, utc_time, whole
from incidents.models import Author, Comment, Origin, Ticket

# Causes of suspension: automatic mail, mail loops, absence notices; failed deliveries, backscatter, system users.
_CAUSES = {
    3: Origin.AUTOMATIC,
    4: Origin.AUTOMATIC,
    8: Origin.AUTOMATIC,
    7: Origin.BOUNCE,
    9: Origin.BOUNCE,
    14: Origin.BOUNCE,
}
_STAFF = frozenset({"agent", "admin"})
_LOGGED_IN = frozenset({"web", "mobile", 0})
"""Channels by which somebody writes who is logged in; of a mail nobody knows who wrote it. Numbers are the same in an
account that has not been moved to names."""
_BY_PROGRAM = frozenset({"api", "web_service", 5})
"""A program wrote it, which may do so in an agent's name and pass on a mail; Zendesk does not say for whom."""


def comments_from(data: Any, ticket: Ticket, *, own_user_id: str | None, since: datetime) -> list[Comment]:
    """The comments of a page of audits, in the page's order; `since` leaves out older audits."""
    roles = {
        any_text(user.get("id")): (any_text(user.get("role")), any_text(user.get("name")))
        for user in records(record(data).get("users"))
    }
    return [
        comment
        for audit in records(record(data).get("audits"))
        for comment in _of_audit(audit, ticket, roles, own_user_id, since)
    ]


def is_older(data: Any, since: datetime) -> bool:
    """Whether the page's last audit is from before `since`: with the newest first, no page after it is needed."""
    audits = records(record(data).get("audits"))
    return not audits or utc_time(audits[-1].get("created_at"), of="zendesk") < since


def author_of(
    author_id: str, *, is_public: bool, is_staff: bool, requester_id: str, own_user_id: str | None
) -> Author:
    """Whose words they are. An agent may report a ticket himself: then his public words are the customer's."""
    if own_user_id is not None and author_id == own_user_id:
        return Author.LIAISON
    if not is_staff or (is_public and author_id == requester_id):
        return Author.CUSTOMER
    return Author.AGENT


def _of_audit(
    audit: dict[str, Any],
    ticket: Ticket,
    roles: Mapping[str, tuple[str, str]],
    own_user_id: str | None,
    since: datetime,
) -> Iterator[Comment]:
    events = records(audit.get("events"))
    at = utc_time(audit.get("created_at"), of="zendesk")
    if at < since or any(event.get("type") == "Create" for event in events):
        return
    for event in events:
        if event.get("type") != "Comment":
            continue
        author_id = any_text(event.get("author_id") or audit.get("author_id"))
        role, name = roles.get(author_id, ("", ""))
        is_public = event.get("public") is True
        yield Comment(
            id=any_text(event.get("id")),
            author=author_of(
                author_id,
                is_public=is_public,
                # Whose role was not side-loaded is taken for staff where he writes privately: customers cannot.
                is_staff=role in _STAFF or (role == "" and not is_public),
                requester_id=ticket.requester.id,
                own_user_id=own_user_id,
            ),
            author_name=name,
            is_public=is_public,
            text=any_text(event.get("html_body") or event.get("body")),
            at=at,
            origin=_origin(audit, events),
            author_id=author_id,
            is_signed_in=_is_signed_in(audit, event) if role in _STAFF else False,
        )


def _is_signed_in(audit: dict[str, Any], event: dict[str, Any]) -> bool | None:
    """Whether its author was logged in; None for what a program wrote. Who wrote it and whose it is said to be are two
    fields: a comment may be given another author than the audit's, who was logged in."""
    author, writer = any_text(event.get("author_id")), any_text(audit.get("author_id"))
    if author and author != writer:
        return False
    channel = record(audit.get("via")).get("channel")
    if not isinstance(channel, str | int):
        return False
    return None if channel in _BY_PROGRAM else channel in _LOGGED_IN


def _origin(audit: dict[str, Any], events: list[dict[str, Any]]) -> Origin:
    causes = [_CAUSES[cause] for event in events if (cause := whole(event.get("cause_id"))) in _CAUSES]
    if causes:
        return causes[0]
    is_a_rules = record(audit.get("via")).get("channel") in ("rule", 8)
    return Origin.AUTOMATIC if is_a_rules else Origin.PERSON
