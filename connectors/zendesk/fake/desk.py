"""The state of the fake Zendesk: users, tickets, comments and audits, and Zendesk's own rules for them.

- a ticket's first comment is its description, and every update that changes something leaves an audit;
- an end user's public comment re-opens a ticket that waits for him or is solved;
- a closed ticket takes no update; an end user's reply to it becomes a follow-up ticket;
- a status sets the custom status that is the default of its category;
- metadata is kept on the audit only, so an update that changes nothing loses it.

Everything is found by id in dicts: thousands of tickets cost no scans.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any

from connectors.zendesk.fake.records import (
    Attachment,
    FakeAudit,
    FakeComment,
    FakeGroup,
    FakeOrganization,
    FakeTicket,
    FakeUser,
    TicketFields,
)

CLOSED = "Status: closed prevents ticket update"
STATUSES = ("new", "open", "pending", "hold", "solved", "closed")
# What webhooks call the change of a field, where they have a word of its own.
EVENTS = {
    "subject": "subject_changed",
    "priority": "priority_changed",
    "type": "type_changed",
    "assignee_id": "agent_assignment_changed",
    "group_id": "group_assignment_changed",
    "organization_id": "organization_changed",
    "requester_id": "requester_changed",
    "external_id": "external_id_changed",
    "problem_id": "problem_link_changed",
    "due_at": "task_due_at_changed",
    "brand_id": "brand_changed",
    "custom_status_id": "custom_status_changed",
    "tags": "tags_changed",
}


class ClosedTicket(Exception):
    """The update would be answered 422."""


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
        self.groups: dict[int, FakeGroup] = {}
        self.tickets: dict[int, FakeTicket] = {}
        # Tickets in order of their last change: what the incremental export walks.
        self.changed: dict[int, None] = {}
        self.deleted: dict[int, FakeTicket] = {}
        self._by_email: dict[str, FakeUser] = {}
        # Something of the account publishes what agents write for each other, or hides what they answer.
        self.loses_privacy = False
        self.hides_replies = False
        # A trigger of the account sets this status with an agent's public reply.
        self.status_after_reply: str | None = None

    def next_id(self) -> int:
        """Never the same twice; ids of all kinds are drawn from it, ascending."""
        self._last_id += 1
        return self._last_id

    def user(self, name: str, email: str, role: str = "end-user") -> FakeUser:
        """The user with this e-mail, made when there is none."""
        known = self._by_email.get(email.lower())
        if known is None:
            known = FakeUser(self.next_id(), name, email, role, created_at=self._clock())
            known.updated_at = known.created_at
            self.users[known.id] = self._by_email[email.lower()] = known
        return known

    def by_email(self, email: str) -> FakeUser | None:
        """The user with this e-mail, if there is one."""
        return self._by_email.get(email.lower())

    def move_user(self, user: FakeUser, email: str) -> None:
        """Give a user another e-mail."""
        self._by_email.pop(user.email.lower(), None)
        user.email = email
        self._by_email[email.lower()] = user

    def remove_user(self, user: FakeUser) -> None:
        """Nobody finds the user any more; what they wrote stays."""
        user.active = False
        self._by_email.pop(user.email.lower(), None)

    def group(self, name: str) -> FakeGroup:
        """A new group of agents."""
        group = FakeGroup(self.next_id(), name, self._clock())
        self.groups[group.id] = group
        return group

    def organization(self, name: str, fields: Mapping[str, str]) -> FakeOrganization:
        """A new organization."""
        organization = FakeOrganization(self.next_id(), name, dict(fields), created_at=self._clock())
        self.organizations[organization.id] = organization
        return organization

    def create(
        self,
        requester: FakeUser,
        subject: str,
        body: str,
        *,
        actor: FakeUser | None = None,
        submitter: FakeUser | None = None,
        tags: Sequence[str] = (),
        priority: str | None = None,
        channel: str = "web",
        custom_fields: Mapping[int, Any] | None = None,
        followup_of: int | None = None,
        metadata: Mapping[str, Any] | None = None,
        public: bool = True,
        fields: TicketFields | None = None,
        attachments: Sequence[Attachment] = (),
    ) -> FakeTicket:
        """Open a ticket with its first comment. `actor` is who does it, if not the requester: an agent on
        the phone; `submitter` whose the comment is, if not the requester's. `fields` are what else it has from the
        start.
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
            submitter_id=None if submitter is None else submitter.id,
        )
        for name, value in (fields or {}).items():
            setattr(ticket, name, value)
        if ticket.assignee_id is not None:
            ticket.stations = 1
            ticket.status = "open" if ticket.status == "new" else ticket.status
        self.tickets[ticket.id] = ticket
        comment = self._comment(ticket, submitter or requester, body, public=public, attachments=attachments)
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
        fields: TicketFields | None = None,
        author: FakeUser | None = None,
        attachments: Sequence[Attachment] = (),
    ) -> None:
        """One update with its audit and events. `comment` is text and whether it is public, `author` whose it is if not
        the actor's; a `suspension_cause` says that it is a mail that was suspended, and that an agent recovered.
        `fields` are set to these values."""
        if ticket.status == "closed":
            raise ClosedTicket(CLOSED)
        wanted: dict[str, Any] = dict(fields or {})
        events: list[dict[str, Any]] = []
        happened: list[tuple[str, dict[str, Any]]] = []
        if comment is not None:
            text, public = comment
            writer = author or actor
            added = self._comment(ticket, writer, text, public=public, attachments=attachments)
            events.append(_comment_in_audit(added))
            if suspension_cause is not None:
                events.append(
                    {"id": self.next_id(), "type": "SuspendedTicketRecovery", "cause_id": suspension_cause}
                )
            happened.append(("ticket.comment_added", {"comment": _comment_event(added, writer)}))
            if public:
                status = self._answered(ticket, writer, status)
        if status is not None:
            self._set_status(ticket, status, events, happened)
        tags = list(wanted.pop("tags", ticket.tags))
        wanted["tags"] = [*tags, *(tag for tag in dict.fromkeys(add_tags) if tag not in tags)]
        if assignee_id is not None:
            wanted["assignee_id"] = assignee_id
        for name, value in wanted.items():
            self._set(ticket, name, value, events, happened)
        if not events:
            return
        self._audit(ticket, actor, events, metadata or {}, channel=channel)
        for kind, event in happened:
            self._tell(kind, ticket, actor, event)

    def _answered(self, ticket: FakeTicket, writer: FakeUser, status: str | None) -> str | None:
        """The status that a public comment brings along, `status` being the one that was sent with it."""
        if writer.is_staff:
            return status or self.status_after_reply
        return "open" if ticket.status in ("pending", "solved") else status

    def _set_status(
        self,
        ticket: FakeTicket,
        status: str,
        events: list[dict[str, Any]],
        happened: list[tuple[str, dict[str, Any]]],
    ) -> None:
        """Naming a status, also the one that it has, sets its category's default status."""
        self._set(ticket, "custom_status_id", None, events, happened)
        if status == ticket.status:
            return
        ticket.reopens += ticket.status == "solved"
        ticket.solved_at = self._clock() if status == "solved" else ticket.solved_at
        events.append(_changed(self.next_id(), "status", status, ticket.status))
        # Webhooks shout the words the API whispers.
        told = {"previous": ticket.status.upper(), "current": status.upper()}
        happened.append(("ticket.status_changed", told))
        ticket.status = status

    def _set(
        self,
        ticket: FakeTicket,
        name: str,
        value: Any,
        events: list[dict[str, Any]],
        happened: list[tuple[str, dict[str, Any]]],
    ) -> None:
        before = getattr(ticket, name)
        if before == value:
            return
        setattr(ticket, name, value)
        if name == "custom_fields":
            for field in {*before, *value}:
                if before.get(field) != value.get(field):
                    events.append(_changed(self.next_id(), str(field), value.get(field), before.get(field)))
                    told = {"field": {"id": str(field)}, "current": value.get(field)}
                    happened.append(("ticket.custom_field_changed", told))
            return
        events.append(_changed(self.next_id(), name, value, None if name == "tags" else before))
        ticket.stations += name == "assignee_id" and value is not None
        if name == "tags":
            added, removed = (
                [tag for tag in value if tag not in before],
                [tag for tag in before if tag not in value],
            )
            happened.append(("ticket.tags_changed", {"tags_added": added, "tags_removed": removed}))
        elif name in EVENTS:
            happened.append((f"ticket.{EVENTS[name]}", {"current": None if value is None else str(value)}))

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

    def merge(
        self, source_id: int, target_id: int, actor: FakeUser, *, said: Mapping[str, str | None] | None = None
    ) -> None:
        """The source is closed with a tag and a note; its event names the target. `said` are other words for the notes
        on `source` and `target`. Raises `ClosedTicket`."""
        source, target, words = self.tickets[source_id], self.tickets[target_id], dict(said or {})
        if "closed" in (source.status, target.status):
            raise ClosedTicket(CLOSED)
        into = words.get("target") or f"Request #{source_id} was merged into this request."
        away = words.get("source") or f"This request was closed and merged into request #{target_id}."
        self.change(target, actor, comment=(into, False))
        self.change(
            source,
            actor,
            comment=(away, False),
            status="closed",
            add_tags=["closed_by_merge"],
        )
        self._tell("ticket.merged", source, actor, {"target_ticket_id": str(target_id)})

    def redact(self, ticket: FakeTicket, comment: FakeComment, text: str) -> FakeComment:
        """Blacken a text in a comment for good. Raises `KeyError` if it is not in it."""
        if not text or text not in comment.body:
            raise KeyError(text)
        black = replace(comment, body=comment.body.replace(text, "\u2587" * len(text)))
        ticket.comments[ticket.comments.index(comment)] = black
        return black

    def hide(self, ticket: FakeTicket, comment: FakeComment) -> None:
        """Make a public comment a private one."""
        ticket.comments[ticket.comments.index(comment)] = replace(comment, public=False)

    def _comment(
        self,
        ticket: FakeTicket,
        author: FakeUser,
        text: str,
        *,
        public: bool,
        attachments: Sequence[Attachment] = (),
    ) -> FakeComment:
        now = self._clock()
        if author.is_staff:
            public = (public or self.loses_privacy) and not self.hides_replies
        comment = FakeComment(self.next_id(), author.id, text, public, now, list(attachments))
        if public and author.is_staff and ticket.first_reply_at is None and ticket.comments:
            ticket.first_reply_at = now
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
