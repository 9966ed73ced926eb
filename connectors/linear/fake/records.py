"""What the small Linear keeps, and how its API and its webhooks write it."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any
from uuid import NAMESPACE_URL, uuid5

WORKSPACE = "acme"
BOT, ENGINEER = "liaison", "grace"
TEAM, OTHER_TEAM = "ENG", "OPS"


def made_id(of: str) -> str:
    """An id of Linear's own for this thing."""
    return str(uuid5(NAMESPACE_URL, f"fake-linear/{of}"))


WORKSPACE_ID = made_id("workspace")
STATES = (
    ("Triage", "triage"),
    ("Backlog", "backlog"),
    ("Todo", "unstarted"),
    ("In Progress", "started"),
    ("In Review", "started"),
    ("Done", "completed"),
    ("Canceled", "canceled"),
    ("Duplicate", "duplicate"),
)
"""Each team's, by their names; the ids differ from team to team."""


@dataclass
class LinearComment:
    """What stands below an issue."""

    id: str
    login: str
    body: str
    at: datetime


@dataclass
class LinearIssue:
    """An issue; `former` are the identifiers that it had in other teams."""

    id: str
    team: str
    number: int
    login: str
    title: str
    description: str
    created_at: datetime
    updated_at: datetime
    state: str = "Backlog"
    former: list[str] = field(default_factory=list)
    is_trashed: bool = False
    archived_at: datetime | None = None
    comments: list[LinearComment] = field(default_factory=list)

    @property
    def identifier(self) -> str:
        """By which people know it."""
        return f"{self.team}-{self.number}"

    @property
    def url(self) -> str:
        """Its page."""
        return f"https://linear.app/{WORKSPACE}/issue/{self.identifier}/words-of-its-title"


def state_id(team: str, name: str) -> str:
    """A state's id in a team."""
    return made_id(f"{team}/state/{name}")


def shown_issue(issue: LinearIssue) -> dict[str, Any]:
    """The fields that we ask for."""
    return {
        "id": issue.id,
        "identifier": issue.identifier,
        "previousIdentifiers": list(issue.former),
        "title": issue.title,
        "url": issue.url,
        "createdAt": stamp(issue.created_at),
        "updatedAt": stamp(issue.updated_at),
        "archivedAt": None if issue.archived_at is None else stamp(issue.archived_at),
        "trashed": issue.is_trashed or None,
        "state": shown_state(issue.team, issue.state),
        "team": {"id": made_id(issue.team), "key": issue.team},
        "creator": {"id": made_id(issue.login)},
    }


def shown_state(team: str, name: str) -> dict[str, Any]:
    """A state beside an issue."""
    return {"id": state_id(team, name), "name": name, "type": dict(STATES)[name]}


def shown_team(key: str, visibility: str) -> dict[str, Any]:
    """A team with its states, in no particular order."""
    states = [shown_state(key, name) | {"position": float(place)} for place, (name, _) in enumerate(STATES)]
    return {
        "id": made_id(key),
        "key": key,
        "name": key.title(),
        "visibility": visibility,
        "archivedAt": None,
        "retiredAt": None,
        "states": {"nodes": states[::-1]},
    }


def shown_comment(issue: LinearIssue, comment: LinearComment) -> dict[str, Any]:
    """The fields that we ask for."""
    return {"id": comment.id, "issue": {"id": issue.id}, "user": {"id": made_id(comment.login)}}


def told_issue(issue: LinearIssue, *, of: str, action: str, sent_at: datetime) -> dict[str, Any]:
    """The body of a webhook about an issue, changed by `of`."""
    data = shown_issue(issue) | {
        "number": issue.number,
        "description": issue.description,
        "teamId": made_id(issue.team),
        "creatorId": made_id(issue.login),
        "stateId": state_id(issue.team, issue.state),
        "labelIds": [],
    }
    return _told("Issue", data, issue.url, at=issue.updated_at, of=of, action=action, sent_at=sent_at)


def told_comment(issue: LinearIssue, comment: LinearComment, *, sent_at: datetime) -> dict[str, Any]:
    """The body of a webhook about a comment."""
    data = {
        "id": comment.id,
        "body": comment.body,
        "issueId": issue.id,
        "issue": {
            "id": issue.id,
            "identifier": issue.identifier,
            "title": issue.title,
            "teamId": made_id(issue.team),
            "url": issue.url,
        },
        "userId": made_id(comment.login),
        "createdAt": stamp(comment.at),
        "updatedAt": stamp(comment.at),
    }
    return _told(
        "Comment",
        data,
        f"{issue.url}#comment-{comment.id[:8]}",
        at=comment.at,
        of=comment.login,
        action="create",
        sent_at=sent_at,
    )


def _told(
    kind: str, data: dict[str, Any], url: str, *, at: datetime, of: str, action: str, sent_at: datetime
) -> dict[str, Any]:
    return {
        "action": action,
        "actor": {"id": made_id(of), "type": "user", "name": of.title(), "email": f"{of}@acme.example"},
        "createdAt": stamp(at),
        "data": data,
        "url": url,
        "type": kind,
        "organizationId": WORKSPACE_ID,
        "webhookTimestamp": int(sent_at.timestamp() * 1000),
        "webhookId": made_id("webhook"),
    }


def stamp(at: datetime) -> str:
    """A time as Linear writes it."""
    return at.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
