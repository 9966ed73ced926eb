"""What we want changed in other systems, as data: decisions return effects, the ledger makes them happen.

An effect's `key` is unique for ever: planning it twice is planning it once. Its `once` is the marker that
travels to the vendor; a fan-out to many tickets shares one, so that the tickets can be changed in one call.
Effects in one `lane` (one object in one system) are sent in the order in which they were planned.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum, StrEnum
from typing import Any

from pydantic import TypeAdapter

from incidents.models import (
    ChatMessage,
    InternalText,
    Page,
    PublicText,
    Severity,
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
    ISSUE_OPEN = "issue_open"
    ISSUE_COMMENT = "issue_comment"


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
    """The status to set on a ticket."""

    status: TicketStatus


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
    EffectKind.ISSUE_OPEN: TypeAdapter(IssueText),
    EffectKind.ISSUE_COMMENT: TypeAdapter(IssueComment),
}


@dataclass(frozen=True, kw_only=True, slots=True)
class Effect:
    """One change we want in another system.

    `target` is the object there: a ticket's id, a page's key, an incident's name for chat, status page and issue, a
    room's id for an answer, an action's name. `incident_id` is None for an answer, and for what is about a ticket that
    belongs to no incident.
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


def ticket_status(incident_id: int, ref: TicketRef, once: str, status: TicketStatus) -> Effect:
    """A new status for a ticket. `once` as for `ticket_note`."""
    return Effect(
        key=f"{once}:{ref}",
        once=once,
        kind=EffectKind.TICKET_STATUS,
        incident_id=incident_id,
        connection=ref.connection,
        target=ref.id,
        payload=StatusChange(status=status),
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
