"""Helpdesks behind their connectors' backs: what customers and agents do there, and what the helpdesk sends of it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Protocol

from pydantic import SecretStr

from connectors.kit.fakes.in_process import InProcessTransport
from connectors.requesttracker import RequestTracker, RequestTrackerSettings
from connectors.requesttracker.fake.app import PASSWORD, USER, FakeRequestTracker
from connectors.zammad import Zammad, ZammadSettings
from connectors.zammad.fake import app as zammad_fake
from connectors.zendesk import Zendesk, ZendeskSettings
from connectors.zendesk.fake import app as zendesk_fake
from incidents.models import Author, TicketStatus
from incidents.ports import Helpdesk, WebhookSource

SECRET = "a-signing-secret-of-a-history"
HOOK = "https://gateway.example/hooks"
_MANY = 1_000_000
Delivery = tuple[Sequence[tuple[str, str]], bytes]
"""A webhook's headers and body."""


class HelpdeskSource(Helpdesk, WebhookSource, Protocol):
    """A helpdesk that sends webhooks."""


class Behind(Protocol):
    """One helpdesk. `connector` is ours to it."""

    connector: HelpdeskSource

    def open(self, number: int) -> str:
        """A customer writes in; the ticket's id."""
        ...

    def say(self, ticket: str, author: Author, words: str) -> None:
        """A customer's answer, or an agent's note for colleagues."""
        ...

    def set_status(self, ticket: str, status: TicketStatus) -> None:
        """By an agent."""
        ...

    async def sent(self) -> Sequence[Delivery]:
        """The webhooks that were sent since the last time."""
        ...


class _Left:
    """The webhooks that left a fake since they were last taken."""

    def __init__(self) -> None:
        self._left: list[Delivery] = []

    async def deliver(self, url: str, headers: dict[str, str], body: bytes) -> int:
        del url
        self._left.append((list(headers.items()), body))
        return 200

    def take(self) -> Sequence[Delivery]:
        taken, self._left = self._left, []
        return taken


class BehindZendesk:
    """Events with the comment in them; whole seconds."""

    def __init__(self, name: str, clock: Callable[[], datetime]) -> None:
        self._left = _Left()
        self._fake = zendesk_fake.FakeZendesk(
            webhook_url=HOOK, deliver=self._left.deliver, signing_secret=SECRET, export_lag=0, clock=clock,
            requests_per_minute=_MANY, updates_per_minute=_MANY,
        )  # fmt: skip
        settings = ZendeskSettings(
            base_url="https://acme.zendesk.example", email=zendesk_fake.EMAIL,
            api_token=SecretStr(zendesk_fake.API_TOKEN), signing_secrets=[SecretStr(SECRET)],
            updates_per_minute=_MANY, requests_per_minute=_MANY,
            integration_user_id=self._fake.integration_user_id,
        )  # fmt: skip
        self.connector: HelpdeskSource = Zendesk(
            name, settings, transport=InProcessTransport(self._fake.app), clock=clock
        )

    def open(self, number: int) -> str:
        ticket = self._fake.create_ticket(
            "Ada", f"ada{number}@shop.example", "Checkout fails", "I cannot pay"
        )
        self._fake.agent_take(ticket, "Grace Agent")
        return str(ticket)

    def say(self, ticket: str, author: Author, words: str) -> None:
        if author is Author.CUSTOMER:
            self._fake.customer_reply(int(ticket), words)
        else:
            self._fake.agent_note(int(ticket), "Grace Agent", words)

    def set_status(self, ticket: str, status: TicketStatus) -> None:
        word = {TicketStatus.OPEN: "open", TicketStatus.SOLVED: "solved"}.get(status, "pending")
        desk = self._fake.api.desk
        agent = desk.user("Grace Agent", "grace.agent@fake.example", "agent")
        desk.change(desk.tickets[int(ticket)], agent, status=word)

    async def sent(self) -> Sequence[Delivery]:
        await self._fake.drain_webhooks()
        return self._left.take()


class BehindZammad:
    """A trigger's call for each change, with the ticket and its newest article."""

    def __init__(self, name: str, clock: Callable[[], datetime]) -> None:
        self._left = _Left()
        self._fake = zammad_fake.FakeZammad(
            webhook_url=HOOK, deliver=self._left.deliver, signing_secret=SECRET, search_lag=0, clock=clock
        )
        settings = ZammadSettings(
            base_url="https://zammad.example", api_token=SecretStr(zammad_fake.API_TOKEN),
            signing_secrets=[SecretStr(SECRET)], requests_per_minute=_MANY,
        )  # fmt: skip
        self.connector: HelpdeskSource = Zammad(
            name, settings, transport=InProcessTransport(self._fake.app), clock=clock
        )

    def open(self, number: int) -> str:
        made = self._fake.create_ticket("Ada", f"ada{number}@shop.example", "Checkout fails", "I cannot pay")
        self.set_status(str(made), TicketStatus.OPEN)
        return str(made)

    def say(self, ticket: str, author: Author, words: str) -> None:
        if author is Author.CUSTOMER:
            self._fake.customer_reply(int(ticket), words)
        else:
            self._fake.agent_note(int(ticket), words)

    def set_status(self, ticket: str, status: TicketStatus) -> None:
        fields = {"state": {TicketStatus.OPEN: "open", TicketStatus.SOLVED: "closed"}.get(status)}
        if fields["state"] is None:
            fields = {"state": "pending reminder", "pending_time": "2030-01-01T00:00:00Z"}
        agent = self._fake.desk.user("Ada Agent", "ada.agent@fake.example", "Agent")
        self._fake.desk.change(int(ticket), agent, fields)

    async def sent(self) -> Sequence[Delivery]:
        await self._fake.drain_webhooks()
        return self._left.take()


class BehindRequestTracker:
    """A scrip's call for what one user did in a request; comments are read; a reply to a stalled ticket opens it."""

    def __init__(self, name: str, clock: Callable[[], datetime]) -> None:
        self._fake = FakeRequestTracker(clock=clock, secret=SECRET)
        settings = RequestTrackerSettings(
            base_url="https://rt.example", user=USER, password=SecretStr(PASSWORD),
            signing_secrets=[SecretStr(SECRET)], requests_per_minute=_MANY,
        )  # fmt: skip
        self.connector: HelpdeskSource = RequestTracker(
            name, settings, transport=InProcessTransport(self._fake.app)
        )

    def open(self, number: int) -> str:
        made = self._fake.create_ticket("Ada", f"ada{number}@shop.example", "Checkout fails", "I cannot pay")
        self._fake.set_status(made, "open")
        return str(made)

    def say(self, ticket: str, author: Author, words: str) -> None:
        if author is Author.CUSTOMER:
            self._fake.customer_reply(int(ticket), words)
        else:
            self._fake.agent_message(int(ticket), "Comment", words)

    def set_status(self, ticket: str, status: TicketStatus) -> None:
        word = {TicketStatus.OPEN: "open", TicketStatus.SOLVED: "resolved"}.get(status, "stalled")
        self._fake.set_status(int(ticket), word)

    async def sent(self) -> Sequence[Delivery]:
        taken = list(self._fake.scrip.deliveries)
        self._fake.scrip.deliveries.clear()
        return taken


BEHIND: dict[str, Callable[[str, Callable[[], datetime]], Behind]] = {
    "zendesk": BehindZendesk,
    "zammad": BehindZammad,
    "requesttracker": BehindRequestTracker,
}
