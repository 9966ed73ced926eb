"""The nouns of the trade, frozen: what a ticket, an incident, an event and a page are to Liaison.

Times are timezone-aware `datetime`s in UTC. A customer's or vendor's text is data: nothing here renders or trusts it.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import IntEnum, StrEnum
from typing import NewType

from incidents.commands.verbs import Verb
from incidents.ticket_words import Kinship

InternalText = NewType("InternalText", str)
"""Text for colleagues. There is no way from here to a public reply: the types differ."""

PublicText = NewType("PublicText", str)
"""Text for customers; made from a customer template by `incidents.texts.messages`."""


class Severity(IntEnum):
    """1 is the worst."""

    CRITICAL = 1
    HIGH = 2
    MEDIUM = 3
    LOW = 4


class TicketStatus(StrEnum):
    """A helpdesk's status in our words; the source's own word is kept beside it."""

    NEW = "new"
    OPEN = "open"
    WAITING_FOR_CUSTOMER = "waiting_for_customer"
    WAITING_FOR_VENDOR = "waiting_for_vendor"
    SOLVED = "solved"
    CLOSED = "closed"

    @property
    def is_settled(self) -> bool:
        """Whether the customer was told it is done."""
        return self in (TicketStatus.SOLVED, TicketStatus.CLOSED)


class IncidentState(StrEnum):
    """Where an incident is between the first report and the last answer; `incidents.lifecycle` has the moves."""

    REPORTED = "reported"
    VALIDATING = "validating"
    CONFIRMED = "confirmed"
    NOT_AN_INCIDENT = "not_an_incident"
    MITIGATING = "mitigating"
    ESCALATED = "escalated"
    ACKNOWLEDGED = "acknowledged"
    RESOLVED = "resolved"
    CLOSING = "closing"
    CLOSED = "closed"
    REOPENED = "reopened"
    MERGED = "merged"


class Stage(StrEnum):
    """The stage flow an incident needs next."""

    VALIDATION = "validation"
    ESCALATION = "escalation"
    CLOSURE = "closure"


class Verdict(StrEnum):
    """Is the customers' claim true?"""

    CONFIRMED = "confirmed"
    LIKELY = "likely"
    UNCONFIRMED = "unconfirmed"
    CONTRADICTED = "contradicted"
    CANNOT_TELL = "cannot_tell"


class JoinOrigin(StrEnum):
    """Who or what joined a ticket to its incident; why, in words for people, is kept beside it."""

    RULE = "rule"
    AGENT = "agent"
    LEARNT = "learnt"
    SURGE = "surge"
    # It follows a ticket of the incident, one of those was merged into it, or it answers what we wrote unasked.
    KINSHIP = "kinship"


OUR_KEYS = "liaison:"
"""What the `once` of every effect begins with, of whichever installation."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Contact:
    """A person as a vendor knows them, by its `id`. `wishes_no_news`: no message that they did not ask for. `language`
    (`de-AT`) and `time_zone` (`Europe/Vienna`) are theirs; "" where the vendor does not tell."""

    id: str
    name: str = ""
    email: str = ""
    wishes_no_news: bool = False
    language: str = ""
    time_zone: str = ""


@dataclass(frozen=True, kw_only=True, slots=True)
class TicketRef:
    """Which ticket: the connection's name and the helpdesk's own id."""

    connection: str
    id: str

    def __str__(self) -> str:
        return f"{self.connection}#{self.id}"


class Departure(StrEnum):
    """Why a ticket is no customer's open report any more."""

    DELETED = "deleted"
    SPAM = "spam"
    SUSPENDED = "suspended"
    MERGED = "merged"
    FORGOTTEN = "forgotten"  # erased here because its customer wished so, whatever the helpdesk still has


@dataclass(frozen=True, kw_only=True, slots=True)
class IncidentRef:
    """Which incident, by its number; as people say it: `INC-42`."""

    number: int

    def __str__(self) -> str:
        return f"INC-{self.number}"


SubjectRef = TicketRef | IncidentRef
"""What something is promised to, held by somebody or told of: a ticket or an incident."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Ticket:
    """One customer's report as the helpdesk has it now.

    `version` is the source's own order (a counter, or its update time in milliseconds): the bigger one is newer. `body`
    is the first message, `due_at` a due time that the helpdesk itself gave it. `gone` says why nothing is owed on it,
    `merged_into` has the survivor's id, `parent` the id of the ticket it came from, and `kinship` what it is to that
    one. `is_reachable`: a public reply reaches its customer, not one without an e-mail address who wrote by a form.
    `outbound_key`: whoever wrote first was a Liaison, with this key (`incidents.ports.Mailbox`), so there is no `body`;
    as the helpdesk says it, and not kept by us."""

    ref: TicketRef
    subject: str
    body: str = ""
    status: TicketStatus
    source_status: str
    requester: Contact
    version: int
    created_at: datetime
    updated_at: datetime
    assignee: str | None = None
    group: str | None = None
    priority: str | None = None
    product: str | None = None
    channel: str | None = None
    tier: str | None = None
    tags: tuple[str, ...] = ()
    url: str | None = None
    reassignments: int = 0
    reopens: int = 0
    due_at: datetime | None = None
    gone: Departure | None = None
    merged_into: str | None = None
    parent: str | None = None
    kinship: Kinship | None = None
    is_reachable: bool = True
    outbound_key: str = ""


class Author(StrEnum):
    """Who wrote a comment: decides whether it is a customer's answer, an agent's note or our own echo."""

    CUSTOMER = "customer"
    AGENT = "agent"
    LIAISON = "liaison"


class Origin(StrEnum):
    """How a message was made, as its channel says. Only a person's word can reopen an incident or owe an answer."""

    PERSON = "person"
    AUTOMATIC = "automatic"  # an absence notice, an acknowledgement, a rule of the helpdesk
    BOUNCE = "bounce"
    SURVEY = "survey"
    LIST = "list"


