"""A Freshdesk of our own: stateful, speaking its wire protocol as documented, faulty on demand.

`FakeFreshdesk` is what tests and drills hold: `.app` is the ASGI app, the methods act as customers and agents would,
the read-outs are for asserts. Its rules are in `desk`, its HTTP in `http`, its limits in `limits`. It was made from
Freshdesk's documentation, and was never held against a real one.
"""

from __future__ import annotations

import html
import json
from collections import deque
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

from starlette.types import ASGIApp

from connectors.freshdesk.fake.desk import NOTE, REPLY, FreshdeskDesk
from connectors.freshdesk.fake.http import FreshdeskHttp
from connectors.freshdesk.fake.limits import AccountLimits
from connectors.kit.fakes.delivery import Deliver, post
from connectors.kit.fakes.faults import Faults, FaultyApp

API_KEY = "fakefreshdeskapikey0"
TOKEN = "fake-freshdesk-webhook-token"
EMAIL = "liaison@fake.example"
ATTEMPTS = 4
"""At once, and 5, 30 and 60 minutes later."""
UNLIMITED = 1_000_000


def utc_now() -> datetime:
    """The clock of this machine."""
    return datetime.now(UTC)


class FakeFreshdesk:
    """One account. Liaison's agent has `API_KEY`. With a `webhook_url` an administrator has made the two rules."""

    def __init__(
        self,
        *,
        webhook_url: str = "",
        token: str = TOKEN,
        deliver: Deliver = post,
        api_key: str = API_KEY,
        calls_a_minute: int = UNLIMITED,
        lists_a_minute: int = UNLIMITED,
        clock: Callable[[], datetime] = utc_now,
        faults: Faults | None = None,
    ) -> None:
        self.faults = faults or Faults()
        self.deliver = deliver
        self._url, self._token = webhook_url, token
        self._waiting: deque[bytes] = deque()
        self.desk = FreshdeskDesk(clock, self._tell)
        self.limits = AccountLimits(clock, calls_a_minute, lists_a_minute)
        self.me = self.desk.agent("Liaison", EMAIL)
        self.http = FreshdeskHttp(self.desk, self.limits, self.me, api_key)
        self.app: ASGIApp = FaultyApp(self.http.app(), self.faults)

    def create_ticket(self, name: str, email: str, subject: str, body: str, *, is_html: bool = False) -> int:
        """A customer writes in by mail."""
        description = body if is_html else f"<div>{html.escape(body)}</div>"
        fields = {"subject": subject, "description": description, "source": 1}
        return int(self.desk.create(self.desk.contact(name, email), fields)["id"])

    def customer_reply(self, ticket_id: int, text: str) -> None:
        """The customer answers; the rule that accounts come with opens the ticket again."""
        self.desk.answer(ticket_id, text)

    def agent_note(self, ticket_id: int, text: str) -> None:
        """An agent writes what only colleagues see."""
        self._agent_writes(ticket_id, text, NOTE)

    def agent_reply(self, ticket_id: int, text: str) -> None:
        """An agent answers the customer."""
        self._agent_writes(ticket_id, text, REPLY)

    def trash(self, ticket_id: int) -> None:
        """An agent deletes it: it can be restored."""
        self._flag(ticket_id, "deleted")

    def mark_as_spam(self, ticket_id: int) -> None:
        """An agent marks it as spam."""
        self._flag(ticket_id, "spam")

    def destroy(self, ticket_id: int) -> None:
        """Deleted for ever."""
        del self.desk.tickets[ticket_id]

    def public(self, ticket_id: int) -> list[dict[str, Any]]:
        """What the customer can see, without his own words, oldest first."""
        return [one for one in self._written(ticket_id) if not one["private"] and not one["incoming"]]

    def private(self, ticket_id: int) -> list[dict[str, Any]]:
        """What only colleagues see, oldest first."""
        return [one for one in self._written(ticket_id) if one["private"]]

    def mails(self) -> list[tuple[str, str]]:
        """To whom which replies were mailed, oldest first."""
        return [
            (to, one["body_text"])
            for one in self.desk.conversations.values()
            if one["source"] == REPLY and not one["incoming"]
            for to in one["to_emails"]
        ]

    async def drain_webhooks(self) -> int:
        """Send every waiting webhook; returns how many."""
        sent = 0
        while self._waiting:
            body = self._waiting.popleft()
            headers = {"Content-Type": "application/json", "X-Liaison-Token": self._token}
            sent += 1
            for _ in range(ATTEMPTS):
                if 200 <= await self.deliver(self._url, headers, body) < 300:
                    break
        return sent

    def _tell(self, ticket_id: int) -> None:
        if self._url:
            self._waiting.append(json.dumps({"freshdesk_webhook": {"ticket_id": ticket_id}}).encode())

    def _agent_writes(self, ticket_id: int, text: str, source: int) -> None:
        agent = self.desk.agent("Ada Agent", "ada.agent@fake.example")
        body = html.escape(text).replace("\n", "<br>")
        self.desk.write(ticket_id, agent["id"], body, source=source, is_private=source == NOTE)

    def _flag(self, ticket_id: int, name: str) -> None:
        ticket = self.desk.tickets[ticket_id]
        ticket[name] = True
        self.desk.touch(ticket)

    def _written(self, ticket_id: int) -> list[dict[str, Any]]:
        return [one for one in self.desk.conversations.values() if one["ticket_id"] == ticket_id]
