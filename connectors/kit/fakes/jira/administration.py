"""The fake Jira's webhooks as administrators see and change them: `/rest/webhooks/1.0/webhook`."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from connectors.kit.fakes.jira.projects import Answer
from connectors.kit.fakes.jira.shapes import error
from connectors.kit.fakes.jira.site import FakeSite

PATH = "/rest/webhooks/1.0/webhook"


class FakeAdministration:
    """`is_ours`: whether our user is an administrator. `most_webhooks` are active at once."""

    def __init__(self, site: FakeSite) -> None:
        self.site = site
        self.is_ours = False
        self.most_webhooks = 100

    def routes(self, guarded: Callable[[Answer], Answer]) -> list[Route]:
        """All paths, behind a login."""
        known: list[tuple[str, Answer, str]] = [
            (PATH, self._list_webhooks, "GET"),
            (PATH, self._make_webhook, "POST"),
            (f"{PATH}/{{id}}", self._read_webhook, "GET"),
            (f"{PATH}/{{id}}", self._change_webhook, "PUT"),
            (f"{PATH}/{{id}}", self._delete_webhook, "DELETE"),
        ]
        return [Route(path, guarded(answer), methods=[method]) for path, answer, method in known]

    async def _list_webhooks(self, request: Request) -> Response:
        if not self.is_ours:
            return _not_for_us()
        return JSONResponse([self._webhook(one) for one in self.site.hooks.webhooks])

    async def _make_webhook(self, request: Request) -> Response:
        if not self.is_ours:
            return _not_for_us()
        if sum(one["enabled"] for one in self.site.hooks.webhooks.values()) >= self.most_webhooks:
            return error(409, "Maximum number of webhooks reached.")
        return JSONResponse(self._webhook(self.site.hooks.add(await request.json())), 201)

    async def _read_webhook(self, request: Request) -> Response:
        return self._administered(request, lambda own: JSONResponse(self._webhook(own)))

    async def _change_webhook(self, request: Request) -> Response:
        wanted = await request.json()

        def change(id: int) -> Response:
            self.site.hooks.change(id, wanted)
            return JSONResponse(self._webhook(id))

        return self._administered(request, change)

    async def _delete_webhook(self, request: Request) -> Response:
        def delete(id: int) -> Response:
            del self.site.hooks.webhooks[id]
            return Response(status_code=204)

        return self._administered(request, delete)

    def _administered(self, request: Request, act: Callable[[int], Response]) -> Response:
        if not self.is_ours:
            return _not_for_us()
        own = request.path_params["id"]
        if not own.isdigit() or int(own) not in self.site.hooks.webhooks:
            return error(404, "No webhook with that id.")
        return act(int(own))

    def _webhook(self, id: int) -> dict[str, Any]:
        kept = self.site.hooks.webhooks[id]
        shown = {name: value for name, value in kept.items() if name != "secret"}
        where = f"{self.site.address}/rest/webhooks/1.0/webhook/{id}"
        return {**shown, "self": where, "lastUpdated": 1706692865788, "isSigned": bool(kept.get("secret"))}


def _not_for_us() -> Response:
    return error(403, "You do not have permission to administer webhooks.")
