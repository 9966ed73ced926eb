"""The fake Jira's issues, people and rights, with the ways that Atlassian's documentation tells of."""

from __future__ import annotations

import copy
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from connectors.kit.atlassian.site import Edition
from connectors.kit.fakes.jira.hooks import SiteHooks
from connectors.kit.fakes.jira.shapes import STATUSES

OWN_ID, ENGINEER = "5b10ac8d82e05b22cc7d4ef5", "5b10a2844c20165700ede21g"
FIRST_STATUS = "1"
RIGHTS = frozenset(
    {
        "BROWSE_PROJECTS",
        "CREATE_ISSUES",
        "ADD_COMMENTS",
        "DELETE_OWN_COMMENTS",
        "TRANSITION_ISSUES",
        "EDIT_ISSUES",
    }
)


@dataclass(frozen=True)
class FakeTransition:
    """A way from any status to one. `needs` is a field that its screen asks for."""

    id: str
    name: str
    to: str
    needs: str = ""


TRANSITIONS = (
    FakeTransition("41", "Close with a resolution", "10001", needs="resolution"),
    FakeTransition("11", "Stop", "1"),
    FakeTransition("21", "Start", "3"),
    FakeTransition("25", "Ask the customer", "5"),
    FakeTransition("31", "Finish", "10001"),
    FakeTransition("42", "Cancel", "10002", needs="resolution"),
)


@dataclass(frozen=True)
class FakePerson:
    """Somebody with an account. `kind` is Jira's `accountType`."""

    id: str
    name: str
    mail: str = ""
    kind: str = "atlassian"


@dataclass
class SiteComment:
    """A comment. `role` may read it alone; `is_internal` hides it from customers of a service project."""

    id: int
    author: str
    text: str
    at: datetime
    role: str = ""
    is_internal: bool = False


@dataclass
class SiteIssue:
    """An issue. `is_locked`: nobody may change it, as in an archived project. `is_request`: a customer's request."""

    id: int
    key: str
    summary: str
    text: str
    creator: str
    created: datetime
    updated: datetime
    labels: list[str] = field(default_factory=list)
    status: str = FIRST_STATUS
    former_keys: list[str] = field(default_factory=list)
    comments: list[SiteComment] = field(default_factory=list)
    issue_type: str = "Bug"
    priority: str = "Medium"
    is_locked: bool = False
    is_request: bool = False
    category_since: datetime | None = None

    @property
    def project(self) -> str:
        """Its project's key."""
        return self.key.rpartition("-")[0]


def _people() -> dict[str, FakePerson]:
    known = (
        FakePerson(OWN_ID, "Liaison", "liaison@acme.example", "app"),
        FakePerson(ENGINEER, "Grace Engineer", "grace@acme.example"),
    )
    return {one.id: one for one in known}


def utc_now() -> datetime:
    """The clock of this machine."""
    return datetime.now(UTC)


