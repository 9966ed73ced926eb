"""The calls on one Freshdesk account, as one agent: https://developers.freshdesk.com/api/.

Calls are paid in credits: one each, one more for what is embedded in a ticket, two more for each thing embedded in a
list, and a refused one as well. Lists of tickets have a limit of their own beside the account's.
"""

from __future__ import annotations

import re
from collections.abc import AsyncIterator, Mapping
from typing import Any

import httpx
from pydantic import SecretStr

from connectors.freshdesk.mapping import id_from
from connectors.freshdesk.settings import FreshdeskSettings
from connectors.kit.answers import VendorAnswer
from connectors.kit.auth.ways import BasicLogin
from connectors.kit.fields import record, records, text
from connectors.kit.http import VendorHttp
from connectors.kit.pacing import Pace
from connectors.kit.pagination import ByNumber, next_link, pages
from incidents.errors import NotAllowed, NotFound, Refused, Unknown, Unreachable
from incidents.fan_out.budget import Limit

PAGE = 100
MOST_PAGES = 300
"""Freshdesk gives no page after this one of a list of tickets."""
LONGEST_WAIT = 15.0
"""Seconds for a place among the lists; whoever asks comes again."""
_LISTED = "requester,description"
_LIST_CREDITS = 5
_TICKET_CREDITS = 2
_WORD = re.compile(r"[A-Za-z0-9_.]{1,60}")
# The last page has no Link header.
_BY_NUMBER: ByNumber[VendorAnswer] = ByNumber(has_more=lambda answer: bool(next_link(answer)))


