"""What the tests of strange answers share: whatever JSON a vendor answers with, only errors of ours come of it."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from contextlib import suppress
from datetime import UTC, datetime
from typing import Any

import httpx

from incidents.errors import LiaisonError
from incidents.models import Contact, Ticket, TicketRef, TicketStatus

THEN = datetime(2026, 3, 2, 14, 0, tzinfo=UTC)
Call = Callable[[Any], Awaitable[object]]


class Scripted(httpx.AsyncBaseTransport):
    """Gives the scripted answers in turn, the last one for ever."""

    def __init__(self, replies: Sequence[Any]) -> None:
        self._replies = list(replies)

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        del request
        return self.answer(self.next_reply())

    def next_reply(self) -> Any:
        return self._replies.pop(0) if len(self._replies) > 1 else self._replies[0]

    def answer(self, reply: Any) -> httpx.Response:
        """The reply as the vendor would send it."""
        return httpx.Response(200, json=reply)


class InTurn(Scripted):
    """Gives the scripted answers in turn, for ever."""

    def next_reply(self) -> Any:
        self._replies.append(self._replies.pop(0))
        return self._replies[-1]


def a_ticket(connection: str, own_id: str, *, customer: str = "2", status: str = "open") -> Ticket:
    """One that we know of; `status` is the vendor's word for open."""
    return Ticket(
        ref=TicketRef(connection=connection, id=own_id),
        subject="",
        status=TicketStatus.OPEN,
        source_status=status,
        requester=Contact(id=customer),
        version=1,
        created_at=THEN,
        updated_at=THEN,
    )


async def listed(connector: Any) -> None:
    """All that has changed since then."""
    async for _ in connector.changed_since(THEN):
        pass


def use(connector: Any, call: Call) -> None:
    """Make the call, which may fail with an error of ours, and close the connector."""

    async def used() -> None:
        with suppress(LiaisonError):
            await call(connector)
        await connector.aclose()

    asyncio.run(used())
