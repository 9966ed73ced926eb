"""What the small GitLab keeps, and how its API and its webhooks write it."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

ADDRESS = "https://gitlab.com"
PROJECT, PROJECT_ID = "acme/web/shop", 15
BOT, ENGINEER = "project_15_bot_4ffca233d8298ea1", "grace"
PEOPLE = {BOT: 100, ENGINEER: 7}
_ACTIONS = re.compile(
    r"^/(?P<name>close|reopen|label|confidential|title|move)(?: (?P<words>[^\n]*))?(?:\s*\n|\Z)", re.M
)


@dataclass
class GitLabNote:
    """What stands below an issue; `is_system`: GitLab wrote it of a change."""

    id: int
    login: str
    body: str
    at: datetime
    is_internal: bool = False
    is_system: bool = False


@dataclass
class GitLabIssue:
    """An issue. `id` is GitLab's, `iid` the project's."""

    id: int
    iid: int
    login: str
    title: str
    description: str
    created_at: datetime
    updated_at: datetime
    state: str = "opened"
    moved_to: int | None = None
    is_locked: bool = False
    notes: list[GitLabNote] = field(default_factory=list)


def without_quick_actions(words: str) -> tuple[str, list[str]]:
    """What is left of a text, and the names of the quick actions that stood in it, as GitLab takes them out.

    Simpler than GitLab, which leaves code and quotes alone: nothing is done there that is not done here.
    """
    plain = words.replace("\r", "")
    return _ACTIONS.sub("", plain).rstrip(), [found["name"].lower() for found in _ACTIONS.finditer(plain)]


def shown_issue(issue: GitLabIssue) -> dict[str, Any]:
    """As the REST API writes it; what nobody reads here is empty."""
    page = f"{ADDRESS}/{PROJECT}/-/issues/{issue.iid}"
    return {
        "id": issue.id,
        "iid": issue.iid,
        "project_id": PROJECT_ID,
        "title": issue.title,
        "description": issue.description,
        "state": issue.state,
        "created_at": stamp(issue.created_at),
        "updated_at": stamp(issue.updated_at),
        "closed_at": stamp(issue.updated_at) if issue.state == "closed" else None,
        "closed_by": None,
        "labels": [],
        "milestone": None,
        "assignees": [],
        "assignee": None,
        "author": person(issue.login),
        "type": "ISSUE",
        "issue_type": "issue",
        "user_notes_count": sum(not one.is_system for one in issue.notes),
        "confidential": False,
        "discussion_locked": issue.is_locked or None,
        "moved_to_id": issue.moved_to,
        "web_url": page,
        "references": {
            "short": f"#{issue.iid}",
            "relative": f"#{issue.iid}",
            "full": f"{PROJECT}#{issue.iid}",
        },
    }


def shown_note(issue: GitLabIssue, note: GitLabNote) -> dict[str, Any]:
    """As the REST API writes it."""
    return {
        "id": note.id,
        "type": None,
        "body": note.body,
        "attachment": None,
        "author": person(note.login),
        "created_at": stamp(note.at),
        "updated_at": stamp(note.at),
        "system": note.is_system,
        "noteable_id": issue.id,
        "noteable_type": "Issue",
        "noteable_iid": issue.iid,
        "project_id": PROJECT_ID,
        "resolvable": False,
        "confidential": note.is_internal,
        "internal": note.is_internal,
    }


def told_issue(issue: GitLabIssue, *, of: str, action: str) -> dict[str, Any]:
    """The body of a webhook about an issue, changed by `of`."""
    return {
        "object_kind": "issue",
        "event_type": "issue",
        "user": told_person(of),
        "project": _told_project(),
        "object_attributes": _told_attributes(issue) | {"action": action},
        "labels": [],
        "changes": {},
    }


def told_note(issue: GitLabIssue, note: GitLabNote) -> dict[str, Any]:
    """The body of a webhook about a note; its times are written in another form."""
    at = note.at.astimezone(UTC).strftime("%Y-%m-%d %H:%M:%S UTC")
    told = {
        "id": note.id,
        "note": note.body,
        "noteable_type": "Issue",
        "noteable_id": issue.id,
        "author_id": PEOPLE[note.login],
        "project_id": PROJECT_ID,
        "created_at": at,
        "updated_at": at,
        "system": note.is_system,
        "internal": note.is_internal,
        "action": "create",
    }
    return {
        "object_kind": "note",
        "event_type": "confidential_note" if note.is_internal else "note",
        "user": told_person(note.login),
        "project_id": PROJECT_ID,
        "project": _told_project(),
        "object_attributes": told,
        "issue": _told_attributes(issue),
    }


def person(login: str) -> dict[str, Any]:
    """Somebody as the REST API writes them."""
    return {
        "id": PEOPLE[login],
        "username": login,
        "name": login.title(),
        "state": "active",
        "locked": False,
        "web_url": f"{ADDRESS}/{login}",
    }


def told_person(login: str) -> dict[str, Any]:
    """Somebody as webhooks write them."""
    return {"id": PEOPLE[login], "name": login.title(), "username": login, "email": "[REDACTED]"}


def stamp(at: datetime) -> str:
    """A time as the REST API writes it."""
    return at.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def _told_project() -> dict[str, Any]:
    return {"id": PROJECT_ID, "name": "Shop", "path_with_namespace": PROJECT, "visibility_level": 0}


def _told_attributes(issue: GitLabIssue) -> dict[str, Any]:
    return {
        "id": issue.id,
        "iid": issue.iid,
        "project_id": PROJECT_ID,
        "author_id": PEOPLE[issue.login],
        "title": issue.title,
        "description": issue.description,
        "state": issue.state,
        "confidential": False,
        "created_at": stamp(issue.created_at),
        "updated_at": stamp(issue.updated_at),
        "url": f"{ADDRESS}/{PROJECT}/-/issues/{issue.iid}",
    }
