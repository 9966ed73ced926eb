"""An Intercom of our own: conversations and tickets with parts, tags, states, faults on demand, and the app's webhook.

`FakeIntercom` is what tests and drills hold: `.app` is the ASGI app, the methods act as customers and teammates would.
It was made from Intercom's description (version 2.15), and was never held against a real one.
"""

from __future__ import annotations

import html
import json
from collections import deque
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route
from starlette.types import ASGIApp

from connectors.intercom.fake.answers import failed, found_page
from connectors.intercom.fake.inbox import Inbox
from connectors.intercom.fake.ticket_calls import Endpoint, TicketEndpoints
from connectors.intercom.fake.tickets import TicketInbox
from connectors.kit.fakes.delivery import Deliver, post
from connectors.kit.fakes.faults import Faults, FaultyApp
from connectors.kit.webhooks.signatures import sign_hex_hmac

ACCESS_TOKEN = "fake-intercom-access-token"
CLIENT_SECRET = "fake-intercom-client-secret"
WORKSPACE = "ab12cd34"
ATTEMPTS = 2


def utc_now() -> datetime:
    """The clock of this machine."""
    return datetime.now(UTC)


class FakeIntercom:
    """One workspace. Liaison's teammate has `ACCESS_TOKEN`; `webhook_url` is where its app sends."""

    def __init__(
        self,
        *,
        webhook_url: str = "",
        secret: str = CLIENT_SECRET,
        deliver: Deliver = post,
        clock: Callable[[], datetime] = utc_now,
        faults: Faults | None = None,
    ) -> None:
        self.faults = faults or Faults()
        self.inbox = Inbox(clock, self._tell)
        self.tickets = TicketInbox(self.inbox)
        # No permission to read tickets, or a plan without any.
        self.has_tickets = True
        self._url, self._secret, self._deliver = webhook_url, secret, deliver
        self._waiting: deque[bytes] = deque()
        self._told = 0
        own = "/conversations/{id}"
        routes = [
            Route("/me", self._guarded(self._me), methods=["GET"]),
            Route("/tags", self._guarded(self._make_tag), methods=["POST"]),
            Route("/conversations/search", self._guarded(self._search), methods=["POST"]),
            Route("/conversations/redact", self._guarded(self._redact), methods=["POST"]),
            Route(own, self._guarded(self._read), methods=["GET"]),
            Route(f"{own}/reply", self._guarded(self._reply), methods=["POST"]),
            Route(f"{own}/parts", self._guarded(self._part), methods=["POST"]),
            Route(f"{own}/tags", self._guarded(self._add_tag), methods=["POST"]),
            *TicketEndpoints(self.inbox, self.tickets).routes(self._guarded),
        ]
        self.app: ASGIApp = FaultyApp(Starlette(routes=routes), self.faults)

    def create_ticket(self, name: str, email: str, subject: str, body: str) -> str:
        """A customer writes in by mail."""
        return self.inbox.create(name, email, subject, html.escape(body))

    async def drain_webhooks(self) -> int:
        """Send every waiting notification; returns how many."""
        sent = 0
        while self._waiting:
            body = self._waiting.popleft()
            signature = sign_hex_hmac(body, self._secret.encode(), prefix="sha1=", algorithm="sha1")
            headers = {"Content-Type": "application/json", "X-Hub-Signature": signature}
            sent += 1
            for _ in range(ATTEMPTS):
                if 200 <= await self._deliver(self._url, headers, body) < 300:
                    break
        return sent

    def _tell(self, topic: str, own_id: str) -> None:
        if not self._url:
            return
        self._told += 1
        kind = topic.partition(".")[0]
        item: dict[str, Any] = {"type": kind, "id": own_id}
        if topic == "ticket.closed":
            item = {"ticket": item}
        notice = {
            "type": "notification_event",
            "app_id": WORKSPACE,
            "id": f"notif_{self._told}",
            "topic": topic,
            "created_at": self.inbox.now(),
            "delivery_attempts": 1,
            "data": {"type": "notification_event_data", "item": item},
        }
        self._waiting.append(json.dumps(notice).encode())

    def _guarded(self, endpoint: Endpoint) -> Endpoint:
        async def answer(request: Request) -> Response:
            if request.headers.get("authorization") != f"Bearer {ACCESS_TOKEN}":
                return failed(401, "unauthorized")
            if request.headers.get("intercom-version") != "2.15":
                return failed(400, "intercom_version_invalid")
            own_id, is_ticket = request.path_params.get("id"), request.url.path.startswith("/ticket")
            if is_ticket and not self.has_tickets:
                return failed(403, "forbidden")
            known = self.tickets.tickets if is_ticket else self.inbox.conversations
            if own_id is not None and own_id not in known:
                return failed(404, "not_found")
            place = f"/{'tickets' if is_ticket else 'conversations'}/{own_id}"
            if request.method != "GET" and place in self.inbox.locked:
                return failed(400, "action_forbidden")
            return await endpoint(request)

        return answer

    async def _me(self, _: Request) -> Response:
        app = {"type": "app", "id_code": WORKSPACE, "name": "Acme", "region": "US", "created_at": 1}
        return JSONResponse({"type": "admin", **self.inbox.own, "has_inbox_seat": True, "app": app})

    async def _make_tag(self, request: Request) -> Response:
        wanted = await request.json()
        return JSONResponse(self.inbox.tag(str(wanted["name"])))

    async def _search(self, request: Request) -> Response:
        rows = [self.inbox.listed(one) for one in self.inbox.conversations.values()]
        return found_page(await request.json(), rows, "conversations")

    async def _read(self, request: Request) -> Response:
        return self._shown(request)

    async def _reply(self, request: Request) -> Response:
        said = await request.json()
        if said.get("admin_id") != self.inbox.own["id"] or said.get("message_type") not in (
            "comment",
            "note",
        ):
            return failed(400, "parameter_invalid")
        self.inbox.write(
            request.path_params["id"], self.inbox.own, said["body"], is_note=said["message_type"] == "note"
        )
        return self._shown(request)

    async def _redact(self, request: Request) -> Response:
        said = await request.json()
        own_id = str(said.get("conversation_id"))
        if said.get("type") != "conversation_part" or own_id not in self.inbox.conversations:
            return failed(400, "parameter_invalid")
        if not self.inbox.redact(own_id, str(said.get("conversation_part_id"))):
            return failed(400, "conversation_part_not_redactable")
        return JSONResponse(self.inbox.shown(own_id))

    async def _part(self, request: Request) -> Response:
        said = await request.json()
        states = {"open": "open", "close": "closed", "snoozed": "snoozed"}
        if said.get("message_type") not in states or said.get("admin_id") != self.inbox.own["id"]:
            return failed(400, "parameter_invalid")
        self.inbox.set_state(request.path_params["id"], states[said["message_type"]], said)
        return self._shown(request)

    async def _add_tag(self, request: Request) -> Response:
        said = await request.json()
        found = self.inbox.add_tag(request.path_params["id"], str(said["id"]))
        return failed(404, "tag_not_found") if found is None else JSONResponse(found)

    def _shown(self, request: Request) -> Response:
        return JSONResponse(self.inbox.shown(request.path_params["id"]))
