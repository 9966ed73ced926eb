"""A Zendesk of our own: stateful, speaking its wire protocol, faulty on demand.

`FakeZendesk` is what tests, drills and the sandbox hold: `.app` is the ASGI app (in-process, or under
uvicorn), the methods act as customers and agents would, the read-outs are for asserts. What it knows of
Zendesk's rules is in `desk.py`, of its HTTP in `api.py` and `calls/`, of its webhooks in `webhooks.py`.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from random import Random
from typing import Any

from starlette.types import ASGIApp

from connectors.kit.fakes.faults import FaultKind, Faults, FaultyApp
from connectors.zendesk.fake.api import Api
from connectors.zendesk.fake.desk import Desk
from connectors.zendesk.fake.records import FakeTicket, FakeUser
from connectors.zendesk.fake.service_levels import FakeServiceLevels
from connectors.zendesk.fake.webhooks import (
    Deliver,
    Outbox,
    Post,
)
from connectors.zendesk.fake.wire import event_json

EMAIL = "liaison@fake.example"
API_TOKEN = "fake-zendesk-api-token"
SIGNING_SECRET = "fake-zendesk-signing-secret"
FAULTS = {
    FaultKind.RATE_LIMIT: {
        "error": "APIRateLimitExceeded",
        "description": "Number of allowed requests exceeded",
    },
    FaultKind.UNAUTHORIZED: {"error": "Couldn't authenticate you"},
    FaultKind.MISSING: {"error": "RecordNotFound", "description": "Not found"},
}


def utc_now() -> datetime:
    """The clock of this machine."""
    return datetime.now(UTC)


class FakeZendesk:
    """One account. Its agent for Liaison is `email` with `api_token`; its user id is `integration_user_id`.

    Without a `webhook_url` nothing is queued. `export_lag` is how many seconds the incremental export lags
    (Zendesk: 60). Everything random comes from `seed`.
    """

    def __init__(
        self,
        *,
        webhook_url: str = "",
        deliver: Deliver | None = None,
        email: str = EMAIL,
        api_token: str = API_TOKEN,
        signing_secret: str = SIGNING_SECRET,
        updates_per_minute: int = 100,
        requests_per_minute: int = 700,
        export_lag: float = 60.0,
        duplicate_rate: float = 0.0,
        shuffle: bool = False,
        seed: int = 0,
        clock: Callable[[], datetime] = utc_now,
    ) -> None:
        self.faults = Faults()
        self._clock = clock
        self._random = Random(seed)
        self._rung = asyncio.Event()
        self._post = Post()
        self._deliver = deliver or self._post
        self.webhooks = self._outbox(webhook_url, signing_secret)
        self.webhooks.duplicate_rate, self.webhooks.shuffle = duplicate_rate, shuffle
        self._desk = Desk(clock, self._tell)
        self._me = self._desk.user("Liaison", email, "agent")
        self.api = Api(
            desk=self._desk,
            me=self._me,
            api_token=api_token,
            clock=clock,
            updates_per_minute=updates_per_minute,
            requests_per_minute=requests_per_minute,
            export_lag=timedelta(seconds=export_lag),
            outbox=self._outbox,
        )
        self.app: ASGIApp = FaultyApp(self.api.app(), self.faults, FAULTS)

    @property
    def integration_user_id(self) -> int:
        """The user as whom Liaison signs in."""
        return self._me.id

    @property
    def service_levels(self) -> FakeServiceLevels:
        """SLA policies and schedules; shown to us once `make_admin` was called."""
        return self.api.service_levels

    def make_admin(self) -> None:
        """The agent whose token we use becomes an administrator."""
        self._me.role = "admin"

    def create_ticket(
        self,
        requester_name: str,
        requester_email: str,
        subject: str,
        body: str,
        tags: Sequence[str] = (),
        *,
        priority: str | None = None,
        organization: str | None = None,
        organization_fields: Mapping[str, str] | None = None,
        custom_fields: Mapping[int, Any] | None = None,
        channel: str = "web",
        locale: str | None = None,
        iana_time_zone: str | None = None,
    ) -> int:
        """A customer writes in; `locale` and `iana_time_zone` are what their profile has from then on."""
        requester = self._desk.user(requester_name, requester_email)
        requester.locale = locale or requester.locale
        requester.iana_time_zone = iana_time_zone or requester.iana_time_zone
        if organization is not None and requester.organization_id is None:
            requester.organization_id = self._desk.organization(organization, organization_fields or {}).id
        ticket = self._desk.create(
            requester,
            subject,
            body,
            tags=tags,
            priority=priority,
            channel=channel,
            custom_fields=custom_fields,
        )
        return ticket.id

    def customer_reply(self, ticket_id: int, text: str) -> int:
        """The requester answers; returns the ticket that took it, a follow-up when this one is closed."""
        ticket = self._desk.tickets[ticket_id]
        requester = self._desk.users[ticket.requester_id]
        if ticket.status == "closed":
            subject = f"Re: {ticket.subject}"
            return self._desk.create(requester, subject, text, tags=ticket.tags, followup_of=ticket.id).id
        self._desk.change(ticket, requester, comment=(text, True))
        return ticket_id

    def agent_note(self, ticket_id: int, agent: str, text: str) -> None:
        """An agent writes what only colleagues see."""
        self._desk.change(self._desk.tickets[ticket_id], self._agent(agent), comment=(text, False))

    def agent_reply(self, ticket_id: int, agent: str, text: str, *, submit_as: str | None = None) -> None:
        """An agent answers the customer, and perhaps changes the status with it ("Submit as pending")."""
        ticket = self._desk.tickets[ticket_id]
        self._desk.change(ticket, self._agent(agent), comment=(text, True), status=submit_as)

    def agent_take(self, ticket_id: int, agent: str) -> None:
        """An agent takes the ticket on."""
        taker = self._agent(agent)
        self._desk.change(self._desk.tickets[ticket_id], taker, status="open", assignee_id=taker.id)

    def agent_solve(self, ticket_id: int, agent: str, text: str | None = None) -> None:
        """An agent solves a ticket, with a public reply if `text` is given."""
        said = None if text is None else (text, True)
        self._desk.change(self._desk.tickets[ticket_id], self._agent(agent), comment=said, status="solved")

    def change_requester(self, ticket_id: int, name: str, email: str) -> None:
        """An agent finds out who really wrote."""
        self._desk.reassign_requester(ticket_id, self._desk.user(name, email), self._agent("Admin"))

    def close(self, ticket_id: int) -> None:
        """Zendesk closes solved tickets after some days, for ever."""
        self._desk.change(self._desk.tickets[ticket_id], self._agent("Automation"), status="closed")

    def remove_ticket(self, ticket_id: int) -> None:
        """An administrator deletes the ticket for ever, and nothing tells of it."""
        self._desk.remove(ticket_id)

    def delete_ticket(self, ticket_id: int, *, as_spam: bool = False) -> None:
        """An agent puts the ticket into the bin, perhaps as spam: then its requester is suspended, too."""
        ticket = self._desk.tickets[ticket_id]
        self._desk.users[ticket.requester_id].suspended = as_spam
        self._desk.delete(
            ticket_id, self._agent("Admin"), "ticket.marked_as_spam" if as_spam else "ticket.soft_deleted"
        )

    def restore_ticket(self, ticket_id: int) -> None:
        """An administrator takes a deleted ticket back; it is open again."""
        self._desk.restore(ticket_id, self._agent("Admin"))

    def merge_tickets(self, source_id: int, target_id: int, agent: str) -> None:
        """An agent merges one ticket into another."""
        self._desk.merge(source_id, target_id, self._agent(agent))

    def suspend_requester(self, ticket_id: int) -> None:
        """The ticket's requester is suspended: nothing that is sent to them arrives."""
        self._desk.users[self._desk.tickets[ticket_id].requester_id].suspended = True

    def recover_mail(self, ticket_id: int, text: str, cause_id: int) -> None:
        """An agent recovers a customer's suspended mail: Zendesk's cause of suspension stays on it."""
        ticket = self._desk.tickets[ticket_id]
        requester = self._desk.users[ticket.requester_id]
        self._desk.change(ticket, requester, comment=(text, True), channel="mail", suspension_cause=cause_id)

    def open_side_conversation(self, ticket_id: int, agent: str, subject: str, text: str) -> int:
        """An agent asks another team by a ticket of its own, a child of this one."""
        child = self._desk.create(
            self._agent(agent), subject, text, channel="side_conversation", followup_of=ticket_id
        )
        return child.id

    @property
    def tickets(self) -> Mapping[int, FakeTicket]:
        """All tickets by their id."""
        return self._desk.tickets

    def public_replies(self, ticket_id: int) -> list[str]:
        """What the customer was told, without what he said himself."""
        ticket = self._desk.tickets[ticket_id]
        return [
            comment.body
            for comment in ticket.comments
            if comment.public and comment.author_id != ticket.requester_id
        ]

    def private_notes(self, ticket_id: int) -> list[str]:
        """What agents and Liaison wrote for themselves on a ticket, oldest first."""
        return [comment.body for comment in self._desk.tickets[ticket_id].comments if not comment.public]

    def hold_mail(self, name: str, email: str, subject: str, text: str, cause_id: int = 3) -> int:
        """A mail comes in that Zendesk suspends, as a machine's unless another cause is given; returns its id."""
        return self.api.suspended.hold(name, email, subject, text, cause_id)

    async def drain_webhooks(self, senders: int = 1) -> int:
        """Send every waiting webhook; returns how many deliveries were made."""
        return sum([await outbox.drain(senders) for outbox in self._outboxes])

    async def send_webhooks(self, senders: int = 4) -> None:
        """Send webhooks as things happen, until cancelled: the demo's background task."""
        while True:
            await self._rung.wait()
            self._rung.clear()
            await self.drain_webhooks(senders)

    async def aclose(self) -> None:
        await self._post.aclose()

    def _agent(self, name: str) -> FakeUser:
        return self._desk.user(name, f"{name.lower().replace(' ', '.')}@fake.example", "agent")

    def _tell(self, kind: str, ticket: FakeTicket, actor: FakeUser, event: dict[str, Any]) -> None:
        payload = event_json(kind, ticket, actor, event, now=self._clock(), random=self._random)
        self.webhooks.push(payload)
        self.api.webhooks.hear(kind, payload)

    @property
    def _outboxes(self) -> Sequence[Outbox]:
        return (self.webhooks, *self.api.webhooks.outboxes.values())

    def _outbox(self, url: str, secret: str) -> Outbox:
        return Outbox(
            url=url,
            secret=secret.encode(),
            deliver=self._deliver,
            clock=self._clock,
            random=self._random,
            rung=self._rung,
        )
