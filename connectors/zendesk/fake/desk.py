"""The state of the fake Zendesk: users, tickets, comments and audits, and Zendesk's own rules for them.

- a ticket's first comment is its description, and every update that changes something leaves an audit;
- an end user's public comment re-opens a ticket that waits for him or is solved;
- a closed ticket takes no update; an end user's reply to it becomes a follow-up ticket;
- metadata is kept on the audit only, so an update that changes nothing loses it.

Everything is found by id in dicts: thousands of tickets cost no scans.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

CLOSED = "Status: closed prevents ticket update"
STATUSES = ("new", "open", "pending", "hold", "solved", "closed")


class ClosedTicket(Exception):
    """The update would be answered 422."""


@dataclass(slots=True)
class FakeUser:
    """Somebody with an account: a customer (`end-user`), an agent or an admin."""

    id: int
    name: str
    email: str
    role: str = "end-user"
    organization_id: int | None = None
    suspended: bool = False

    @property
    def is_staff(self) -> bool:
        """Whether they may see what is private."""
        return self.role != "end-user"


@dataclass(slots=True)
class FakeOrganization:
    """Whom a user belongs to; `fields` are the account's own, such as a tier."""

    id: int
    name: str
    fields: dict[str, str] = field(default_factory=dict)


@dataclass(slots=True)
class FakeComment:
    """A reply or a private note."""

    id: int
    author_id: int
    body: str
    public: bool
    created_at: datetime


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
    """A ticket with all that was ever done to it. `stations` counts its assignees, `change` rises with each update."""

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
    custom_fields: dict[int, str] = field(default_factory=dict)
    channel: str = "web"
    reopens: int = 0
    stations: int = 0
    followup_of: int | None = None
    change: int = 0
    comments: list[FakeComment] = field(default_factory=list)
    audits: list[FakeAudit] = field(default_factory=list)

    @property
    def description(self) -> str:
        """Its first comment, as in reality."""
        return self.comments[0].body


Tell = Callable[[str, FakeTicket, FakeUser, dict[str, Any]], None]
"""Told of each event: kind (`ticket.created`), ticket, actor, the payload's `event` object."""


