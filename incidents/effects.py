"""What we want changed in other systems, as data: decisions return effects, the ledger makes them happen.

An effect's `key` is unique for ever: planning it twice is planning it once. Its `once` is the marker that
travels to the vendor; a fan-out to many tickets shares one, so that the tickets can be changed in one call.
Effects in one `lane` (one object in one system) are sent in the order in which they were planned.
What an effect has written is remembered by a hash, so that its echo is known when it comes back (docs/sync.md).
"""

from __future__ import annotations

import hashlib
import html
import re
from dataclasses import dataclass
from datetime import datetime
from enum import Enum, StrEnum
from typing import Any

from pydantic import TypeAdapter

from incidents.models import (
    ChatMessage,
    InternalText,
    Page,
    PageStatus,
    PublicText,
    Severity,
    Ticket,
    TicketRef,
    TicketStatus,
)
from incidents.public_incident import PublicState


class EffectKind(StrEnum):
    """What is wanted of another system; each kind has a payload of its own."""

    PAGE = "page"
    PAGE_NOTE = "page_note"
    PAGE_ACKNOWLEDGE = "page_acknowledge"
    PAGE_RESOLVE = "page_resolve"
    CHAT_ROOM = "chat_room"
    CHAT_POST = "chat_post"
    CHAT_ANSWER = "chat_answer"
    TICKET_NOTE = "ticket_note"
    TICKET_STATUS = "ticket_status"
    CUSTOMER_MESSAGE = "customer_message"
    ACTION = "action"
    STATUS_PAGE_OPEN = "status_page_open"
    STATUS_PAGE_UPDATE = "status_page_update"
    OUTBOUND_MESSAGE = "outbound_message"
    ISSUE_OPEN = "issue_open"
    ISSUE_COMMENT = "issue_comment"
    ALERT_ACKNOWLEDGE = "alert_acknowledge"
    ALERT_UNACKNOWLEDGE = "alert_unacknowledge"


class Wanted(Enum):
    """Which effects somebody sends now: what wakes engineers, or makes that needless, goes before rooms and notes."""

    WAKING = "waking"
    ALL = "all"


class EffectState(StrEnum):
    """`unknown` is looked up before anything is sent again; `held` waits for a person; `dead` is given up."""

    PENDING = "pending"
    SENDING = "sending"
    UNKNOWN = "unknown"
    DONE = "done"
    HELD = "held"
    DEAD = "dead"

    @property
    def is_open(self) -> bool:
        """Whether it may still go out, or have gone out."""
        return self in (EffectState.PENDING, EffectState.SENDING, EffectState.UNKNOWN)


@dataclass(frozen=True, kw_only=True, slots=True)
class NoteText:
    """A note or a page's note: never seen by a customer."""

    text: InternalText


@dataclass(frozen=True, kw_only=True, slots=True)
class CustomerText:
    """`recipient` is the requester's id when we decided; the ticket is read again just before sending and a
    changed recipient holds the message for a person."""

    text: PublicText
    recipient: str


@dataclass(frozen=True, kw_only=True, slots=True)
class StatusChange:
    """The status to set on a ticket, which had `instead_of` when that was decided."""

    status: TicketStatus
    instead_of: TicketStatus | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class RoomRequest:
    """The room to open for an incident."""

    name: str
    topic: str


@dataclass(frozen=True, kw_only=True, slots=True)
class ChatAnswer:
    """What whoever asked reads, where they asked; `user_id` is for where we may not speak.

    `is_private`: the others there need not see it.
    """

    text: str
    user_id: str = ""
    is_private: bool = False


@dataclass(frozen=True, kw_only=True, slots=True)
class ActionCall:
    """`timeout` in seconds."""

    action: str
    arguments: tuple[tuple[str, str], ...] = ()
    timeout: float = 60.0


@dataclass(frozen=True, kw_only=True, slots=True)
class PublicOpening:
    """The public incident to open. `services` are the names customers know."""

    title: PublicText
    text: PublicText
    severity: Severity
    services: tuple[str, ...]


@dataclass(frozen=True, kw_only=True, slots=True)
class PublicSaying:
    """What is said next about the public incident that the effect with the key `opening` opened."""

    opening: str
    text: PublicText
    state: PublicState


@dataclass(frozen=True, kw_only=True, slots=True)
class OutboundText:
    """A message to a customer who has not written. `ends` is the key of the first one, where this is the last."""

    address: str
    name: str
    subject: PublicText
    text: PublicText
    ends: str = ""


@dataclass(frozen=True, kw_only=True, slots=True)
class IssueText:
    """The issue to open for the lasting fix."""

    title: str
    text: InternalText


