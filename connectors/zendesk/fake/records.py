"""What the fake Zendesk keeps: users, organizations, groups, tickets with their comments and audits."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

TicketFields = Mapping[str, Any]
"""Values for a ticket's fields, by their names in `FakeTicket`."""

_BEGINNING = datetime(2020, 1, 1, tzinfo=UTC)


@dataclass(slots=True)
class FakeUser:
    """Somebody with an account: a customer (`end-user`), an agent or an admin. Who was deleted is not `active`."""

    id: int
    name: str
    email: str
    role: str = "end-user"
    organization_id: int | None = None
    suspended: bool = False
    active: bool = True
    external_id: str | None = None
    phone: str | None = None
    details: str | None = None
    notes: str | None = None
    time_zone: str = "UTC"
    iana_time_zone: str = "Etc/UTC"
    locale: str = "en-GB"
    tags: list[str] = field(default_factory=list)
    user_fields: dict[str, Any] = field(default_factory=dict)
    identities: list[dict[str, Any]] = field(default_factory=list)
    created_at: datetime = _BEGINNING
    updated_at: datetime = _BEGINNING

    @property
    def is_staff(self) -> bool:
        """Whether they may see what is private."""
        return self.role != "end-user"


@dataclass(slots=True)
class FakeOrganization:
    """Whom a user belongs to; `fields` are the account's own, such as a tier."""

    id: int
    name: str
    fields: dict[str, Any] = field(default_factory=dict)
    external_id: str | None = None
    details: str | None = None
    notes: str | None = None
    domain_names: list[str] = field(default_factory=list)
    tags: list[str] = field(default_factory=list)
    created_at: datetime = _BEGINNING


@dataclass(slots=True)
class FakeGroup:
    """A team of agents; `members` are their ids."""

    id: int
    name: str
    created_at: datetime
    description: str = ""
    members: list[int] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Attachment:
    """A file that was uploaded, and perhaps belongs to a comment."""

    id: int
    name: str
    content_type: str
    content: bytes


@dataclass(frozen=True, slots=True)
class FakeComment:
    """A reply or a private note."""

    id: int
    author_id: int
    body: str
    public: bool
    created_at: datetime
    attachments: list[Attachment] = field(default_factory=list)


@dataclass(slots=True)
class FakeAudit:
    """What one update of a ticket changed, by whom; `custom` is the metadata sent with the update."""

    id: int
    author_id: int
    created_at: datetime
    events: list[dict[str, Any]]
    custom: dict[str, Any]
    channel: str = "web"


@dataclass(slots=True)
class FakeTicket:
    """A ticket with all that was ever done to it. `stations` counts its assignees, `change` rises with each update.

    `custom_status_id` is None for the default of its status' category, `submitter_id` for a ticket of its requester's
    own.
    """

    id: int
    subject: str
    requester_id: int
    created_at: datetime
    updated_at: datetime
    status: str = "new"
    due_at: datetime | None = None
    priority: str | None = None
    assignee_id: int | None = None
    organization_id: int | None = None
    tags: list[str] = field(default_factory=list)
    custom_fields: dict[int, Any] = field(default_factory=dict)
    channel: str = "web"
    reopens: int = 0
    stations: int = 0
    followup_of: int | None = None
    submitter_id: int | None = None
    change: int = 0
    comments: list[FakeComment] = field(default_factory=list)
    audits: list[FakeAudit] = field(default_factory=list)
    custom_status_id: int | None = None
    group_id: int | None = None
    type: str | None = None
    external_id: str | None = None
    problem_id: int | None = None
    brand_id: int | None = None
    ticket_form_id: int | None = None
    recipient: str | None = None
    collaborator_ids: list[int] = field(default_factory=list)
    follower_ids: list[int] = field(default_factory=list)
    email_cc_ids: list[int] = field(default_factory=list)
    satisfaction: dict[str, Any] | None = None
    first_reply_at: datetime | None = None
    solved_at: datetime | None = None

    @property
    def description(self) -> str:
        """Its first comment, as in reality."""
        return self.comments[0].body
