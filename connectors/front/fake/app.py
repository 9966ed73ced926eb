"""A Front of our own: conversations with messages, comments, tags and statuses, faulty on demand, with its webhooks.

`FakeFront` is what tests and drills hold: `.app` is the ASGI app, the methods act as customers and teammates would.
It was made from Front's documentation, and was never held against a real one.
"""

from __future__ import annotations

import json
from collections import deque
from collections.abc import Awaitable, Callable, Sequence
from datetime import UTC, datetime
from typing import Any

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, RedirectResponse, Response
from starlette.routing import Route
from starlette.types import ASGIApp

from connectors.front.fake.company import API, TEAMMATE, FrontCompany
from connectors.kit.fakes.delivery import Deliver, post
from connectors.kit.fakes.faults import Faults, FaultyApp
from connectors.kit.webhooks.signing import sign_hmac

API_TOKEN = "fake-front-api-token"
SIGNING_KEY = "fake-front-signing-key"
API_SECRET = "fake-front-api-secret"
COMPANY = "cmp_acme"
ATTEMPTS = 3
Endpoint = Callable[[Request], Awaitable[Response]]


def utc_now() -> datetime:
    """The clock of this machine."""
    return datetime.now(UTC)


class FakeFront:
    """One company. Liaison's token is `API_TOKEN`; `webhook_url` is where its app sends, or a rule (`is_rules`)."""

    def __init__(
        self,
        *,
        webhook_url: str = "",
        secret: str = SIGNING_KEY,
        is_rules: bool = False,
        deliver: Deliver = post,
        clock: Callable[[], datetime] = utc_now,
        faults: Faults | None = None,
    ) -> None:
        self.faults = faults or Faults()
        self.company = FrontCompany(clock, self._tell)
        self._url, self._secret, self._is_rules, self._deliver = webhook_url, secret, is_rules, deliver
        self._waiting: deque[bytes] = deque()
        own = "/conversations/{id}"
        routes = [
            Route("/me", self._guarded(self._me), methods=["GET"]),
            Route("/teammates/{teammate}", self._guarded(self._teammate), methods=["GET"]),
            Route("/events", self._guarded(self._events), methods=["GET"]),
            Route("/tags", self._guarded(self._tags), methods=["GET"]),
            Route("/tags", self._guarded(self._make_tag), methods=["POST"]),
            Route("/company/statuses", self._guarded(self._statuses), methods=["GET"]),
            Route(own, self._guarded(self._read), methods=["GET"]),
            Route(own, self._guarded(self._update), methods=["PATCH"]),
            Route(f"{own}/messages", self._guarded(self._messages), methods=["GET"]),
            Route(f"{own}/messages", self._guarded(self._reply), methods=["POST"]),
            Route(f"{own}/comments", self._guarded(self._comments), methods=["GET"]),
            Route(f"{own}/comments", self._guarded(self._comment), methods=["POST"]),
            Route(f"{own}/events", self._guarded(self._own_events), methods=["GET"]),
            Route(f"{own}/tags", self._guarded(self._add_tags), methods=["POST"]),
        ]
        self.app: ASGIApp = FaultyApp(Starlette(routes=routes), self.faults)

    def create_ticket(self, name: str, email: str, subject: str, body: str) -> str:
        """A customer writes in by mail."""
        return self.company.create(name, email, subject, body)

    async def drain_webhooks(self) -> int:
        """Send every waiting webhook; returns how many. Front sends a rule's once, an app's up to three times."""
        sent = 0
        while self._waiting:
            body = self._waiting.popleft()
            stamp = str(int(self.company.clock().timestamp() * 1000))
            headers = {"Content-Type": "application/json"} | signed_headers(
                body, self._secret.encode(), None if self._is_rules else stamp
            )
            sent += 1
            for _ in range(1 if self._is_rules else ATTEMPTS):
                if 200 <= await self._deliver(self._url, headers, body) < 300:
                    break
        return sent

    def _tell(self, event: dict[str, Any]) -> None:
        if self._url:
            told = event
            if not self._is_rules:
                told = {"type": event["type"], "authorization": {"id": COMPANY}, "payload": event}
            self._waiting.append(json.dumps(told).encode())

    def _guarded(self, endpoint: Endpoint) -> Endpoint:
        async def answer(request: Request) -> Response:
            if request.headers.get("authorization") != f"Bearer {API_TOKEN}":
                return _failed(401, "Unauthenticated")
            own_id = request.path_params.get("id")
            if own_id in self.company.merged:
                alive = request.url.path.replace(own_id, self.company.merged[own_id])
                return RedirectResponse(f"{API}{alive}", 301)
            if own_id is not None and own_id not in self.company.conversations:
                return _failed(404, "Not found")
            if request.method != "GET" and own_id in self.company.locked:
                return _failed(400, "Bad request")
            return await endpoint(request)

        return answer

    async def _me(self, _: Request) -> Response:
        return JSONResponse({"id": COMPANY, "name": "Acme"})

    async def _teammate(self, request: Request) -> Response:
        found = self.company.teammates.get(request.path_params["teammate"])
        return _failed(404, "Not found") if found is None else JSONResponse(found)

    async def _read(self, request: Request) -> Response:
        return JSONResponse(self.company.conversations[request.path_params["id"]])

    async def _update(self, request: Request) -> Response:
        said, own_id = await request.json(), request.path_params["id"]
        if set(said) not in ({"status"}, {"status_id"}):
            return _failed(400, "Bad request")
        if "status_id" in said:
            found = [one["category"] for one in self.company.statuses if one["id"] == said["status_id"]]
            if not found or not self.company.has_ticketing:
                return _failed(400, "Bad request")
            self.company.set_status(own_id, found[0])
        elif said["status"] in ("open", "archived"):
            self.company.set_status(own_id, "resolved" if said["status"] == "archived" else "open")
        else:
            return _failed(400, "Bad request")
        return Response(status_code=204)

    async def _messages(self, request: Request) -> Response:
        rows = self.company.messages[request.path_params["id"]]
        return _page(request, rows, most=100)

    async def _comments(self, request: Request) -> Response:
        return _page(request, self.company.comments[request.path_params["id"]], most=100)

    async def _own_events(self, request: Request) -> Response:
        own_id = request.path_params["id"]
        rows = [one for one in self.company.events if one["conversation"]["id"] == own_id]
        return _page(request, rows, most=15)

    async def _events(self, request: Request) -> Response:
        after = float(request.query_params.get("q[after]", "0"))
        rows = [one for one in self.company.events if one["emitted_at"] > after]
        return _page(request, rows, most=15)

    async def _tags(self, request: Request) -> Response:
        return _page(request, list(self.company.tags.values()), most=100)

    async def _make_tag(self, request: Request) -> Response:
        return JSONResponse(self.company.tag(str((await request.json())["name"])), 201)

    async def _statuses(self, _: Request) -> Response:
        if not self.company.has_ticketing:
            return _failed(404, "Ticketing is not enabled")
        return JSONResponse({"_results": self.company.statuses})

    async def _add_tags(self, request: Request) -> Response:
        said = await request.json()
        is_there = self.company.put_tags(request.path_params["id"], said["tag_ids"])
        return Response(status_code=204) if is_there else _failed(404, "Not found")

    async def _reply(self, request: Request) -> Response:
        said = await request.json()
        if said.get("author_id") != TEAMMATE or not said.get("body"):
            return _failed(400, "Bad request")
        archives = said.get("options", {}).get("archive", True)
        self.company.reply(request.path_params["id"], TEAMMATE, said["body"], archives=archives)
        return JSONResponse({"status": "accepted", "message_uid": "c0ffee"}, 202)

    async def _comment(self, request: Request) -> Response:
        said = await request.json()
        if said.get("author_id") != TEAMMATE or not said.get("body"):
            return _failed(400, "Bad request")
        made = self.company.comment(request.path_params["id"], TEAMMATE, said["body"])
        return JSONResponse(made, 201)


def signed_headers(body: bytes, secret: bytes, stamp: str | None) -> dict[str, str]:
    """As an app's webhook is signed, with `stamp` in milliseconds, or a rule's, without one."""
    if stamp is None:
        return {"X-Front-Signature": sign_hmac(body, secret, prefix="", algorithm="sha1", encoding="base64")}
    signature = sign_hmac(
        f"{stamp}:".encode() + body, secret, prefix="", algorithm="sha256", encoding="base64"
    )
    return {"X-Front-Signature": signature, "X-Front-Request-Timestamp": stamp}


def _page(request: Request, rows: Sequence[dict[str, Any]], *, most: int) -> Response:
    """Newest first unless asked otherwise; the next page's address is the company's own."""
    asked = request.query_params
    if asked.get("sort_order") != "asc":
        rows = rows[::-1]
    size, start = min(int(asked.get("limit", "50")), most), int(asked.get("page_token") or 0)
    following = f"{API}{request.url.path}?page_token={start + size}" if start + size < len(rows) else None
    return JSONResponse({"_pagination": {"next": following}, "_results": list(rows[start : start + size])})


def _failed(status: int, title: str) -> Response:
    return JSONResponse({"_error": {"status": status, "title": title, "message": "Refused"}}, status)
