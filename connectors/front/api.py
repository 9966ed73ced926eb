"""The calls on one Front company: https://dev.frontapp.com/reference.

The address of a list's next page is the company's own, and not always the one that we call: of it only the token
counts, so that nothing in an answer says where we go.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping, Sequence
from datetime import datetime
from typing import Any
from urllib.parse import parse_qs, urlsplit

import httpx

from connectors.front.mapping import id_from
from connectors.front.settings import FrontSettings
from connectors.kit.answers import Redirected, VendorAnswer, busy_until_reset
from connectors.kit.auth.ways import BearerToken
from connectors.kit.fields import any_text, record, records, text
from connectors.kit.http import VendorHttp
from connectors.kit.pacing import Pace
from connectors.kit.pagination import ByCursor, pages
from incidents.errors import NotFound, Unreachable
from incidents.fan_out.budget import Limit

A_PAGE, EVENTS_A_PAGE = 100, 15
MOST_PAGES, MOST_PAGES_OF_EVENTS = 100, 5_000


class MergedElsewhere(NotFound):
    """It is a part of another conversation now; `into` is that one's id."""

    def __init__(self, message: str, *, into: str) -> None:
        super().__init__(message)
        self.into = into


class FrontApi:
    """All raise `incidents.errors`."""

    def __init__(self, settings: FrontSettings, transport: httpx.AsyncBaseTransport | None) -> None:
        self._pace = Pace.of_helpdesk(settings.requests_per_minute)
        self._tags: dict[str, str] = {}
        self._statuses: list[dict[str, Any]] | None = None
        self._http = VendorHttp(
            vendor="front",
            base_url=settings.base_url,
            auth=BearerToken(settings.api_token),
            transport=transport,
            pace=self._pace,
            explain=_explain,
        )

    def limit(self) -> Limit:
        """How many calls are spent, and how many are left."""
        return self._pace.limit()

    async def me(self) -> dict[str, Any]:
        """The company whose token we use."""
        return await self._record("/me")

    async def teammate(self, teammate_id: str) -> dict[str, Any]:
        """Raises `NotFound`."""
        return await self._record(f"/teammates/{teammate_id}")

    async def conversation(self, own_id: str) -> dict[str, Any]:
        """Raises `NotFound`, and `MergedElsewhere` where Front redirects to the one that lives."""
        try:
            return await self._record(f"/conversations/{own_id}")
        except Redirected as error:
            path = error.location.partition("?")[0].rstrip("/")
            into = id_from(path.rpartition("/")[2])
            if into is None or into == own_id:
                # A login page's, say: of the conversation nothing is known then.
                raise
            raise MergedElsewhere(
                f"front: conversation {own_id} was merged into another one", into=into
            ) from error

    async def first_message(self, own_id: str) -> dict[str, Any]:
        """Empty where nobody wrote one."""
        params = {"limit": "1", "sort_by": "created_at", "sort_order": "asc"}
        return next(iter(await self._results(f"/conversations/{own_id}/messages", params)), {})

    async def last_event(self, own_id: str) -> dict[str, Any]:
        """The newest that happened on it; empty without any."""
        return next(iter(await self._results(f"/conversations/{own_id}/events", {"limit": "1"})), {})

    async def messages(self, own_id: str) -> AsyncIterator[dict[str, Any]]:
        """What was written to and by customers, newest first."""
        async for row in self._all(f"/conversations/{own_id}/messages", {"limit": str(A_PAGE)}):
            yield row

    async def comments(self, own_id: str) -> AsyncIterator[dict[str, Any]]:
        """What colleagues wrote for each other, newest first."""
        async for row in self._all(f"/conversations/{own_id}/comments", {}):
            yield row

    async def events_since(self, since: datetime) -> AsyncIterator[dict[str, Any]]:
        """What happened in the company after it, oldest first; Front gives 15 at a time."""
        params = {
            "q[after]": f"{since.timestamp():.3f}",
            "limit": str(EVENTS_A_PAGE),
            "sort_by": "created_at",
            "sort_order": "asc",
        }
        async for row in self._all("/events", params, most=MOST_PAGES_OF_EVENTS):
            yield row

    async def tag_id(self, name: str) -> str:
        """The id of the company's tag with this name, which is made where there is none."""
        if name not in self._tags:
            self._tags = {
                text(row.get("name")): text(row.get("id"))
                async for row in self._all("/tags", {"limit": str(A_PAGE)})
            }
        if not self._tags.get(name):
            # Twice made it would be there twice, under one name: either will do.
            made = await self._http.call("POST", "/tags", json={"name": name}, is_repeatable=False)
            self._tags[name] = text(record(made.data).get("id"))
            if not self._tags[name]:
                del self._tags[name]
                raise Unreachable("front: a tag without an id")
        return self._tags[name]

    async def status_id(self, category: str) -> str | None:
        """The first ticket status of the category; None where the company has none, as without ticketing."""
        if self._statuses is None:
            try:
                self._statuses = await self._results("/company/statuses", {})
            except NotFound:
                self._statuses = []
        found = (text(one.get("id")) for one in self._statuses if one.get("category") == category)
        return next((one for one in found if one), None)

    def forget(self) -> None:
        """A tag or a status may be gone."""
        self._tags.clear()
        self._statuses = None

    async def add_tags(self, own_id: str, tag_ids: Sequence[str]) -> None:
        """Beside those that it has: the update of a conversation would replace them."""
        await self._change("POST", f"/conversations/{own_id}/tags", {"tag_ids": list(tag_ids)})

    async def set(self, own_id: str, body: Mapping[str, Any]) -> None:
        """Its status."""
        await self._change("PATCH", f"/conversations/{own_id}", body)

    async def write(self, own_id: str, kind: str, body: Mapping[str, Any]) -> None:
        """One of `messages` or `comments`; never sent again in place."""
        path = f"/conversations/{own_id}/{kind}"
        await self._http.call("POST", path, json=dict(body), is_repeatable=False)

    async def aclose(self) -> None:
        await self._http.aclose()

    async def _change(self, method: str, path: str, body: Mapping[str, Any]) -> None:
        await self._http.call(method, path, json=dict(body), is_repeatable=True)

    async def _all(
        self, path: str, params: Mapping[str, str], *, most: int = MOST_PAGES
    ) -> AsyncIterator[dict[str, Any]]:
        by: ByCursor[dict[str, Any]] = ByCursor(cursor=_next_token, param="page_token")
        async for page in pages(self._record, path, params, by=by, most=most):
            for row in _rows(page, path):
                yield row

    async def _results(self, path: str, params: Mapping[str, str]) -> list[dict[str, Any]]:
        return _rows(await self._record(path, params), path)

    async def _record(self, path: str, params: Mapping[str, str] | None = None) -> dict[str, Any]:
        data = (await self._http.call("GET", path, params=params)).data
        if not isinstance(data, dict):
            raise Unreachable(f"front GET {path}: the answer is not a JSON object")
        return data


def _rows(page: Mapping[str, Any], path: str) -> list[dict[str, Any]]:
    """Who looks for something must see all there is: an answer without its list is none."""
    rows = page.get("_results")
    if not isinstance(rows, list) or len(records(rows)) != len(rows):
        raise Unreachable(f"front GET {path}: the answer has no list")
    return rows


def _next_token(page: Mapping[str, Any]) -> str:
    address = text(record(page.get("_pagination")).get("next"))
    if not address:
        return ""
    try:
        token = parse_qs(urlsplit(address[:4_000]).query, max_num_fields=50).get("page_token", [""])[0]
    except ValueError as error:
        raise Unreachable("front: the next page's address cannot be read") from error
    if not token:
        raise Unreachable("front: the next page has no token")
    return any_text(token)


def _explain(answer: VendorAnswer, what: str) -> None:
    """When to come again: `Retry-After`, else the Unix time of the window's end.
    https://dev.frontapp.com/docs/rate-limiting"""
    if answer.status == 429:
        raise busy_until_reset(what, answer, reset=answer.headers.get("x-ratelimit-reset"))
