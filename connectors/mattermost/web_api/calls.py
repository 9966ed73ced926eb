"""The calls on one Mattermost, as one bot: https://developers.mattermost.com/api-documentation/."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator
from typing import Any

import httpx

from connectors.kit.auth.ways import BearerToken
from connectors.kit.fields import items, record, records, text
from connectors.kit.http import VendorHttp
from connectors.kit.pacing import Pace
from connectors.kit.pagination import ByNumber, pages
from connectors.mattermost.settings import MattermostSettings
from connectors.mattermost.web_api.answers import explain
from incidents.errors import NotAllowed, NotFound, Unknown, Unreachable

PAGE = 200
"""The most that a page gives, whatever is asked for."""
MEMBERS_PAGES = 100
# Mattermost's own are 26 letters and digits; what else has no slash and no dot beside another is no harm in a path.
_IN_A_PATH = re.compile(r"[A-Za-z0-9_-]+(?:\.[A-Za-z0-9_-]+)*")


class MattermostApi:
    """Paths are those below `/api/v4/`. All raise `incidents.errors`."""

    def __init__(self, settings: MattermostSettings, transport: httpx.AsyncBaseTransport | None) -> None:
        self._settings = settings
        self._me: dict[str, Any] = {}
        self._team: dict[str, Any] = {}
        self._http = VendorHttp(
            vendor="mattermost",
            base_url=settings.base_url,
            auth=BearerToken(settings.bot_token),
            transport=transport,
            # A server's limit forgives a burst of a hundred, so that ten seconds together are as good as one by one.
            pace=Pace(max(1.0, settings.requests_per_second * 10), 10),
            explain=explain,
        )

    @property
    def own_id(self) -> str:
        """Our user id, "" while it is not known."""
        return text(self._me.get("id"))

    async def me(self) -> dict[str, Any]:
        """Who we are, asked once."""
        if not self._me:
            me = await self.read("users/me")
            if not text(me.get("id")):
                raise Unreachable("mattermost GET users/me: no user in the answer")
            self._me = me
        return self._me

    async def team(self) -> dict[str, Any]:
        """The team of the settings, asked once. Raises `NotAllowed` where we see none of that name."""
        if not self._team:
            name = self._settings.team
            try:
                team = await self.read(f"teams/name/{name}")
            except NotFound as error:
                raise NotAllowed(
                    f"mattermost: there is no team {name!r} that the bot is in; correct team, or add the bot to it"
                ) from error
            if not text(team.get("id")):
                raise Unreachable("mattermost GET teams/name: no team in the answer")
            self._team = team
        return self._team

    async def read(self, path: str, **params: str) -> dict[str, Any]:
        """One object."""
        data = (await self._http.call("GET", f"/api/v4/{path}", params=params)).data
        if not isinstance(data, dict):
            raise Unreachable(f"mattermost GET {path}: the answer is not a JSON object")
        return data

    async def send(self, method: str, path: str, body: Any, *, is_repeatable: bool) -> dict[str, Any]:
        """A change; what it made."""
        answer = await self._http.call(method, f"/api/v4/{path}", json=body, is_repeatable=is_repeatable)
        if not isinstance(answer.data, dict):
            lost = Unreachable if is_repeatable else Unknown
            raise lost(f"mattermost {method} {path}: the answer is not a JSON object")
        return answer.data

    async def people(self, path: str, key: str) -> frozenset[str]:
        """The ids of everybody in a list of people, to its end; `key` names the id in an entry."""
        by: ByNumber[list[dict[str, Any]]] = ByNumber(has_more=lambda page: len(page) >= PAGE, first=0)
        found: set[str] = set()
        async for page in pages(self._people, path, {"per_page": str(PAGE)}, by=by, most=MEMBERS_PAGES):
            found |= {text(one.get(key)) for one in page}
        return frozenset(found - {""})

    async def history(self, channel: str, *, most: int) -> AsyncIterator[list[dict[str, Any]]]:
        """Its messages, the newest first, so many pages at most."""
        for number in range(most):
            path = f"channels/{channel}/posts"
            page = await self.read(path, page=str(number), per_page=str(PAGE))
            order, posts = page.get("order"), page.get("posts")
            if not isinstance(order, list) or not (isinstance(posts, dict) or not order):
                raise Unreachable(f"mattermost GET {path}: the answer is not a list of messages")
            by_id = record(posts)
            yield [by_id[one] for one in order if isinstance(one, str) and isinstance(by_id.get(one), dict)]
            if len(order) < PAGE:
                return

    async def aclose(self) -> None:
        await self._http.aclose()

    async def _people(self, path: str, params: dict[str, str]) -> list[dict[str, Any]]:
        data = (await self._http.call("GET", f"/api/v4/{path}", params=params)).data
        # A group's come with their count, a channel's bare.
        rows = data.get("members") if isinstance(data, dict) else data
        if not isinstance(rows, list) or len(records(rows)) != len(items(rows)):
            raise Unreachable(f"mattermost GET {path}: the answer is not a list of people")
        return rows


def in_a_path(value: str) -> str:
    """An id that may stand in a path. Raises `NotFound` for one that could lead elsewhere."""
    if len(value) > 100 or not _IN_A_PATH.fullmatch(value):
        raise NotFound(f"mattermost: there is nothing with the id {value[:40]!r}")
    return value