@dataclass(frozen=True, kw_only=True, slots=True)
class IssueComment:
    """What is written below the issue that the effect with the key `opening` opened."""

    opening: str
    text: InternalText


@dataclass(frozen=True, kw_only=True, slots=True)
class Nothing:
    """The kind says it all (acknowledge, resolve)."""


Payload = (
    Page
    | NoteText
    | CustomerText
    | StatusChange
    | RoomRequest
    | ChatMessage
    | ChatAnswer
    | ActionCall
    | PublicOpening
    | PublicSaying
    | OutboundText
    | IssueText
    | IssueComment
    | Nothing
)

_PAYLOADS: dict[EffectKind, TypeAdapter[Any]] = {
    EffectKind.PAGE: TypeAdapter(Page),
    EffectKind.PAGE_NOTE: TypeAdapter(NoteText),
    EffectKind.PAGE_ACKNOWLEDGE: TypeAdapter(Nothing),
    EffectKind.PAGE_RESOLVE: TypeAdapter(Nothing),
    EffectKind.CHAT_ROOM: TypeAdapter(RoomRequest),
    EffectKind.CHAT_POST: TypeAdapter(ChatMessage),
    EffectKind.CHAT_ANSWER: TypeAdapter(ChatAnswer),
    EffectKind.TICKET_NOTE: TypeAdapter(NoteText),
    EffectKind.TICKET_STATUS: TypeAdapter(StatusChange),
    EffectKind.CUSTOMER_MESSAGE: TypeAdapter(CustomerText),
    EffectKind.ACTION: TypeAdapter(ActionCall),
    EffectKind.STATUS_PAGE_OPEN: TypeAdapter(PublicOpening),
    EffectKind.STATUS_PAGE_UPDATE: TypeAdapter(PublicSaying),
    EffectKind.OUTBOUND_MESSAGE: TypeAdapter(OutboundText),
    EffectKind.ISSUE_OPEN: TypeAdapter(IssueText),
    EffectKind.ISSUE_COMMENT: TypeAdapter(IssueComment),
    EffectKind.ALERT_ACKNOWLEDGE: TypeAdapter(NoteText),
    EffectKind.ALERT_UNACKNOWLEDGE: TypeAdapter(Nothing),
}


@dataclass(frozen=True, kw_only=True, slots=True)
class Effect:
    """One change we want in another system.

    `target` is the object there: a ticket's id, a page's or an alert's key, an incident's name for chat, status page
    and issue, a room's id for an answer, an action's name. `incident_id` is None for an answer, and for what is about a
    ticket that belongs to no incident.
    """

    key: str
    once: str
    kind: EffectKind
    incident_id: int | None
    connection: str
    target: str
    payload: Payload

    @property
    def lane(self) -> str:
        """What it must wait its turn in: changes of one object go out in the order in which they were planned."""
        return f"{self.connection}:{self.target}"

    @property
    def its_incident(self) -> int:
        """The incident of an effect that cannot be without one: a page, a post, an action. Raises `ValueError`."""
        if self.incident_id is None:
            raise ValueError(f"a {self.kind} belongs to an incident, and this one names none")
        return self.incident_id

    @property
    def ticket(self) -> TicketRef:
        """The ticket of an effect that is about one (`is_about_a_ticket`). Raises `ValueError`."""
        if not self.is_about_a_ticket:
            raise ValueError(f"a {self.kind} is about no ticket")
        return TicketRef(connection=self.connection, id=self.target)

    @property
    def is_about_a_ticket(self) -> bool:
        """Whether it changes a ticket, as opposed to the incident's page, room or service."""
        return self.kind in (EffectKind.TICKET_NOTE, EffectKind.TICKET_STATUS, EffectKind.CUSTOMER_MESSAGE)


def payload_to_json(effect: Effect) -> Any:
    """The payload as the ledger keeps it; `payload_from_json` reads it."""
    return _PAYLOADS[effect.kind].dump_python(effect.payload, mode="json")


def payload_from_json(kind: EffectKind, text: str | bytes) -> Payload:
    """The payload that was kept. Raises pydantic's `ValidationError` for what no version of ours wrote."""
    payload: Payload = _PAYLOADS[kind].validate_json(text)
    return payload


def ticket_note(incident_id: int | None, ref: TicketRef, once: str, text: InternalText) -> Effect:
    """A private note on a ticket. `once` is common to all tickets of one decision, so that they can go out
    together.
    """
    return Effect(
        key=f"{once}:{ref}",
        once=once,
        kind=EffectKind.TICKET_NOTE,
        incident_id=incident_id,
        connection=ref.connection,
        target=ref.id,
        payload=NoteText(text=text),
    )


