"""The calls on one Intercom workspace: https://github.com/intercom/Intercom-OpenAPI, version 2.15."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping, Sequence
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
MOST_ROWS = 150_000
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

    async def read(self, plural: str, own_id: str) -> dict[str, Any]:
        """One of `conversations` or `tickets`, with its parts as far as Intercom shows them. Raises `NotFound`."""
        return await self._record("GET", f"{plural}/{own_id}")

    async def search(
        self, plural: str, query: Mapping[str, Any], page: int
    ) -> AsyncIterator[list[dict[str, Any]]]:
        """Page after page of so many, in no certain order. Raises `Unreachable` rather than leave one out."""
        after: str | None = None
        for _ in range(MOST_ROWS // page):
            try:
                data = await self._page(plural, query, page, after)
            except Unreachable:
                # Some with very many words are no usable answer together: one of them is.
                data = await self._page(plural, query, 1, after)
            yield data[plural]
            following = any_text(record(record(data.get("pages")).get("next")).get("starting_after"))
            if not following:
                return
            if following == after:
                break
            after = following
        raise Unreachable("intercom: a search that does not end")

    async def contacts(self, ids: Sequence[str]) -> list[dict[str, Any]]:
        """Those of these contacts that the search knows by now."""
        query = {"field": "id", "operator": "IN", "value": list(ids)}
        body = {"query": query, "pagination": {"per_page": len(ids)}}
        return records((await self._record("POST", "contacts/search", body)).get("data"))

    async def contact(self, contact_id: str) -> dict[str, Any]:
        """Raises `NotFound`."""
        return await self._record("GET", f"contacts/{contact_id}")

    async def ticket_states(self) -> list[dict[str, Any]]:
        """All of the workspace, each with the types of tickets that have it. Raises `Unreachable`."""
        states = (await self._record("GET", "ticket_states")).get("data")
        if not isinstance(states, list):
            raise Unreachable("intercom: an answer without the list of ticket states")
        return records(states)

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

    async def send(
        self, method: str, path: str, body: Mapping[str, Any], *, is_repeatable: bool
    ) -> dict[str, Any]:
        """A change, and what it is answered with."""
        answer = await self._http.call(method, f"/{path}", json=dict(body), is_repeatable=is_repeatable)
        return record(answer.data)

    async def aclose(self) -> None:
        await self._http.aclose()

    async def _page(
        self, plural: str, query: Mapping[str, Any], size: int, after: str | None
    ) -> dict[str, Any]:
        paging = {"per_page": size} if after is None else {"per_page": size, "starting_after": after}
        data = await self._record("POST", f"{plural}/search", {"query": dict(query), "pagination": paging})
        rows = data.get(plural)
        if not isinstance(rows, list) or len(records(rows)) != len(rows):
            raise Unreachable(f"intercom: a search's answer is not a list of {plural}")
        return data

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
        raise Refused(f"{what}: HTTP {answer.status} ({named or 'no code'}); look at it in the inbox")