@dataclass
class FakeSite:
    """A site with a software project SHOP and a service project HELP.

    `search_lag` is how far the search is behind; `writes_per_issue` how many writes an issue takes in two seconds.
    `is_deaf` answers success and changes nothing; `loses_roles` stores for everybody what is meant for a role;
    `publishes` stores internal comments as public ones, `hides` public ones as internal; `loses_labels` is a rule of
    the house that takes labels away.
    """

    address: str
    edition: Edition = Edition.CLOUD
    clock: Callable[[], datetime] = utc_now
    search_lag: timedelta = timedelta()
    writes_per_issue: int | None = None
    people: dict[str, FakePerson] = field(default_factory=_people)
    projects: dict[str, str] = field(default_factory=lambda: {"SHOP": "software", "HELP": "service_desk"})
    issue_types: tuple[str, ...] = ("Bug", "Task")
    priorities: tuple[str, ...] = ("High", "Medium", "Low")
    roles: tuple[str, ...] = ("Administrators", "Developers")
    rights: set[str] = field(default_factory=lambda: set(RIGHTS))
    is_deaf: bool = False
    loses_roles: bool = False
    publishes: bool = False
    hides: bool = False
    loses_labels: bool = False
    before_change: list[Callable[[], None]] = field(default_factory=list)
    issues: dict[int, SiteIssue] = field(default_factory=dict)
    hooks: SiteHooks = field(default_factory=SiteHooks)
    _history: dict[int, list[tuple[datetime, SiteIssue]]] = field(default_factory=dict)
    _numbers: dict[str, int] = field(default_factory=dict)
    _made: int = 10_000
    _writes: dict[int, list[datetime]] = field(default_factory=dict)

    def create(
        self, by: str, summary: str, text: str, *, project: str = "SHOP", labels: tuple[str, ...] = ()
    ) -> SiteIssue:
        """A new issue."""
        now = self.clock()
        kept = [] if self.loses_labels else list(labels)
        issue = SiteIssue(self._next(), self._key(project), summary, text, by, now, now, labels=kept)
        issue.is_request = self.projects[project] == "service_desk"
        self.issues[issue.id] = issue
        self._keep(issue)
        self.hooks.tell(self, "jira:issue_created", issue, by)
        return issue

    def comment(
        self, issue: SiteIssue, by: str, text: str, *, role: str = "", is_internal: bool = False
    ) -> SiteComment:
        """A comment below it."""
        comment = SiteComment(
            self._next(), by, text, self.clock(), "" if self.loses_roles else role, is_internal
        )
        if self.publishes:
            comment.is_internal = False
        if self.hides:
            comment.is_internal = True
        if self.is_deaf:
            return comment
        issue.comments.append(comment)
        self._touch(issue)
        self.hooks.tell(self, "comment_created", issue, by, comment=comment)
        return comment

    def move(self, issue: SiteIssue, by: str, status: str) -> None:
        """To another status, by its id."""
        if self.is_deaf or issue.status == status:
            return
        before, issue.status = issue.status, status
        if STATUSES[before][1] != STATUSES[status][1]:
            issue.category_since = self.clock()
        self._touch(issue)
        change = {"field": "status", "fromString": STATUSES[before][0], "toString": STATUSES[status][0]}
        self.hooks.tell(self, "jira:issue_updated", issue, by, change=change)

    def label(self, issue: SiteIssue, by: str, labels: list[str]) -> None:
        """Other labels."""
        if self.is_deaf or issue.labels == labels:
            return
        issue.labels = labels
        self._touch(issue)
        self.hooks.tell(self, "jira:issue_updated", issue, by, change={"field": "labels"})

    def transfer(self, issue: SiteIssue, by: str, project: str) -> None:
        """To another project, where it has another key; it is found by the old one, too."""
        old = issue.key
        issue.former_keys.append(old)
        issue.key = self._key(project)
        self._touch(issue)
        change = {"field": "Key", "fromString": old, "toString": issue.key}
        self.hooks.tell(self, "jira:issue_updated", issue, by, change=change)

    def delete(self, issue: SiteIssue, by: str = ENGINEER) -> None:
        """For good."""
        del self.issues[issue.id]
        del self._history[issue.id]
        self.hooks.tell(self, "jira:issue_deleted", issue, by)

    def hide(self, issue: SiteIssue, comment: SiteComment, *, is_internal: bool) -> None:
        """Take a comment from customers, or show it to them."""
        comment.is_internal = is_internal
        self._touch(issue)

    def uncomment(self, issue: SiteIssue, comment: SiteComment) -> None:
        """Take a comment away."""
        issue.comments.remove(comment)
        self._touch(issue)

    def find(self, key_or_id: str) -> SiteIssue | None:
        """By its key, one that it had, or its id."""
        for issue in self.issues.values():
            if key_or_id in (issue.key, str(issue.id), *issue.former_keys):
                return issue
        return None

    def indexed(self, reconciled: frozenset[int] = frozenset()) -> Iterator[SiteIssue]:
        """All issues as the search knows them; those reconciled as they are."""
        until = self.clock() - self.search_lag
        for own, states in self._history.items():
            if own in reconciled:
                yield self.issues[own]
                continue
            known = [state for at, state in states if at <= until]
            if known:
                yield known[-1]

    def may_write(self, issue: SiteIssue) -> bool:
        """Whether the issue takes one more write now; it counts."""
        if self.writes_per_issue is None:
            return True
        now = self.clock()
        recent = [at for at in self._writes.get(issue.id, []) if at > now - timedelta(seconds=2)]
        self._writes[issue.id] = recent
        if len(recent) >= self.writes_per_issue:
            return False
        recent.append(now)
        return True

    def person(self, name: str, mail: str, kind: str = "customer") -> str:
        """The id of whoever has this address; an account is made for who has none."""
        for known in self.people.values():
            if known.mail == mail:
                return known.id
        own_id = f"qm:{len(self.people):08x}"
        self.people[own_id] = FakePerson(own_id, name, mail, kind)
        return own_id

    def project_id(self, key: str) -> str:
        """A project's number."""
        return str(10_000 + list(self.projects).index(key))

    def project(self, named: Mapping[str, str]) -> str:
        """The key of the project that is named by its key or its number; "" for none."""
        known = {self.project_id(key): key for key in self.projects}
        key = named.get("key", "")
        return key if key in self.projects else known.get(named.get("id", ""), "")

    def _touch(self, issue: SiteIssue) -> None:
        issue.updated = self.clock()
        self._keep(issue)

    def _keep(self, issue: SiteIssue) -> None:
        state = copy.copy(issue)
        state.labels = list(issue.labels)
        self._history.setdefault(issue.id, []).append((self.clock(), state))

    def _key(self, project: str) -> str:
        self._numbers[project] = self._numbers.get(project, 0) + 1
        return f"{project}-{self._numbers[project]}"

    def _next(self) -> int:
        self._made += 1
        return self._made
