"""Linear as an issue tracker: the issues of one team.

What we write has an id of ours, made of `once`: sent twice, it is there once, and it is looked up by that id. It counts
only where our own user wrote it.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any, ClassVar

import httpx

from connectors.kit.answers import lost
from connectors.kit.fields import any_text, items, record, records, text
from connectors.kit.http import VendorHttp
from connectors.kit.pacing import Pace
from connectors.kit.pagination import ByCursor, pages
from connectors.kit.read_back import read_back
from connectors.linear.documents import CHANGED, COMMENT, ISSUE, MOVE, OPEN, SAY, TEAM, WEBHOOKS, WHO
from connectors.linear.errors import ActionForbidden, InputRefused, UnknownCodes, require_no_errors
from connectors.linear.mapping import (
    id_made_of,
    identifiers,
    inert,
    is_by,
    is_key,
    is_trashed,
    issue_from,
    state_for,
    states_of,
    title_of,
)
from connectors.linear.settings import LinearSettings
from connectors.linear.webhook import LinearWebhook
from incidents.errors import NotAllowed, NotFound, Refused, Unknown, Unreachable
from incidents.events import Event, Lane, TrialWebhook, Verified
from incidents.issues import Issue
from incidents.models import InternalText
from incidents.ports import IssueTracker, WebhookSource
from incidents.subscriptions import TriedByWebhook

OVERLAP = timedelta(seconds=2)
MOST_PAGES = 1_000
NEEDED = frozenset({"Issue", "Comment"})


class LinearIssues(IssueTracker, TriedByWebhook, WebhookSource):
    """One team. `name` is the connection's (`linear/eng`); keys are identifiers such as ENG-42."""

    vendor: ClassVar[str] = "linear"
    lane = Lane.STATUS_SYNC
    index_lag = 2.0

    def __init__(
        self, name: str, settings: LinearSettings, *, transport: httpx.AsyncBaseTransport | None = None
    ) -> None:
        self.name = name
        self._settings = settings
        self._own_id: str | None = None
        self._login = ""
        self._webhook = LinearWebhook(name, settings)
        self._http = VendorHttp(
            vendor=self.vendor,
            base_url=f"{settings.base_url}/",
            auth=settings.auth,
            transport=transport,
            pace=Pace(settings.requests_per_minute, 60),
            explain=require_no_errors,
        )

    async def check(self) -> str:
        """Who we are, in which workspace and team, who reads it, and whether the webhook tells what we need. Raises
        `NotAllowed` for a key that does not reach or is of another workspace, and `Refused` for a team that is no more.
        """
        said = await self._query("Who", WHO)
        self._know(said)
        workspace = record(said.get("organization"))
        workspace_id = text(workspace.get("id"))
        if self._settings.workspace_id not in ("", workspace_id):
            raise NotAllowed(
                f"linear: the key is of the workspace {text(workspace.get('urlKey'))!r} with the id {workspace_id};"
                " correct workspace_id, or take a key of the other workspace"
            )
        team = await self._team(self._settings.team)
        if team.get("archivedAt") is not None or team.get("retiredAt") is not None:
            raise Refused(f"linear: the team {self._settings.team} is archived or retired")
        readers = "whom it is shared with" if team.get("visibility") != "public" else "the whole workspace"
        hears = (
            await self._hears(team)
            if self._settings.signing_secrets
            else "no signing secret: polled, not told"
        )
        return (
            f"{self._login} at {text(workspace.get('urlKey'))} (workspace_id {workspace_id}), team"
            f" {self._settings.team}, read by {readers}; {hears}"
        )

    async def aclose(self) -> None:
        await self._http.aclose()

    @property
    def actor(self) -> str:
        """Our user's name, once it is known."""
        return self._login

    def verify(self, headers: Sequence[tuple[str, str]], body: bytes, *, now: datetime) -> Verified:
        return self._webhook.verify(headers, body, now=now)

    def events(self, verified: Verified) -> Sequence[Event]:
        return self._webhook.events(verified)

    def trial_webhook(self, *, now: datetime) -> TrialWebhook:
        return self._webhook.trial(now)

    async def open_issue(self, title: str, text: InternalText, *, once: str) -> str:
        known = await self.find_issue(once)
        if known is not None:
            return known
        team = await self._team(self._settings.team)
        id_ = await self._id_of_issue(once)
        written = {
            "id": id_,
            "teamId": any_text(team.get("id")),
            "title": title_of(title),
            "description": inert(text),
        }
        try:
            answer = record((await self._mutation("Open", OPEN, {"input": written})).get("issueCreate"))
        except InputRefused:
            # Perhaps as the id is taken: by the attempt of the same moment.
            known = await self.find_issue(once)
            if known is not None:
                return known
            raise
        _require_id(answer.get("issue"), id_, "issue")
        own_id = await self._who()
        seen = await read_back(
            lambda: self._issue(id_),
            lambda issue: is_by(issue, own_id, "creator"),
            what="linear: the issue that was opened",
            cure="look at automations that change issues",
        )
        return issue_from(seen).key

    async def find_issue(self, once: str) -> str | None:
        own_id = await self._who()
        issue = await self._one("issue", ISSUE, await self._id_of_issue(once))
        if issue is None or not is_by(issue, own_id, "creator"):
            return None
        # A deleted one counts: its id is taken for as long as it can be had back.
        return issue_from(issue).key

    async def read(self, key: str) -> Issue:
        return issue_from(await self._issue(key))

    async def changed_since(self, since: datetime) -> AsyncIterator[Issue]:
        """By creation, not by change: what changes while pages are read must not take another one's place. Of our team,
        and what our user opened wherever it was moved to."""
        start = (since - OVERLAP).astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
        found: dict[str, Issue] = {}

        async def fetch(_: str, asked: Mapping[str, str]) -> Mapping[str, Any]:
            page = record((await self._query("Changed", CHANGED, asked)).get("issues"))
            if records(nodes := page.get("nodes")) != nodes:
                # Taken for an empty page, it would end the list, and what it held would be passed over.
                raise Unreachable("linear Changed: the answer is not a list of issues")
            return page

        by = ByCursor(cursor=_next_cursor, param="after")
        asked = {"team": self._settings.team, "since": start}
        async for page in pages(fetch, "linear Changed", asked, by=by, most=MOST_PAGES):
            for one in records(page.get("nodes")):
                if not is_trashed(one):
                    issue = issue_from(one)
                    found[issue.key] = issue
        for issue in sorted(found.values(), key=lambda one: (one.updated_at, _number(one.key))):
            yield issue

    async def comment(self, key: str, text: InternalText, *, once: str) -> None:
        own_id = await self._who()
        issue = await self._issue(key)
        issue_id = any_text(issue.get("id"))
        if await self._said(issue_id, once):
            return
        if not text.strip():
            raise Refused("linear: an empty comment is refused and would tell nobody anything")
        id_ = id_made_of(own_id, issue_id, once)
        written = {"id": id_, "issueId": issue_id, "body": inert(text)}
        try:
            answer = record((await self._mutation("Say", SAY, {"input": written})).get("commentCreate"))
        except InputRefused:
            if await self._said(issue_id, once):
                return
            raise
        _require_id(answer.get("comment"), id_, "comment")
        await read_back(
            lambda: self._said(issue_id, once),
            bool,
            what=f"linear: comment on issue {key}",
            cure="look at automations that change comments",
        )

    async def was_done(self, key: str, once: str) -> bool:
        issue = await self._issue(key)
        return await self._said(any_text(issue.get("id")), once)

    async def transition(self, key: str, status: str, *, once: str) -> None:
        issue = await self._issue(key)
        # Of the team that it is in now: it may have been moved, and each team has states of its own.
        states = states_of(await self._team(text(record(issue.get("team")).get("key"))))
        wanted = state_for(states, status)
        if wanted is None:
            words = ", ".join(text(one.get("name")) for one in states)
            raise Refused(f"linear: issue {key} cannot go to {status!r}; it can be: {words}")
        now = record(issue.get("state"))
        is_type = text(wanted.get("name")).casefold() != status.strip().casefold()
        if now.get("id") == wanted.get("id") or (is_type and now.get("type") == wanted.get("type")):
            return
        moved = {"id": any_text(issue.get("id")), "input": {"stateId": any_text(wanted.get("id"))}}
        await self._mutation("Move", MOVE, moved, is_repeatable=True)
        await read_back(
            lambda: self._issue(key),
            lambda seen: record(seen.get("state")).get("id") == wanted.get("id"),
            what=f"linear: issue {key} to {status!r}",
            cure="look at automations that move issues",
        )

    async def _who(self) -> str:
        """Our user's id, asked for once: it is the key's."""
        if self._own_id is None:
            self._know(await self._query("Who", WHO))
        return self._own_id or ""

    def _know(self, said: Mapping[str, Any]) -> None:
        viewer = record(said.get("viewer"))
        own_id = text(viewer.get("id"))
        if not own_id:
            raise Unreachable("linear Who: the answer names nobody")
        self._own_id, self._login = own_id, any_text(viewer.get("displayName"))

    async def _id_of_issue(self, once: str) -> str:
        return id_made_of(await self._who(), "issue", once)

    async def _team(self, key: str) -> dict[str, Any]:
        """Raises `NotAllowed` where our user may not see it: a private team is as one that is not there."""
        said = await self._query("Team", TEAM, {"key": key})
        for team in records(record(said.get("teams")).get("nodes")):
            if team.get("key") == key and text(team.get("id")):
                return team
        raise NotAllowed(
            f"linear: no team {key!r} that the key reaches; correct team, or give our user access to it"
        )

    async def _issue(self, key: str) -> dict[str, Any]:
        """Raises `NotFound` for one that is no more, was deleted, or is not shown to us."""
        if not is_key(key):
            raise NotFound("linear: not the identifier of an issue")
        issue = await self._one("issue", ISSUE, key)
        if issue is None:
            # It is also what a key that does not reach is told.
            await self._team(self._settings.team)
            raise NotFound(f"linear: no issue {key} that the key reaches")
        if is_trashed(issue):
            raise NotFound(f"linear: issue {key} was deleted")
        if key not in (issue.get("id"), *identifiers(issue)):
            raise Unreachable(f"linear Issue: another issue than {key} was answered")
        return issue

    async def _said(self, issue_id: str, once: str) -> bool:
        """Whether our comment of this key stands below the issue."""
        own_id = await self._who()
        id_ = id_made_of(own_id, issue_id, once)
        comment = await self._one("comment", COMMENT, id_)
        return (
            comment is not None
            and comment.get("id") == id_
            and record(comment.get("issue")).get("id") == issue_id
            and is_by(comment, own_id, "user")
        )

    async def _one(self, what: str, document: str, id_: str) -> dict[str, Any] | None:
        """What has the id; None where nothing has: to Linear that is a wrong input, and the id is all of it."""
        try:
            said = await self._query(what.capitalize(), document, {"id": id_})
        except InputRefused:
            return None
        found = record(said.get(what))
        if not found:
            raise Unreachable(f"linear {what.capitalize()}: the answer has neither it nor an error")
        return found

    async def _query(
        self, name: str, document: str, variables: Mapping[str, object] | None = None
    ) -> dict[str, Any]:
        return await self._ask(name, document, variables or {}, is_repeatable=True)

    async def _mutation(
        self, name: str, document: str, variables: Mapping[str, object], *, is_repeatable: bool = False
    ) -> dict[str, Any]:
        """A change; what is forbidden is this issue's or our scope's where the key is as good as ever."""
        try:
            return await self._ask(name, document, variables, is_repeatable=is_repeatable)
        except ActionForbidden as error:
            await self._query("Who", WHO)
            raise Refused(
                f"{error}; the key is known and may not do this: it needs the scope write, its user a seat that may"
                " write in the team"
            ) from error

    async def _ask(
        self, name: str, document: str, variables: Mapping[str, object], *, is_repeatable: bool
    ) -> dict[str, Any]:
        written = {"operationName": name, "query": document, "variables": dict(variables)}
        try:
            answer = await self._http.call("POST", "graphql", json=written, is_repeatable=is_repeatable)
            require_no_errors(answer, f"linear {name}")
        except UnknownCodes as error:
            raise lost(str(error), is_repeatable) from error
        return record(record(answer.data).get("data"))

    async def _hears(self, team: Mapping[str, Any]) -> str:
        """What is known of the workspace's webhooks, which only admins may look at."""
        try:
            said = await self._query("Webhooks", WEBHOOKS)
        except NotAllowed:
            return "the key may not look at webhooks"
        own, is_public = team.get("id"), team.get("visibility") == "public"
        for one in records(record(said.get("webhooks")).get("nodes")):
            is_ours = (
                record(one.get("team")).get("id") == own
                or own in items(one.get("teamIds"))
                or (is_public and one.get("allPublicTeams") is True)
            )
            told = {text(kind) for kind in items(one.get("resourceTypes"))}
            if is_ours and one.get("enabled") is True and told >= NEEDED:
                return "a webhook tells of issues and their comments"
        return "no enabled webhook tells of the team's issues and their comments: polled, not told"


def _require_id(made: Any, id_: str, what: str) -> None:
    """That Linear took our id: with another one it could not be looked up."""
    if record(made).get("id") != id_:
        raise Unknown(f"linear: the {what} that was made has not the id that was asked for")


def _next_cursor(page: Mapping[str, Any]) -> str:
    info = record(page.get("pageInfo"))
    if info.get("hasNextPage") is not True:
        return ""
    cursor = text(info.get("endCursor"))
    if not cursor:
        raise Unreachable("linear Changed: the list goes on, and no cursor says where")
    return cursor


def _number(key: str) -> tuple[str, int]:
    team, _, number = key.partition("-")
    return team, int(number)
