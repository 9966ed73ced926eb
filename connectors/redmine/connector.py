"""Redmine as an issue tracker.

It honours no idempotency key and has no field for one, so `once` stands as a mark at the end of what we write. It
answers 204 to a status that the workflow forbids and to a private note that it stores as public: what it holds
afterwards decides, and the right to private notes is looked at before each.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from datetime import datetime, timedelta
from typing import Any, ClassVar

import httpx

from connectors.kit.auth.ways import ApiKeyHeader
from connectors.kit.fields import any_text, record, records, whole
from connectors.kit.http import VendorHttp
from connectors.kit.marks import marked
from connectors.kit.pacing import Pace
from connectors.kit.pagination import ByOffset, pages
from connectors.kit.read_back import read_back
from connectors.redmine.mapping import (
    asked,
    inert,
    is_opened_with,
    issue_from,
    key_from,
    named,
    own_note,
    subject,
)
from connectors.redmine.settings import RedmineSettings
from incidents.errors import LiaisonError, NotAllowed, NotFound, Refused, Unknown, Unreachable
from incidents.issues import Issue
from incidents.models import InternalText
from incidents.ports import IssueTracker

PAGE = 100
MOST_PAGES = 1_000
OVERLAP = timedelta(seconds=2)
PRIVATE_NOTES = "set_notes_private"
PRIVATE_ISSUES = frozenset({"set_issues_private", "set_own_issues_private"})
EVERY_STATUS = {"status_id": "*"}
"""Without it Redmine lists open issues only."""


class Redmine(IssueTracker):
    """One project. `name` is the connection's (`redmine/engineering`); keys are numbers of issues."""

    vendor: ClassVar[str] = "redmine"
    index_lag = 1.0

    def __init__(
        self, name: str, settings: RedmineSettings, *, transport: httpx.AsyncBaseTransport | None = None
    ) -> None:
        self.name = name
        self._settings = settings
        self._pace = Pace(settings.requests_per_minute, 60)
        self._http = VendorHttp(
            vendor=self.vendor,
            base_url=settings.address,
            auth=ApiKeyHeader("X-Redmine-API-Key", settings.api_key),
            transport=transport,
        )

    async def check(self) -> str:
        """Who we are, and who else may read. Raises `NotAllowed` where private notes or issues would not be private."""
        user = await self._user()
        try:
            project = record((await self._get(f"projects/{self._settings.project}.json")).get("project"))
        except NotFound as error:
            raise NotAllowed(
                f"redmine: no project {self._settings.project!r}, or no membership in it; correct project"
            ) from error
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
        await self._http.aclose()

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
        answer = await self._call("POST", "issues.json", {"issue": issue})
        key = key_from(record(record(answer).get("issue")).get("id"))
        if key is None:
            raise Unknown("redmine POST issues.json: the answer names no issue")
        own_id = await self._own_id_after("an issue")
        issue = await read_back(
            lambda: self._issue(key),
            lambda seen: is_opened_with(seen, once, own_id),
            what=f"redmine: issue {key}",
            cure="it should be ours",
        )
        await self._hide(key, issue)
        return key

    async def find_issue(self, once: str) -> str | None:
        """One that should be private and is public is made private first: `Refused` where it stays public."""
        own_id = whole((await self._user()).get("id"))
        # The mark alone, wherever the issue was moved meanwhile.
        mark = marked("", once).rpartition(" ")[2]
        params = {"description": f"~{mark}", "sort": "id", **EVERY_STATUS}
        async for found in self._lists("issues.json", params):
            for issue in found:
                key = key_from(issue.get("id"))
                if key is not None and is_opened_with(issue, once, own_id):
                    await self._hide(key, issue)
                    return key
        return None

    async def read(self, key: str) -> Issue:
        return issue_from(await self._issue(key), self._settings.address)

    async def changed_since(self, since: datetime) -> AsyncIterator[Issue]:
        """Also for a private note that only some may read: Redmine calls the issue changed all the same."""
        await self._user()
        start, known = since - OVERLAP, set[tuple[str, datetime]]()
        while True:
            # From the time reached, not by offset: what changes meanwhile goes to the end, and the rest moves up.
            newest = start
            params = {
                "project_id": self._settings.project,
                "updated_on": f">={asked(start)}",
                "sort": "updated_on,id",
                **EVERY_STATUS,
            }
            async for found in self._lists("issues.json", params):
                for issue in (issue_from(one, self._settings.address) for one in found):
                    newest = max(newest, issue.updated_at)
                    if (issue.key, issue.updated_at) not in known:
                        known.add((issue.key, issue.updated_at))
                        if issue.updated_at >= since - OVERLAP:
                            yield issue
                if newest > start and len(found) > 0:
                    break
            if newest == start:
                return
            start = newest

    async def comment(self, key: str, text: InternalText, *, once: str) -> None:
        own_id = whole((await self._user()).get("id"))
        before = await self._issue(key)
        if own_note(before, once, own_id) is not None:
            await self._keep_private(key, before, once, own_id)
            return
        is_private = self._settings.private_notes
        if is_private:
            # The rights are those in the issue's own project: it may have been moved to another one.
            await self._require_private(whole(record(before.get("project")).get("id")))
        await self._change(key, {"notes": marked(inert(text), once), "private_notes": is_private})
        seen = await read_back(
            lambda: self._issue(key),
            lambda issue: own_note(issue, once, own_id) is not None,
            what=f"redmine: note on issue {key}",
            cure="look at its workflow and at AddIssueNotes of our role",
        )
        await self._keep_private(key, seen, once, own_id)

    async def was_done(self, key: str, once: str) -> bool:
        """A note that should be private and is public is not what was asked for: `comment` takes it back."""
        own_id = whole((await self._user()).get("id"))
        note = own_note(await self._issue(key), once, own_id)
        return note is not None and not self._is_exposed(note)

    async def transition(self, key: str, status: str, *, once: str) -> None:
        issue = await self._issue(key)
        if any_text(record(issue.get("status")).get("name")).casefold() == status.strip().casefold():
            return
        allowed = records(issue.get("allowed_statuses"))
        wanted = named(allowed, status)
        if wanted is None:
            words = ", ".join(any_text(one.get("name")) for one in allowed) or "none"
            raise Refused(f"redmine: issue {key} cannot go to {status!r}; from here it can go to: {words}")
        await self._change(key, {"status_id": wanted}, is_state=True)
        await read_back(
            lambda: self._issue(key),
            lambda seen: record(seen.get("status")).get("id") == wanted,
            what=f"redmine: issue {key} to {status!r}",
            cure="look at its subtasks and at issues that block it",
        )

    def _is_exposed(self, note: Mapping[str, Any]) -> bool:
        return self._settings.private_notes and note.get("private_notes") is not True

    async def _keep_private(self, key: str, issue: dict[str, Any], once: str, own_id: int | None) -> None:
        note = own_note(issue, once, own_id)
        if note is not None and self._is_exposed(note):
            await self._take_back(key, whole(note.get("id")))

    async def _hide(self, key: str, issue: Mapping[str, Any]) -> None:
        """An issue of ours that should be private and stands there for everybody is made private. Raises `Refused` if
        it stays public, and `Unknown` where that was not seen."""
        if not self._settings.private_issues or issue.get("is_private") is True:
            return
        told = f"redmine: issue {key} was stored as public, not private"
        cure = "make it private or delete it by hand, and give our role 'Set own issues public or private'"
        try:
            await self._change(key, {"is_private": True}, is_state=True)
            seen = await self._issue(key)
        except Refused as error:
            raise Refused(f"{told}, and could not be changed: {cure}") from error
        except LiaisonError as error:
            raise Unknown(f"{told}, and whether it was changed is not known: {error}") from error
        if seen.get("is_private") is not True:
            raise Refused(f"{told}, and stays so: {cure}")

    async def _take_back(self, key: str, journal: int | None) -> None:
        """A note of ours that stands there for everybody: emptied at once, and refused, however that went."""
        told = f"redmine: the note on issue {key} was stored as public, not private"
        try:
            await self._call("PUT", f"journals/{journal}.json", {"journal": {"notes": ""}}, is_state=True)
        except LiaisonError as error:
            raise Refused(f"{told}, and could not be taken back: delete it by hand") from error
        raise Refused(f"{told}, and was taken back; give our role SetNotesPrivate")

    async def _project_id(self) -> int | None:
        project = record((await self._get(f"projects/{self._settings.project}.json")).get("project"))
        return whole(project.get("id"))

    async def _require_private(self, project_id: int | None) -> None:
        """Raises `NotAllowed` unless our roles in that project have the rights that privacy needs."""
        user = record((await self._get("users/current.json", {"include": "memberships"})).get("user"))
        if user.get("admin") is True:
            return
        rights: set[str] = set()
        for membership in records(user.get("memberships")):
            if project_id is not None and record(membership.get("project")).get("id") == project_id:
                for role in records(membership.get("roles")):
                    found = record((await self._get(f"roles/{whole(role.get('id'))}.json")).get("role"))
                    rights |= {any_text(one) for one in found.get("permissions") or []}
        missing = []
        if self._settings.private_notes and PRIVATE_NOTES not in rights:
            missing.append("Set notes as private")
        if self._settings.private_issues and not rights & PRIVATE_ISSUES:
            missing.append("Set issues public or private")
        if missing:
            raise NotAllowed(
                f"redmine: what should be private would be stored as public: give our role {' and '.join(missing)!r}"
                " (Administration, Roles and permissions), or say that it need not be private"
            )

    async def _tracker_id(self) -> int | None:
        if not self._settings.tracker:
            return None
        found = named(records((await self._get("trackers.json")).get("trackers")), self._settings.tracker)
        if found is None:
            raise Refused(f"redmine: no tracker {self._settings.tracker!r}; correct tracker")
        return found

    async def _user(self) -> dict[str, Any]:
        """Who we are. Redmine lets a wrong key read as the public may, so each list and look-up begins with this.

        Raises `NotAllowed` for a wrong key.
        """
        user = record((await self._get("users/current.json")).get("user"))
        if whole(user.get("id")) is None:
            raise Unreachable("redmine GET users/current.json: the answer names nobody")
        return user

    async def _own_id_after(self, written: str) -> int | None:
        try:
            return whole((await self._user()).get("id"))
        except LiaisonError as error:
            raise Unknown(f"redmine: {written} was written and could not be read back: {error}") from error

    async def _issue(self, key: str) -> dict[str, Any]:
        if key_from(key) is None:
            raise NotFound("redmine: not the number of an issue")
        try:
            data = await self._get(f"issues/{key}.json", {"include": "journals,allowed_statuses"})
        except NotFound:
            # A wrong key sees what the public sees: that is not "gone".
            await self._user()
            raise
        return record(data.get("issue"))

    async def _change(self, key: str, change: Mapping[str, Any], *, is_state: bool = False) -> None:
        await self._call("PUT", f"issues/{key}.json", {"issue": change}, is_state=is_state)

    async def _lists(self, path: str, params: Mapping[str, str]) -> AsyncIterator[list[dict[str, Any]]]:
        by: ByOffset[dict[str, Any]] = ByOffset(
            count=lambda data: len(records(data.get("issues"))),
            has_more=lambda data: (
                (whole(data.get("offset")) or 0) + PAGE < (whole(data.get("total_count")) or 0)
            ),
        )
        async for data in pages(self._get, path, {**params, "limit": str(PAGE)}, by=by, most=MOST_PAGES):
            yield records(data.get("issues"))

    async def _get(self, path: str, params: Mapping[str, str] | None = None) -> dict[str, Any]:
        await self._pace.wait()
        answer = await self._http.call("GET", f"/{path}", params=params)
        if not isinstance(answer.data, dict):
            raise Unreachable(f"redmine GET {path}: the answer is not a JSON object")
        return answer.data

    async def _call(self, method: str, path: str, body: Mapping[str, Any], *, is_state: bool = False) -> Any:
        await self._pace.wait()
        return (await self._http.call(method, f"/{path}", json=body, is_repeatable=is_state)).data
