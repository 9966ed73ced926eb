"""Redmine as an issue tracker.

It honours no idempotency key and has no field for one, so `once` stands as a mark at the end of what we write. It
answers 204 to a status that the workflow forbids and to a private note that it stores as public: what it holds
afterwards decides, and the right to private notes is looked at before each.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from datetime import datetime
from typing import Any, ClassVar

import httpx

from connectors.kit.fields import any_text, record, records, whole
from connectors.kit.marks import marked
from connectors.kit.read_back import read_back
from connectors.redmine.api import RedmineApi
from connectors.redmine.mapping import inert, is_opened_with, issue_from, key_from, named, own_note, subject
from connectors.redmine.polling import changed_issues
from connectors.redmine.privacy import hide_issue, refuse_exposed, require_private
from connectors.redmine.settings import RedmineSettings
from incidents.errors import Refused, Unknown
from incidents.issues import Issue
from incidents.models import InternalText
from incidents.ports import IssueTracker


class Redmine(IssueTracker):
    """One project. `name` is the connection's (`redmine/engineering`); keys are numbers of issues."""

    vendor: ClassVar[str] = "redmine"
    index_lag = 1.0

    def __init__(
        self, name: str, settings: RedmineSettings, *, transport: httpx.AsyncBaseTransport | None = None
    ) -> None:
        self.name = name
        self._settings = settings
        self._api = RedmineApi(settings, transport)

    async def check(self) -> str:
        """Who we are, and who else may read. Raises `NotAllowed` where private notes or issues would not be private."""
        user = await self._api.user()
        project = await self._api.project()
        await self._tracker_id()
        if self._settings.private_notes or self._settings.private_issues:
            await self._require_private(whole(project.get("id")))
        open_to = " (the project is public: whoever opens Redmine reads its issues)"
        is_open = project.get("is_public") is True and not self._settings.private_issues
        return (
            f"{any_text(user.get('login'))} at {self._settings.address}, project {any_text(project.get('name'))!r}"
            f"{open_to if is_open else ''}; {'private' if self._settings.private_notes else 'public'} notes"
        )

    async def aclose(self) -> None:
        await self._api.aclose()

    async def open_issue(self, title: str, text: InternalText, *, once: str) -> str:
        known = await self.find_issue(once)
        if known is not None:
            return known
        if self._settings.private_issues:
            await self._require_private(await self._project_id())
        issue: dict[str, Any] = {
            "project_id": self._settings.project,
            "subject": subject(title),
            "description": marked(inert(text), once),
            "is_private": self._settings.private_issues,
        }
        tracker = await self._tracker_id()
        if tracker is not None:
            issue["tracker_id"] = tracker
        answer = await self._api.call("POST", "issues.json", {"issue": issue})
        key = key_from(record(record(answer).get("issue")).get("id"))
        if key is None:
            raise Unknown("redmine POST issues.json: the answer names no issue")
        own_id = await self._api.own_id_after("an issue")
        issue = await read_back(
            lambda: self._api.issue(key),
            lambda seen: is_opened_with(seen, once, own_id),
            what=f"redmine: issue {key}",
            cure="it should be ours",
        )
        await self._hide(key, issue)
        return key

    async def find_issue(self, once: str) -> str | None:
        """One that should be private and is public is made private first: `Refused` where it stays public."""
        own_id = await self._api.own_id()
        # The mark alone, wherever the issue was moved meanwhile.
        mark = marked("", once).rpartition(" ")[2]
        async for found in self._api.issues({"description": f"~{mark}", "sort": "id"}):
            for issue in found:
                key = key_from(issue.get("id"))
                if key is not None and is_opened_with(issue, once, own_id):
                    await self._hide(key, issue)
                    return key
        return None

    async def read(self, key: str) -> Issue:
        return issue_from(await self._api.issue(key), self._settings.address)

    async def changed_since(self, since: datetime) -> AsyncIterator[Issue]:
        """Also for a private note that only some may read: Redmine calls the issue changed all the same."""
        async for issue in changed_issues(self._api, self._settings.project, since):
            yield issue_from(issue, self._settings.address)

    async def comment(self, key: str, text: InternalText, *, once: str) -> None:
        own_id = await self._api.own_id()
        before = await self._api.issue(key)
        if own_note(before, once, own_id) is not None:
            await self._keep_private(key, before, once, own_id)
            return
        is_private = self._settings.private_notes
        if is_private:
            # The rights are those in the issue's own project: it may have been moved to another one.
            await self._require_private(whole(record(before.get("project")).get("id")))
        await self._api.change(key, {"notes": marked(inert(text), once), "private_notes": is_private})
        seen = await read_back(
            lambda: self._api.issue(key),
            lambda issue: own_note(issue, once, own_id) is not None,
            what=f"redmine: note on issue {key}",
            cure="look at its workflow and at AddIssueNotes of our role",
        )
        await self._keep_private(key, seen, once, own_id)

    async def was_done(self, key: str, once: str) -> bool:
        """A note that should be private and is public is not what was asked for: `comment` takes it back."""
        own_id = await self._api.own_id()
        note = own_note(await self._api.issue(key), once, own_id)
        return note is not None and not self._is_exposed(note)

    async def transition(self, key: str, status: str, *, once: str) -> None:
        issue = await self._api.issue(key)
        if any_text(record(issue.get("status")).get("name")).casefold() == status.strip().casefold():
            return
        allowed = records(issue.get("allowed_statuses"))
        wanted = named(allowed, status)
        if wanted is None:
            words = ", ".join(any_text(one.get("name")) for one in allowed) or "none"
            raise Refused(f"redmine: issue {key} cannot go to {status!r}; from here it can go to: {words}")
        await self._api.change(key, {"status_id": wanted}, is_state=True)
        await read_back(
            lambda: self._api.issue(key),
            lambda seen: record(seen.get("status")).get("id") == wanted,
            what=f"redmine: issue {key} to {status!r}",
            cure="look at its subtasks and at issues that block it",
        )

    def _is_exposed(self, note: Mapping[str, Any]) -> bool:
        return self._settings.private_notes and note.get("private_notes") is not True

    async def _keep_private(self, key: str, issue: dict[str, Any], once: str, own_id: int | None) -> None:
        note = own_note(issue, once, own_id)
        if note is not None and self._settings.private_notes:
            await refuse_exposed(self._api, key, note)

    async def _hide(self, key: str, issue: Mapping[str, Any]) -> None:
        """An issue of ours that should be private and stands there for everybody is made private."""
        if self._settings.private_issues and issue.get("is_private") is not True:
            await hide_issue(self._api, key)

    async def _project_id(self) -> int | None:
        return whole((await self._api.project()).get("id"))

    async def _require_private(self, project_id: int | None) -> None:
        settings = self._settings
        await require_private(
            self._api, project_id, notes=settings.private_notes, issues=settings.private_issues
        )

    async def _tracker_id(self) -> int | None:
        if not self._settings.tracker:
            return None
        found = named(records((await self._api.get("trackers.json")).get("trackers")), self._settings.tracker)
        if found is None:
            raise Refused(f"redmine: no tracker {self._settings.tracker!r}; correct tracker")
        return found
