"""Helpdesks that count: fakes on loopback, each with its vendor's limits and tickets that wait."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from pydantic import SecretStr
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from blocks.requesttracker import RequestTrackerBlock
from blocks.zammad import ZammadBlock
from blocks.zendesk import ZendeskBlock
from connectors.requesttracker.fake.app import PASSWORD, USER, FakeRequestTracker
from connectors.zammad.fake.app import API_TOKEN as ZAMMAD_TOKEN
from connectors.zammad.fake.app import FakeZammad
from connectors.zendesk.fake.app import API_TOKEN, EMAIL, SIGNING_SECRET, FakeZendesk

CountingBlock = ZendeskBlock | RequestTrackerBlock | ZammadBlock
SUBJECT, BODY = "Checkout fails", "I tried three times and always get an error."
REQUESTS_A_MINUTE = 600
"""What we allow ourselves where the vendor names no limit: the settings' default."""


class Counted:
    """What stands before a fake, and counts the calls that were too many."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app
        self.refused = 0

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        async def watched(message: Message) -> None:
            self.refused += message["type"] == "http.response.start" and message["status"] == 429
            await send(message)

        await self._app(scope, receive, watched)


@dataclass(frozen=True, kw_only=True)
class CountingHelpdesk:
    """`a_minute` is how many single tickets its limit allows; `connect` makes the block for an address,
    with its limits so many times as high; `replies` says
    how often the customer of a ticket was answered."""

    name: str
    app: Counted
    a_minute: float
    tickets: Sequence[int]
    connect: Callable[[str, float], CountingBlock]
    replies: Callable[[int], int]

    @property
    def allowed(self) -> float:
        """Seconds until the last of them may go: full windows before it, whatever the calls themselves take."""
        return 60.0 * (-(-len(self.tickets) // int(self.a_minute)) - 1)


def zendesk(name: str, count: int, *, updates: int = 100, requests: int = 200) -> CountingHelpdesk:
    """Zendesk refuses what is too much of single updates, and of all calls, as the smallest plan has it."""
    fake = FakeZendesk(updates_per_minute=updates, requests_per_minute=requests)
    tickets = [_write(fake.create_ticket, number) for number in range(count)]

    def connect(address: str, times: float) -> CountingBlock:
        return ZendeskBlock(
            base_url=address,
            email=EMAIL,
            api_token=SecretStr(API_TOKEN),
            signing_secrets=[SecretStr(SIGNING_SECRET)],
            updates_per_minute=updates * times,
            requests_per_minute=requests * times,
        )

    return CountingHelpdesk(
        name=name,
        app=Counted(fake.app),
        a_minute=updates,
        tickets=tickets,
        connect=connect,
        replies=lambda ticket: len(fake.public_replies(ticket)),
    )


def request_tracker(name: str, count: int) -> CountingHelpdesk:
    """RT has no limit: ours is what is kept to."""
    secret = "the-signing-secret-of-a-figure"
    fake = FakeRequestTracker(secret=secret)
    tickets = [_write(fake.create_ticket, number) for number in range(count)]

    def connect(address: str, times: float) -> CountingBlock:
        return RequestTrackerBlock(
            base_url=address,
            user=USER,
            password=SecretStr(PASSWORD),
            signing_secrets=[SecretStr(secret)],
            requests_per_minute=REQUESTS_A_MINUTE * times,
        )

    return CountingHelpdesk(
        name=name,
        app=Counted(fake.app),
        a_minute=REQUESTS_A_MINUTE / 9,
        tickets=tickets,
        connect=connect,
        replies=lambda ticket: len(fake.texts(ticket, "Correspond", by=(USER,))),
    )


def zammad(name: str, count: int) -> CountingHelpdesk:
    """Zammad names none, either."""
    secret = "the-signing-secret-of-a-figure"
    fake = FakeZammad(signing_secret=secret)
    tickets = [_write(fake.create_ticket, number) for number in range(count)]

    def connect(address: str, times: float) -> CountingBlock:
        return ZammadBlock(
            base_url=address,
            api_token=SecretStr(ZAMMAD_TOKEN),
            signing_secrets=[SecretStr(secret)],
            requests_per_minute=REQUESTS_A_MINUTE * times,
        )

    return CountingHelpdesk(
        name=name,
        app=Counted(fake.app),
        a_minute=REQUESTS_A_MINUTE / 8,
        tickets=tickets,
        connect=connect,
        replies=lambda ticket: len(fake.public(ticket)),
    )


def _write(create: Callable[..., int], number: int) -> int:
    return create(f"Customer {number}", f"customer{number}@mail.example", SUBJECT, BODY)
