"""The fake Mattermost's HTTP: who may call and how often, pages, and errors in its form."""

from __future__ import annotations

import copy
from collections.abc import Awaitable, Callable
from typing import Any

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from connectors.mattermost.fake.server import Error, TeamServer, forbidden

Endpoint = Callable[[Request], Awaitable[Response]]
METHODS = ["GET", "POST", "PUT", "DELETE"]
MOST_OF_A_PAGE = 200


class MattermostHttp:
    """`me` is the bot whose token is used; `per_second` its rate limit, off where None."""

    def __init__(self, server: TeamServer, me: dict[str, Any], token: str) -> None:
        self._server = server
        self._me = me
        self._token = token
        self.per_second: int | None = None
        self._second, self._used = 0, 0
        self.calls: list[str] = []

    def app(self) -> Starlette:
        """The paths below `/api/v4/`."""
        routes: list[tuple[str, str, Endpoint]] = [
            ("GET", "users/me", self._who),
            ("GET", "teams/name/{name}", self._team),
            ("POST", "channels", self._create_channel),
            ("POST", "channels/direct", self._direct),
            ("GET", "teams/{team}/channels/name/{name}", self._named),
            ("GET", "channels/{id}", self._channel),
            ("PUT", "channels/{id}/patch", self._patch_channel),
            ("GET", "channels/{id}/members", self._members),
            ("POST", "channels/{id}/members", self._join),
            ("GET", "channels/{id}/posts", self._history),
            ("GET", "groups/{id}/members", self._group),
            ("POST", "posts", self._create_post),
            ("GET", "posts/{id}", self._post),
            ("PUT", "posts/{id}/patch", self._patch_post),
        ]
        known = [
            Route(f"/api/v4/{path}", self._guarded(endpoint), methods=[method])
            for method, path, endpoint in routes
        ]
        return Starlette(routes=[*known, Route("/{path:path}", self._guarded(_nowhere), methods=METHODS)])

    @property
    def _us(self) -> str:
        return str(self._me["id"])

    def _guarded(self, endpoint: Endpoint) -> Endpoint:
        async def guarded(request: Request) -> Response:
            self.calls.append(f"{request.method} {request.url.path}")
            if not self._fits():
                return Response("limit exceeded", 429, headers={"X-Ratelimit-Reset": "1"})
            if request.headers.get("authorization") != f"Bearer {self._token}":
                return _error(Error("api.context.session_expired.app_error", 401))
            try:
                return await endpoint(request)
            except Error as error:
                return _error(error)

        return guarded

    def _fits(self) -> bool:
        second = int(self._server.clock())
        if second != self._second:
            self._second, self._used = second, 0
        self._used += 1
        return self.per_second is None or self._used <= self.per_second

    async def _who(self, request: Request) -> Response:
        return JSONResponse(self._me)

    async def _team(self, request: Request) -> Response:
        if request.path_params["name"] != self._server.team["name"] or self._us not in self._server.in_team:
            raise Error("app.team.get_by_name.missing.app_error", 404)
        return JSONResponse(self._server.team)

    async def _create_channel(self, request: Request) -> Response:
        return JSONResponse(self._server.create_channel(self._us, await _body(request)), 201)

    async def _direct(self, request: Request) -> Response:
        both = await request.json()
        return JSONResponse(self._server.direct(both[0], both[1]), 201)

    async def _named(self, request: Request) -> Response:
        asked = request.path_params
        is_deleted_too = request.query_params.get("include_deleted") == "true"
        for one in self._server.channels.values():
            if one["name"] == asked["name"] and one["team_id"] == asked["team"] and self._may_see(one):
                if one["delete_at"] and not is_deleted_too:
                    break
                return JSONResponse(one)
        raise Error("app.channel.get_by_name.missing.app_error", 404)

    async def _channel(self, request: Request) -> Response:
        channel = self._server.channel(request.path_params["id"])
        if not self._may_see(channel):
            raise forbidden()
        return JSONResponse(channel)

    async def _patch_channel(self, request: Request) -> Response:
        channel = self._server.channel(request.path_params["id"])
        fields = await _body(request)
        channel |= fields
        self._server.write(self._us, channel["id"], "updated the channel header", kind="system_header_change")
        return JSONResponse(channel)

    async def _members(self, request: Request) -> Response:
        channel = self._server.channels.get(request.path_params["id"])
        if channel is None or not self._may_see(channel):
            raise forbidden()
        rows = [{"channel_id": channel["id"], "user_id": one} for one in self._server.members[channel["id"]]]
        return JSONResponse(_page(request, rows))

    async def _join(self, request: Request) -> Response:
        fields = await _body(request)
        return JSONResponse(
            self._server.join(self._us, request.path_params["id"], fields.get("user_id", "")), 201
        )

    async def _group(self, request: Request) -> Response:
        found = self._server.groups.get(request.path_params["id"])
        if found is None:
            raise Error("app.group.no_rows", 404)
        rows = [self._server.users[one] for one in found]
        return JSONResponse({"members": _page(request, rows), "total_member_count": len(rows)})

    async def _history(self, request: Request) -> Response:
        found = _page(request, self._server.history(self._us, request.path_params["id"]))
        posts = {one["id"]: _without_integrations(one) for one in found}
        return JSONResponse({"order": [one["id"] for one in found], "posts": posts, "prev_post_id": ""})

    async def _create_post(self, request: Request) -> Response:
        return JSONResponse(
            _without_integrations(self._server.create_post(self._us, await _body(request))), 201
        )

    async def _post(self, request: Request) -> Response:
        return JSONResponse(_without_integrations(self._server.post(self._us, request.path_params["id"])))

    async def _patch_post(self, request: Request) -> Response:
        changed = self._server.patch_post(self._us, request.path_params["id"], await _body(request))
        return JSONResponse(_without_integrations(changed))

    def _may_see(self, channel: dict[str, Any]) -> bool:
        return channel["type"] == "O" or self._us in self._server.members[channel["id"]]


def _without_integrations(post: dict[str, Any]) -> dict[str, Any]:
    """What a button brings back is never shown (`StripActionIntegrations`)."""
    shown = copy.deepcopy(post)
    for attachment in shown["props"].get("attachments", []):
        for action in attachment.get("actions", []):
            action.pop("integration", None)
    return shown


async def _nowhere(request: Request) -> Response:
    raise Error("api.context.404.app_error", 404)


async def _body(request: Request) -> dict[str, Any]:
    found = await request.json()
    if not isinstance(found, dict):
        raise Error("api.context.invalid_body_param.app_error", 400)
    return found


def _page(request: Request, found: list[dict[str, Any]]) -> list[dict[str, Any]]:
    size = min(MOST_OF_A_PAGE, int(request.query_params.get("per_page", "60")))
    start = int(request.query_params.get("page", "0")) * size
    return found[start : start + size]


def _error(error: Error) -> Response:
    body = {"id": error.id, "message": "…", "detailed_error": "", "status_code": error.status}
    return JSONResponse(body, error.status)
