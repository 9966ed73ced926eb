"""RT's REST 2 as calls: https://docs.bestpractical.com/rt/5.0.3/RT/REST2.html."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Mapping
from typing import Any

import httpx

from connectors.kit.answers import VendorAnswer
from connectors.kit.auth.ways import BasicLogin, BearerToken
from connectors.kit.fields import items, records
from connectors.kit.http import VendorHttp
from connectors.kit.pacing import Pace
from connectors.kit.pagination import ByNumber
from connectors.kit.pagination import pages as pages_of
from connectors.requesttracker.settings import RequestTrackerSettings
from incidents.errors import NotAllowed, NotFound, Refused, Unknown, Unreachable
from incidents.fan_out.budget import Limit

PAGE = 100
"""RT gives no more on a page, whatever is asked for, and says nothing of it."""
MOST_PAGES = 1_000
EMPTY_PAGES = 2
"""RT leaves what we may not see (the mails it sent) out of a page and then does not say how many there are: a list ends
where this many pages in a row show nothing."""


class RtApi:
    """One RT as one user. Raises `incidents.errors`."""

    def __init__(self, settings: RequestTrackerSettings, transport: httpx.AsyncBaseTransport | None) -> None:
        self._user = settings.user
        self._pace = Pace.of_helpdesk(settings.requests_per_minute)
        self._http = VendorHttp(
            vendor="requesttracker",
            base_url=f"{settings.address}/REST/2.0/",
            auth=_proof(settings),
            transport=transport,
        )

    def limit(self) -> Limit:
        """How many calls are made, and how many more fit."""
        return self._pace.limit()

    async def aclose(self) -> None:
        await self._http.aclose()

    async def get(self, path: str, params: Mapping[str, str] | None = None) -> dict[str, Any]:
        """One record, or one page of a collection. A ticket that we may not see is `NotFound`, not `NotAllowed`."""
        await self._pace.wait()
        try:
            answer = await self._http.call("GET", path, params=params)
        except NotAllowed as error:
            if not path.startswith("ticket/"):
                raise
            await self.get("rt")
            raise NotFound(
                f"requesttracker GET {path}: there is none that {self._user!r} may see; for one in a queue of ours it"
                " needs the right ShowTicket"
            ) from error
        if not isinstance(answer.data, dict):
            raise Unreachable(f"requesttracker GET {path}: the answer is not a JSON object")
        return answer.data

    async def pages(self, path: str, params: Mapping[str, str]) -> AsyncIterator[list[dict[str, Any]]]:
        """The items of every page, in RT's own order; a history comes oldest first, and nothing turns it round."""
        empty = 0

        def has_more(data: dict[str, Any]) -> bool:
            nonlocal empty
            count = data.get("pages")
            if isinstance(count, int | float) and not isinstance(count, bool):
                page = data.get("page")
                return isinstance(page, int | float) and page < count
            empty = 0 if items(data.get("items")) else empty + 1
            return empty < EMPTY_PAGES

        asked = {**params, "per_page": str(PAGE)}
        by: ByNumber[dict[str, Any]] = ByNumber(has_more=has_more)
        async for data in pages_of(self.get, path, asked, by=by, most=MOST_PAGES):
            if not isinstance(data.get("items"), list):
                raise Unreachable(f"requesttracker GET {path}: the answer has no list of items")
            yield records(data["items"])

    async def add_message(self, ticket: str, kind: str, message: Mapping[str, Any]) -> str:
        """`comment` or `correspond` on a ticket; the transaction's id.

        Never sent twice: RT answers 500 to messages that it has stored and mailed.
        """
        path = f"ticket/{ticket}/{kind}"
        await self._pace.wait()
        answer = await self._permitted(
            f"POST {path}", self._http.call("POST", path, json=message, is_repeatable=False)
        )
        transaction = answer.headers.get("location", "").rpartition("/transaction/")[2]
        if not (transaction.isascii() and transaction.isdecimal()):
            raise Unknown(f"requesttracker POST {path}: the answer names no transaction")
        return transaction

    async def add_ticket(self, ticket: Mapping[str, Any]) -> str:
        """A new ticket's id. Never sent twice, as for `add_message`."""
        await self._pace.wait()
        try:
            answer = await self._http.call("POST", "ticket", json=ticket, is_repeatable=False)
        except NotAllowed as error:
            await self.get("rt")
            raise Refused(
                f"requesttracker POST ticket: {self._user!r} may not do this; give it the right CreateTicket on that"
                " queue"
            ) from error
        number = answer.data.get("id") if isinstance(answer.data, dict) else None
        # Text in RT's own answer, a number in its documentation.
        if not str(number).isascii() or not str(number).isdecimal():
            raise Unknown("requesttracker POST ticket: the answer names no ticket")
        return str(number)

    async def put(self, path: str, state: Mapping[str, Any]) -> None:
        """Set fields of a record. RT answers 200 whether it did so or not: read back."""
        await self._pace.wait()
        await self._permitted(f"PUT {path}", self._http.call("PUT", path, json=state, is_repeatable=True))

    async def _permitted(self, what: str, call: Awaitable[VendorAnswer]) -> VendorAnswer:
        """RT says 403 of one ticket that we may not change, where our login is as good as ever."""
        try:
            return await call
        except NotAllowed as error:
            await self.get("rt")
            raise Refused(
                f"requesttracker {what}: {self._user!r} may not do this; give it the rights ReplyToTicket,"
                " CommentOnTicket and ModifyTicket on that queue"
            ) from error


def _proof(settings: RequestTrackerSettings) -> BasicLogin | BearerToken:
    if settings.token is not None:
        return BearerToken(settings.token, before="token ")
    if settings.password is None:
        raise ValueError("give either the password or a token of the dedicated user")
    return BasicLogin(settings.user, settings.password)
