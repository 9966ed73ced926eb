"""The fake Jira's answers, as https://developer.atlassian.com/cloud/jira/platform/rest/v3/ shows them; Data Center's
people have names in place of account ids."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from starlette.responses import JSONResponse, Response

from connectors.kit.atlassian.documents import to_document
from connectors.kit.atlassian.site import Edition

if TYPE_CHECKING:
    from connectors.kit.fakes.jira.site import FakeSite, FakeTransition, SiteComment, SiteIssue

STATUSES = {
    "1": ("To Do", "new"),
    "3": ("In Progress", "indeterminate"),
    "5": ("Waiting for customer", "indeterminate"),
    "10001": ("Done", "done"),
    "10002": ("Cancelled", "done"),
    "10003": ("Blocked", "indeterminate"),
}
CATEGORIES = {"new": (2, "To Do"), "indeterminate": (4, "In Progress"), "done": (3, "Done")}


def stamp(at: datetime) -> str:
    """A time as Jira writes it: milliseconds, and a zone without a colon."""
    at = at.astimezone(UTC)
    return f"{at:%Y-%m-%dT%H:%M:%S}.{at.microsecond // 1000:03d}+0000"


def person(site: FakeSite, own_id: str) -> dict[str, Any]:
    """Somebody; who hides their address has none here."""
    known = site.people[own_id]
    shown: dict[str, Any] = {"displayName": known.name, "active": True, "timeZone": "Etc/UTC"}
    if site.edition is Edition.CLOUD:
        shown |= {
            "self": f"{site.address}/rest/api/3/user?accountId={own_id}",
            "accountId": own_id,
            "accountType": known.kind,
        }
    else:
        shown |= {"self": f"{site.address}/rest/api/2/user?key={own_id}", "key": own_id, "name": own_id}
    if known.mail:
        shown["emailAddress"] = known.mail
    return shown


def status(id: str) -> dict[str, Any]:
    """A status with its category."""
    name, category = STATUSES[id]
    number, shown = CATEGORIES[category]
    return {"id": id, "name": name, "statusCategory": {"id": number, "key": category, "name": shown}}


def text(words: str, version: str) -> Any:
    """A text as that version of the interface has it."""
    return to_document(words) if version == "3" else words


def from_wiki(words: str) -> str:
    """What a reader sees of wiki markup in which each sign of its own is made plain."""
    return re.sub(r"\\([{\[!])", r"\1", words).replace("&#92;", "\\")


def comment(
    site: FakeSite, issue: SiteIssue, one: SiteComment, version: str, *, is_service: bool
) -> dict[str, Any]:
    """A comment by the platform's interface."""
    shown = {
        "self": f"{site.address}/rest/api/{version}/issue/{issue.id}/comment/{one.id}",
        "id": str(one.id),
        "author": person(site, one.author),
        "updateAuthor": person(site, one.author),
        "body": text(one.text, version),
        "created": stamp(one.at),
        "updated": stamp(one.at),
        # Also outside of service projects, where it says nothing.
        "jsdPublic": not (is_service and one.is_internal),
    }
    if one.role:
        shown["visibility"] = {"type": "role", "value": one.role, "identifier": one.role}
    return shown


def fields_of(site: FakeSite, issue: SiteIssue, version: str) -> dict[str, Any]:
    """All fields of an issue."""
    return {
        "summary": issue.summary,
        "description": text(issue.text, version),
        "labels": list(issue.labels),
        "status": status(issue.status),
        "creator": person(site, issue.creator),
        "reporter": person(site, issue.creator),
        "created": stamp(issue.created),
        "updated": stamp(issue.updated),
        "statuscategorychangedate": stamp(issue.category_since or issue.created),
        "assignee": None,
        "duedate": None,
        "resolutiondate": None,
        "issuetype": {"name": issue.issue_type},
        "priority": {"name": issue.priority},
        "project": {
            "key": issue.project,
            "name": issue.project.title(),
            "projectTypeKey": site.projects[issue.project],
        },
    }


def transition(one: FakeTransition) -> dict[str, Any]:
    """A way to another status."""
    return {
        "id": one.id,
        "name": one.name,
        "to": status(one.to),
        "hasScreen": bool(one.needs),
        "isAvailable": True,
    }


def error(status: int, message: str = "", **fields: str) -> Response:
    """Jira's own form of an error."""
    return JSONResponse({"errorMessages": [message] if message else [], "errors": fields}, status_code=status)
