"""Slack's Web API: methods by name, pages by cursor, and a no that comes with HTTP 200.

https://docs.slack.dev/apis/web-api/
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

from connectors.kit.fields import record, text
from connectors.kit.http import VendorHttp
from connectors.kit.pagination import ByCursor, pages
from connectors.slack.web_api.answers import content, required

_BY_CURSOR: ByCursor[dict[str, Any]] = ByCursor(
    cursor=lambda page: text(record(page.get("response_metadata")).get("next_cursor"))
)


class WebApi:
    """The methods of one workspace, for one token."""

    def __init__(self, http: VendorHttp) -> None:
        self._http = http
        self._us: dict[str, Any] | None = None

    async def read(self, method: str, **params: str) -> dict[str, Any]:
        """The answer of a method that changes nothing. Raises `incidents.errors`."""
        answer = await self._http.call("GET", f"/api/{method}", params=params)
        return content(answer, method, is_repeatable=True)

    async def scopes(self) -> frozenset[str]:
        """What the token may, which Slack says in a header of each answer (as its own Node SDK reads it); nothing where
        it does not say."""
        answer = await self._http.call("GET", "/api/auth.test")
        content(answer, "auth.test", is_repeatable=True)
        said = answer.headers.get("x-oauth-scopes", "").split(",")
        return frozenset(scope.strip() for scope in said if scope.strip())

    async def write(
        self, method: str, fields: dict[str, Any], *, is_repeatable: bool = True
    ) -> dict[str, Any]:
        """The answer of a method that changes something. Raises `incidents.errors`; see `answers`."""
        answer = await self._http.call("POST", f"/api/{method}", json=fields, is_repeatable=is_repeatable)
        return content(answer, method, is_repeatable=is_repeatable)

    async def pages(self, method: str, most: int, **params: str) -> AsyncIterator[dict[str, Any]]:
        """Page after page, so many at most: what is further down is not looked for.

        https://docs.slack.dev/apis/web-api/pagination
        """
        async for page in pages(self._page, method, params, by=_BY_CURSOR, most=most, stops_at_most=True):
            yield page

    async def _page(self, method: str, params: dict[str, str]) -> dict[str, Any]:
        return await self.read(method, **params)

    async def who(self) -> dict[str, Any]:
        """Who we are, asked once: `url` of the workspace and our `user_id`."""
        if self._us is None:
            who = await self.read("auth.test")
            for key in ("url", "user_id"):
                required(who, key, str, "auth.test", is_repeatable=True)
            self._us = who
        return self._us


def channel_in(answer: dict[str, Any]) -> dict[str, Any]:
    """The channel that an answer must come with, by its id."""
    channel: dict[str, Any] = required(answer, "channel", dict, "conversations", is_repeatable=True)
    required(channel, "id", str, "conversations", is_repeatable=True)
    return channel
