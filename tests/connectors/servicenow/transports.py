"""What stands between the connector and the fake: what was sent, and queries that are spoilt on their way."""

from __future__ import annotations

import re
from collections.abc import Callable

import httpx

from connectors.kit.fakes.in_process import InProcessTransport
from connectors.servicenow import ServiceNowHelpdesk
from tests.connectors.servicenow.conftest import ServiceNowWorld


class Noted(InProcessTransport):
    """Keeps the requests that were sent, and may change them on their way."""

    def __init__(
        self, world: ServiceNowWorld, change: Callable[[httpx.Request], httpx.Request] | None = None
    ) -> None:
        super().__init__(world.fake.app)
        self.sent: list[httpx.Request] = []
        self._change = change

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        self.sent.append(request)
        return await super().handle_async_request(self._change(request) if self._change else request)


def misspelling(column: str) -> Callable[[httpx.Request], httpx.Request]:
    """As if this column were not there: the instance leaves out the conditions on it."""

    def changed(request: httpx.Request) -> httpx.Request:
        query = request.url.params.get("sysparm_query", "")
        parts = [re.sub(rf"^(OR)?{column}", rf"\1u_{column}", part) for part in query.split("^")]
        url = request.url.copy_set_param("sysparm_query", "^".join(parts)) if query else request.url
        return httpx.Request(request.method, url, headers=request.headers, content=request.content)

    return changed


async def changed(desk: ServiceNowHelpdesk, world: ServiceNowWorld) -> list[str]:
    """The tickets that are listed as changed just now."""
    return [one.ref.id async for one in desk.changed_since(world.now())]
