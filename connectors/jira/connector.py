"""Jira as an issue tracker, Cloud (REST v3) or Data Center (v2).

Jira honours no idempotency key. An issue of ours has a label made of `once`, by which JQL finds it exactly, and counts
only where our own user is its creator; a comment has a mark as its last line. Cloud's search is eventually consistent
(https://developer.atlassian.com/cloud/jira/platform/search-and-reconcile/): `index_lag` says for how long, and what
this process has opened itself it names to the search (`reconcileIssues`).
"""

from __future__ import annotations

import math
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any, ClassVar

import httpx
from pydantic import SecretStr

from connectors.jira.mapping import (
    FIELDS,
    SERVICE_DESK,
    body,
    is_for_customers,
    is_kept_for,
    is_opened_with,
    issue_from,
    names_in,
    opening_text,
    own_comment,
    summary,
    transition_to,
    words_of,
)
from connectors.jira.settings import JiraSettings
from connectors.jira.webhook import NEEDED, events_from
from connectors.kit.atlassian.search import searched
from connectors.kit.atlassian.site import AtlassianSite, Edition, key_from
from connectors.kit.atlassian.subscriptions import JiraWebhooks
from connectors.kit.atlassian.webhooks import verified_from
from connectors.kit.fields import any_text, record, records, text, whole
from connectors.kit.marks import mark_of
from connectors.kit.pacing import Pace
from connectors.kit.pagination import ByOffset, pages
from connectors.kit.read_back import read_back
from connectors.kit.recent import RecentlyUsed
from incidents.errors import Exposed, LiaisonError, NotAllowed, NotFound, Refused, Unknown
from incidents.events import Event, Lane, Verified
from incidents.issues import Issue
from incidents.models import InternalText
from incidents.ports import IssueTracker, WebhookSource, WebhookSubscriptions
from incidents.subscriptions import MadeSubscription, WebhookSubscription

PAGE = 100
MOST_PAGES = 1_000
OVERLAP = timedelta(seconds=2)
CLOCKS_DIFFER = timedelta(minutes=2)
"""A search says for how many minutes back, by Jira's clock."""
REMEMBERED = 1_000
RIGHTS = {
    "BROWSE_PROJECTS": "Browse Projects",
    "CREATE_ISSUES": "Create Issues",
    "ADD_COMMENTS": "Add Comments",
    "DELETE_OWN_COMMENTS": "Delete Own Comments",
    "TRANSITION_ISSUES": "Transition Issues",
}
LAGS = {Edition.CLOUD: 120.0, Edition.DATA_CENTER: 10.0}
"""Seconds. "A few seconds to minutes" on Cloud; Data Center's other nodes index within seconds."""


def utc_now() -> datetime:
    """The clock of this machine."""
    return datetime.now(UTC)


