"""The transport that puts a wire fake inside the process: no sockets, the connector's own bytes."""

from __future__ import annotations

import httpx
from starlette.types import ASGIApp

from connectors.kit.fakes.faults import ReplyDropped


class InProcessTransport(httpx.AsyncBaseTransport):
    """Hands requests to an ASGI app; a `ReplyDropped` there is a dead connection here."""

    def __init__(self, app: ASGIApp) -> None:
        self._transport = httpx.ASGITransport(app=app)

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        try:
            return await self._transport.handle_async_request(request)
        except ReplyDropped as error:
            raise httpx.ReadError(str(error), request=request) from error