class FreshdeskApi:
    """Paths are those below `/api/v2/`. All raise `incidents.errors`."""

    def __init__(self, settings: FreshdeskSettings, transport: httpx.AsyncBaseTransport | None) -> None:
        self._pace = Pace.of_helpdesk(settings.requests_per_minute)
        self._lists = Pace(settings.lists_per_minute, 60)
        self._http = VendorHttp(
            vendor="freshdesk",
            base_url=settings.base_url,
            # Any password will do beside a key.
            auth=BasicLogin(settings.api_key.get_secret_value(), SecretStr("X")),
            transport=transport,
            pace=self._pace,
            explain=_explain,
        )

    def limit(self) -> Limit:
        """How many credits are spent, and how many are left."""
        return self._pace.limit()

    async def me(self) -> dict[str, Any]:
        """The agent whose key we use."""
        return await self._record("agents/me")

    async def fields(self) -> list[dict[str, Any]]:
        """Every field of tickets, with its choices."""
        data = (await self._http.call("GET", "/api/v2/ticket_fields")).data
        if not isinstance(data, list):
            raise Unreachable("freshdesk GET ticket_fields: the answer is not a list")
        return records(data)

    async def ticket(self, ticket_id: str, *, with_requester: bool = True) -> dict[str, Any]:
        """As it is, whatever became of it. Raises `NotFound`, also for one outside our agent's scope."""
        if with_requester:
            self._spend(_TICKET_CREDITS - 1)
        asked = {"include": "requester"} if with_requester else None
        try:
            return await self._record(f"tickets/{ticket_id}", asked)
        except NotAllowed as error:
            await self.me()
            raise NotFound(
                f"freshdesk: there is no ticket {ticket_id} that we may see; for one of another group our agent needs"
                " the ticket scope of all tickets"
            ) from error
        except NotFound:
            raise
        except Refused as error:
            # An archived one is at another address, and takes no change any more.
            raise NotFound(f"freshdesk: ticket {ticket_id} is not at its address: archived") from error

    async def conversations(self, ticket_id: str) -> list[dict[str, Any]]:
        """All that was written after the first message, in no certain order. Raises `NotFound`."""
        path = f"/api/v2/tickets/{ticket_id}/conversations"
        found: list[dict[str, Any]] = []
        try:
            async for answer in pages(
                self._read, path, {"per_page": str(PAGE)}, by=_BY_NUMBER, most=MOST_PAGES
            ):
                found += _rows(answer, path)
        except NotAllowed as error:
            await self.me()
            raise NotFound(f"freshdesk: there is no ticket {ticket_id} that we may see") from error
        return found

    async def listed(self, params: Mapping[str, str]) -> AsyncIterator[list[dict[str, Any]]]:
        """Tickets, page after page, with requester and description. Raises `Unreachable` for a list that goes on after
        what Freshdesk gives."""
        asked = {"per_page": str(PAGE), "include": _LISTED, **params}
        path = "/api/v2/tickets"
        async for answer in pages(self._read_list, path, asked, by=_BY_NUMBER, most=MOST_PAGES):
            yield _rows(answer, path)

    async def send(self, method: str, path: str, body: Any, *, is_repeatable: bool) -> None:
        """A change. Freshdesk says 403 of one ticket outside our agent's scope or rights: that is `Refused`."""
        try:
            await self._http.call(method, f"/api/v2/{path}", json=body, is_repeatable=is_repeatable)
        except NotAllowed as error:
            await self.me()
            raise Refused(
                f"freshdesk {method} {path}: our agent may not do this; give its role the right to reply, to add notes"
                " and to edit ticket properties, and its scope the ticket's group"
            ) from error

    async def add_ticket(self, ticket: Mapping[str, Any]) -> str:
        """A new ticket's id. Never sent twice in place."""
        try:
            answer = await self._http.call("POST", "/api/v2/tickets", json=ticket, is_repeatable=False)
        except NotAllowed as error:
            await self.me()
            raise Refused(
                "freshdesk POST tickets: our agent may not open tickets; give its role that right"
            ) from error
        if (found := id_from(record(answer.data).get("id"))) is None:
            raise Unknown("freshdesk POST tickets: the answer names no ticket")
        return found

    async def aclose(self) -> None:
        await self._http.aclose()

    async def _record(self, path: str, params: Mapping[str, str] | None = None) -> dict[str, Any]:
        data = (await self._http.call("GET", f"/api/v2/{path}", params=params)).data
        if not isinstance(data, dict):
            raise Unreachable(f"freshdesk GET {path}: the answer is not a JSON object")
        return data

    async def _read(self, path: str, params: dict[str, str]) -> VendorAnswer:
        return await self._http.call("GET", path, params=params)

    async def _read_list(self, path: str, params: dict[str, str]) -> VendorAnswer:
        await self._lists.wait(at_most=LONGEST_WAIT)
        self._spend(_LIST_CREDITS - 1)
        return await self._read(path, params)

    def _spend(self, credits: int) -> None:
        """What a call costs beside itself."""
        for _ in range(credits):
            self._pace.take()


def _rows(answer: VendorAnswer, path: str) -> list[dict[str, Any]]:
    """Raises `Unreachable` where one is no object: who looks for something must see all."""
    if not isinstance(answer.data, list) or len(records(answer.data)) != len(answer.data):
        raise Unreachable(f"freshdesk GET {path}: the answer is not a list of objects")
    return answer.data


def _explain(answer: VendorAnswer, what: str) -> None:
    """Which field was refused and why, by Freshdesk's own codes; its messages may quote anything."""
    if answer.status == 405:
        raise NotFound(f"{what}: HTTP 405; the ticket was deleted or marked as spam")
    if answer.status != 400:
        return
    errors = records(record(answer.data).get("errors"))
    named = [
        f"{_word(one.get('field'))} ({_word(one.get('code'))})"
        for one in errors[:5]
        if _word(one.get("field")) and _word(one.get("code"))
    ]
    if named:
        raise Refused(
            f"{what}: refused for {', '.join(named)}; fill in or correct that field of the ticket, or of our settings"
        )


def _word(value: Any) -> str:
    found = text(value)
    return found if _WORD.fullmatch(found) else ""
