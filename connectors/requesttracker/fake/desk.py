"""The fake RT's tickets, users and transactions, with the ways of RT 5.0.3 and its default lifecycle and scrips."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from itertools import count
from zoneinfo import ZoneInfo

STATUSES = frozenset({"new", "open", "stalled", "resolved", "rejected", "deleted"})
INACTIVE = frozenset({"resolved", "rejected", "deleted"})
SYSTEM = "RT_System"


@dataclass
class StoredUser:
    """Somebody RT knows. `name` never changes; the address may."""

    id: int
    name: str
    email: str
    real_name: str = ""
    is_privileged: bool = False
    zone: str = ""


@dataclass
class FakePart:
    """A stored message: one text part."""

    id: int
    content: str
    content_type: str
    headers: str


@dataclass
class FakeTransaction:
    """Something that happened to a ticket. `is_hidden`: from who is no superuser, as a mail that RT sent is."""

    id: int
    ticket: int
    kind: str
    creator: str
    at: datetime
    parts: list[FakePart]
    field_name: str = ""
    is_hidden: bool = False


@dataclass
class StoredTicket:
    """A ticket; `effective_id` differs from its id once it was merged. `is_restricted`: in a queue we may not see."""

    id: int
    subject: str
    queue: str
    requesters: list[str]
    created_at: datetime
    updated_at: datetime
    effective_id: int
    status: str = "new"
    tags: list[str] = field(default_factory=list)
    is_locked: bool = False
    is_restricted: bool = False


@dataclass
class FakeDesk:
    """What the RT holds. `zone` is the server's; `batch` collects what one request did, for the scrip."""

    clock: Callable[[], datetime]
    zone: str = "UTC"
    queues: tuple[str, ...] = ("General",)
    is_deaf: bool = False
    loses_privacy: bool = False
    hides_replies: bool = False
    users: dict[str, StoredUser] = field(default_factory=dict)
    tickets: dict[int, StoredTicket] = field(default_factory=dict)
    transactions: list[FakeTransaction] = field(default_factory=list)
    batch: list[FakeTransaction] = field(default_factory=list)
    _ids: Iterator[int] = field(default_factory=lambda: count(1))

    def now(self) -> datetime:
        """RT keeps whole seconds."""
        return self.clock().replace(microsecond=0)

    def add_user(
        self, name: str, email: str, real_name: str = "", *, is_privileged: bool = False
    ) -> StoredUser:
        """One that is there already stays as it is."""
        new = StoredUser(next(self._ids), name, email, real_name, is_privileged=is_privileged)
        return self.users.setdefault(name, new)

    def load(self, number: int) -> StoredTicket | None:
        """As RT loads it: a merged one is the one that took it in."""
        found = self.tickets.get(number)
        return None if found is None else self.tickets[found.effective_id]

    def create(self, subject: str, body: str, *, requester: str, by: str) -> StoredTicket:
        """In the first queue; RT cuts its subject and mails an answer."""
        now, number = self.now(), max(self.tickets, default=0) + 1
        requesters = [requester] if requester else []
        ticket = StoredTicket(number, subject[:200], self.queues[0], requesters, now, now, number)
        self.tickets[number] = ticket
        self.note(ticket, "Create", by, [self.part(body)] if body else [])
        self.mail(ticket)
        return ticket

    def part(self, text: str, content_type: str = "text/plain", headers: str = "") -> FakePart:
        """As RT stores it: with the content type as it was given, parameters and all."""
        stored = f"MIME-Version: 1.0\nContent-Type: {content_type}\n{headers}"
        return FakePart(next(self._ids), text, content_type.partition(";")[0].strip(), stored)

    def note(
        self,
        ticket: StoredTicket,
        kind: str,
        by: str,
        parts: list[FakePart] | None = None,
        field_name: str = "",
    ) -> FakeTransaction:
        """A transaction of a ticket, which is the newer for it."""
        done = FakeTransaction(next(self._ids), ticket.id, kind, by, self.now(), parts or [], field_name)
        self.transactions.append(done)
        self.batch.append(done)
        ticket.updated_at = done.at
        return done

    def mail(self, ticket: StoredTicket) -> None:
        """RT records the mail it sent, and shows that to superusers only."""
        sent = FakeTransaction(
            next(self._ids), ticket.id, "EmailRecord", SYSTEM, self.now(), [self.part("mail")]
        )
        sent.is_hidden = True
        self.transactions.append(sent)

    def say(self, ticket: StoredTicket, kind: str, part: FakePart, *, by: str) -> FakeTransaction:
        """A reply is mailed, and opens what is new or over, also what was deleted. A local change of the house may make
        replies of comments, or comments of replies."""
        if self.users[by].is_privileged and self.loses_privacy:
            kind = "Correspond"
        elif self.users[by].is_privileged and self.hides_replies:
            kind = "Comment"
        said = self.note(ticket, kind, by, [part])
        if kind == "Correspond":
            self.mail(ticket)
            if ticket.status in INACTIVE or (ticket.status == "new" and self.users[by].is_privileged):
                ticket.status = "open"
                self.note(ticket, "Status", SYSTEM, field_name="Status")
        return said

    def set_status(self, ticket: StoredTicket, status: str, *, by: str) -> str | None:
        """RT's sentence about it; None where nothing was to be done."""
        if status not in STATUSES:
            return f"Ticket {ticket.id}: Status '{status}' isn't a valid status for this ticket."
        if status == ticket.status:
            return None
        before, ticket.status = ticket.status, status
        self.note(ticket, "Status", by, field_name="Status")
        return f"Ticket {ticket.id}: Status changed from '{before}' to '{status}'"

    def merge(self, ticket: StoredTicket, into: StoredTicket, *, by: str) -> None:
        """The ticket goes on under the other one's id; its requestors and its history join it."""
        ticket.effective_id = into.id
        into.requesters += [one for one in ticket.requesters if one not in into.requesters]
        self.note(into, "AddLink", by, field_name="MergedInto")

    def history(self, ticket: StoredTicket) -> list[FakeTransaction]:
        """Oldest first, with that of tickets that were merged into it."""
        members = {one.id for one in self.tickets.values() if one.effective_id == ticket.effective_id}
        found = [one for one in self.transactions if one.ticket in members]
        return sorted(found, key=lambda one: (one.at, one.id))

    def time_asked(self, text: str, user: StoredUser) -> datetime:
        """A search's time as RT 5.0.3 reads it: in the user's zone or the server's, deaf to any zone in the text; a
        trailing Z takes the time of day away; what cannot be read is 1970."""
        zone = ZoneInfo(user.zone or self.zone)
        for suffix in ("+00:00", " UTC", " GMT"):
            text = text.removesuffix(suffix)
        try:
            read = datetime.fromisoformat(text.removesuffix("Z"))
        except ValueError:
            return datetime(1970, 1, 1, tzinfo=UTC)
        if text.endswith("Z"):
            read = read.replace(hour=0, minute=0, second=0)
        return read.replace(tzinfo=zone).astimezone(UTC)


def w3c(at: datetime) -> str:
    """A time as RT answers it."""
    return at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
