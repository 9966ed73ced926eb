"""What stands between the connector and the fake: one answer that is another one."""

from __future__ import annotations

import httpx

from connectors.kit.fakes.in_process import InProcessTransport
from tests.connectors.salesforce.conftest import SalesforceWorld


class Rewritten(InProcessTransport):
    """Gives another answer where one has an address for it."""

    def __init__(self, world: SalesforceWorld, path: str, answer: httpx.Response) -> None:
        super().__init__(world.fake.app)
        self._path, self._answer = path, answer

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        return self._answer if self._path in request.url.path else await super().handle_async_request(request)
