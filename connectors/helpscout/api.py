"""The calls on one Help Scout account: https://developer.helpscout.com/mailbox-api/.

Answers are HAL: what a list holds is in `_embedded`, which is missing where the list is empty. A call that changes
something counts twice towards the account's limit a minute
(https://developer.helpscout.com/mailbox-api/overview/rate-limiting/), and there may be 12 of those within five seconds
(https://developer.helpscout.com/llms.txt).
"""

from __future__ import annotations

import re
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import httpx

from connectors.helpscout.conversation.mergers import moved
from connectors.helpscout.settings import HelpScoutSettings
from connectors.kit.answers import Redirected, VendorAnswer, retry_after_seconds
from connectors.kit.auth.grants import ClientCredentials
from connectors.kit.fields import any_text, record, records, text, whole
from connectors.kit.http import VendorHttp
from connectors.kit.pacing import Pace
from connectors.kit.pagination import ByNumber, pages
from incidents.errors import Busy, NotAllowed, NotFound, Refused, Unreachable
from incidents.fan_out.budget import Limit

LONGEST_WAIT = 15.0
"""Seconds for a place among the calls that change something; whoever asks comes again."""
MOST_PAGES = 1_000
"""Of one list; more is a list that does not end."""
_WORD = re.compile(r"[A-Za-z0-9_.\[\]]{1,60}")
_LOG = re.compile(r"[0-9A-Za-z#-]{8,80}")


@dataclass(frozen=True, slots=True)
class ListPage:
    """One page of a list; `total` is of the whole list."""

    rows: list[dict[str, Any]]
    number: int
    pages: int
    total: int


_BY_NUMBER: ByNumber[ListPage] = ByNumber(has_more=lambda page: page.number < page.pages)


