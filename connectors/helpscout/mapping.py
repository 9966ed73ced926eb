"""Help Scout's JSON and our words, both ways; plain functions.

Shapes: https://developer.helpscout.com/mailbox-api/endpoints/conversations/get/. Texts are HTML there, times ISO 8601
to the second.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any

from connectors.helpscout.conversation.threads import NAME, first_of, id_from, words_of
from connectors.helpscout.settings import HelpScoutSettings
from connectors.kit.fields import any_text, record, records, text, utc_time, whole
from incidents.errors import Unrecognised
from incidents.models import Contact, Departure, Ticket, TicketRef, TicketStatus

INBOX = "https://secure.helpscout.net"
"""Where people work, of every account: https://developer.helpscout.com/webhooks/objects/conversation/."""
ACTIVE, PENDING, CLOSED, SPAM = "active", "pending", "closed", "spam"
_STATUS = {
    ACTIVE: TicketStatus.OPEN,
    PENDING: TicketStatus.WAITING_FOR_CUSTOMER,
    CLOSED: TicketStatus.SOLVED,
    SPAM: TicketStatus.CLOSED,
}
_WORD = {
    TicketStatus.NEW: ACTIVE,
    TicketStatus.OPEN: ACTIVE,
    TicketStatus.WAITING_FOR_CUSTOMER: PENDING,
    TicketStatus.WAITING_FOR_VENDOR: PENDING,
    TicketStatus.SOLVED: CLOSED,
    TicketStatus.CLOSED: CLOSED,
}
_NUMBER = re.compile(r"[1-9][0-9]{0,17}", re.ASCII)


def status_word(status: TicketStatus) -> str:
    """Help Scout's word for a status."""
    return _WORD[status]


def status_of(conversation: Mapping[str, Any]) -> str:
    """Its status by Help Scout's own word, "" where that is none we know."""
    found = text(conversation.get("status"))
    return found if found in _STATUS else ""


def is_draft(conversation: Mapping[str, Any]) -> bool:
    """Whether a colleague is still writing it: nobody has sent anything."""
    return conversation.get("state") == "draft"


def gone_from(conversation: Mapping[str, Any]) -> Departure | None:
    """Why a conversation that is still shown is none any more."""
    if conversation.get("state") == "deleted":
        return Departure.DELETED
    return Departure.SPAM if conversation.get("status") == SPAM else None


def is_ours(conversation: Mapping[str, Any], settings: HelpScoutSettings) -> bool:
    """Whether it is in an inbox that was given to us."""
    return not settings.inbox_ids or whole(conversation.get("mailboxId")) in settings.inbox_ids


def tags_of(conversation: Mapping[str, Any]) -> list[str]:
    """Its tags."""
    names = (text(one.get("tag")) for one in records(conversation.get("tags")))
    return [name for name in names if name]


def has_tags(conversation: Mapping[str, Any], wanted: Iterable[str]) -> bool:
    """Whether all are on it; Help Scout keeps them in small letters."""
    known = {name.casefold() for name in tags_of(conversation)}
    return all(name.casefold() in known for name in wanted)


def customer_of(conversation: Mapping[str, Any]) -> Contact:
    """Whose it is. What the conversation leaves out may stand beside the customer's own words."""
    person = record(conversation.get("primaryCustomer"))
    own_id = id_from(person.get("id")) or ""
    said = [record(conversation.get("createdBy"))]
    for one in records(record(conversation.get("_embedded")).get("threads")):
        said += [record(one.get("customer")), record(one.get("createdBy"))]
    known = [
        person,
        *(one for one in said if own_id and id_from(one.get("id")) == own_id and _is_customer(one)),
    ]
    return Contact(
        id=own_id,
        name=next(filter(None, (name_of(one) for one in known)), ""),
        email=next(filter(None, (text(one.get("email")) for one in known)), ""),
    )


def name_of(person: Mapping[str, Any]) -> str:
    """First and last name."""
    return f"{text(person.get('first'))} {text(person.get('last'))}".strip()


def updated_at(conversation: Mapping[str, Any]) -> datetime:
    """The latest of all its times, to the second: none of them alone moves with every change, and the time by which
    Help Scout sorts and searches is not shown. Raises `Unrecognised` without any."""
    times = [conversation.get(name) for name in ("createdAt", "closedAt", "userUpdatedAt")]
    times.append(record(conversation.get("customerWaitingSince")).get("time"))
    threads = records(record(conversation.get("_embedded")).get("threads"))
    times += [one.get("createdAt") for one in threads]
    found = [utc_time(one, of=NAME) for one in times if isinstance(one, str) and one]
    if not found:
        raise Unrecognised("helpscout: a conversation without a time")
    return max(found)


def version_of(conversation: Mapping[str, Any]) -> int:
    """Its latest time in milliseconds."""
    return int(updated_at(conversation).timestamp() * 1000)


def ticket_from(data: Mapping[str, Any], connection: str, settings: HelpScoutSettings) -> Ticket:
    """One conversation with what was written on it embedded. Raises `Unrecognised` without an id or a time."""
    own_id = id_from(data.get("id"))
    if own_id is None:
        raise Unrecognised("helpscout: a conversation without an id")
    first = first_of(records(record(data.get("_embedded")).get("threads")))
    customer = customer_of(data)
    tags = tags_of(data)
    status = text(data.get("status"))
    kind = text(data.get("type"))
    return Ticket(
        ref=TicketRef(connection=connection, id=own_id),
        subject=text(data.get("subject")),
        body="" if first is None else words_of(first.get("body")),
        # A status that nobody told us of is not taken for an ending.
        status=_STATUS.get(status, TicketStatus.OPEN),
        source_status=status,
        requester=customer,
        version=version_of(data),
        created_at=utc_time(data.get("createdAt"), of=NAME),
        updated_at=updated_at(data),
        assignee=any_text(record(data.get("assignee")).get("id")) or None,
        group=any_text(data.get("mailboxId")) or None,
        channel=kind or None,
        tier=_tier(tags, settings.tier_tag_prefix),
        tags=tuple(tags),
        url=_address(own_id, data.get("number")),
        gone=gone_from(data),
        # A chat or a call may be anybody's; who wrote by mail can be answered, told or not.
        is_reachable=bool(customer.id and (customer.email or kind == "email")),
    )


def _address(own_id: str, number: Any) -> str:
    """By its id, and by the number that people see: the one is not the other."""
    shown = any_text(number)
    return f"{INBOX}/conversation/{own_id}" + (f"/{shown}" if _NUMBER.fullmatch(shown) else "")


def _is_customer(person: Mapping[str, Any]) -> bool:
    return text(person.get("type", "customer")) == "customer"


def _tier(tags: Sequence[str], prefix: str) -> str | None:
    found = (tag.removeprefix(prefix) for tag in tags if prefix and tag.startswith(prefix))
    return next(found, None) or None
