"""Serves a wire fake on a free port of loopback: for the demo, for drills, and for stories told in tests.

The same as over the network: a `ReplyDropped` in the app is a connection that dies without an answer.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any, cast

import uvicorn
from starlette.types import ASGIApp, Receive, Scope, Send
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from connectors.kit.fakes.certificates import LoopbackCertificate
from connectors.kit.fakes.faults import ReplyDropped

HOST = "127.0.0.1"
_HANG_UP = "liaison.hang_up"


@asynccontextmanager
async def serving(
    app: ASGIApp, *, port: int = 0, certificate: LoopbackCertificate | None = None
) -> AsyncIterator[str]:
    """Serve an app until the end of the block; yields its address, https with a certificate.

    Signals are left to whoever serves it. A port of 0 is any free one. Raises `OSError` for a port that is taken.
    """
    config = uvicorn.Config(
        _HangingUp(app),
        host=HOST,
        port=port,
        http=_Connection,
        ws="none",
        lifespan="off",
        log_level="critical",
        access_log=False,
        ssl_certfile=None if certificate is None else certificate.certificate,
        ssl_keyfile=None if certificate is None else certificate.key,
    )
    config.load()
    server = uvicorn.Server(config)
    server.lifespan = config.lifespan_class(config)
    # Not `serve`: that would take SIGINT and SIGTERM for itself.
    await server.startup()
    try:
        scheme = "http" if certificate is None else "https"
        yield f"{scheme}://{HOST}:{server.servers[0].sockets[0].getsockname()[1]}"
    finally:
        await server.shutdown()


class _HangingUp:
    """uvicorn would answer 500 for an app that raises."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        try:
            await self._app(scope, receive, send)
        except ReplyDropped:
            scope[_HANG_UP]()
            # The connection is lost with the next turn of the loop, and uvicorn must know before we return.
            await asyncio.sleep(0)


class _Connection(HttpToolsProtocol):
    def on_headers_complete(self) -> None:
        super().on_headers_complete()
        # The app's task starts after this, with the same scope.
        cast(dict[str, Any], self.scope)[_HANG_UP] = self.transport.abort

    def shutdown(self) -> None:
        if self.cycle is None or self.cycle.response_complete:
            # `close` would wait half a minute for a client that holds its end of a TLS connection and says nothing.
            self.transport.abort()
        else:
            super().shutdown()