class HelpScoutApi:
    """Paths are those below the API's address. All raise `incidents.errors`."""

    def __init__(self, settings: HelpScoutSettings, transport: httpx.AsyncBaseTransport | None) -> None:
        self._pace = Pace.of_helpdesk(settings.requests_per_minute)
        self._changes = Pace(settings.changes_per_five_seconds, 5)
        self._http = VendorHttp(
            vendor="helpscout",
            base_url=settings.base_url,
            auth=ClientCredentials(
                f"{settings.base_url}/v2/oauth2/token",
                settings.app_id,
                settings.app_secret,
                secret_in_form=True,
            ),
            transport=transport,
            pace=self._pace,
            explain=_explain,
        )

    def limits(self) -> tuple[Limit, Limit]:
        """How many calls are spent, and how many are left: of all, and of those that change something."""
        return self._pace.limit(), self._changes.limit()

    async def me(self) -> dict[str, Any]:
        """The user whose app we are."""
        return await self._record("v2/users/me")

    async def inboxes(self) -> list[dict[str, Any]]:
        """Those that our user may see."""
        return [row async for page in self.listed("v2/mailboxes", "mailboxes", {}) for row in page.rows]

    async def conversation(self, own_id: str) -> dict[str, Any]:
        """Without what was written on it. Raises `NotFound`, of which `mergers.MergedConversation` is one."""
        return await self._record(f"v2/conversations/{own_id}", of=own_id)

    async def whole(self, own_id: str) -> dict[str, Any]:
        """With what was written on it embedded: in one call, or in several where that is too much for one."""
        try:
            return await self._record(f"v2/conversations/{own_id}", {"embed": "threads"}, of=own_id)
        except Unreachable:
            data = await self.conversation(own_id)
        return {**data, "_embedded": {"threads": [row async for row in self.threads(own_id)]}}

    async def threads(self, own_id: str) -> AsyncIterator[dict[str, Any]]:
        """All that was written, newest first. By version 3 of the call: version 2 says of what an AI wrote that a user
        did (https://developer.helpscout.com/mailbox-api/endpoints/conversations/threads/list-v3/)."""
        try:
            async for page in self.listed(f"v3/conversations/{own_id}/threads", "threads", {}, of=own_id):
                for row in page.rows:
                    yield row
        except NotFound as error:
            # Gone, or merged: that says so as well. Else nobody may believe that nothing was written.
            await self.conversation(own_id)
            raise Unreachable(
                f"helpscout: conversation {own_id} is shown, and not what was written on it"
            ) from error

    async def listed(
        self, path: str, name: str, params: Mapping[str, str], *, of: str = ""
    ) -> AsyncIterator[ListPage]:
        """A list, page after page. Raises `Unreachable` rather than leave something out."""

        async def read(path: str, params: dict[str, str]) -> ListPage:
            return _page(await self._get(path, params, of), name)

        async for page in pages(read, path, params, by=_BY_NUMBER, most=MOST_PAGES):
            yield page

    async def fetch(self, path: str) -> VendorAnswer:
        """One object as it is now."""
        return await self._get(path, None, "")

    async def send(
        self, method: str, path: str, body: Any = None, *, of: str = "", is_repeatable: bool
    ) -> VendorAnswer:
        """A change. `of` is the conversation's id: what our user may not do with it is `Refused`, and says nothing of
        others."""
        await self._changes.wait(at_most=LONGEST_WAIT)
        self._pace.take()
        try:
            return await self._http.call(method, f"/{path}", json=body, is_repeatable=is_repeatable)
        except Redirected as error:
            raise moved(error, of) from error
        except NotAllowed as error:
            if not of:
                raise
            await self.me()
            raise Refused(
                f"helpscout {method} {path}: our user may not do this; let it into the conversation's inbox, with a"
                " role that may answer, and see that thread editing is allowed"
            ) from error

    async def aclose(self) -> None:
        await self._http.aclose()

    async def _record(
        self, path: str, params: Mapping[str, str] | None = None, *, of: str = ""
    ) -> dict[str, Any]:
        data = (await self._get(path, params, of)).data
        if not isinstance(data, dict):
            raise Unreachable(f"helpscout GET {path}: the answer is not a JSON object")
        return data

    async def _get(self, path: str, params: Mapping[str, str] | None, of: str) -> VendorAnswer:
        try:
            return await self._http.call("GET", f"/{path}", params=params)
        except Redirected as error:
            raise moved(error, of) from error
        except NotAllowed as error:
            if not of:
                raise
            # Of this one conversation, or of us altogether?
            await self.me()
            raise NotFound(f"helpscout: there is no conversation {of} that our user may see") from error


def _page(answer: VendorAnswer, name: str) -> ListPage:
    data = record(answer.data)
    told = record(data.get("page"))
    number, count, total = (whole(told.get(key)) for key in ("number", "totalPages", "totalElements"))
    embedded = data.get("_embedded")
    rows = record(embedded).get(name, [] if embedded is None and total == 0 else None)
    if number is None or count is None or total is None or not isinstance(rows, list):
        raise Unreachable(f"helpscout: an answer is no list of {name}")
    if len(records(rows)) != len(rows):
        raise Unreachable(f"helpscout: what is no object stands in a list of {name}")
    return ListPage(rows, number, count, total)


def _explain(answer: VendorAnswer, what: str) -> None:
    """When to come again, and which fields were refused; Help Scout's messages may quote anything. `logRef` is what its
    support asks for: https://developer.helpscout.com/mailbox-api/overview/errors/."""
    if answer.status == 429:
        wait = answer.headers.get("x-ratelimit-retry-after") or answer.headers.get("retry-after")
        raise Busy(
            f"{what}: HTTP 429",
            retry_after=retry_after_seconds(wait, now=datetime.now(UTC), default=60.0),
        )
    if answer.status in (400, 409, 412, 413, 415, 422, 423):
        data = record(answer.data)
        paths = [text(one.get("path")) for one in records(record(data.get("_embedded")).get("errors"))[:5]]
        named = ", ".join(path for path in paths if _WORD.fullmatch(path))
        log = any_text(data.get("logRef"))
        told = f"; logRef {log}" if _LOG.fullmatch(log) else ""
        raise Refused(
            f"{what}: HTTP {answer.status} ({named or 'no field named'}{told}); look at the conversation in its inbox"
        )
