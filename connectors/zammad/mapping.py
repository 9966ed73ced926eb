"""Zammad's JSON and our words, both ways; plain functions.

Shapes: https://docs.zammad.org/en/latest/api/ticket/index.html with `expand=true` (names beside ids),
https://docs.zammad.org/en/latest/api/ticket/states.html
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from connectors.kit.fields import any_text, record, records, text, utc_time
from connectors.zammad.settings import ZammadSettings
from incidents.errors import Refused, Unrecognised
from incidents.models import Contact, Departure, Ticket, TicketRef, TicketStatus
from incidents.texts.markup import text_of_markup
from incidents.texts.tongues import language_tag

MERGED = "merged"
REMOVED = "removed"
PENDING = "pending reminder"
_STATUS = {
    "new": TicketStatus.NEW,
    "open": TicketStatus.OPEN,
    PENDING: TicketStatus.WAITING_FOR_CUSTOMER,
    "pending close": TicketStatus.WAITING_FOR_CUSTOMER,
    "closed": TicketStatus.SOLVED,
    MERGED: TicketStatus.CLOSED,
    REMOVED: TicketStatus.CLOSED,
}
_WORD = {
    TicketStatus.NEW: "new",
    TicketStatus.OPEN: "open",
    TicketStatus.WAITING_FOR_CUSTOMER: PENDING,
    TicketStatus.SOLVED: "closed",
    TicketStatus.CLOSED: "closed",
}
_GONE = {MERGED: Departure.MERGED, REMOVED: Departure.DELETED}
_ID = re.compile(r"[0-9]{1,18}", re.ASCII)


def id_from(value: object) -> str | None:
    """An id as text, or None for what cannot be one; ids go into paths, so digits only."""
    found = str(value) if isinstance(value, int) and not isinstance(value, bool) else value
    return found if isinstance(found, str) and _ID.fullmatch(found) else None


def statuses_from(states: Sequence[Mapping[str, Any]], settings: ZammadSettings) -> dict[str, TicketStatus]:
    """Our status by the name of each state. One that the house made counts as the standard state of its type."""
    by_type = {
        any_text(state.get("state_type_id")): _STATUS[text(state.get("name"))]
        for state in states
        if text(state.get("name")) in _STATUS
    }
    named = {
        text(state.get("name")): by_type[any_text(state.get("state_type_id"))]
        for state in states
        if any_text(state.get("state_type_id")) in by_type
    }
    own = {settings.waiting_for_vendor_state: TicketStatus.WAITING_FOR_VENDOR}
    return {**named, **_STATUS, **(own if settings.waiting_for_vendor_state else {})}


def state_fields(status: TicketStatus, settings: ZammadSettings, *, now: datetime) -> dict[str, Any]:
    """What sets a status. A reminder needs its time. Raises `Refused` for one that this Zammad has no state for."""
    if status is TicketStatus.WAITING_FOR_VENDOR:
        if not settings.waiting_for_vendor_state:
            raise Refused(
                "zammad: no state for waiting for a vendor: make one and name it in waiting_for_vendor_state"
            )
        return {"state": settings.waiting_for_vendor_state}
    if status is TicketStatus.WAITING_FOR_CUSTOMER:
        remind_at = now + timedelta(days=settings.reminder_days)
        return {"state": PENDING, "pending_time": f"{remind_at.astimezone(UTC):%Y-%m-%dT%H:%M:%S.000Z}"}
    return {"state": _WORD[status]}


def version_from(data: Mapping[str, Any]) -> int:
    """Its time of change in milliseconds, which Zammad tells. Raises `Unrecognised` where it does not."""
    return int(utc_time(data.get("updated_at"), of="zammad").timestamp() * 1000)


def ticket_from(
    data: Mapping[str, Any],
    *,
    articles: Sequence[Mapping[str, Any]],
    tags: Sequence[str],
    customer: Mapping[str, Any],
    statuses: Mapping[str, TicketStatus],
    connection: str,
    settings: ZammadSettings,
) -> Ticket:
    """One ticket. Raises `Unrecognised` without an id, a time, or a state that is in `statuses`."""
    ticket_id = id_from(data.get("id"))
    if ticket_id is None:
        raise Unrecognised("zammad: a ticket without an id")
    state = text(data.get("state"))
    if state not in statuses:
        raise Unrecognised(f"zammad: unknown ticket state {state[:40]!r}")
    updated_at = utc_time(data.get("updated_at"), of="zammad")
    email = text(customer.get("email"))
    owner = text(data.get("owner"))
    return Ticket(
        ref=TicketRef(connection=connection, id=ticket_id),
        subject=text(data.get("title")),
        body=body_of(articles[0]) if articles else "",
        status=statuses[state],
        source_status=state,
        requester=Contact(
            id=any_text(data.get("customer_id")),
            name=name_of(customer),
            email=email,
            # Only of who has chosen one (docs.zammad.org/en/latest/api/user.html).
            language=language_tag(text(record(customer.get("preferences")).get("locale"))),
        ),
        version=version_from(data),
        created_at=utc_time(data.get("created_at"), of="zammad"),
        updated_at=updated_at,
        # The system's own user, "-", owns what nobody owns.
        assignee=owner if owner not in ("", "-") else None,
        group=text(data.get("group")) or None,
        priority=text(data.get("priority")) or None,
        product=_tagged(tags, settings.product_tag_prefix),
        channel=text(data.get("create_article_type")) or None,
        tier=_tagged(tags, settings.tier_tag_prefix),
        tags=tuple(tags),
        url=f"{settings.base_url}/#ticket/zoom/{ticket_id}",
        gone=_GONE.get(state),
        is_reachable=bool(email),
    )


def body_of(article: Mapping[str, Any]) -> str:
    """An article's words, without its markup."""
    words = text(article.get("body"))
    return text_of_markup(words).strip() if "html" in text(article.get("content_type")).lower() else words


def name_of(user: Mapping[str, Any]) -> str:
    """First and last name."""
    return f"{text(user.get('firstname'))} {text(user.get('lastname'))}".strip()


def in_order(articles: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
    """By their ids: the first is the ticket's own message."""
    found = [one for one in records(list(articles)) if id_from(one.get("id")) is not None]
    return sorted(found, key=lambda one: int(str(one["id"])))


def _tagged(tags: Sequence[str], prefix: str) -> str | None:
    if not prefix:
        return None
    return next((tag.removeprefix(prefix) for tag in tags if tag.startswith(prefix) and tag != prefix), None)
