"""The fake Zendesk's calls on webhooks: made, changed, and their signing secrets shown.

A webhook subscribed to ticket events gets them from then on, signed with a secret of its own. Webhooks that a trigger
would call are kept and never called: the account's triggers do not run. All of it is for administrators.
https://developer.zendesk.com/api-reference/webhooks/webhooks-api/webhooks/
"""

from __future__ import annotations

import itertools
import secrets
from collections.abc import Awaitable, Callable
from datetime import datetime
from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from connectors.zendesk.fake.calls import asking
from connectors.zendesk.fake.calls.asking import Unacceptable
from connectors.zendesk.fake.records import FakeUser
from connectors.zendesk.fake.webhooks import Outbox
from connectors.zendesk.fake.wire import stamp

Endpoint = Callable[[Request], Awaitable[Response]]
_REQUIRED = ("name", "endpoint", "http_method", "request_format", "status")


class WebhooksApi:
    """`me` is the agent whose token is used; `outbox` makes the outbox of an address and a secret."""

    def __init__(
        self, me: FakeUser, clock: Callable[[], datetime], outbox: Callable[[str, str], Outbox]
    ) -> None:
        self._me = me
        self.outboxes: dict[str, Outbox] = {}
        self.records: dict[str, dict[str, Any]] = {}
        self._secrets: dict[str, str] = {}
        self._numbers = itertools.count(1)
        self._clock = clock
        self._outbox = outbox

    def routes(self) -> list[tuple[str, str, Endpoint]]:
        """Its paths under api/v2: method, path and endpoint."""
        routes: list[tuple[str, str, Endpoint]] = [
            ("GET", "webhooks", self._list),
            ("POST", "webhooks", self._create),
            ("GET", "webhooks/{webhook}", self._show),
            ("PUT", "webhooks/{webhook}", self._replace),
            ("PATCH", "webhooks/{webhook}", self._change),
            ("DELETE", "webhooks/{webhook}", self._delete),
            ("GET", "webhooks/{webhook}/signing_secret", self._secret),
            ("POST", "webhooks/{webhook}/signing_secret", self._reset_secret),
        ]
        return [(method, path, self._for_admins(endpoint)) for method, path, endpoint in routes]

    def hear(self, kind: str, payload: dict[str, Any]) -> None:
        """Queue an event at every webhook that is subscribed to its kind and active."""
        for own_id, record in self.records.items():
            if record["status"] == "active" and f"zen:event-type:{kind}" in record["subscriptions"]:
                self.outboxes[own_id].push(payload)

    def add(self, fields: dict[str, Any]) -> str:
        """A new webhook; its id. Raises `Unacceptable`."""
        own_id = f"01FAKE{next(self._numbers):020d}"
        self.records[own_id] = self._judged(fields) | {
            "id": own_id,
            "created_at": stamp(self._clock()),
            "created_by": "1",
        }
        self._secrets[own_id] = secrets.token_urlsafe(32)
        self._open(own_id)
        return own_id

    def secret_of(self, own_id: str) -> str:
        """What a webhook signs with, as the admin screen reveals it."""
        return self._secrets[own_id]

    def _for_admins(self, endpoint: Endpoint) -> Endpoint:
        async def guarded(request: Request) -> Response:
            if self._me.role != "admin":
                return asking.refused(403, "Forbidden", "You do not have access to this page")
            return await endpoint(request)

        return guarded

    def _known(self, request: Request) -> dict[str, Any]:
        record = self.records.get(request.path_params["webhook"])
        if record is None:
            raise Unacceptable(asking.missing())
        return record

    async def _list(self, request: Request) -> Response:
        found = list(self.records.values())
        if name := request.query_params.get("filter[name_contains]"):
            found = [record for record in found if name in record["name"]]
        if "page[size]" not in request.query_params:
            request.scope["query_string"] += b"&page[size]=100"
            request = Request(request.scope)
        return asking.page(request, "webhooks", found, lambda record: record)

    async def _create(self, request: Request) -> Response:
        own_id = self.add(await asking.body(request, "webhook"))
        return JSONResponse({"webhook": self.records[own_id]}, 201)

    async def _show(self, request: Request) -> Response:
        return JSONResponse({"webhook": self._known(request)})

    async def _replace(self, request: Request) -> Response:
        return await self._set(request, {})

    async def _change(self, request: Request) -> Response:
        return await self._set(request, self._known(request))

    async def _set(self, request: Request, kept: dict[str, Any]) -> Response:
        record = self._known(request)
        own = {name: record[name] for name in ("id", "created_at", "created_by")}
        changed = self._judged({**kept, **await asking.body(request, "webhook")}) | own
        self.records[record["id"]] = changed | {"updated_at": stamp(self._clock())}
        self._open(record["id"])
        return Response(status_code=204)

    async def _delete(self, request: Request) -> Response:
        own_id = self._known(request)["id"]
        for known in (self.records, self._secrets, self.outboxes):
            del known[own_id]
        return Response(status_code=204)

    async def _secret(self, request: Request) -> Response:
        return self._shown_secret(self._known(request)["id"])

    async def _reset_secret(self, request: Request) -> Response:
        own_id = self._known(request)["id"]
        self._secrets[own_id] = secrets.token_urlsafe(32)
        self._open(own_id)
        return self._shown_secret(own_id)

    def _shown_secret(self, own_id: str) -> Response:
        return JSONResponse({"signing_secret": {"algorithm": "SHA256", "secret": self._secrets[own_id]}})

    def _open(self, own_id: str) -> None:
        self.outboxes[own_id] = self._outbox(self.records[own_id]["endpoint"], self._secrets[own_id])

    def _judged(self, fields: dict[str, Any]) -> dict[str, Any]:
        for name in _REQUIRED:
            if not fields.get(name):
                raise Unacceptable(asking.invalid(name, f"{name}: cannot be blank", "BlankValue"))
        return {"subscriptions": [], "description": None, **fields}
