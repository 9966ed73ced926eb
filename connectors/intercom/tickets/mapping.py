"""A ticket's JSON and our words, both ways; plain functions.

Shapes: https://github.com/intercom/Intercom-OpenAPI, version 2.15. What customers see of which category:
https://www.intercom.com/help/en/articles/8300308-how-customers-get-notified-about-tickets
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from connectors.intercom.mapping import (
    NAME,
    assigned,
    contact_id,
    id_from,
    inbox_url,
    tags_of,
    ticket_ref_id,
    tier_of,
    updated_at,
    version_of,
)
from connectors.intercom.messages.parts import COMMENT, PUBLIC_PARTS, is_automatic, is_by_customer, words_of
from connectors.intercom.settings import IntercomSettings
from connectors.kit.fields import record, records, text, unix_time
from incidents.errors import Unrecognised
from incidents.models import Contact, Ticket, TicketRef, TicketStatus
from incidents.ticket_words import Kinship

PARTS = "ticket_parts"
CUSTOMER, BACK_OFFICE, TRACKER = "Customer", "Back-office", "Tracker"
SUBMITTED, IN_PROGRESS, WAITING, RESOLVED = "submitted", "in_progress", "waiting_on_customer", "resolved"
_STATUS = {
    SUBMITTED: TicketStatus.NEW,
    IN_PROGRESS: TicketStatus.OPEN,
    WAITING: TicketStatus.WAITING_FOR_CUSTOMER,
}
_CATEGORY = {
    TicketStatus.NEW: SUBMITTED,
    TicketStatus.OPEN: IN_PROGRESS,
    TicketStatus.WAITING_FOR_CUSTOMER: WAITING,
    # Customers read a state's label: "waiting on you" would be untrue.
    TicketStatus.WAITING_FOR_VENDOR: IN_PROGRESS,
    TicketStatus.SOLVED: RESOLVED,
    TicketStatus.CLOSED: RESOLVED,
}


def state_category_for(status: TicketStatus) -> str:
    """The category of the state that a status is set by."""
    return _CATEGORY[status]


def state_category_of(data: Mapping[str, Any]) -> str:
    """The category of the state that it has."""
    return text(record(data.get("ticket_state")).get("category"))


def type_id_of(data: Mapping[str, Any]) -> str:
    """The id of its type; "" where it is not told."""
    return id_from(record(data.get("ticket_type")).get("id")) or ""


def category_of(data: Mapping[str, Any]) -> str:
    """Whose it is: a customer's, the back office's, or a tracker ticket of many customers' trouble."""
    return text(data.get("category")) or text(record(data.get("ticket_type")).get("category"))


def is_shown(data: Mapping[str, Any]) -> bool:
    """Whether its customer sees it and is answered there: only customers' tickets are. What is not told is not."""
    return category_of(data) == CUSTOMER and data.get("is_shared") is not False


def status_of(data: Mapping[str, Any]) -> TicketStatus:
    """`open` is false of what is closed, whichever its state. A customer's answer takes a resolved ticket to no other
    state: it is open to us until the house answers in public or settles it anew."""
    if data.get("open") is False:
        return TicketStatus.SOLVED
    category = state_category_of(data)
    if category == RESOLVED:
        return TicketStatus.OPEN if _is_answered_by_customer(data) else TicketStatus.SOLVED
    # A state that nobody told us of is not taken for an ending.
    return _STATUS.get(category, TicketStatus.OPEN)


def first_message(data: Mapping[str, Any]) -> Mapping[str, Any] | None:
    """The part with which a customer began, of a ticket without a description: such as one that was a conversation."""
    said = next((one for one in _parts(data) if words_of(one.get("body"))), None)
    is_theirs = said is not None and is_by_customer(said) and said.get("part_type") == COMMENT
    return said if is_theirs and not _attribute(data, "description") else None


def ticket_from(
    data: Mapping[str, Any], connection: str, settings: IntercomSettings, people: Mapping[str, Contact]
) -> Ticket:
    """One ticket; `people` are the contacts that are known by their ids. Raises `Unrecognised` without an id or a
    time. What colleagues have among themselves is told as such."""
    own_id = id_from(data.get("id"))
    if own_id is None:
        raise Unrecognised("intercom: a ticket without an id")
    requester_id = contact_id(data)
    tags = tags_of(data)
    is_internal = category_of(data) in (BACK_OFFICE, TRACKER)
    return Ticket(
        ref=TicketRef(connection=connection, id=ticket_ref_id(own_id)),
        subject=_attribute(data, "title") or text(record(data.get("ticket_type")).get("name")),
        body=_attribute(data, "description") or words_of((first_message(data) or {}).get("body")),
        status=status_of(data),
        source_status=_state_label(data),
        requester=people.get(requester_id) or Contact(id=requester_id),
        version=version_of(data),
        created_at=unix_time(data.get("created_at"), of=NAME),
        updated_at=updated_at(data),
        assignee=assigned(data, "admin_assignee_id"),
        group=assigned(data, "team_assignee_id"),
        tier=tier_of(tags, settings.tier_tag_prefix),
        tags=tuple(tags),
        url=inbox_url(settings, own_id),
        parent=_linked(data) if is_internal else None,
        kinship=Kinship.SIDE_CONVERSATION if is_internal else None,
        is_reachable=is_shown(data) and bool(requester_id),
    )


def _state_label(data: Mapping[str, Any]) -> str:
    state = record(data.get("ticket_state"))
    return text(state.get("internal_label")) or text(state.get("category"))


def _attribute(data: Mapping[str, Any], name: str) -> str:
    return words_of(record(data.get("ticket_attributes")).get(f"_default_{name}_"))


def _linked(data: Mapping[str, Any]) -> str | None:
    """What a back-office ticket came from; a tracker ticket has many, and came from none of them."""
    linked = records(record(data.get("linked_objects")).get("data"))
    if len(linked) != 1 or (own_id := id_from(linked[0].get("id"))) is None:
        return None
    return ticket_ref_id(own_id) if linked[0].get("type") == "ticket" else own_id


def _is_answered_by_customer(data: Mapping[str, Any]) -> bool:
    """Whether the last that counts is a customer's word, and nothing of the house came after it."""
    last = False
    for one in _parts(data):
        is_word = text(one.get("part_type")) in PUBLIC_PARTS and bool(words_of(one.get("body")))
        if is_by_customer(one) and is_word:
            last = True
        elif (is_word and not is_automatic(one)) or one.get("ticket_state") == RESOLVED:
            # A bot's "we got your message" is no answer.
            last = False
    return last


def _parts(data: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Those that are shown, in the order of their times."""
    shown = records(record(data.get(PARTS)).get(PARTS))
    return sorted(shown, key=lambda one: (_seconds(one), int(id_from(one.get("id")) or 0)))


def _seconds(part: Mapping[str, Any]) -> int:
    return int(id_from(part.get("created_at")) or 0)
