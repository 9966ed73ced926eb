"""The fake Zammad's HTTP: who may call, pages, the search, and which call is whose."""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable, Mapping
from datetime import datetime, timedelta
from typing import Any

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from connectors.zammad.fake import hooks as webhooks
from connectors.zammad.fake.desk import (
    GROUPS,
    PRIORITIES,
    Missing,
    NotPermitted,
    Unprocessable,
    ZammadDesk,
    stamp,
)
from connectors.zammad.fake.hooks import Hooks
from connectors.zammad.fake.wire import article_json, ticket_json

Endpoint = Callable[[Request], Awaitable[Response]]
METHODS = ["GET", "POST", "PUT", "PATCH", "DELETE"]
_RANGE = re.compile(r"updated_at:\[(\S+) TO \*\]")


class ZammadHttp:
    """`me` is the agent whose token is used."""

    def __init__(
        self, desk: ZammadDesk, hooks: Hooks, me: dict[str, Any], token: str, search_lag: float
    ) -> None:
        self._desk = desk
        self._hooks = hooks
        self._me = me
        self._token = token
        self._lag = search_lag
        self.calls: list[str] = []

    def app(self) -> Starlette:
        """The paths below `/api/v1/`."""
        routes: list[tuple[str, str, Endpoint]] = [
            ("GET", "users/me", self._who),
            ("GET", "users/{id:int}", self._user),
            ("GET", "tickets", self._tickets),
            ("POST", "tickets", self._create),
            ("GET", "tickets/search", self._search),
            ("GET", "tickets/{id:int}", self._ticket),
            ("PUT", "tickets/{id:int}", self._change),
            ("DELETE", "tickets/{id:int}", self._delete),
            ("PUT", "ticket_merge/{id:int}/{number}", self._merge),
            ("GET", "ticket_articles/by_ticket/{id:int}", self._articles),
            ("GET", "ticket_articles/{id:int}", self._article),
            ("PUT", "ticket_articles/{id:int}", self._show_or_hide),
            ("POST", "ticket_articles", self._write),
            ("GET", "ticket_states", self._states),
            ("GET", "ticket_priorities", self._priorities),
            ("GET", "groups", self._groups),
            ("GET", "tags", self._tags),
            ("POST", "tags/add", self._add_tag),
            ("DELETE", "tags/remove", self._remove_tag),
            ("GET", "webhooks", self._for_admins(self._webhooks)),
            ("POST", "webhooks", self._for_admins(self._add_webhook)),
            ("GET", "webhooks/{id:int}", self._for_admins(self._webhook)),
            ("PUT", "webhooks/{id:int}", self._for_admins(self._change_webhook)),
            ("DELETE", "webhooks/{id:int}", self._for_admins(self._delete_webhook)),
            ("GET", "triggers", self._for_admins(self._triggers)),
            ("POST", "triggers", self._for_admins(self._add_trigger)),
            ("PUT", "triggers/{id:int}", self._for_admins(self._change_trigger)),
            ("DELETE", "triggers/{id:int}", self._for_admins(self._delete_trigger)),
        ]
        known = [
            Route(f"/api/v1/{path}", self._guarded(endpoint), methods=[method])
            for method, path, endpoint in routes
        ]
        return Starlette(routes=[*known, Route("/{path:path}", self._guarded(_nowhere), methods=METHODS)])

    def _guarded(self, endpoint: Endpoint) -> Endpoint:
        async def guarded(request: Request) -> Response:
            self.calls.append(f"{request.method} {request.url.path}")
            if request.headers.get("authorization") not in (
                f"Token token={self._token}",
                f"Bearer {self._token}",
            ):
                return _error(401, "Authentication required")
            try:
                return await endpoint(request)
            except Missing as error:
                return _error(404, str(error))
            except NotPermitted as error:
                return _error(403, str(error))
            except Unprocessable as error:
                return _error(422, str(error))

        return guarded

    def _for_admins(self, endpoint: Endpoint) -> Endpoint:
        async def guarded(request: Request) -> Response:
            if "Admin" not in self._me["roles"]:
                return _error(403, "Not authorized (user)!")
            return await endpoint(request)

        return guarded

    # People

    async def _who(self, request: Request) -> Response:
        return JSONResponse(self._me)

    async def _user(self, request: Request) -> Response:
        found = self._desk.users.get(request.path_params["id"])
        if found is None:
            raise Missing(f"Couldn't find User with 'id'={request.path_params['id']}")
        return JSONResponse(found)

    # Tickets

    async def _tickets(self, request: Request) -> Response:
        found = sorted(self._visible(), key=lambda one: one["id"])
        return JSONResponse([self._shown(request, one) for one in _page(request, found, most=100, usual=100)])

    async def _create(self, request: Request) -> Response:
        fields = await _body(request)
        ticket = self._desk.create(self._me, fields, fields.get("article"))
        return JSONResponse(self._shown(request, ticket), 201)

    async def _search(self, request: Request) -> Response:
        """By the index, which is behind; only times and words of titles are known to it."""
        query = request.query_params.get("query", "")
        indexed = stamp(self._desk.clock() - timedelta(seconds=self._lag))
        found = [one for one in self._visible() if one["updated_at"] <= indexed]
        by_time = _RANGE.fullmatch(query)
        if by_time is not None:
            since = stamp(datetime.fromisoformat(by_time[1]))
            found = [one for one in found if one["updated_at"] >= since]
        elif query not in ("", "*"):
            found = [one for one in found if query.casefold() in one["title"].casefold()]
        order = request.query_params.get("sort_by", "updated_at")
        found.sort(
            key=lambda one: (one[order], one["id"]),
            reverse=request.query_params.get("order_by", "desc") == "desc",
        )
        chosen = _page(request, found, most=200, usual=50)
        if request.query_params.get("expand") == "true":
            return JSONResponse([self._shown(request, one) for one in chosen])
        assets = {str(one["id"]): self._shown(request, one) for one in chosen}
        ids = [one["id"] for one in chosen]
        return JSONResponse({"tickets": ids, "tickets_count": len(ids), "assets": {"Ticket": assets}})

    async def _ticket(self, request: Request) -> Response:
        return JSONResponse(self._shown(request, self._ours(request.path_params["id"])))

    async def _change(self, request: Request) -> Response:
        fields = await _body(request)
        own_id = self._ours(request.path_params["id"])["id"]
        ticket = self._desk.change(own_id, self._me, fields, fields.get("article"))
        return JSONResponse(self._shown(request, ticket))

    async def _delete(self, request: Request) -> Response:
        self._desk.delete(request.path_params["id"])
        return Response(status_code=200)

    async def _merge(self, request: Request) -> Response:
        number = request.path_params["number"]
        target = next((one for one in self._desk.tickets.values() if one["number"] == number), None)
        if target is None:
            message = "The target ticket number could not be found."
            return JSONResponse({"result": "failed", "message": message})
        self._desk.merge(request.path_params["id"], target, self._me)
        source = self._desk.ticket(request.path_params["id"])
        return JSONResponse({"result": "success", "target_ticket": target, "source_ticket": source})

    def _visible(self) -> list[dict[str, Any]]:
        return [one for one in self._desk.tickets.values() if one["id"] not in self._desk.restricted]

    def _ours(self, ticket_id: int) -> dict[str, Any]:
        """Raises `Missing`, and `NotPermitted` for one in a group that we have no access to."""
        ticket = self._desk.ticket(ticket_id)
        if ticket_id in self._desk.restricted:
            raise NotPermitted("Not authorized")
        return ticket

    def _shown(self, request: Request, ticket: dict[str, Any]) -> dict[str, Any]:
        return ticket_json(self._desk, ticket, is_expanded=request.query_params.get("expand") == "true")

    async def _articles(self, request: Request) -> Response:
        ticket = self._ours(request.path_params["id"])
        return JSONResponse([article_json(self._desk, one) for one in self._desk.articles_of(ticket["id"])])

    async def _article(self, request: Request) -> Response:
        found = self._desk.articles.get(request.path_params["id"])
        if found is None:
            raise Missing(f"Couldn't find Ticket::Article with 'id'={request.path_params['id']}")
        return JSONResponse(article_json(self._desk, found))

    async def _show_or_hide(self, request: Request) -> Response:
        """Of an article only `internal` can be changed (Zammad's `TicketArticlesController#update`)."""
        found = self._desk.articles.get(request.path_params["id"])
        if found is None:
            raise Missing(f"Couldn't find Ticket::Article with 'id'={request.path_params['id']}")
        wanted = (await _body(request)).get("internal")
        if isinstance(wanted, bool):
            self._desk.show(found, self._me, is_internal=wanted)
        return JSONResponse(article_json(self._desk, found))

    async def _write(self, request: Request) -> Response:
        fields = await _body(request)
        ticket = int(str(fields.pop("ticket_id", 0)) or 0)
        self._desk.change(ticket, self._me, {}, {"body": "", **fields})
        return JSONResponse(article_json(self._desk, self._desk.articles_of(ticket)[-1]), 201)

    async def _states(self, request: Request) -> Response:
        return JSONResponse([{**state, "active": True} for state in self._desk.states.values()])

    async def _priorities(self, request: Request) -> Response:
        return JSONResponse([{"id": key, "name": name} for key, name in PRIORITIES.items()])

    async def _groups(self, request: Request) -> Response:
        return JSONResponse([{"id": key, "name": name} for key, name in GROUPS.items()])

    # Tags

    async def _tags(self, request: Request) -> Response:
        own_id = self._ours(int(request.query_params.get("o_id", "0")))["id"]
        return JSONResponse({"tags": self._desk.tags.get(own_id, [])})

    async def _add_tag(self, request: Request) -> Response:
        tags, item = await self._tagged(request)
        if item not in tags:
            tags.append(item)
        return JSONResponse(True, 201)

    async def _remove_tag(self, request: Request) -> Response:
        tags, item = await self._tagged(request)
        if item in tags:
            tags.remove(item)
        return JSONResponse(True, 201)

    async def _tagged(self, request: Request) -> tuple[list[str], str]:
        fields = await _body(request)
        ticket = self._ours(int(fields.get("o_id") or 0))
        self._desk.touch(ticket, self._me)
        return self._desk.tags[ticket["id"]], str(fields.get("item"))

    # Webhooks and triggers

    async def _webhooks(self, request: Request) -> Response:
        found = _page(request, list(self._hooks.webhooks.values()), most=500, usual=500)
        return JSONResponse([webhooks.shown(one) for one in found])

    async def _add_webhook(self, request: Request) -> Response:
        made = self._hooks.add_webhook(await _body(request), self._desk.now())
        return JSONResponse(webhooks.shown(made), 201)

    async def _webhook(self, request: Request) -> Response:
        return JSONResponse(webhooks.shown(self._known(request, self._hooks.webhooks, "Webhook")))

    async def _change_webhook(self, request: Request) -> Response:
        found = self._known(request, self._hooks.webhooks, "Webhook")
        found |= {**await _body(request), "id": found["id"], "updated_at": self._desk.now()}
        return JSONResponse(webhooks.shown(found))

    async def _delete_webhook(self, request: Request) -> Response:
        self._hooks.remove_webhook(request.path_params["id"])
        return JSONResponse({})

    async def _triggers(self, request: Request) -> Response:
        return JSONResponse(_page(request, list(self._hooks.triggers.values()), most=500, usual=500))

    async def _add_trigger(self, request: Request) -> Response:
        return JSONResponse(self._hooks.add_trigger(await _body(request), self._desk.now()), 201)

    async def _change_trigger(self, request: Request) -> Response:
        found = self._known(request, self._hooks.triggers, "Trigger")
        found |= {**await _body(request), "id": found["id"], "updated_at": self._desk.now()}
        return JSONResponse(found)

    async def _delete_trigger(self, request: Request) -> Response:
        del self._hooks.triggers[self._known(request, self._hooks.triggers, "Trigger")["id"]]
        return JSONResponse({})

    def _known(self, request: Request, records: Mapping[int, dict[str, Any]], kind: str) -> dict[str, Any]:
        found = records.get(request.path_params["id"])
        if found is None:
            raise Missing(f"Couldn't find {kind} with 'id'={request.path_params['id']}")
        return found


async def _nowhere(request: Request) -> Response:
    return _error(404, f"No route matches [{request.method}] {request.url.path}")


async def _body(request: Request) -> dict[str, Any]:
    try:
        found = await request.json()
    except ValueError:
        found = None
    if not isinstance(found, dict):
        raise Unprocessable("The request body is not a JSON object.")
    return found


def _page(request: Request, found: list[dict[str, Any]], *, most: int, usual: int) -> list[dict[str, Any]]:
    size = min(most, int(request.query_params.get("per_page", usual)))
    start = (int(request.query_params.get("page", 1)) - 1) * size
    return found[start : start + size]


def _error(status: int, text: str) -> Response:
    return JSONResponse({"error": text, "error_human": text}, status)