def ticket_status(incident_id: int, ticket: Ticket, once: str, status: TicketStatus) -> Effect:
    """A new status for a ticket. `once` as for `ticket_note`."""
    return Effect(
        key=f"{once}:{ticket.ref}",
        once=once,
        kind=EffectKind.TICKET_STATUS,
        incident_id=incident_id,
        connection=ticket.ref.connection,
        target=ticket.ref.id,
        payload=StatusChange(status=status, instead_of=ticket.status),
    )


def customer_message(incident_id: int, ref: TicketRef, once: str, text: PublicText, recipient: str) -> Effect:
    """A public reply on a ticket, to the requester `recipient` and nobody else. `once` as for `ticket_note`."""
    return Effect(
        key=f"{once}:{ref}",
        once=once,
        kind=EffectKind.CUSTOMER_MESSAGE,
        incident_id=incident_id,
        connection=ref.connection,
        target=ref.id,
        payload=CustomerText(text=text, recipient=recipient),
    )


class WrittenField(StrEnum):
    """What of an object elsewhere an effect sets (a status), or adds to (words)."""

    TICKET_STATUS = "ticket_status"
    TICKET_WORDS = "ticket_words"
    PAGE_STATUS = "page_status"
    PAGE_WORDS = "page_words"
    ROOM_NAME = "room_name"
    ROOM_WORDS = "room_words"
    PUBLIC_WORDS = "public_words"
    ISSUE_WORDS = "issue_words"


@dataclass(frozen=True, kw_only=True, slots=True)
class Written:
    """What an effect of ours wrote into a field of an object elsewhere.

    `hash` is `value_hash` of what was written, `actor` who we are there, "" where that is not known. It went out at
    `at`, and was known to be done at `until`; None while it is under way (`is_sending`), or where nobody knows.
    `version` is the object's own order at the vendor just after it, None where the vendor does not tell.
    """

    connection: str
    object: str
    field: WrittenField
    hash: str
    at: datetime
    until: datetime | None = None
    is_sending: bool = False
    actor: str = ""
    version: int | None = None


_MARKUP = re.compile(r"<[^<>]{1,200}>")


def value_hash(value: str) -> str:
    """The same for the same words, however a vendor shows them: as HTML or Markdown, in other lines, in capitals."""
    plain = html.unescape(_MARKUP.sub(" ", value))
    words = "".join(letter for letter in plain.casefold() if letter.isalnum())
    return hashlib.sha256((words or plain).encode("utf-8", "replace")).hexdigest()[:32]


_FIELDS = {
    EffectKind.PAGE: WrittenField.PAGE_STATUS,
    EffectKind.PAGE_NOTE: WrittenField.PAGE_WORDS,
    EffectKind.PAGE_ACKNOWLEDGE: WrittenField.PAGE_STATUS,
    EffectKind.PAGE_RESOLVE: WrittenField.PAGE_STATUS,
    EffectKind.CHAT_ROOM: WrittenField.ROOM_NAME,
    EffectKind.CHAT_POST: WrittenField.ROOM_WORDS,
    EffectKind.CHAT_ANSWER: WrittenField.ROOM_WORDS,
    EffectKind.TICKET_NOTE: WrittenField.TICKET_WORDS,
    EffectKind.TICKET_STATUS: WrittenField.TICKET_STATUS,
    EffectKind.CUSTOMER_MESSAGE: WrittenField.TICKET_WORDS,
    EffectKind.STATUS_PAGE_OPEN: WrittenField.PUBLIC_WORDS,
    EffectKind.STATUS_PAGE_UPDATE: WrittenField.PUBLIC_WORDS,
    EffectKind.ISSUE_OPEN: WrittenField.ISSUE_WORDS,
    EffectKind.ISSUE_COMMENT: WrittenField.ISSUE_WORDS,
}
_PAGE_STATUSES = {
    EffectKind.PAGE_ACKNOWLEDGE: PageStatus.ACKNOWLEDGED,
    EffectKind.PAGE_RESOLVE: PageStatus.RESOLVED,
}


def written_by(effect: Effect) -> tuple[WrittenField, str] | None:
    """The field that the effect writes, and the hash of what; None where no tool tells of it again by its words."""
    field = _FIELDS.get(effect.kind)
    return None if field is None else (field, value_hash(_value(effect)))


def _value(effect: Effect) -> str:
    match effect.payload:
        case StatusChange(status=status):
            return status
        case Page():
            return PageStatus.TRIGGERED
        case RoomRequest(name=name):
            return name
        case Nothing() | ActionCall():
            return _PAGE_STATUSES.get(effect.kind, "")
        case words:
            return words.text
