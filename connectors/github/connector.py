"""GitHub as an issue tracker: the issues of one repository.

It honours no idempotency key. What we write has a mark as its last line, and counts only where our own user wrote it.
An issue of ours is looked up in the list of what our user opened, not by the search, which is behind.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any, ClassVar

import httpx

from connectors.github.mapping import (
    STATES,
    body,
    is_issue,
    is_opened_with,
    issue_from,
    own_comment,
    status_of,
    title_of,
)
from connectors.github.settings import GitHubSettings
from connectors.github.webhook import GitHubWebhook
from connectors.kit.answers import VendorAnswer, busy_until_reset
from connectors.kit.auth.ways import BearerToken
from connectors.kit.fields import any_text, items, record, text
from connectors.kit.http import VendorHttp
from connectors.kit.issue_numbers import key_from
from connectors.kit.linked_lists import linked_pages
from connectors.kit.pacing import Pace
from connectors.kit.read_back import read_back
from incidents.errors import LiaisonError, NotAllowed, NotFound, Refused, Unknown, Unreachable
from incidents.events import Event, Lane, TrialWebhook, Verified
from incidents.issues import Issue
from incidents.models import InternalText
from incidents.ports import IssueTracker, WebhookSource
from incidents.subscriptions import TriedByWebhook

PAGE = "100"
OVERLAP = timedelta(seconds=2)
NEEDED = frozenset({"issues", "issue_comment"})


class GitHub(IssueTracker, TriedByWebhook, WebhookSource):
    """One repository. `name` is the connection's (`github/shop`); keys are numbers of issues."""

    vendor: ClassVar[str] = "github"
    lane = Lane.STATUS_SYNC
    index_lag = 2.0

    def __init__(
        self, name: str, settings: GitHubSettings, *, transport: httpx.AsyncBaseTransport | None = None
    ) -> None:
        self.name = name
        self._settings = settings
        self._root = f"repos/{settings.repository}"
        self._login: str | None = None
        self._webhook = GitHubWebhook(name, settings)
        self._http = VendorHttp(
            vendor=self.vendor,
            base_url=f"{settings.base_url}/",
            headers={"Accept": "application/vnd.github+json", "X-GitHub-Api-Version": "2022-11-28"},
            auth=BearerToken(settings.token),
            transport=transport,
            pace=Pace(settings.requests_per_minute, 60),
            explain=_explain,
        )

    async def check(self) -> str:
        """Who we are, who reads our texts, and whether the webhook tells what we need. Raises `NotAllowed` for a token
        that does not reach, and `Refused` for issues that are switched off or readers who are not meant."""
        login = await self._who()
        repository = await self._repository()
        if repository.get("has_issues") is False:
            raise Refused(f"github: {self._settings.repository} has its issues switched off")
        self._require_readers(repository)
        readers = "everybody reads it" if _is_public(repository) else "private"
        hears = (
            await self._hears() if self._settings.signing_secrets else "no signing secret: polled, not told"
        )
        return f"{login} at {self._settings.repository}, {readers}; {hears}"

    async def aclose(self) -> None:
        await self._http.aclose()

    @property
    def actor(self) -> str:
        """Our user's login, once it is known."""
        return self._login or ""

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
        self._require_readers(await self._repository())
        written = {"title": title_of(title), "body": body(text, once)}
        answer = record(await self._send("POST", f"{self._root}/issues", written))
        key = key_from(answer.get("number"))
        if key is None:
            raise Unknown("github POST issues: the answer names no issue")
        login = self._login or ""
        await read_back(
            lambda: self._issue(key),
            lambda issue: is_opened_with(issue, once, login),
            what=f"github: issue {key}",
            cure="look at apps and workflows that change issues",
        )
        return key

    async def find_issue(self, once: str) -> str | None:
        login = await self._who()
        asked = {"creator": login, "state": "all", "sort": "created", "direction": "desc"}
        async for page in self._pages(f"{self._root}/issues", asked):
            for issue in page:
                key = key_from(issue.get("number"))
                if key is not None and is_opened_with(issue, once, login):
                    return key
        return None

    async def read(self, key: str) -> Issue:
        return issue_from(await self._issue(key))

    async def changed_since(self, since: datetime) -> AsyncIterator[Issue]:
        """By creation, not by change: what changes while pages are read must not take another one's place."""
        start = (since - OVERLAP).astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
        asked = {"state": "all", "since": start, "sort": "created", "direction": "asc"}
        found: dict[str, Issue] = {}
        async for page in self._pages(f"{self._root}/issues", asked):
            for one in page:
                if is_issue(one):
                    issue = issue_from(one)
                    found[issue.key] = issue
        for issue in sorted(found.values(), key=lambda one: (one.updated_at, int(one.key))):
            yield issue

    async def comment(self, key: str, text: InternalText, *, once: str) -> None:
        login = await self._who()
        await self._issue(key)
        if own_comment(await self._comments(key), once, login):
            return
        if not text.strip():
            raise Refused("github: an empty comment is refused and would tell nobody anything")
        self._require_readers(await self._repository())
        await self._send("POST", f"{self._root}/issues/{key}/comments", {"body": body(text, once)})
        await read_back(
            lambda: self._comments(key),
            lambda comments: own_comment(comments, once, login),
            what=f"github: comment on issue {key}",
            cure="look at apps and workflows that change comments",
        )

    async def was_done(self, key: str, once: str) -> bool:
        login = await self._who()
        await self._issue(key)
        return own_comment(await self._comments(key), once, login)

    async def transition(self, key: str, status: str, *, once: str) -> None:
        wanted = status.strip().casefold().replace("_", " ")
        issue = await self._issue(key)
        if wanted not in STATES:
            raise Refused(f"github: issue {key} cannot go to {status!r}; it can be: {', '.join(STATES)}")
        if status_of(issue) == wanted:
            return
        await self._send("PATCH", f"{self._root}/issues/{key}", STATES[wanted], is_repeatable=True)
        await read_back(
            lambda: self._issue(key),
            lambda seen: status_of(seen) == wanted,
            what=f"github: issue {key} to {status!r}",
            cure="the token needs Issues: read and write, and its user triage rights on issues of others",
        )

    async def _who(self) -> str:
        """Our login, asked for once: it is the token's."""
        if self._login is None:
            login = any_text(record((await self._http.call("GET", "user")).data).get("login"))
            if not login:
                raise Unreachable("github GET user: the answer names nobody")
            self._login = login
        return self._login

    async def _repository(self) -> dict[str, Any]:
        """Raises `NotAllowed` where our user may not see it: GitHub says 404 of both."""
        try:
            answer = await self._http.call("GET", self._root)
        except NotFound as error:
            raise NotAllowed(
                f"github: no repository {self._settings.repository!r} that the token reaches; correct repository, or"
                " give the token access to it"
            ) from error
        return record(answer.data)

    def _require_readers(self, repository: Mapping[str, Any]) -> None:
        """A repository may be made public at any time: looked at before each writing."""
        if _is_public(repository) and not self._settings.may_be_public:
            raise Refused(
                f"github: everybody reads {self._settings.repository}, and our texts are for colleagues: make it"
                " private, or set may_be_public"
            )

    async def _issue(self, key: str) -> dict[str, Any]:
        """Raises `NotFound` for one that is no more, was moved to another repository, or is a pull request."""
        if key_from(key) is None:
            raise NotFound("github: not the number of an issue")
        try:
            answer = await self._http.call("GET", f"{self._root}/issues/{key}")
        except NotFound:
            # 404 is what a token that does not reach is told, too.
            await self._repository()
            raise
        except NotAllowed:
            raise
        except Refused as error:
            # 301: nothing else is refused of a number.
            raise NotFound(f"github: issue {key} was moved to another repository ({error})") from error
        issue = record(answer.data)
        if not is_issue(issue):
            raise NotFound(f"github: {key} is a pull request")
        return issue

    async def _comments(self, key: str) -> list[dict[str, Any]]:
        return [one async for page in self._pages(f"{self._root}/issues/{key}/comments", {}) for one in page]

    def _pages(self, path: str, asked: Mapping[str, str]) -> AsyncIterator[list[dict[str, Any]]]:
        return linked_pages(self._http, self._settings.base_url, path, {**asked, "per_page": PAGE})

    async def _send(
        self, method: str, path: str, written: Mapping[str, str], *, is_repeatable: bool = False
    ) -> Any:
        """A change; 403 is this issue's (locked, archived) where the token is as good as ever."""
        try:
            answer = await self._http.call(method, path, json=dict(written), is_repeatable=is_repeatable)
        except _Forbidden as error:
            await self._http.call("GET", "user")
            raise Refused(
                f"{error}; the token is known and may not do this: it needs Issues: read and write; the issue may be"
                " locked, the repository archived"
            ) from error
        return answer.data

    async def _hears(self) -> str:
        """What is known of the repository's webhooks, as far as the token may look."""
        try:
            hooks = [one async for page in self._pages(f"{self._root}/hooks", {}) for one in page]
        except NotFound:
            return "the token may not look at webhooks"
        except LiaisonError as error:
            if isinstance(error, NotAllowed):
                return "the token may not look at webhooks"
            raise
        for one in hooks:
            told = {text(event) for event in items(one.get("events"))}
            if one.get("active") is True and ("*" in told or told >= NEEDED):
                return "a webhook tells of issues and their comments"
        return "no active webhook tells of issues and their comments: polled, not told"


class _Forbidden(NotAllowed):
    """403: who we are is known, perhaps."""


def _is_public(repository: Mapping[str, Any]) -> bool:
    """What does not say that it is private or internal is taken for public."""
    return repository.get("private") is not True


def _explain(answer: VendorAnswer, what: str) -> None:
    """https://docs.github.com/en/rest/using-the-rest-api/rate-limits-for-the-rest-api: a limit is told with 403 or 429,
    and `Retry-After`, or no calls that remain and the Unix time at which there are some again."""
    if answer.status not in (403, 429):
        return
    wait = answer.headers.get("retry-after")
    is_spent = answer.headers.get("x-ratelimit-remaining") == "0"
    if wait is not None or is_spent or answer.status == 429:
        raise busy_until_reset(
            what, answer, reset=answer.headers.get("x-ratelimit-reset") if is_spent else None
        )
    raise _Forbidden(f"{what}: HTTP 403")
