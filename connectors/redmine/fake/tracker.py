"""The fake Redmine's issues, people and rights, with the ways of Redmine 5.0.4."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

STATUSES = {
    1: ("New", False),
    2: ("In Progress", False),
    3: ("Resolved", False),
    4: ("Feedback", False),
    5: ("Closed", True),
    6: ("Rejected", True),
    7: ("Unreachable", False),
}
NEVER_ALLOWED = 7
FIELDS = {1: "Tags", 2: "Customer e-mail", 3: "Customer name", 4: "Tier"}
RIGHTS = frozenset(
    {"view_issues", "add_issues", "edit_issues", "add_issue_notes", "view_private_notes", "set_notes_private"}
)


@dataclass
class StoredJournal:
    """An entry below an issue: a note, a change, or both."""

    id: int
    user: int
    notes: str
    at: datetime
    is_private: bool = False
    status: int | None = None


@dataclass
class StoredIssue:
    """An issue. `is_stuck`: its workflow lets it go nowhere, and says nothing of it. `is_locked`: its tracker is one
    in which our role may change nothing. `project`: ours is 1; in 2, where it may be moved, we may read and write
    notes, and have no other right; in 3 we may only read."""

    id: int
    author: int
    subject: str
    description: str
    created_at: datetime
    updated_at: datetime
    status: int = 1
    is_private: bool = False
    is_stuck: bool = False
    is_locked: bool = False
    project: int = 1
    closed_at: datetime | None = None
    watchers: list[int] = field(default_factory=list)
    fields: dict[int, str] = field(default_factory=dict)
    journals: list[StoredJournal] = field(default_factory=list)


@dataclass
class StoredAccount:
    """Somebody with an account. `role` is that in our project: 6 is ours, 7 may read no private notes, None for who is
    no member, which we are as an administrator only. `is_hidden`: locked, or not to be seen by us. `mail` is "" for who
    hides it."""

    name: str
    mail: str = ""
    role: int | None = None
    is_hidden: bool = False


def _people() -> dict[int, StoredAccount]:
    return {
        4: StoredAccount("Anonymous", is_hidden=True),
        5: StoredAccount("Liaison Bot", "liaison@desk.example", role=6),
        8: StoredAccount("Grace Engineer", "grace@desk.example", role=6),
    }


@dataclass
class FakeTracker:
    """One public project. `rights` are those of our role; `is_deaf` answers success and changes nothing;
    `loses_privacy` stores as public what is sent as private, whatever our rights; `hides_replies` stores as private
    what is sent as public, as a plugin may; `keeps_notes` empties none; `refused_fields` are 422."""

    clock: Callable[[], datetime]
    people: dict[int, StoredAccount] = field(default_factory=_people)
    rights: set[str] = field(default_factory=lambda: set(RIGHTS))
    is_deaf: bool = False
    loses_privacy: bool = False
    hides_replies: bool = False
    keeps_notes: bool = False
    refused_fields: set[str] = field(default_factory=set)
    before_change: list[Callable[[], None]] = field(default_factory=list)
    issues: dict[int, StoredIssue] = field(default_factory=dict)
    _made: int = 0

    def create(self, author: int, subject: str, description: str, *, is_private: bool = False) -> StoredIssue:
        """Without the right, a private issue is a public one, and nothing is said."""
        now, number = self.clock(), self._next()
        issue = StoredIssue(number, author, subject, _stored(description), now, now)
        self.issues[number] = issue
        if is_private:
            self.hide(issue)
        return issue

    def customer(self, name: str, mail: str) -> int:
        """The number of whoever has this address; an account is made for who has none."""
        for number, user in self.people.items():
            if user.mail == mail:
                return number
        number = max(self.people) + 1
        self.people[number] = StoredAccount(name, mail)
        return number

    def hide(self, issue: StoredIssue) -> None:
        """Make it private; without the right, nothing is done and nothing is said."""
        may_hide = bool(self.rights & {"set_issues_private", "set_own_issues_private"}) and issue.project == 1
        issue.is_private = issue.is_private or (may_hide and not self.loses_privacy)

    def note(self, issue: StoredIssue, user: int, text: str, *, is_private: bool = False) -> None:
        """Without the right, a private note is a public one, and nothing is said."""
        may_hide = user != 5 or ("set_notes_private" in self.rights and issue.project == 1)
        keeps = (is_private and not self.loses_privacy and may_hide) or (self.hides_replies and user == 5)
        issue.journals.append(StoredJournal(self._next(), user, _stored(text), self.clock(), keeps))
        issue.updated_at = self.clock()

    def move(self, issue: StoredIssue, status: int, user: int) -> None:
        """To what it has already, no entry is made, and the issue is the newer all the same."""
        issue.updated_at = self.clock()
        if issue.status != status:
            issue.status = status
            if STATUSES[status][1]:
                issue.closed_at = self.clock()
            issue.journals.append(StoredJournal(self._next(), user, "", self.clock(), status=status))

    def fill(self, issue: StoredIssue, number: int, value: str) -> None:
        """Write into a custom field; one that there is not is passed over."""
        if number in FIELDS:
            issue.fields[number] = value
            issue.updated_at = self.clock()

    def allowed(self, issue: StoredIssue) -> list[int]:
        """Where our workflow lets the issue go from here, and where it is."""
        return [issue.status] if issue.is_stuck else [one for one in STATUSES if one != NEVER_ALLOWED]

    def whole(self, issue: StoredIssue) -> dict[str, Any]:
        """An issue asked for by its id; private entries only for who may read them."""
        return self.listed(issue) | {
            "allowed_statuses": [_status(one) for one in self.allowed(issue)],
            "watchers": [self._named(one) for one in issue.watchers],
            "journals": [
                {
                    "id": one.id,
                    "user": self._named(one.user),
                    "notes": one.notes,
                    "created_on": stamp(one.at),
                    "updated_on": stamp(one.at),
                    "private_notes": one.is_private,
                    "details": _details(one),
                }
                for one in issue.journals
                if not one.is_private or "view_private_notes" in self.rights
            ],
        }

    def listed(self, issue: StoredIssue) -> dict[str, Any]:
        """An issue in a list, which never has journals."""
        return {
            "id": issue.id,
            "project": {"id": issue.project, "name": "Shop" if issue.project == 1 else "Elsewhere"},
            "status": _status(issue.status),
            "author": self._named(issue.author),
            "subject": issue.subject,
            "description": issue.description,
            "is_private": issue.is_private,
            "created_on": stamp(issue.created_at),
            "updated_on": stamp(issue.updated_at),
            "closed_on": None if issue.closed_at is None else stamp(issue.closed_at),
            "custom_fields": [
                {"id": number, "name": name, "value": issue.fields.get(number, "")}
                for number, name in FIELDS.items()
            ],
        }

    def _named(self, user: int) -> dict[str, Any]:
        return {"id": user, "name": self.people[user].name}

    def _next(self) -> int:
        self._made += 1
        return self._made


def stamp(at: datetime) -> str:
    """A time as Redmine answers it: whole seconds, of the finer ones it keeps."""
    return at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def _details(journal: StoredJournal) -> list[dict[str, Any]]:
    if journal.status is None:
        return []
    return [{"property": "attr", "name": "status_id", "old_value": None, "new_value": str(journal.status)}]


def _status(id: int) -> dict[str, Any]:
    name, is_closed = STATUSES[id]
    return {"id": id, "name": name, "is_closed": is_closed}


def _stored(text: str) -> str:
    return text.replace("\r\n", "\n").replace("\n", "\r\n")