class Desk:
    """`clock` gives the account's time; `tell` hears every event."""

    def __init__(self, clock: Callable[[], datetime], tell: Tell) -> None:
        self._clock = clock
        self._tell = tell
        self._last_id = 1000
        self._last_change = 0
        self.users: dict[int, FakeUser] = {}
        self.organizations: dict[int, FakeOrganization] = {}
        self.tickets: dict[int, FakeTicket] = {}
        # Tickets in order of their last change: what the incremental export walks.
        self.changed: dict[int, None] = {}
        self.deleted: dict[int, FakeTicket] = {}
        self._by_email: dict[str, FakeUser] = {}

    def next_id(self) -> int:
        """Never the same twice; ids of all kinds are drawn from it, ascending."""
        self._last_id += 1
        return self._last_id

    def user(self, name: str, email: str, role: str = "end-user") -> FakeUser:
        """The user with this e-mail, made when there is none."""
        known = self._by_email.get(email.lower())
        if known is None:
            known = FakeUser(self.next_id(), name, email, role)
            self.users[known.id] = self._by_email[email.lower()] = known
        return known

    def organization(self, name: str, fields: Mapping[str, str]) -> FakeOrganization:
        """A new organization."""
        organization = FakeOrganization(self.next_id(), name, dict(fields))
        self.organizations[organization.id] = organization
        return organization

    def create(
        self,
        requester: FakeUser,
        subject: str,
        body: str,
        *,
        actor: FakeUser | None = None,
        tags: Sequence[str] = (),
        priority: str | None = None,
        channel: str = "web",
        custom_fields: Mapping[int, str] | None = None,
        followup_of: int | None = None,
        metadata: Mapping[str, Any] | None = None,
    ) -> FakeTicket:
        """Open a ticket with its first, public comment. `actor` is who does it, if not the requester: an agent on
        the phone.
        """
        now = self._clock()
        ticket = FakeTicket(
            self.next_id(),
            subject,
            requester.id,
            now,
            now,
            priority=priority,
            organization_id=requester.organization_id,
            tags=list(tags),
            custom_fields=dict(custom_fields or {}),
            channel=channel,
            followup_of=followup_of,
        )
        self.tickets[ticket.id] = ticket
        comment = self._comment(ticket, requester, body, public=True)
        created = {"id": self.next_id(), "type": "Create", "field_name": "subject", "value": subject}
        event = _comment_in_audit(comment)
        self._audit(ticket, actor or requester, [created, event], metadata or {}, channel=channel)
        self._tell("ticket.created", ticket, actor or requester, {"meta": {"sequence": {"position": 1}}})
        return ticket

    def change(
        self,
        ticket: FakeTicket,
        actor: FakeUser,
        *,
        comment: tuple[str, bool] | None = None,
        status: str | None = None,
        add_tags: Sequence[str] = (),
        assignee_id: int | None = None,
        metadata: Mapping[str, Any] | None = None,
        channel: str = "web",
        suspension_cause: int | None = None,
    ) -> None:
        """One update with its audit and events. `comment` is text and whether it is public; a `suspension_cause` says
        that it is a mail that was suspended, and that an agent recovered."""
        if ticket.status == "closed":
            raise ClosedTicket(CLOSED)
        events: list[dict[str, Any]] = []
        happened: list[tuple[str, dict[str, Any]]] = []
        if comment is not None:
            text, public = comment
            added = self._comment(ticket, actor, text, public=public)
            events.append(_comment_in_audit(added))
            if suspension_cause is not None:
                events.append(
                    {"id": self.next_id(), "type": "SuspendedTicketRecovery", "cause_id": suspension_cause}
                )
            happened.append(("ticket.comment_added", {"comment": _comment_event(added, actor)}))
            if public and not actor.is_staff and ticket.status in ("pending", "solved"):
                status = "open"
        if status is not None and status != ticket.status:
            ticket.reopens += ticket.status == "solved"
            events.append(_changed(self.next_id(), "status", status, ticket.status))
            # Webhooks shout the words the API whispers.
            happened.append(
                ("ticket.status_changed", {"previous": ticket.status.upper(), "current": status.upper()})
            )
            ticket.status = status
        fresh = [tag for tag in dict.fromkeys(add_tags) if tag not in ticket.tags]
        if fresh:
            ticket.tags += fresh
            events.append(_changed(self.next_id(), "tags", list(ticket.tags), None))
            happened.append(("ticket.tags_changed", {"tags_added": fresh, "tags_removed": []}))
        if assignee_id is not None and assignee_id != ticket.assignee_id:
            events.append(_changed(self.next_id(), "assignee_id", assignee_id, ticket.assignee_id))
            happened.append(("ticket.agent_assignment_changed", {"current": str(assignee_id)}))
            ticket.assignee_id = assignee_id
            ticket.stations += 1
        if not events:
            return
        self._audit(ticket, actor, events, metadata or {}, channel=channel)
        for kind, event in happened:
            self._tell(kind, ticket, actor, event)

    def remove(self, ticket_id: int) -> None:
        """Delete a ticket for good; nobody is told. Raises `KeyError`."""
        del self.tickets[ticket_id]
        self.changed.pop(ticket_id, None)
        self.deleted.pop(ticket_id, None)

    def delete(self, ticket_id: int, actor: FakeUser, kind: str = "ticket.soft_deleted") -> None:
        """Into the bin: no call shows it, but the export, as deleted."""
        ticket = self.tickets.pop(ticket_id)
        self.deleted[ticket_id] = ticket
        ticket.status = "deleted"
        self._audit(ticket, actor, [], {})
        self._tell(kind, ticket, actor, {})

    def reassign_requester(self, ticket_id: int, requester: FakeUser, actor: FakeUser) -> None:
        """Give the ticket to another customer; webhooks and audits tell it."""
        ticket = self.tickets[ticket_id]
        before, ticket.requester_id = ticket.requester_id, requester.id
        self._audit(ticket, actor, [_changed(self.next_id(), "requester_id", requester.id, before)], {})
        event = {"current": str(requester.id), "previous": str(before)}
        self._tell("ticket.requester_changed", ticket, actor, event)

    def restore(self, ticket_id: int, actor: FakeUser) -> None:
        """Undo a deletion. Raises `KeyError` for a ticket that is not deleted."""
        ticket = self.tickets[ticket_id] = self.deleted.pop(ticket_id)
        ticket.status = "open"
        self._audit(ticket, actor, [], {})
        self._tell("ticket.undeleted", ticket, actor, {})

    def merge(self, source_id: int, target_id: int, actor: FakeUser) -> None:
        """The source is closed with a tag and a note; its event names the target."""
        source, target = self.tickets[source_id], self.tickets[target_id]
        self.change(target, actor, comment=(f"Request #{source_id} was merged into this request.", False))
        self.change(
            source,
            actor,
            comment=(f"This request was closed and merged into request #{target_id}.", False),
            status="closed",
            add_tags=["closed_by_merge"],
        )
        self._tell("ticket.merged", source, actor, {"target_ticket_id": str(target_id)})

    def _comment(self, ticket: FakeTicket, author: FakeUser, text: str, *, public: bool) -> FakeComment:
        comment = FakeComment(self.next_id(), author.id, text, public, self._clock())
        ticket.comments.append(comment)
        return comment

    def _audit(
        self,
        ticket: FakeTicket,
        author: FakeUser,
        events: list[dict[str, Any]],
        custom: Mapping[str, Any],
        *,
        channel: str = "web",
    ) -> None:
        now = self._clock()
        ticket.audits.append(FakeAudit(self.next_id(), author.id, now, events, dict(custom), channel))
        ticket.updated_at = now
        self._last_change += 1
        ticket.change = self._last_change
        self.changed.pop(ticket.id, None)
        self.changed[ticket.id] = None


def _changed(id: int, field_name: str, value: object, previous: object) -> dict[str, Any]:
    return {
        "id": id,
        "type": "Change",
        "field_name": field_name,
        "value": value,
        "previous_value": previous,
    }


def _comment_in_audit(comment: FakeComment) -> dict[str, Any]:
    return {
        "id": comment.id,
        "type": "Comment",
        "author_id": comment.author_id,
        "body": comment.body,
        "public": comment.public,
    }


def _comment_event(comment: FakeComment, author: FakeUser) -> dict[str, Any]:
    return {
        "id": str(comment.id),
        "body": comment.body,
        "is_public": comment.public,
        "author": {"id": str(author.id), "is_staff": author.is_staff, "name": author.name},
    }
