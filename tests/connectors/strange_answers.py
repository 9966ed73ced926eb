"""What the tests of strange answers share: whatever JSON a vendor answers with, only errors of ours come of it."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from contextlib import suppress
from datetime import UTC, datetime
from typing import Any

import httpx
from starlette.types import ASGIApp

from connectors.kit.fakes.in_process import InProcessTransport
from incidents.errors import LiaisonError
from incidents.models import Contact, InternalText, Ticket, TicketChange, TicketRef, TicketStatus

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


class Away(httpx.AsyncBaseTransport):
    """Nobody is reached."""

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        raise httpx.ConnectError("no route", request=request)


class OddAnswers(InProcessTransport):
    """Gives the same answer to all but the question who we are."""

    def __init__(self, app: ASGIApp, answer: httpx.Response) -> None:
        super().__init__(app)
        self._answer = answer

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        if request.url.path.endswith("/user"):
            return await super().handle_async_request(request)
        return self._answer


class NextPageElsewhere(InProcessTransport):
    """Names an address of somebody else's as the next page of a list of issues; what comes to another host than
    `host` fails the test."""

    def __init__(self, app: ASGIApp, host: str) -> None:
        super().__init__(app)
        self._host = host

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        assert request.url.host == self._host
        if request.url.path.endswith("/issues"):
            link = {"Link": f'<https://evil.example{request.url.path}?page=2>; rel="next"'}
            return httpx.Response(200, json=[], headers=link)
        return await super().handle_async_request(request)


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


def helpdesk_calls(ticket: Ticket) -> dict[str, Call]:
    """What is asked of a helpdesk about this ticket."""
    own_id = ticket.ref.id
    change = TicketChange(status=TicketStatus.SOLVED, add_tags=("x",), private_note=InternalText("x"))
    return {
        "check": lambda one: one.check(),
        "changed_since": listed,
        "read": lambda one: one.read([own_id]),
        "comments": lambda one: one.comments(ticket, THEN),
        "was_done": lambda one: one.was_done(own_id, "a"),
        "update": lambda one: one.update([own_id], change, once="a"),
    }


def directory_calls(customer: str) -> dict[str, Call]:
    """What is asked of a directory about a customer, by mail address, and a service of the same name."""
    return {
        "tier": lambda one: one.tier(Contact(id="", email=customer)),
        "users_of": lambda one: one.users_of(customer),
    }


def tracker_calls(key: str, *, over: str) -> dict[str, Call]:
    """What is asked of an issue tracker about this issue; `over` is its word for an end."""
    text = InternalText("x")
    return {
        "check": lambda one: one.check(),
        "changed_since": listed,
        "open_issue": lambda one: one.open_issue("t", text, once="i"),
        "find_issue": lambda one: one.find_issue("i"),
        "read": lambda one: one.read(key),
        "comment": lambda one: one.comment(key, text, once="c"),
        "was_done": lambda one: one.was_done(key, "c"),
        "transition": lambda one: one.transition(key, over, once="m"),
    }


def use(connector: Any, call: Call) -> None:
    """Make the call, which may fail with an error of ours, and close the connector."""

    async def used() -> None:
        with suppress(LiaisonError):
            await call(connector)
        await connector.aclose()

    asyncio.run(used())
