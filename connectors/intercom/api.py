"""The calls on one Intercom workspace: https://github.com/intercom/Intercom-OpenAPI, version 2.15."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from typing import Any

import httpx

from connectors.intercom.settings import IntercomSettings
from connectors.kit.answers import VendorAnswer, busy_until_reset
from connectors.kit.auth.ways import BearerToken
from connectors.kit.fields import any_text, record, records, text
from connectors.kit.http import VendorHttp
from connectors.kit.pacing import Pace
from incidents.errors import Refused, Unreachable
from incidents.fan_out.budget import Limit

VERSION = "2.15"
PAGE = 150
MOST_PAGES = 1_000
"""Of one search; more is a search that does not end."""


class IntercomApi:
    """All raise `incidents.errors`."""

    def __init__(self, settings: IntercomSettings, transport: httpx.AsyncBaseTransport | None) -> None:
        self._pace = Pace.of_helpdesk(settings.requests_per_minute)
        self._tags: dict[str, str] = {}
        self._http = VendorHttp(
            vendor="intercom",
            base_url=settings.base_url,
            headers={"Intercom-Version": VERSION},
            auth=BearerToken(settings.access_token),
            transport=transport,
            pace=self._pace,
            explain=_explain,
        )

    def limit(self) -> Limit:
        """How many calls are spent, and how many are left."""
        return self._pace.limit()

    async def me(self) -> dict[str, Any]:
        """The teammate whose token we use, with the workspace."""
        return await self._record("GET", "me")

    async def conversation(self, own_id: str) -> dict[str, Any]:
        """With its newest 500 parts. Raises `NotFound`."""
        return await self._record("GET", f"conversations/{own_id}")

    async def search(self, query: Mapping[str, Any]) -> AsyncIterator[list[dict[str, Any]]]:
        """Conversations without their parts, page after page, in no certain order. Raises `Unreachable` rather than
        leave one out."""
        paging: dict[str, Any] = {"per_page": PAGE}
        for _ in range(MOST_PAGES):
            data = await self._record(
                "POST", "conversations/search", {"query": dict(query), "pagination": paging}
            )
            rows = data.get("conversations")
            if not isinstance(rows, list) or len(records(rows)) != len(rows):
                raise Unreachable("intercom: a search's answer is not a list of conversations")
            yield rows
            following = any_text(record(record(data.get("pages")).get("next")).get("starting_after"))
            if not following:
                return
            if following == paging.get("starting_after"):
                break
            paging = {"per_page": PAGE, "starting_after": following}
        raise Unreachable("intercom: a search that does not end")

    async def tag_id(self, name: str) -> str:
        """The id of the tag with this name, which is made where there is none."""
        known = self._tags.get(name.casefold())
        if known is None:
            made = await self._record("POST", "tags", {"name": name})
            known = self._tags[name.casefold()] = any_text(made.get("id"))
            if not known:
                del self._tags[name.casefold()]
                raise Unreachable("intercom: a tag without an id")
        return known

    def forget_tags(self) -> None:
        """One may have been deleted."""
        self._tags.clear()

    async def send(self, path: str, body: Mapping[str, Any], *, is_repeatable: bool) -> None:
        """A change of a conversation; `path` is below them all."""
        await self._http.call("POST", f"/conversations/{path}", json=dict(body), is_repeatable=is_repeatable)

    async def aclose(self) -> None:
        await self._http.aclose()

    async def _record(self, method: str, path: str, body: Mapping[str, Any] | None = None) -> dict[str, Any]:
        # A search changes nothing, and a tag that is there is not made again.
        data = (await self._http.call(method, f"/{path}", json=body, is_repeatable=True)).data
        if not isinstance(data, dict):
            raise Unreachable(f"intercom {method} {path}: the answer is not a JSON object")
        return data


def _explain(answer: VendorAnswer, what: str) -> None:
    """When to come again, and by Intercom's own code why it refused; its messages may quote anything."""
    if answer.status == 429:
        raise busy_until_reset(what, answer, reset=answer.headers.get("x-ratelimit-reset"))
    if answer.status in (400, 409, 422):
        codes = [text(one.get("code")) for one in records(record(answer.data).get("errors"))[:5]]
        named = ", ".join(code for code in codes if code.isascii() and code.isidentifier() and len(code) < 60)
        raise Refused(
            f"{what}: HTTP {answer.status} ({named or 'no code'}); look at the conversation in the inbox"
        )
