"""GitLab as an issue tracker: the issues of one project, at gitlab.com or a server of one's own.

It honours no idempotency key. What we write has a mark as its last line, and counts only where our own user wrote it.
An issue of ours is looked up in the list of what our user opened, not by the search: that finds anybody's words.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from typing import Any, ClassVar

import httpx

from connectors.gitlab.mapping import (
    OPENED,
    STATE_EVENTS,
    body,
    is_internal,
    is_opened_with,
    issue_from,
    own_note,
    title_of,
    was_moved,
)
from connectors.gitlab.settings import GitLabSettings
from connectors.gitlab.webhook import GitLabWebhook
from connectors.kit.answers import VendorAnswer, busy_until_reset
from connectors.kit.auth.ways import ApiKeyHeader
from connectors.kit.fields import any_text, record, text, whole
from connectors.kit.http import VendorHttp
from connectors.kit.issue_numbers import key_from
from connectors.kit.linked_lists import linked_pages
from connectors.kit.pacing import Pace
from connectors.kit.private_notes import exposed
from connectors.kit.read_back import read_back
from incidents.errors import LiaisonError, NotAllowed, NotFound, Refused, Unknown, Unreachable
from incidents.events import Event, Lane, TrialWebhook, Verified
from incidents.issues import Issue
from incidents.models import InternalText
from incidents.ports import IssueTracker, WebhookSource
from incidents.subscriptions import TriedByWebhook

PAGE = "100"
OVERLAP = timedelta(seconds=2)
PLANNER = 15
"""The least role whose notes can be internal: Planner (15), Reporter (20) and above."""
NEEDED = ("issues_events", "note_events")


class GitLab(IssueTracker, TriedByWebhook, WebhookSource):
    """One project. `name` is the connection's (`gitlab/shop`); keys are the issues' numbers in it (`iid`)."""

    vendor: ClassVar[str] = "gitlab"
    lane = Lane.STATUS_SYNC
    index_lag = 2.0

    def __init__(
        self, name: str, settings: GitLabSettings, *, transport: httpx.AsyncBaseTransport | None = None
    ) -> None:
        self.name = name
        self._settings = settings
        self._root = settings.project_in_paths
        self._own: tuple[int, str] | None = None
        self._webhook = GitLabWebhook(name, settings)
        self._http = VendorHttp(
            vendor=self.vendor,
            base_url=f"{settings.api_url}/",
            auth=ApiKeyHeader("PRIVATE-TOKEN", settings.token),
            transport=transport,
            pace=Pace(settings.requests_per_minute, 60),
            explain=_explain,
        )

    async def check(self) -> str:
        """Who we are, who reads our texts, and whether the webhook tells what we need. Raises `NotAllowed` for a token
        that does not reach or has too small a role, and `Refused` for a server that calls itself by another address,
        issues that are switched off, a project that is archived or readers who are not meant."""
        _, login = await self._who()
        project = await self._project()
        address = text(project.get("web_url"))
        if address and not address.casefold().startswith(f"{self._settings.base_url}/".casefold()):
            # It would name the next page of a long list there, where the token must not go.
            raise Refused(
                "gitlab: the server calls itself by another address than base_url; correct base_url, or the server's"
                " external_url"
            )
        if project.get("archived") is True:
            raise Refused(f"gitlab: {self._settings.project} is archived: nothing can be written there")
        if project.get("issues_access_level") == "disabled" or project.get("issues_enabled") is False:
            raise Refused(f"gitlab: {self._settings.project} has its issues switched off")
        self._require_readers(project)
        if self._settings.internal_notes:
            self._require_internal(project)
        readers = "only members read it" if _is_private(project) else "not only members read it"
        notes = "internal" if self._settings.internal_notes else "public"
        hears = (
            await self._hears() if self._settings.signing_secrets else "no signing secret: polled, not told"
        )
        return f"{login} at {self._settings.project}, {readers}; {notes} notes; {hears}"

    async def aclose(self) -> None:
        await self._http.aclose()

    @property
    def actor(self) -> str:
        """Our user's name, once it is known."""
        return "" if self._own is None else self._own[1]

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
        self._require_readers(await self._project())
        own_id, _ = await self._who()
        written = {"title": title_of(title), "description": body(text, once)}
        answer = record(await self._send("POST", f"{self._root}/issues", written))
        key = key_from(answer.get("iid"))
        if key is None:
            raise Unknown("gitlab POST issues: the answer names no issue")
        await read_back(
            lambda: self._issue(key),
            lambda issue: is_opened_with(issue, once, own_id),
            what=f"gitlab: issue {key}",
            cure="look at what changes issues there",
        )
        return key

    async def find_issue(self, once: str) -> str | None:
        own_id, _ = await self._who()
        asked = {"author_id": str(own_id), "order_by": "created_at", "sort": "desc"}
        async for page in self._issues(asked):
            for issue in page:
                key = key_from(issue.get("iid"))
                if key is not None and is_opened_with(issue, once, own_id):
                    return key
        return None

    async def read(self, key: str) -> Issue:
        return issue_from(await self._issue(key))

    async def changed_since(self, since: datetime) -> AsyncIterator[Issue]:
        """By creation, not by change: what changes while pages are read must not take another one's place."""
        start = (since - OVERLAP).astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
        asked = {"updated_after": start, "order_by": "created_at", "sort": "asc"}
        found: dict[str, Issue] = {}
        async for page in self._issues(asked):
            for one in page:
                if not was_moved(one):
                    issue = issue_from(one)
                    found[issue.key] = issue
        for issue in sorted(found.values(), key=lambda one: (one.updated_at, int(one.key))):
            yield issue

    async def comment(self, key: str, text: InternalText, *, once: str) -> None:
        own_id, _ = await self._who()
        await self._issue(key)
        before = own_note(await self._notes(key), once, own_id)
        if before is not None:
            await self._keep_internal(key, before)
            return
        if not text.strip():
            raise Refused("gitlab: an empty note is refused and would tell nobody anything")
        project, is_internal_wanted = await self._project(), self._settings.internal_notes
        if is_internal_wanted:
            self._require_internal(project)
        else:
            self._require_readers(project)
        await self._send(
            "POST",
            f"{self._root}/issues/{key}/notes",
            {"body": body(text, once), "internal": is_internal_wanted},
        )
        seen = await read_back(
            lambda: self._notes(key),
            lambda notes: own_note(notes, once, own_id) is not None,
            what=f"gitlab: note on issue {key}",
            cure="look at what changes notes there",
        )
        written = own_note(seen, once, own_id)
        if written is not None:
            await self._keep_internal(key, written)

    async def was_done(self, key: str, once: str) -> bool:
        """A note that should be internal and is public is not what was asked for: `comment` takes it back."""
        own_id, _ = await self._who()
        await self._issue(key)
        note = own_note(await self._notes(key), once, own_id)
        return note is not None and not self._is_exposed(note)

    async def transition(self, key: str, status: str, *, once: str) -> None:
        wanted = status.strip().casefold()
        wanted = OPENED if wanted == "open" else wanted
        issue = await self._issue(key)
        if wanted not in STATE_EVENTS:
            words = ", ".join(STATE_EVENTS)
            raise Refused(f"gitlab: issue {key} cannot go to {status!r}; it can be: {words}")
        if issue.get("state") == wanted:
            return
        change = {"state_event": STATE_EVENTS[wanted]}
        await self._send("PUT", f"{self._root}/issues/{key}", change, is_repeatable=True)
        await read_back(
            lambda: self._issue(key),
            lambda seen: seen.get("state") == wanted,
            what=f"gitlab: issue {key} to {status!r}",
            cure="the token needs the scope api and the role Reporter; look at issues that block it",
        )

    async def _who(self) -> tuple[int, str]:
        """Our user's id and name, asked for once: they are the token's."""
        if self._own is None:
            user = record((await self._http.call("GET", "user")).data)
            own_id = whole(user.get("id"))
            if own_id is None:
                raise Unreachable("gitlab GET user: the answer names nobody")
            self._own = own_id, any_text(user.get("username"))
        return self._own

    async def _project(self) -> dict[str, Any]:
        """Raises `NotAllowed` where our user may not see it: GitLab says 404 of both."""
        try:
            answer = await self._http.call("GET", self._root)
        except NotFound as error:
            raise NotAllowed(
                f"gitlab: no project {self._settings.project!r} that the token reaches; correct project, or give the"
                " token a role in it"
            ) from error
        except NotAllowed:
            raise
        except Refused as error:
            # 301: nothing else is refused of a project.
            raise Refused(
                f"gitlab: {self._settings.project} was renamed or moved: correct project ({error})"
            ) from error
        return record(answer.data)

    def _require_readers(self, project: Mapping[str, Any]) -> None:
        """A project may be made public at any time: looked at before each writing."""
        if not _is_private(project) and not self._settings.may_be_public:
            raise Refused(
                f"gitlab: not only members read issues of {self._settings.project}, and our texts are for colleagues:"
                " make the project private, or its issues for members only, or set may_be_public"
            )

    def _require_internal(self, project: Mapping[str, Any]) -> None:
        """GitLab stores a note as public, and says nothing, where our role may not write internal ones."""
        permissions = record(project.get("permissions"))
        levels = (
            record(permissions.get(of)).get("access_level") for of in ("project_access", "group_access")
        )
        if max((whole(level) or 0 for level in levels), default=0) < PLANNER:
            raise NotAllowed(
                f"gitlab: the token's role in {self._settings.project} is too small for private (internal) notes, which"
                " would be stored as public: make it Reporter, or set internal_notes to false"
            )

    def _is_exposed(self, note: Mapping[str, Any]) -> bool:
        return self._settings.internal_notes and not is_internal(note)

    async def _keep_internal(self, key: str, note: Mapping[str, Any]) -> None:
        """A note of ours that should be internal and is public is deleted at once, and `Exposed`, however that went."""
        if not self._is_exposed(note):
            return
        number = whole(note.get("id"))

        async def hide() -> bool:
            path = f"{self._root}/issues/{key}/notes/{number}"
            # Deleted already, by the attempt before whose answer was lost, or by somebody.
            with suppress(NotFound):
                await self._send("DELETE", path, None, is_repeatable=True)
            return all(whole(one.get("id")) != number for one in await self._notes(key))

        raise await exposed(
            f"gitlab: the private note on issue {key}", hide, cure="give the token's user the role Reporter"
        )

    async def _issue(self, key: str) -> dict[str, Any]:
        """Raises `NotFound` for one that is no more, or goes on in another project."""
        if key_from(key) is None:
            raise NotFound("gitlab: not the number of an issue")
        try:
            answer = await self._http.call("GET", f"{self._root}/issues/{key}")
        except NotFound:
            # 404 is what a token that does not reach is told, too.
            await self._project()
            raise
        issue = record(answer.data)
        if was_moved(issue):
            raise NotFound(f"gitlab: issue {key} was moved to another project")
        return issue

    def _issues(self, asked: Mapping[str, str]) -> AsyncIterator[list[dict[str, Any]]]:
        """Left unsaid, a list may be of our own issues only."""
        return self._pages(f"{self._root}/issues", {"scope": "all", "state": "all", **asked})

    async def _notes(self, key: str) -> list[dict[str, Any]]:
        asked = {"order_by": "created_at", "sort": "asc"}
        return [one async for page in self._pages(f"{self._root}/issues/{key}/notes", asked) for one in page]

    def _pages(self, path: str, asked: Mapping[str, str]) -> AsyncIterator[list[dict[str, Any]]]:
        return linked_pages(self._http, self._settings.api_url, path, {**asked, "per_page": PAGE})

    async def _send(
        self, method: str, path: str, written: Mapping[str, object] | None, *, is_repeatable: bool = False
    ) -> Any:
        """A change; 403 is this issue's (locked, archived) where the token is as good as ever."""
        try:
            answer = await self._http.call(method, path, json=written, is_repeatable=is_repeatable)
        except _Forbidden as error:
            await self._http.call("GET", "user")
            raise Refused(
                f"{error}; the token is known and may not do this: its user needs the role Reporter; the discussion may"
                " be locked, the project archived"
            ) from error
        return answer.data

    async def _hears(self) -> str:
        """What is known of the project's webhooks, as far as the token may look. One that failed too often is switched
        off by GitLab, and told with what brings it back."""
        try:
            hooks = [one async for page in self._pages(f"{self._root}/hooks", {}) for one in page]
        except NotFound:
            return "the token may not look at webhooks"
        except LiaisonError as error:
            if isinstance(error, NotAllowed):
                return "the token may not look at webhooks"
            raise
        telling = [one for one in hooks if all(one.get(event) is True for event in NEEDED)]
        if not telling:
            return "no webhook tells of issues and their comments: polled, not told"
        states = {text(one.get("alert_status")) or "executable" for one in telling}
        if "executable" in states:
            return "a webhook tells of issues and their comments"
        return (
            f"its webhook is {' and '.join(sorted(states))} by GitLab, since its deliveries failed: polled, not told;"
            " mend what refuses them and press Test at Settings, Webhooks"
        )


class _Forbidden(NotAllowed):
    """403: who we are is known, perhaps."""


def _is_private(project: Mapping[str, Any]) -> bool:
    """What does not say that only members read it is taken for public; internal is for all who can log in."""
    return project.get("visibility") == "private" or project.get("issues_access_level") == "private"


def _explain(answer: VendorAnswer, what: str) -> None:
    """https://docs.gitlab.com/administration/settings/user_and_ip_rate_limits/: `Retry-After`, and `RateLimit-Reset` in
    Unix time; limits of a kind (issues, notes a minute) say neither. 403 names a scope that is missing."""
    if answer.status == 429:
        raise busy_until_reset(what, answer, reset=answer.headers.get("ratelimit-reset"))
    if answer.status == 403:
        if record(answer.data).get("error") == "insufficient_scope":
            raise NotAllowed(f"{what}: HTTP 403, the token's scope is too small: make one with the scope api")
        raise _Forbidden(f"{what}: HTTP 403")
