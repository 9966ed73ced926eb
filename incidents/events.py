"""What reaches us from outside: events, as the webhook sources make them of deliveries, and the answers they owe."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from incidents.commands.verbs import Verb
from incidents.models import Comment, Departure, Ticket, TicketRef


class Lane(StrEnum):
    """Which drain reads a delivery: the helpdesks' or everybody else's."""

    INTAKE = "intake"
    STATUS_SYNC = "status_sync"


@dataclass(frozen=True, kw_only=True, slots=True)
class TicketEvent:
    """A helpdesk's hint that a ticket changed.

    `ticket` is set when the source's payload is all there is; otherwise the ticket is read again from the
    helpdesk, because order and freshness of webhooks are not promised. `comment` is set for a new comment.
    `comments_to_read` says that the source does not tell comments, so that they are to be read. `gone` is set when the
    ticket is no more, and `merged_into` the id of the ticket that took it in. `by_us`: the helpdesk names our own user,
    so that it is the echo of a write of ours if there was one.
    """

    ref: TicketRef
    at: datetime
    ticket: Ticket | None = None
    comment: Comment | None = None
    comments_to_read: bool = False
    gone: Departure | None = None
    merged_into: str | None = None
    by_us: bool = False


class PageChange(StrEnum):
    """What happened to a page at the on-call tool, by whichever hand."""

    TRIGGERED = "triggered"
    ACKNOWLEDGED = "acknowledged"
    UNACKNOWLEDGED = "unacknowledged"
    REASSIGNED = "reassigned"
    ESCALATED = "escalated"  # to the next level of the on-call tool's own ladder
    DELEGATED = "delegated"  # to another ladder of the on-call tool
    NOTED = "noted"
    CHANGED = "changed"  # something else about it, which the event's text says
    MERGED = "merged"  # into another one, where it goes on
    RESOLVED = "resolved"
    REOPENED = "reopened"
    NOT_US = "not_us"  # who was woken says that it is not theirs; the text is why


@dataclass(frozen=True, kw_only=True, slots=True)
class PageEvent:
    """The on-call tool says something happened to a page.

    `key` is the deduplication key we paged with, or None when the vendor's payload lacks it (then the pager
    is asked by `page_id`). `by_us` marks the echo of our own call, `note_id` is the vendor's own id of a note.
    `by_machine`: the `actor` is no person but an integration, a rule or a service.
    """

    connection: str
    page_id: str
    key: str | None
    change: PageChange
    at: datetime
    actor: str = ""
    text: str = ""
    url: str | None = None
    by_us: bool = False
    by_machine: bool = False
    note_id: str = ""


@dataclass(frozen=True, kw_only=True, slots=True)
class ChatCommand:
    """A command or a pressed button in a chat room. `incident` is what the user named, if anything; `user_id` is how
    the vendor knows them, "" where it does not say."""

    connection: str
    room_id: str
    user: str
    verb: Verb
    at: datetime
    incident: str | None = None
    text: str = ""
    user_id: str = ""


class RoomChange(StrEnum):
    """What somebody did to a room."""

    ARCHIVED = "archived"
    DELETED = "deleted"
    RENAMED = "renamed"


@dataclass(frozen=True, kw_only=True, slots=True)
class RoomEvent:
    """A room was taken away, or is called `name` now. `user` is the vendor's id of who did it, where it is told."""

    connection: str
    room_id: str
    change: RoomChange
    at: datetime
    user: str = ""
    name: str = ""


AlertLabels = tuple[tuple[str, str], ...]
"""An alert's names and values, in the order of the names: what its monitor tells alerts apart by."""


@dataclass(frozen=True, kw_only=True, slots=True)
class AlertEvent:
    """A monitor says that an alert fires, or that it has ended.

    `key` is the monitor's own name of the alert, the same each time that it fires; with `started_at` it names one
    episode. `ended_at` is None while it fires. `is_silenced` says that its monitor tells nobody of it for now: it fires
    all the same.
    """

    connection: str
    key: str
    started_at: datetime
    ended_at: datetime | None = None
    labels: AlertLabels = ()
    summary: str = ""
    url: str | None = None
    is_silenced: bool = False


@dataclass(frozen=True, kw_only=True, slots=True)
class AlertsLeftOut:
    """A delivery does not tell of all alerts that it is about, or not legibly: the monitor is to be looked at."""

    connection: str


@dataclass(frozen=True, kw_only=True, slots=True)
class IssueEvent:
    """An issue tracker's hint that an issue changed, or is no more: it is read again where it is one of ours."""

    connection: str
    key: str
    at: datetime


@dataclass(frozen=True, kw_only=True, slots=True)
class TrialWebhook:
    """A test call as the vendor would send it, made by ourselves: its headers hold a signature, or a credential."""

    headers: tuple[tuple[str, str], ...]
    body: bytes


@dataclass(frozen=True, kw_only=True, slots=True)
class Ping:
    """A vendor's test call: authentic, and nothing to do."""

    connection: str


@dataclass(frozen=True, kw_only=True, slots=True)
class Ignored:
    """Authentic, and of a type that is not read, by the connection's settings or by the connector: only counted."""

    connection: str
    kind: str


Event = (
    TicketEvent
    | PageEvent
    | ChatCommand
    | RoomEvent
    | AlertEvent
    | AlertsLeftOut
    | IssueEvent
    | Ping
    | Ignored
)


QUERY = ":query"
"""Among a delivery's headers, what stood after the question mark of the address; no header of HTTP has such a name. For
vendors whose only secret is in the address (Salesforce's outbound messages)."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Reply:
    """What a vendor must be answered (Slack's challenge, Salesforce's Ack); otherwise a bare 2xx will do."""

    body: bytes
    content_type: str = "text/plain; charset=utf-8"


@dataclass(frozen=True, kw_only=True, slots=True)
class Verified:
    """A webhook whose signature held, or what was heard by listening. Only `WebhookSource.verify`,
    `ListeningSource.listen` and the inbox make one.

    `identity` tells deliveries apart: an id from inside the signed bytes where there is one, else a hash of
    them. `is_repeatable` says the source may send equal bytes for two events, so only an equal one that is
    still waiting is a duplicate. `reply`, when set, is the whole handling: it is not stored. `acknowledgement` is said
    once it is stored.
    """

    headers: tuple[tuple[str, str], ...]
    body: bytes
    identity: str
    is_repeatable: bool = False
    reply: Reply | None = None
    acknowledgement: Reply | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class Heard:
    """What a listener heard at once, and from where to listen on when it is kept; perhaps only a new cursor."""

    deliveries: tuple[Verified, ...]
    cursor: str