class Jira(IssueTracker, WebhookSource, WebhookSubscriptions):
    """One project. `name` is the connection's (`jira/shop`); keys are Jira's (`SHOP-12`)."""

    vendor: ClassVar[str] = "jira"
    lane = Lane.STATUS_SYNC

    def __init__(
        self,
        name: str,
        settings: JiraSettings,
        *,
        transport: httpx.AsyncBaseTransport | None = None,
        clock: Callable[[], datetime] = utc_now,
    ) -> None:
        self.name = name
        self._settings = settings
        self._clock = clock
        self._site = AtlassianSite(self.vendor, settings, Pace(settings.requests_per_minute, 60), transport)
        self._webhooks = JiraWebhooks(
            self._site, settings, needed=NEEDED, jql=f'project = "{settings.project}"'
        )
        self._opened: RecentlyUsed[str, tuple[str, str]] = RecentlyUsed(REMEMBERED)
        self.index_lag = LAGS[self._site.edition]

    async def check(self) -> str:
        """Who we are, and who reads our comments. Raises `Refused` for a setting that names what the project has not,
        and `NotAllowed` for a permission that is missing."""
        settings = self._settings
        user = await self._site.user()
        await self._require_edition()
        try:
            project = await self._site.record(f"{self._site.platform}/project/{settings.project}")
        except NotFound as error:
            raise NotAllowed(
                f"jira: no project {settings.project!r}, or our user may not see it; correct project"
            ) from error
        if text(project.get("projectTypeKey")) == SERVICE_DESK:
            raise Refused(_FOR_CUSTOMERS.format(what=f"project {settings.project}"))
        types = names_in(project.get("issueTypes"))
        if settings.issue_type not in types:
            raise Refused(
                f"jira: no issue type {settings.issue_type!r} in {settings.project}; correct issue_type; it has:"
                f" {', '.join(types)[:300] or 'none'}"
            )
        if settings.comments_for and settings.comments_for not in record(project.get("roles")):
            raise Refused(f"jira: no project role {settings.comments_for!r}; correct comments_for")
        await self._require_rights()
        readers = f"the role {settings.comments_for!r}" if settings.comments_for else "all who see the issue"
        name, project_name = any_text(user.get("displayName")), any_text(project.get("name"))
        return f"{name} at {settings.address}, project {project_name!r}; comments are read by {readers}"

    async def aclose(self) -> None:
        await self._site.aclose()

    @property
    def actor(self) -> str:
        """Our account's id, once it is known."""
        return self._site.known_id

    def verify(self, headers: Sequence[tuple[str, str]], body: bytes, *, now: datetime) -> Verified:
        return verified_from(headers, body, settings=self._settings)

    def events(self, verified: Verified) -> Sequence[Event]:
        return events_from(verified, connection=self.name, settings=self._settings)

    async def subscriptions(self) -> Sequence[WebhookSubscription]:
        return await self._webhooks.rows()

    async def subscribe(self, address: str, *, title: str, scope: str = "") -> MadeSubscription:
        return await self._webhooks.make(address, title, scope)

    async def mend_subscription(self, id: str, *, address: str) -> SecretStr | None:
        await self._webhooks.mend(id, address)
        return None

    async def unsubscribe(self, id: str) -> None:
        await self._webhooks.remove(id)

    async def open_issue(self, title: str, text: InternalText, *, once: str) -> str:
        known = await self.find_issue(once)
        if known is not None:
            return known
        settings = self._settings
        fields: dict[str, Any] = {
            "project": {"key": settings.project},
            "issuetype": {"name": settings.issue_type},
            "summary": summary(title),
            "description": opening_text(text, self._site.edition),
            "labels": [mark_of(once), *settings.labels],
        }
        if settings.priority:
            fields["priority"] = {"name": settings.priority}
        made = record(await self._site.send("POST", f"{self._site.platform}/issue", {"fields": fields}))
        key = key_from(made.get("key"))
        if key is None:
            raise Unknown("jira POST issue: the answer names no issue")
        self._opened.put(once, (key, any_text(made.get("id"))))
        own_id = await self._site.after("an issue")
        await read_back(
            lambda: self._issue(key),
            lambda seen: is_opened_with(seen, once, own_id),
            what=f"jira: issue {key}",
            cure="it should be ours, with our label: look at automation rules that take labels away",
        )
        return key

    async def find_issue(self, once: str) -> str | None:
        """By its label, among what our user created. One that was moved to another project is found there."""
        own_id = await self._site.own_id()
        remembered = self._opened.get(once)
        jql = f'labels = "{mark_of(once)}" AND creator = currentUser() ORDER BY created ASC'
        ids = (remembered[1],) if remembered else ()
        async for found in searched(self._site, jql, FIELDS, reconcile=ids):
            for issue in found:
                key = key_from(issue.get("key"))
                if key is not None and is_opened_with(issue, once, own_id):
                    return key
        # Nothing is what a token finds, too, that is no more good.
        await self._site.user()
        return None

    async def read(self, key: str) -> Issue:
        return issue_from(await self._issue(key), self._settings.address)

    async def changed_since(self, since: datetime) -> AsyncIterator[Issue]:
        """By Jira's search, which is behind: ask each time from a little before the last time.

        The time is said in minutes back from Jira's own clock: JQL reads a time in the user's zone, to the minute. By
        creation, not by change: what changes while pages are read must not take another one's place.
        """
        ago = math.ceil((self._clock() - since + CLOCKS_DIFFER) / timedelta(minutes=1))
        jql = f'project = "{self._settings.project}" AND updated >= "-{max(ago, 1)}m" ORDER BY created ASC'
        found: dict[str, Issue] = {}
        async for page in searched(self._site, jql, FIELDS):
            for data in page:
                issue = issue_from(data, self._settings.address)
                if issue.updated_at >= since - OVERLAP:
                    found[issue.key] = issue
        if not found:
            await self._site.user()
        for issue in sorted(found.values(), key=lambda one: (one.updated_at, _number(one.key))):
            yield issue

    async def comment(self, key: str, text: InternalText, *, once: str) -> None:
        own_id = await self._site.own_id()
        issue = await self._issue(key)
        if is_for_customers(issue):
            # It may have been moved there.
            raise Refused(_FOR_CUSTOMERS.format(what=f"the project of issue {key}"))
        known = own_comment(await self._comments(key), once, own_id)
        if known is None:
            written: dict[str, Any] = {"body": body(text, once, self._site.edition)}
            if self._settings.comments_for:
                written["visibility"] = {"type": "role", "value": self._settings.comments_for}
            await self._site.send("POST", self._path(key, "comment"), written)
            seen = await read_back(
                lambda: self._comments(key),
                lambda comments: own_comment(comments, once, own_id) is not None,
                what=f"jira: comment on issue {key}",
                cure="look at the issue, and at apps and rules that change comments",
            )
            known = own_comment(seen, once, own_id)
        if known is not None and self._is_exposed(known):
            await self._take_back(key, known)

    async def was_done(self, key: str, once: str) -> bool:
        """A comment that more people read than should is not what was asked for: `comment` takes it back."""
        own_id = await self._site.own_id()
        await self._issue(key)
        known = own_comment(await self._comments(key), once, own_id)
        return known is not None and not self._is_exposed(known)

    async def transition(self, key: str, status: str, *, once: str) -> None:
        issue = await self._issue(key)
        wanted = status.strip().casefold()
        if _status(issue).casefold() == wanted:
            return
        path = self._path(key, "transitions")
        transitions = records((await self._site.record(path)).get("transitions"))
        way = transition_to(transitions, status)
        if way is None:
            raise Refused(
                f"jira: issue {key} cannot go to {status!r}; from here our user can move it to:"
                f" {words_of(transitions)}"
            )
        await self._site.send("POST", path, {"transition": {"id": way}})
        await read_back(
            lambda: self._issue(key),
            lambda seen: _status(seen).casefold() == wanted,
            what=f"jira: issue {key} to {status!r}",
            cure="an automation rule, or somebody of the same moment, had it otherwise",
        )

    def _is_exposed(self, comment: Mapping[str, Any]) -> bool:
        role = self._settings.comments_for
        return bool(role) and not is_kept_for(comment, role)

    async def _take_back(self, key: str, comment: Mapping[str, Any]) -> None:
        """A comment of ours that more people read than should is deleted at once, and `Exposed`, however that went."""
        told = f"jira: the comment on issue {key} was stored for everybody, not private to a role"
        by_hand = f"{told}, and could not be taken back: delete it by hand"
        own = text(comment.get("id"))
        if not own.isdigit():
            raise Exposed(by_hand)
        try:
            await self._site.send("DELETE", self._path(key, f"comment/{own}"), is_repeatable=True)
            left = await self._comments(key)
        except LiaisonError as error:
            raise Exposed(by_hand) from error
        if any(one.get("id") == own for one in left):
            raise Exposed(by_hand)
        raise Exposed(f"{told}, and was taken back; look at apps and rules that change comments")

    async def _issue(self, key: str) -> dict[str, Any]:
        """One issue, by its key or one that it had. Raises `NotFound` for one that is gone, or that we may not see."""
        if key_from(key) is None:
            raise NotFound("jira: not the key of an issue")
        return await self._site.record(f"{self._site.platform}/issue/{key}", {"fields": FIELDS})

    async def _comments(self, key: str) -> list[dict[str, Any]]:
        """All below the issue that we may read."""
        by: ByOffset[dict[str, Any]] = ByOffset(
            count=lambda page: len(records(page.get("comments"))), has_more=_has_more, param="startAt"
        )
        asked = {"maxResults": str(PAGE)}
        found = pages(self._site.record, self._path(key, "comment"), asked, by=by, most=MOST_PAGES)
        return [one async for page in found for one in records(page.get("comments"))]

    def _path(self, key: str, below: str) -> str:
        if key_from(key) is None:
            raise NotFound("jira: not the key of an issue")
        return f"{self._site.platform}/issue/{key}/{below}"

    async def _require_edition(self) -> None:
        said = text((await self._site.record(f"{self._site.platform}/serverInfo")).get("deploymentType"))
        is_cloud = said.casefold() == "cloud"
        if said and is_cloud != (self._site.edition is Edition.CLOUD):
            raise Refused(f"jira: the server says that it is {said[:40]!r}; correct edition")

    async def _require_rights(self) -> None:
        asked = {"projectKey": self._settings.project, "permissions": ",".join(RIGHTS)}
        answer = await self._site.record(f"{self._site.platform}/mypermissions", asked)
        known = record(answer.get("permissions"))
        needed = set(RIGHTS) - (set() if self._settings.comments_for else {"DELETE_OWN_COMMENTS"})
        missing = [
            RIGHTS[one]
            for one in RIGHTS
            if one in needed and record(known.get(one)).get("havePermission") is not True
        ]
        if missing:
            raise NotAllowed(
                f"jira: our user may not {', '.join(map(repr, missing))} in {self._settings.project}; give its role"
                " these in the project's permission scheme"
            )


_FOR_CUSTOMERS = (
    "jira: {what} is a service project, whose customers are told what is commented by this interface: nothing is"
    " written there; use a connection of jsm, or another project"
)


def _status(issue: Mapping[str, Any]) -> str:
    return text(record(record(issue.get("fields")).get("status")).get("name"))


def _has_more(page: Mapping[str, Any]) -> bool:
    return (whole(page.get("startAt")) or 0) + len(records(page.get("comments"))) < (
        whole(page.get("total")) or 0
    )


def _number(key: str) -> int:
    return int(key.rpartition("-")[2])
