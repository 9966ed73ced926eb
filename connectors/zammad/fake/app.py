"""A Zammad of our own: stateful, speaking its wire protocol as documented, faulty on demand.

`FakeZammad` is what tests and drills hold: `.app` is the ASGI app, the methods act as customers and agents would, the
read-outs are for asserts. Its rules are in `desk`, its webhooks in `hooks`, its HTTP in `http`. It was made from
Zammad's documentation and source, and was never held against a real one.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from typing import Any

from starlette.types import ASGIApp

from connectors.kit.fakes.delivery import Deliver, post
from connectors.kit.fakes.faults import Faults, FaultyApp
from connectors.zammad.fake.desk import MailToCustomer, ZammadDesk
from connectors.zammad.fake.hooks import Hooks
from connectors.zammad.fake.http import ZammadHttp

API_TOKEN = "fake-zammad-access-token"
SIGNING_SECRET = "fake-zammad-signature-token"
EMAIL = "liaison@fake.example"


def utc_now() -> datetime:
    """The clock of this machine."""
    return datetime.now(UTC)


class FakeZammad:
    """One Zammad. Its agent for Liaison has `API_TOKEN`. `search_lag` is how many seconds its index is behind; with a
    `webhook_url` an administrator has made the webhook and its triggers."""

    def __init__(
        self,
        *,
        webhook_url: str = "",
        deliver: Deliver = post,
        api_token: str = API_TOKEN,
        signing_secret: str = SIGNING_SECRET,
        search_lag: float = 2.0,
        clock: Callable[[], datetime] = utc_now,
        faults: Faults | None = None,
    ) -> None:
        self.faults = faults or Faults()
        self.hooks = Hooks(deliver)
        self.desk = ZammadDesk(clock, self._tell)
        self.me = self.desk.user("Liaison", EMAIL, "Agent")
        self.http = ZammadHttp(self.desk, self.hooks, self.me, api_token, search_lag)
        self.app: ASGIApp = FaultyApp(self.http.app(), self.faults)
        if webhook_url:
            fields = {"name": "Liaison", "endpoint": webhook_url, "signature_token": signing_secret}
            webhook = self.hooks.add_webhook(fields, self.desk.now())
            perform = {"notification.webhook": {"webhook_id": webhook["id"]}}
            for action in ("create", "update"):
                condition = {"ticket.action": {"operator": "is", "value": action}}
                trigger = {"name": f"Tell Liaison: {action}", "condition": condition, "perform": perform}
                self.hooks.add_trigger(trigger, self.desk.now())

    @property
    def mails(self) -> Sequence[MailToCustomer]:
        """Every mail that left for a customer, oldest first."""
        return self.desk.mails

    def make_admin(self) -> None:
        """The agent whose token we use may see and change webhooks and triggers, too."""
        self.me["roles"] = ["Admin", "Agent"]

    def create_ticket(
        self, name: str, email: str, subject: str, body: str, *, kind: str = "email", html: bool = False
    ) -> int:
        """A customer writes in."""
        customer = self.desk.user(name, email)
        article = {
            "type": kind,
            "sender": "Customer",
            "body": body,
            "content_type": "text/html" if html else "text/plain",
        }
        fields = {"title": subject, "customer_id": customer["id"]}
        return int(self.desk.create(customer, fields, article)["id"])

    def customer_reply(self, ticket_id: int, text: str, *, is_automatic: bool = False) -> None:
        """The customer answers; a closed ticket is open again then."""
        ticket = self.desk.ticket(ticket_id)
        customer = self.desk.users[ticket["customer_id"]]
        marks = {"is-auto-response": True} if is_automatic else {}
        article = {"type": "email", "sender": "Customer", "body": text, "preferences": marks}
        reopens = ticket["state_id"] != 1 and not is_automatic
        self.desk.change(ticket_id, customer, {"state": "open"} if reopens else {}, article)

    def agent_note(self, ticket_id: int, text: str) -> None:
        """An agent writes what only colleagues see."""
        self.desk.change(ticket_id, self._agent(), {}, {"type": "note", "internal": True, "body": text})

    def agent_reply(self, ticket_id: int, text: str) -> None:
        """An agent answers the customer."""
        customer = self.desk.users[self.desk.ticket(ticket_id)["customer_id"]]
        article = {"type": "email", "internal": False, "to": customer["email"], "body": text}
        self.desk.change(ticket_id, self._agent(), {}, article)

    def freeze(self, ticket_id: int) -> None:
        """From now on a field is required that the ticket lacks: no change is taken."""
        self.desk.frozen.add(ticket_id)

    def restrict(self, ticket_id: int) -> None:
        """It is moved to a group that the agent whose token we use has no access to."""
        self.desk.restricted.add(ticket_id)

    def merge(self, ticket_id: int, into: int) -> None:
        """An agent merges one ticket into another."""
        self.desk.merge(ticket_id, self.desk.ticket(into), self._agent())

    def public(self, ticket_id: int) -> list[dict[str, Any]]:
        """What the customer can see, without his own words, oldest first."""
        return [
            one for one in self.desk.articles_of(ticket_id) if not one["internal"] and one["sender_id"] != 2
        ]

    def private(self, ticket_id: int) -> list[dict[str, Any]]:
        """What only colleagues see, oldest first."""
        return [one for one in self.desk.articles_of(ticket_id) if one["internal"]]

    async def drain_webhooks(self) -> int:
        """Send every waiting webhook; returns how many."""
        return await self.hooks.drain()

    def _agent(self) -> dict[str, Any]:
        return self.desk.user("Ada Agent", "ada.agent@fake.example", "Agent")

    def _tell(self, action: str, ticket: dict[str, Any], article: dict[str, Any] | None) -> None:
        self.hooks.run(action, self.desk, ticket, article)
