"""The fake Zendesk's files: uploaded, held by a token until a comment takes them, and got back by their address.

https://developer.zendesk.com/api-reference/ticketing/tickets/ticket-attachments/
"""

from __future__ import annotations

import itertools
from collections.abc import Awaitable, Callable, Sequence

from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from connectors.zendesk.fake.calls.asking import address, missing, refused
from connectors.zendesk.fake.records import Attachment
from connectors.zendesk.fake.wire import attachment_json

Endpoint = Callable[[Request], Awaitable[Response]]


class FakeFiles:
    """Every file of the account, by its id."""

    def __init__(self) -> None:
        self.files: dict[int, Attachment] = {}
        self._tokens: dict[str, list[Attachment]] = {}
        self._ids = itertools.count(7001)

    def routes(self) -> Sequence[tuple[str, str, Endpoint]]:
        """Its paths under api/v2: method, path and endpoint."""
        return (
            ("POST", "uploads", self._upload),
            ("DELETE", "uploads/{token}", self._forget),
            ("GET", "attachments/{id:int}", self._show),
        )

    def take(self, token: str) -> Sequence[Attachment]:
        """What was uploaded under a token; it cannot be taken twice."""
        return self._tokens.pop(token, [])

    async def download(self, request: Request) -> Response:
        """The bytes themselves; as at Zendesk, whoever knows the address may have them."""
        file = self.files.get(request.path_params["id"])
        if file is None or file.name != request.path_params["name"]:
            return missing()
        return Response(file.content, media_type=file.content_type)

    async def _upload(self, request: Request) -> Response:
        name = request.query_params.get("filename")
        if not name:
            return refused(400, "BadRequest", "Parameter filename is required")
        kind = request.headers.get("content-type", "application/binary")
        file = Attachment(next(self._ids), name, kind, await request.body())
        self.files[file.id] = file
        token = request.query_params.get("token") or f"upload{file.id}"
        together = self._tokens.setdefault(token, [])
        together.append(file)
        shown = [attachment_json(one, address(request)) for one in together]
        upload = {"token": token, "attachment": shown[-1], "attachments": shown}
        return JSONResponse({"upload": upload}, 201)

    async def _forget(self, request: Request) -> Response:
        if not self.take(request.path_params["token"]):
            return missing()
        return Response(status_code=204)

    async def _show(self, request: Request) -> Response:
        file = self.files.get(request.path_params["id"])
        return (
            missing()
            if file is None
            else JSONResponse({"attachment": attachment_json(file, address(request))})
        )
