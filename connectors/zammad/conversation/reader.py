"""Tickets with what belongs to them: Zammad gives articles, tags and the customer by calls of their own."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Sequence
from typing import Any, TypeVar

from connectors.kit.fields import any_text, items, text
from connectors.kit.recent import RecentlyUsed
from connectors.zammad.api import EXPANDED, ZammadApi
from connectors.zammad.mapping import id_from, in_order, statuses_from, ticket_from
from connectors.zammad.settings import ZammadSettings
from incidents.errors import NotAllowed, NotFound
from incidents.models import Ticket, TicketStatus

Read = TypeVar("Read")
AT_ONCE = 8
"""Tickets that are read beside each other."""


class ZammadReader:
    """`connection` is its name. Customers are remembered for names; whoever writes to one asks afresh."""

    def __init__(self, api: ZammadApi, connection: str, settings: ZammadSettings) -> None:
        self.api = api
        self._connection = connection
        self._settings = settings
        self._users: RecentlyUsed[str, dict[str, Any]] = RecentlyUsed(1000)
        self._statuses: dict[str, TicketStatus] | None = None

    async def ticket(self, ticket_id: str) -> dict[str, Any]:
        """As Zammad gives it, with names. Raises `NotFound`."""
        return await self._visible(ticket_id, self.api.record(f"tickets/{ticket_id}", **EXPANDED))

    async def articles(self, ticket_id: str) -> list[dict[str, Any]]:
        """From the first to the last. Raises `NotFound`."""
        return in_order(
            await self._visible(
                ticket_id, self.api.entries(f"ticket_articles/by_ticket/{ticket_id}", EXPANDED)
            )
        )

    async def user(self, user_id: object, *, is_fresh: bool = False) -> dict[str, Any]:
        """A customer; an empty one for who is no more."""
        key = id_from(user_id)
        if key is None:
            return {}
        known = None if is_fresh else self._users.get(key)
        if known is None:
            try:
                known = await self.api.record(f"users/{key}")
            except NotFound:
                known = {}
            self._users.put(key, known)
        return known

    async def statuses(self, state: str) -> dict[str, TicketStatus]:
        """Our status by the name of each state. Read again for a `state` that was made or renamed meanwhile; one that
        Zammad does not name even then counts as open."""
        if self._statuses is None or state not in self._statuses:
            self._statuses = statuses_from(await self.api.entries("ticket_states"), self._settings)
        known = self._statuses
        return known if state in known or not state else {**known, state: TicketStatus.OPEN}

    async def all_of(self, ticket_ids: Sequence[str]) -> list[Ticket]:
        """Those that are there, in order."""
        places = asyncio.Semaphore(AT_ONCE)

        async def one(ticket_id: str) -> Ticket | None:
            async with places:
                try:
                    return await self.whole(await self.ticket(ticket_id))
                except NotFound:
                    return None

        found = await asyncio.gather(*(one(ticket_id) for ticket_id in ticket_ids))
        return [ticket for ticket in found if ticket is not None]

    async def whole(self, data: dict[str, Any]) -> Ticket:
        """The ticket with its first message, tags and customer. Raises `NotFound` if it went meanwhile."""
        ticket_id = id_from(data.get("id")) or ""
        tags = await self._visible(ticket_id, self.api.record("tags", object="Ticket", o_id=ticket_id))
        return ticket_from(
            data,
            articles=await self.articles(ticket_id),
            tags=[any_text(tag) for tag in items(tags.get("tags")) if text(tag)],
            customer=await self.user(data.get("customer_id")),
            statuses=await self.statuses(text(data.get("state"))),
            connection=self._connection,
            settings=self._settings,
        )

    async def _visible(self, ticket_id: str, call: Awaitable[Read]) -> Read:
        """Zammad says 403 of one ticket in a group that we may not read, where our token is as good as ever."""
        try:
            return await call
        except NotAllowed as error:
            await self.api.record("users/me")
            raise NotFound(
                f"zammad: there is no ticket {ticket_id} that we may see; for one in a group of ours our user needs"
                " the right to read that group"
            ) from error