@dataclass(frozen=True, kw_only=True, slots=True)
class Comment:
    """A reply or a private note on a ticket. `author` tells customers, agents and ourselves apart, `author_id` is
    theirs at the helpdesk. `is_signed_in`: they were logged in when they wrote it, so that nobody wrote it in their
    name, as a mail can be; None where the helpdesk does not say how it was made."""

    id: str
    author: Author
    author_name: str
    is_public: bool
    text: str
    at: datetime
    origin: Origin = Origin.PERSON
    author_id: str = ""
    is_signed_in: bool | None = False

    @property
    def is_a_customers_word(self) -> bool:
        """Whether a customer wrote it for us to read: no note, no bounce, no automatic answer."""
        return self.author is Author.CUSTOMER and self.is_public and self.origin is Origin.PERSON


@dataclass(frozen=True, kw_only=True, slots=True)
class TicketChange:
    """What to change on tickets, in one vendor call where the vendor can."""

    public_reply: PublicText | None = None
    private_note: InternalText | None = None
    status: TicketStatus | None = None
    add_tags: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        if self.public_reply is not None and self.private_note is not None:
            raise ValueError("a public reply and a private note are two changes, never one")


class ChangeOutcome(StrEnum):
    """`later`: surely not done, and worth another try. `exposed`: as `incidents.errors.Exposed` says."""

    DONE = "done"
    REFUSED = "refused"
    GONE = "gone"
    UNKNOWN = "unknown"
    LATER = "later"
    EXPOSED = "exposed"


@dataclass(frozen=True, kw_only=True, slots=True)
class TicketOutcome:
    """How a `TicketChange` ended on one ticket. `version` is the ticket's just after it, where the helpdesk tells."""

    id: str
    outcome: ChangeOutcome
    detail: str = ""
    version: int | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class Link:
    """A word for people and where it leads."""

    label: str
    url: str


@dataclass(frozen=True, kw_only=True, slots=True)
class Page:
    """What an engineer is woken with. `details` are label and value, in reading order."""

    summary: str
    source: str
    severity: Severity
    details: tuple[tuple[str, str], ...] = ()
    links: tuple[Link, ...] = ()
    target: str = ""


class PageStatus(StrEnum):
    """How a page stands: somebody is being woken, has it, or it is over."""

    TRIGGERED = "triggered"
    ACKNOWLEDGED = "acknowledged"
    RESOLVED = "resolved"


@dataclass(frozen=True, kw_only=True, slots=True)
class PageState:
    """A page as the on-call tool has it. `changed_by` is who changed its status last; snoozed, it rings for nobody."""

    key: str
    page_id: str
    status: PageStatus
    responders: tuple[str, ...] = ()
    url: str | None = None
    changed_by: str = ""  # nobody: a time-out, or an integration
    snoozed_until: datetime | None = None
    snoozed_by: str = ""


@dataclass(frozen=True, kw_only=True, slots=True)
class Room:
    """A chat room, by the vendor's id."""

    id: str
    name: str
    url: str | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class Button:
    """A button under a chat message: pressing it comes back as a `ChatCommand`, with `words` as its text."""

    label: str
    verb: Verb
    incident: str
    words: str = ""


@dataclass(frozen=True, kw_only=True, slots=True)
class ChatMessage:
    """Plain text. The connector escapes what its vendor would read as a mention, a link or markup."""

    text: str
    buttons: tuple[Button, ...] = ()
    links: tuple[Link, ...] = ()


@dataclass(frozen=True, kw_only=True, slots=True)
class ProbeResult:
    """One look at a service. `is_healthy` is None when the look itself failed and proves nothing."""

    probe: str
    is_healthy: bool | None
    summary: str
    at: datetime
    url: str | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class Evidence:
    """One fact behind a verdict. `speaks_for`: True for, False against, None for neither; `about` may name a surge."""

    source: str
    text: str
    at: datetime
    speaks_for: bool | None = None
    url: str | None = None
    about: str | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class Incident:
    """One fault as customers feel it.

    `version` guards commits. `generation` counts reopenings, so that each has a page of its own; `clock_from` is when
    its SLA clock started. `next_stage` is due at `next_stage_at`; both None: it waits for the world. `checks` counts
    looks in this state. `owner` was heard of at `owner_seen_at`."""

    id: int
    version: int
    service: str
    title: str
    state: IncidentState
    severity: Severity
    opened_at: datetime
    clock_from: datetime
    state_since: datetime
    generation: int = 1
    owner: str | None = None
    owner_seen_at: datetime | None = None
    owner_asked_at: datetime | None = None
    responder: str | None = None
    verdict: Verdict | None = None
    evidence: tuple[Evidence, ...] = ()
    next_stage: Stage | None = None
    next_stage_at: datetime | None = None
    next_update_at: datetime | None = None
    updates_sent: int = 0
    checks: int = 0
    page_level: int = 0
    acknowledged_at: datetime | None = None
    resolved_at: datetime | None = None
    merged_into: int | None = None
    split_from: int | None = None
    held_until: datetime | None = None

    @property
    def ref(self) -> IncidentRef:
        """Its number, as clocks, effects and the timeline name it."""
        return IncidentRef(number=self.id)

    @property
    def name(self) -> str:
        """`INC-42`, as people say it."""
        return str(self.ref)
