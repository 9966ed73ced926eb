"""The fake Zendesk's HTTP: who may call, how often, and which call is whose. Each call is in `calls`."""

from __future__ import annotations

import base64
import hmac
from collections.abc import Awaitable, Callable
from dataclasses import InitVar, dataclass, field
from datetime import datetime, timedelta

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route
from starlette.types import ASGIApp, Receive, Scope, Send

from connectors.zendesk.fake.calls import asking
from connectors.zendesk.fake.calls.bulk import BulkApi
from connectors.zendesk.fake.calls.exports import ExportsApi
from connectors.zendesk.fake.calls.files import FakeFiles
from connectors.zendesk.fake.calls.identities import Identities
from connectors.zendesk.fake.calls.jobs import FakeJobs
from connectors.zendesk.fake.calls.organizations import OrganizationsApi
from connectors.zendesk.fake.calls.overviews import Overviews
from connectors.zendesk.fake.calls.requests import RequestsApi
from connectors.zendesk.fake.calls.searching import Searching
from connectors.zendesk.fake.calls.setup import FakeSetup
from connectors.zendesk.fake.calls.suspended import SuspendedMails
from connectors.zendesk.fake.calls.ticket_writes import TicketWrites
from connectors.zendesk.fake.calls.tickets import TicketsApi
from connectors.zendesk.fake.calls.users import UsersApi
from connectors.zendesk.fake.calls.views import ViewsAndMacros
from connectors.zendesk.fake.calls.webhooks import WebhooksApi
from connectors.zendesk.fake.desk import Desk
from connectors.zendesk.fake.limits import CallWindow
from connectors.zendesk.fake.records import FakeUser
from connectors.zendesk.fake.service_levels import FakeServiceLevels
from connectors.zendesk.fake.webhooks import Outbox

Endpoint = Callable[[Request], Awaitable[Response]]
METHODS = ["GET", "POST", "PUT", "PATCH", "DELETE"]


@dataclass(kw_only=True)
class Api:
    """`me` is the agent whose token is used. `outbox` makes one for a webhook that is registered over the API."""

    desk: Desk
    me: FakeUser
    api_token: str
    clock: Callable[[], datetime]
    updates_per_minute: int
    requests_per_minute: int
    export_lag: InitVar[timedelta]
    outbox: Callable[[str, str], Outbox]
    calls: list[str] = field(default_factory=list)

    def __post_init__(self, export_lag: timedelta) -> None:
        self._requests = CallWindow(self.requests_per_minute, 60)
        self.service_levels = FakeServiceLevels(me=self.me)
        self.jobs = FakeJobs(self.desk.next_id)
        self.files = FakeFiles()
        self.setup = FakeSetup(self.clock)
        self.suspended = SuspendedMails(self.desk, self.clock)
        self.exports = ExportsApi(self.desk, self.clock, export_lag)
        self.webhooks = WebhooksApi(self.me, self.clock, self.outbox)

    def app(self) -> ASGIApp:
        """The paths as an ASGI application; each may end in `.json`."""
        writes = TicketWrites(self.desk, self.me, self.setup, self.files)
        updates = CallWindow(self.updates_per_minute, 60)
        # Those with words where others have ids come first.
        parts = (
            BulkApi(self.desk, self.me, writes, self.jobs),
            ViewsAndMacros(self.desk, self.setup, self.clock),
            TicketsApi(self.desk, self.me, writes, updates=updates, clock=self.clock),
            self.exports,
            UsersApi(self.desk, self.me, self.jobs, self.clock),
            Identities(self.desk),
            OrganizationsApi(self.desk),
            RequestsApi(self.desk, writes),
            Overviews(self.desk),
            Searching(self.desk, self.me),
            self.suspended,
            self.webhooks,
            self.files,
            self.jobs,
            self.setup,
            self.service_levels,
        )
        routes = [
            Route(f"/api/v2/{path}", self._guarded(endpoint), methods=[method])
            for part in parts
            for method, path, endpoint in part.routes()
        ]
        files = Route("/attachments/{id:int}/{name}", self.files.download)
        nowhere = Route("/{path:path}", self._guarded(_nowhere), methods=METHODS)
        return _WithoutSuffix(Starlette(routes=[*routes, files, nowhere]))

    def _guarded(self, endpoint: Endpoint) -> Endpoint:
        async def guarded(request: Request) -> Response:
            # As it was called, whether or not the path ended in `.json`.
            self.calls.append(f"{request.method} {request.scope['raw_path'].decode().partition('?')[0]}")
            if not self._is_us(request.headers.get("authorization", "")):
                return JSONResponse({"error": "Couldn't authenticate you"}, 401)
            if (wait := self._requests.take(self.clock())) is not None:
                return asking.too_many(wait)
            try:
                return await endpoint(request)
            except asking.Unacceptable as error:
                return error.answer

        return guarded

    def _is_us(self, authorization: str) -> bool:
        ours = base64.b64encode(f"{self.me.email}/token:{self.api_token}".encode())
        return hmac.compare_digest(authorization.encode(), b"Basic " + ours)


async def _nowhere(request: Request) -> Response:
    return asking.nowhere()


class _WithoutSuffix:
    """Zendesk takes every path with and without `.json` at its end."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http" and scope["path"].startswith("/api/"):
            scope = {**scope, "path": scope["path"].removesuffix(".json")}
        await self._app(scope, receive, send)
