"""The fake Redmine's issues, people and rights, with the ways of Redmine 5.0.4."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

STATUSES = {1: ("New", False), 2: ("In Progress", False), 5: ("Closed", True), 7: ("Unreachable", False)}
NEVER_ALLOWED = 7
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


@dataclass
class StoredIssue:
    """An issue. `is_stuck`: its workflow lets it go nowhere, and says nothing of it. `project`: ours is 1; in another
    one, where it may be moved, we may read and write notes, and have no other right."""

    id: int
    author: int
    subject: str
    description: str
    created_at: datetime
    updated_at: datetime
    status: int = 1
    is_private: bool = False
    is_stuck: bool = False
    project: int = 1
    journals: list[StoredJournal] = field(default_factory=list)


@dataclass
class FakeTracker:
    """One public project. `rights` are those of our role; `is_deaf` answers success and changes nothing;
    `loses_privacy` stores as public what is sent as private, whatever our rights."""

    clock: Callable[[], datetime]
    people: dict[int, str] = field(default_factory=lambda: {5: "Liaison Bot", 8: "Grace Engineer"})
    rights: set[str] = field(default_factory=lambda: set(RIGHTS))
    is_deaf: bool = False
    loses_privacy: bool = False
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

    def hide(self, issue: StoredIssue) -> None:
        """Make it private; without the right, nothing is done and nothing is said."""
        may_hide = bool(self.rights & {"set_issues_private", "set_own_issues_private"}) and issue.project == 1
        issue.is_private = issue.is_private or (may_hide and not self.loses_privacy)

    def note(self, issue: StoredIssue, user: int, text: str, *, is_private: bool = False) -> None:
        """Without the right, a private note is a public one, and nothing is said."""
        may_hide = user != 5 or ("set_notes_private" in self.rights and issue.project == 1)
        keeps = is_private and not self.loses_privacy and may_hide
        issue.journals.append(StoredJournal(self._next(), user, _stored(text), self.clock(), keeps))
        issue.updated_at = self.clock()

    def move(self, issue: StoredIssue, status: int, user: int) -> None:
        """To what it has already, no entry is made, and the issue is the newer all the same."""
        issue.updated_at = self.clock()
        if issue.status != status:
            issue.status = status
            issue.journals.append(StoredJournal(self._next(), user, "", self.clock()))

    def allowed(self, issue: StoredIssue) -> list[int]:
        """Where our workflow lets the issue go from here, and where it is."""
        return [issue.status] if issue.is_stuck else [one for one in STATUSES if one != NEVER_ALLOWED]

    def whole(self, issue: StoredIssue) -> dict[str, Any]:
        """An issue asked for by its id; private entries only for who may read them."""
        return self.listed(issue) | {
            "allowed_statuses": [_status(one) for one in self.allowed(issue)],
            "journals": [
                {
                    "id": one.id,
                    "user": {"id": one.user, "name": self.people[one.user]},
                    "notes": one.notes,
                    "created_on": stamp(one.at),
                    "private_notes": one.is_private,
                    "details": [],
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
            "author": {"id": issue.author, "name": self.people[issue.author]},
            "subject": issue.subject,
            "description": issue.description,
            "is_private": issue.is_private,
            "created_on": stamp(issue.created_at),
            "updated_on": stamp(issue.updated_at),
        }

    def _next(self) -> int:
        self._made += 1
        return self._made


def stamp(at: datetime) -> str:
    """A time as Redmine answers it: whole seconds, of the finer ones it keeps."""
    return at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def _status(id: int) -> dict[str, Any]:
    name, is_closed = STATUSES[id]
    return {"id": id, "name": name, "is_closed": is_closed}


def _stored(text: str) -> str:
    return text.replace("\r\n", "\n").replace("\n", "\r\n")
