"""A way to a real server on which faults can be armed, and which can be cut."""

from __future__ import annotations

import asyncio
from typing import Any

import httpx
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import ASGIApp, Receive, Scope, Send

from connectors.kit.fakes.faults import ReplyDropped


class WayTo:
    """An app that hands everything on to a server, and can cut off whoever waits for an answer."""

    def __init__(self, http: httpx.AsyncClient) -> None:
        self._http = http
        self._waiting: set[Any] = set()

    def hang_up(self) -> None:
        """Every call under way dies without an answer."""
        for task in list(self._waiting):
            task.cancel()

    @property
    def app(self) -> ASGIApp:
        async def handed_on(scope: Scope, receive: Receive, send: Send) -> None:
            request = Request(scope, receive)
            headers = {key: value for key, value in request.headers.items() if key in _KEPT}
            where = scope["raw_path"].decode()
            if scope["query_string"]:
                where += f"?{scope['query_string'].decode()}"
            body = await request.body()
            call = asyncio.ensure_future(
                self._http.request(request.method, where, content=body, headers=headers)
            )
            self._waiting.add(call)
            try:
                answer = await call
            except asyncio.CancelledError as cut:
                if (waiting := asyncio.current_task()) is not None and waiting.cancelling():
                    raise  # whoever waits is ended himself
                raise ReplyDropped("cut off on purpose") from cut
            finally:
                self._waiting.discard(call)
            told = {key: value for key, value in answer.headers.items() if key in _TOLD}
            await Response(answer.content, answer.status_code, told)(scope, receive, send)

        return handed_on


_KEPT = {
    "authorization",
    "content-type",
    "accept",
    "x-http-method-override",
    "origin",
    "x-requested-with",
    "x-redmine-api-key",
}
_TOLD = {"content-type", "retry-after"}
