"""A Help Scout for tests: one account with its app, conversations and webhooks, as the Mailbox API documents them.

`FakeHelpScout` is what tests and drills hold: `.app` is the ASGI app, the methods act as customers and colleagues do.
It was made from Help Scout's documentation, and was never held against a real one.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from typing import Any
from urllib.parse import parse_qsl

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route
from starlette.types import ASGIApp

from connectors.helpscout.fake.desk import API, STATUSES, HelpScoutDesk
from connectors.helpscout.fake.webhooks import OF_CONVERSATIONS, HelpScoutHooks
from connectors.helpscout.fake.wire import AccountLimit, Tokens, error, listed
from connectors.kit.fakes.delivery import Deliver, post
from connectors.kit.fakes.faults import Faults, FaultyApp

APP_ID = "fake-helpscout-app"
APP_SECRET = "fake-helpscout-app-secret"
SIGNING_SECRET = "fake-helpscout-webhook-secret"
CONVERSATIONS, OTHERS = 25, 50
"""Rows of a page."""
Endpoint = Callable[[Request], Awaitable[Response]]


def utc_now() -> datetime:
    """The clock of this machine."""
    return datetime.now(UTC)


class FakeHelpScout:
    """One account. `webhook_url` is where a webhook of all events sends, signed with `secret`."""

    def __init__(
        self,
        *,
        webhook_url: str = "",
        secret: str = SIGNING_SECRET,
        deliver: Deliver = post,
        clock: Callable[[], datetime] = utc_now,
        faults: Faults | None = None,
        calls_per_minute: int = 1_000_000,
        changes_per_five_seconds: int = 1_000_000,
    ) -> None:
        self.faults = faults or Faults()
        self.clock = clock
        self.desk = HelpScoutDesk(clock, self._tell)
        self.hooks = HelpScoutHooks(deliver)
        self.tokens = Tokens(clock, APP_ID, APP_SECRET)
        self.limit = AccountLimit(clock, calls_per_minute, changes_per_five_seconds)
        if webhook_url:
            self.hooks.add({"url": webhook_url, "secret": secret, "events": OF_CONVERSATIONS})
        own, hook = "/v2/conversations/{id:int}", "/v2/webhooks/{id:int}"
        calls: list[tuple[str, str, Endpoint]] = [
            ("GET", "/v2/users/me", self._me),
            ("GET", "/v2/mailboxes", self._mailboxes),
            ("GET", "/v2/conversations", self._list),
            ("GET", own, self._read),
            ("PATCH", own, self._patch),
            ("PUT", f"{own}/tags", self._tag),
            ("POST", f"{own}/reply", self._reply),
            ("POST", f"{own}/notes", self._note),
            ("GET", "/v3/conversations/{id:int}/threads", self._threads),
            ("PATCH", f"{own}/threads/{{thread:int}}", self._edit),
            ("GET", "/v2/webhooks", self._list_hooks),
            ("POST", "/v2/webhooks", self._make_hook),
            ("GET", hook, self._read_hook),
            ("PUT", hook, self._set_hook),
            ("DELETE", hook, self._delete_hook),
        ]
        routes = [Route(path, self._guarded(call), methods=[method]) for method, path, call in calls]
        routes.append(Route("/v2/oauth2/token", self._token, methods=["POST"]))
        self.app: ASGIApp = FaultyApp(Starlette(routes=routes), self.faults)

    def create_ticket(self, name: str, email: str, subject: str, body: str) -> str:
        """A customer writes in by mail."""
        return str(self.desk.create(name, email, subject, body))

    async def drain_webhooks(self) -> int:
        """Send every waiting webhook; returns how many."""
        return await self.hooks.drain()

    def _tell(self, event: str, own_id: int) -> None:
        if own_id in self.desk.conversations:
            shown = self.desk.shown(own_id, with_threads=True)
            self.hooks.tell(event, shown["mailboxId"], shown)
        else:
            self.hooks.tell(event, None, {"id": own_id})

    def _guarded(self, endpoint: Endpoint) -> Endpoint:
        async def answer(request: Request) -> Response:
            if not self.tokens.is_good(request.headers.get("authorization")):
                return JSONResponse({"error": "invalid_token"}, 401)
            refused = self.limit.take(request.method) or self._refusal(request)
            response = refused or await endpoint(request)
            response.headers.update(self.limit.headers())
            return response

        return answer

    def _refusal(self, request: Request) -> Response | None:
        """What concerns a conversation before anything is done with it."""
        path, own_id = request.url.path, request.path_params.get("id")
        if "/conversations/" not in path or own_id is None:
            return None
        if (into := self.desk.merged.get(own_id)) is not None:
            address = str(request.url.replace(path=f"/v2/conversations/{into}", query=""))
            return Response(status_code=301, headers={"Location": address})
        if own_id not in self.desk.conversations:
            return error(404, "Not found", "id")
        if own_id in self.desk.hidden_from_us:
            return error(403, "Access denied", "id")
        if request.method != "GET" and own_id in self.desk.locked:
            return error(423, "Locked", "threads")
        return None

    async def _token(self, request: Request) -> Response:
        kind = request.headers.get("content-type", "")
        if not kind.startswith("application/x-www-form-urlencoded"):
            return error(400, "Bad request", "grant_type")
        return self.tokens.buy(dict(parse_qsl((await request.body()).decode())))

    async def _me(self, _: Request) -> Response:
        own = self.desk.own
        return JSONResponse(
            {
                "id": own["id"],
                "firstName": own["first"],
                "lastName": own["last"],
                "email": own["email"],
                "role": self.desk.role,
                "timezone": "America/New_York",
                "type": "user",
                "createdAt": "2017-04-21T14:39:56Z",
                "updatedAt": "2017-04-21T14:43:24Z",
            }
        )

    async def _mailboxes(self, request: Request) -> Response:
        rows = [
            {
                "id": own_id,
                "name": name,
                "slug": f"83ebc5d8{own_id}",
                "email": f"in{own_id}@fake.example",
                "createdAt": "2017-04-21T14:39:56Z",
                "updatedAt": "2017-04-21T14:43:24Z",
                "_links": {"self": {"href": f"{API}/mailboxes/{own_id}"}},
            }
            for own_id, name in self.desk.inboxes.items()
        ]
        return listed("mailboxes", rows, request, size=OTHERS)

    async def _list(self, request: Request) -> Response:
        asked = request.query_params
        since = asked.get("modifiedSince", "")
        try:
            # With a fraction of a second it is refused.
            after = datetime.strptime(since or "1970-01-01T00:00:00Z", "%Y-%m-%dT%H:%M:%SZ").replace(
                tzinfo=UTC
            )
        except ValueError:
            return error(400, "Bad request", "modifiedSince")
        status, inboxes = asked.get("status", "active"), asked.get("mailbox", "")
        if status not in (*STATUSES, "all") or asked.get("sortField", "createdAt") != "modifiedAt":
            return error(400, "Bad request", "status")
        wanted = [int(one) for one in inboxes.split(",") if one] or list(self.desk.inboxes)
        rows = [
            own_id
            for own_id, one in self.desk.conversations.items()
            if status in ("all", one["status"])
            and one["mailboxId"] in wanted
            and own_id not in self.desk.hidden_from_us
            and self.desk.changed[own_id] >= after
        ]
        rows.sort(key=lambda own_id: self.desk.changed[own_id], reverse=asked.get("sortOrder") != "asc")
        shown = [self.desk.shown(own_id, with_threads=asked.get("embed") == "threads") for own_id in rows]
        return listed("conversations", shown, request, size=CONVERSATIONS)

    async def _read(self, request: Request) -> Response:
        with_threads = request.query_params.get("embed") == "threads"
        return JSONResponse(self.desk.shown(request.path_params["id"], with_threads=with_threads))

    async def _patch(self, request: Request) -> Response:
        said = await request.json()
        if said.get("op") != "replace" or said.get("path") != "/status" or said.get("value") not in STATUSES:
            return error(400, "Bad request", "path")
        self.desk.set_status(request.path_params["id"], said["value"])
        return Response(status_code=204)

    async def _tag(self, request: Request) -> Response:
        said = await request.json()
        if not isinstance(said.get("tags"), list):
            return error(400, "Bad request", "tags")
        self.desk.set_tags(request.path_params["id"], said["tags"])
        return Response(status_code=204)

    async def _reply(self, request: Request) -> Response:
        said = await request.json()
        customer = said.get("customer")
        if not isinstance(customer, dict) or not isinstance(customer.get("id"), int):
            return error(400, "Validation error", "customer")
        return self._written(request, said, is_note=False)

    async def _note(self, request: Request) -> Response:
        return self._written(request, await request.json(), is_note=True)

    def _written(self, request: Request, said: dict[str, Any], *, is_note: bool) -> Response:
        if not isinstance(said.get("text"), str) or not said["text"]:
            return error(400, "Validation error", "text")
        if said.get("status") not in (None, *STATUSES):
            return error(400, "Validation error", "status")
        thread = self.desk.write(
            request.path_params["id"],
            self.desk.own,
            said["text"],
            is_note=is_note,
            status=said.get("status"),
            source="api",
            is_draft=said.get("draft") is True,
        )
        return Response(status_code=201, headers={"Resource-ID": str(thread)})

    async def _threads(self, request: Request) -> Response:
        rows = self.desk.threads[request.path_params["id"]][::-1]
        return listed("threads", rows, request, size=OTHERS)

    async def _edit(self, request: Request) -> Response:
        said = await request.json()
        if self.desk.role not in ("admin", "owner"):
            return error(403, "Access denied", "id")
        if said.get("op") != "replace" or said.get("path") != "/text":
            return error(400, "Bad request", "path")
        ids = request.path_params
        is_there = self.desk.edit(ids["id"], ids["thread"], str(said.get("value")))
        return Response(status_code=204) if is_there else error(404, "Not found", "id")

    async def _list_hooks(self, request: Request) -> Response:
        rows = [self.hooks.shown(own_id) for own_id in self.hooks.all]
        return listed("webhooks", rows, request, size=OTHERS)

    async def _make_hook(self, request: Request) -> Response:
        said = await request.json()
        if (fault := self.hooks.fault_in(said)) is not None:
            return error(400, "Validation error", fault)
        own_id = str(self.hooks.add(said))
        return Response(
            status_code=201, headers={"Resource-ID": own_id, "Location": f"{API}/webhooks/{own_id}"}
        )

    async def _read_hook(self, request: Request) -> Response:
        own_id = request.path_params["id"]
        known = own_id in self.hooks.all
        return JSONResponse(self.hooks.shown(own_id)) if known else error(404, "Not found", "id")

    async def _set_hook(self, request: Request) -> Response:
        own_id, said = request.path_params["id"], await request.json()
        if own_id not in self.hooks.all:
            return error(404, "Not found", "id")
        if (fault := self.hooks.fault_in(said)) is not None:
            return error(400, "Validation error", fault)
        self.hooks.set(own_id, said)
        return Response(status_code=204)

    async def _delete_hook(self, request: Request) -> Response:
        gone = self.hooks.all.pop(request.path_params["id"], None)
        return error(404, "Not found", "id") if gone is None else Response(status_code=204)
